"""A table that is looked at."""

from collections.abc import Sequence

from piccolo.columns import JSON, Column
from piccolo.table import Table
from piccolo_admin.endpoints import TableConfig
from piccolo_api.crud.endpoints import OrderBy
from piccolo_api.crud.validators import Validators

from marketplace.accounts.states import Role
from marketplace.admin import gate
from marketplace.admin.staff import read_only, searched_by, staff_with, with_second_factor


def looked_at(
    table: type[Table],
    group: str,
    columns: Sequence[Column],
    *,
    link: Column | None = None,
    newest_by: Column | None = None,
    role: Role = Role.MODERATOR,
) -> TableConfig:
    """A table that staff of `role` may look at, by these columns, and nobody may edit."""
    key = table._meta.primary_key
    if link is not None and any(column._meta.name == key._meta.name for column in columns):
        raise ValueError(f"{table.__name__}: a list that shows its key links by it, or its page stays empty")
    names = {column._meta.name for column in (key, *columns, *([newest_by] if newest_by is not None else []))}
    filters = names - {
        column._meta.name for column in columns if isinstance(column, JSON)
    }  # which compare with nothing
    gate.show(table._meta.tablename, names)
    return TableConfig(
        table,
        menu_group=group,
        visible_columns=list(columns),
        visible_filters=[column for column in columns if column._meta.name in filters],
        link_column=link,
        order_by=[OrderBy(newest_by if newest_by is not None else key, ascending=newest_by is None)],
        validators=Validators(every=[with_second_factor, read_only, staff_with(role), searched_by(names, filters)]),
    )
