import json

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin import service
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id


class SettingForm(BaseModel):
    key: str = Field(title="Setting (its key, as GET /api/v1/admin/settings lists them)")
    value: str = Field(title="Value", description='JSON: 120, true, "text"')
    reason: str = Field("", title="Reason", max_length=1000)


@as_staff(Role.ADMIN)
async def change_setting(request: Request, data: SettingForm) -> str:
    try:
        value = json.loads(data.value)
    except ValueError:
        raise ValueError('The value must be JSON: 120, true, "text".') from None
    await service.change_settings(actor_id(request), {data.key: value}, data.reason)
    return "Changed. Every process goes by it within two seconds."


FORMS = [
    FormConfig("Change a setting", SettingForm, change_setting, "Checked against its type, and audited.", "System"),
]
