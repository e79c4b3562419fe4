"""Bodies that are not what was asked for: every wrong field is named, however deep, with what would be right."""

from enum import StrEnum
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta, Struct

from marketplace.core.bodies import decode
from marketplace.core.errors import ValidationFailed


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=5)]
    colour: Colour | None = None


class Thing(Struct, forbid_unknown_fields=True, tag_field="type", tag="thing"):
    parts: Annotated[list[Part], Meta(max_length=2)] = []
    by_colour: dict[Colour, Part] = {}
    size: int | None = None


class Other(Struct, forbid_unknown_fields=True, tag_field="type", tag="other"):
    text: str


PART = "Unknown field. Known: colour, name."
COLOUR = "Invalid enum value 'green'. Known: red, blue."


@pytest.mark.parametrize(
    ("wanted", "body", "errors"),
    [
        (Thing, {"type": "thing", "size": "1", "more": 1},
         {"size": ["Expected `int | null`, got `str`"], "more": ["Unknown field. Known: by_colour, parts, size."]}),
        (Thing, {"type": "thing", "parts": [{"name": "a"}, {"colour": "green", "x": 1}]},
         {"parts[1].name": ["This field is required."], "parts[1].x": [PART], "parts[1].colour": [COLOUR]}),
        (Thing, {"type": "thing", "parts": [{"name": "a"}] * 3}, {"parts": ["Expected `array` of length <= 2"]}),
        (Thing, {"type": "thing", "by_colour": {"green": {"name": "a"}}}, {"by_colour.green": [COLOUR]}),
        (Thing, {"type": "thing", "by_colour": {"red": {"name": "a", "x": 1}, "blue": True}},
         {"by_colour.red.x": [PART], "by_colour.blue": ["Expected `object`, got `bool`"]}),
        (Part | None, {"x": 1}, {"x": [PART], "name": ["This field is required."]}),
        (Thing | Other, {"text": "a"}, {"type": ["This field is required. Known: other, thing."]}),
        (Thing | Other, {"type": "third"}, {"type": ["Unknown value. Known: other, thing."]}),
        (Thing | Other, {"type": []}, {"type": ["Unknown value. Known: other, thing."]}),
        (Thing | Other, {"type": "other", "parts": []},
         {"text": ["This field is required."], "parts": ["Unknown field. Known: text."]}),
        (Thing | Other, [], {"non_field_errors": ["Expected `object`, got `array`"]}),
        (list[Part], [{"name": "a"}, {"name": 5}], {"[1].name": ["Expected `str`, got `int`"]}),
    ],
)  # fmt: skip
def test_every_wrong_field_is_named(wanted, body, errors):
    with pytest.raises(ValidationFailed) as refused:
        decode(msgspec.json.encode(body), wanted)
    assert refused.value.fields == errors
