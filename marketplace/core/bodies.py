"""Request bodies, decoded strictly: the right media type, the right JSON types, no unknown field.

Litestar's own conversion is lax ("5" passes as a number, text/plain as JSON) and stops at the first error.
"""

from collections.abc import AsyncGenerator
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.params import BodyKwarg
from msgspec import Struct

from marketplace.core.errors import UnsupportedMedia, ValidationFailed


class StrictRequest(Request[Any, Any, Any]):
    """The application's request class: `json()` answers with the handler's own body type, or refuses."""

    async def json(self) -> Any:
        handler = self.scope["route_handler"]
        wanted = handler.parsed_data_field
        media_type, _ = self.content_type
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedMedia
        return decode(await self.body(), wanted.annotation if wanted else Any)

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The raw body. Raises UnsupportedMedia where a form is asked for and something else was sent."""
        wanted = self.scope["route_handler"].parsed_data_field
        kwarg = wanted.kwarg_definition if wanted else None
        if isinstance(kwarg, BodyKwarg) and kwarg.media_type == RequestEncodingType.MULTI_PART:
            media_type, options = self.content_type
            if media_type != kwarg.media_type or not options.get("boundary"):
                raise UnsupportedMedia("Send the body as multipart/form-data.")
        async for chunk in super().stream():
            yield chunk


@lru_cache(maxsize=1024)
def _decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wanted, strict=True)


def decode(body: bytes, wanted: Any) -> Any:
    """`body` as `wanted`. Raises ValidationFailed naming every wrong field."""
    try:
        try:
            value = _decoder(wanted).decode(body)
        except msgspec.ValidationError as error:
            # Looking for the other errors may find that what follows the first is no JSON at all, or nested too deep.
            raise ValidationFailed(fields=_all_errors(body, wanted, error)) from None
        if b"\\u0000" in body and (where := _nul(msgspec.json.decode(body))) is not None:
            raise ValidationFailed.of(where, "NUL characters are not allowed.")
        return value
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValidationFailed(
            f"The body is not valid JSON: {error}", fields={"non_field_errors": [str(error)]}
        ) from None


def _nul(value: Any, path: str = "") -> str | None:
    """Where a NUL character is, which no column of text can hold; None when there is none."""
    if isinstance(value, str):
        return (path or "non_field_errors") if "\x00" in value else None
    if isinstance(value, dict):
        inner = ((f"{path}.{key}" if path else str(key), item) for key, item in value.items())
        return next((found for at, item in inner for found in (_nul(str(at), at), _nul(item, at)) if found), None)
    if isinstance(value, list):
        return next((found for i, item in enumerate(value) if (found := _nul(item, f"{path}[{i}]"))), None)
    return None


def _all_errors(body: bytes, wanted: Any, first: msgspec.ValidationError) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    raw = msgspec.json.decode(body)
    if isinstance(raw, dict):
        wanted, found = _variant(raw, wanted)
        if found:
            return found
    if isinstance(raw, dict) and isinstance(wanted, type) and issubclass(wanted, Struct):
        known = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
        for name in raw.keys() - known.keys() - {wanted.__struct_config__.tag_field}:
            if wanted.__struct_config__.forbid_unknown_fields:
                found[str(name)] = [f"Unknown field. Known: {', '.join(sorted(known))}."]
        for name, field in known.items():
            if name not in raw:
                if field.required:
                    found[name] = ["This field is required."]
                continue
            try:
                msgspec.convert(raw[name], field.type, strict=True)
            except msgspec.ValidationError as error:
                path, message = split_error(error)
                found[f"{name}.{path}" if path else name] = [message + known_values(message, field.type)]
    if not found:
        path, message = split_error(first)
        found[path or "non_field_errors"] = [message]
    return found


def _variant(raw: dict[str, Any], wanted: Any) -> tuple[Any, dict[str, list[str]]]:
    """Which of several Structs is meant, or what is wrong with saying so."""
    structs = [one for one in get_args(wanted) if isinstance(one, type) and issubclass(one, Struct)]
    if get_origin(wanted) not in (Union, UnionType) or not structs:
        return wanted, {}
    tag_field = structs[0].__struct_config__.tag_field
    if len(structs) == 1 or tag_field is None:
        return structs[0], {}
    by_tag = {one.__struct_config__.tag: one for one in structs}
    if tag_field not in raw:
        return wanted, {tag_field: [f"This field is required. Known: {', '.join(sorted(map(str, by_tag)))}."]}
    said = raw[tag_field]
    if not isinstance(said, str) or said not in by_tag:
        return wanted, {tag_field: [f"Unknown. Known: {', '.join(sorted(map(str, by_tag)))}."]}
    return by_tag[said], {}


def known_values(message: str, hint: Any) -> str:
    """What to add to a refusal of an enum's value: those there are."""
    if not message.startswith("Invalid enum value"):
        return ""
    found = _enum_in(hint)
    return f". Known: {', '.join(str(one.value) for one in found)}." if found else ""


def _enum_in(hint: Any) -> type[Enum] | None:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if isinstance(hint, type) and get_origin(hint) is None:
        return None
    return next((found for inner in get_args(hint) if (found := _enum_in(inner))), None)


def split_error(error: msgspec.ValidationError) -> tuple[str, str]:
    """("lots[0].title", "Expected `str`, got `int`") of msgspec's "... - at `$.lots[0].title`"."""
    message, _, where = str(error).partition(" - at `")
    return where.rstrip("`").removeprefix("$").lstrip("."), message
