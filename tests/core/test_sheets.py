"""CSV for spreadsheets: nothing runs, and everything comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import sheets
from marketplace.core.errors import ValidationFailed

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=4).filter(lambda row: any(cell.strip() for cell in row)), min_size=1)
)
def test_what_is_written_is_read_again(table):
    head = ["a", "b"]
    text = sheets.line(head) + "".join(sheets.line(row) for row in table)
    assert [cells for _, cells in sheets.rows(text)] == [head, *table]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "＝1", "－1"])
def test_no_cell_runs(cell):
    guarded = sheets.guarded(cell)
    assert guarded == "'" + cell and sheets.unguarded(guarded) == cell


@pytest.mark.parametrize("cell", ["a=1", "'tis", "''", "1-1", "", "a@b.example"])
def test_what_does_not_run_stays_as_it_is(cell):
    assert sheets.guarded(cell) == cell and sheets.unguarded(cell) == cell


def test_spreadsheets_write_in_their_own_ways():
    assert sheets.decoded("价格,a".encode("utf-16")) == "价格,a"
    assert sheets.decoded(b"\xef\xbb\xbfsku,name") == "sku,name"
    assert [cells for _, cells in sheets.rows("sku;name\nK;A kettle, red\n")] == [
        ["sku", "name"],
        ["K", "A kettle, red"],
    ]
    for wrong in ("价格".encode("gb18030"), b"\x89PNG\xff", b"a\x00b"):
        with pytest.raises(ValidationFailed):
            sheets.decoded(wrong)
    with pytest.raises(ValidationFailed):
        list(sheets.rows('a,b\n"open'))
