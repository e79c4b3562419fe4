"""Request bodies, decoded strictly: the right media type, the right JSON types, no unknown field.

Litestar's own conversion is lax ("5" passes as a number, text/plain as JSON) and stops at the first error.
"""

from collections.abc import AsyncGenerator
from contextlib import suppress
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.exceptions import InternalServerException
from litestar.params import BodyKwarg
from msgspec import Struct
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from marketplace.core.errors import PayloadTooLarge, UnsupportedMedia, ValidationFailed

MOST_WORDS: Final = 256 * 1024
"""Bytes of the fields of a form that are no files, together."""

CUT_SHORT: Final = "The body did not arrive whole."


class StrictRequest(Request[Any, Any, Any]):
    """The application's request class: `json()` answers with the handler's own body type, or refuses.

    A route's `opt["prepare_body"]` is given the bytes first: it may say what a client left out.
    """

    async def json(self) -> Any:
        handler = self.scope["route_handler"]
        wanted = handler.parsed_data_field
        media_type, _ = self.content_type
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedMedia
        body, prepare = await self.body(), handler.opt.get("prepare_body")
        return decode(prepare(body) if prepare else body, wanted.annotation if wanted else Any)

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The raw body. Raises UnsupportedMedia where a form is asked for and something else was sent, and ValidationFailed
        where the client left before the end.
        """
        wanted = self.scope["route_handler"].parsed_data_field
        kwarg = wanted.kwarg_definition if wanted else None
        if isinstance(kwarg, BodyKwarg) and kwarg.media_type == RequestEncodingType.MULTI_PART:
            media_type, options = self.content_type
            if media_type != kwarg.media_type or not options.get("boundary"):
                raise UnsupportedMedia("Send the body as multipart/form-data.")
            async for chunk in _few_words(self._whole(), options["boundary"]):
                yield chunk
            return
        async for chunk in self._whole():
            yield chunk

    async def _whole(self) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in super().stream():
                yield chunk
        except InternalServerException as error:
            if "disconnected" not in error.detail:
                raise
            raise ValidationFailed(CUT_SHORT) from None


async def _few_words(body: AsyncGenerator[bytes, None], boundary: str) -> AsyncGenerator[bytes, None]:
    """The same body. Raises PayloadTooLarge when what is no file grows long: files go to disk, words are read into memory.

    What is wrong with the form is said by who reads it.
    """
    meter, counting, words = PushMultipartParser(boundary.encode()), False, 0
    async for chunk in body:
        with suppress(MultipartError):
            for part in meter.parse(chunk):
                if isinstance(part, MultipartSegment):
                    counting = not part.filename
                elif part and counting:
                    words += len(part)
        if words > MOST_WORDS:
            raise PayloadTooLarge("The fields of the form that are no files are too long.")
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
    _explain(msgspec.json.decode(body), wanted, "", found)
    if not found:
        path, message = split_error(first)
        found[path or "non_field_errors"] = [message]
    return found


def _explain(raw: Any, wanted: Any, at: str, found: dict[str, list[str]]) -> None:
    """Add to `found` every field that keeps `raw` from being `wanted`; `at` is its own path."""
    try:
        msgspec.convert(raw, wanted, strict=True)
        return
    except msgspec.ValidationError as error:
        path, message = split_error(error)
    known = len(found)
    inner = _branch(raw, wanted)
    if isinstance(raw, dict) and isinstance(inner, tuple):
        _explain_tag(raw, inner, at, found)
    elif isinstance(raw, dict) and isinstance(inner, type) and issubclass(inner, Struct):
        _explain_fields(raw, inner, at, found)
    elif isinstance(raw, dict) and get_origin(inner) is dict:
        for key, value in raw.items():
            _explain(key, get_args(inner)[0], _below(at, key), found)
            _explain(value, get_args(inner)[1], _below(at, key), found)
    elif isinstance(raw, list) and get_origin(inner) in (list, tuple):
        for i, item in enumerate(raw):
            _explain(item, get_args(inner)[0], f"{at}[{i}]", found)
    if len(found) == known:
        where = at + path if path.startswith("[") else _below(at, path) if path else at
        found.setdefault(where or "non_field_errors", []).append(message + known_values(message, wanted))


def _explain_fields(raw: dict[str, Any], wanted: type[Struct], at: str, found: dict[str, list[str]]) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    for name in raw.keys() - fields.keys() - {wanted.__struct_config__.tag_field}:
        if wanted.__struct_config__.forbid_unknown_fields:
            found[_below(at, name)] = [f"Unknown field. Known: {', '.join(sorted(fields))}."]
    for name, field in fields.items():
        if name in raw:
            _explain(raw[name], field.type, _below(at, name), found)
        elif field.required:
            found[_below(at, name)] = ["This field is required."]


def _explain_tag(raw: dict[str, Any], variants: tuple[type[Struct], ...], at: str, found: dict[str, list[str]]) -> None:
    tag_field = variants[0].__struct_config__.tag_field
    by_tag = {str(one.__struct_config__.tag): one for one in variants}
    known = f"Known: {', '.join(sorted(by_tag))}."
    if tag_field is None:
        return
    said = raw.get(tag_field)
    if tag_field not in raw:
        found[_below(at, tag_field)] = [f"This field is required. {known}"]
    elif not isinstance(said, str) or said not in by_tag:
        found[_below(at, tag_field)] = [f"Unknown value. {known}"]
    else:
        _explain_fields(raw, by_tag[said], at, found)


def _branch(raw: Any, hint: Any) -> Any:
    """The part of a type that a JSON object or array is meant for. A tuple: the Structs whose tag decides."""
    if get_origin(hint) is Annotated:
        return _branch(raw, get_args(hint)[0])
    if get_origin(hint) not in (Union, UnionType):
        return hint
    inner = [_branch(raw, one) for one in get_args(hint)]
    if isinstance(raw, list):
        return next((one for one in inner if get_origin(one) in (list, tuple)), hint)
    structs = tuple(one for one in inner if isinstance(one, type) and issubclass(one, Struct))
    if len(structs) > 1:
        return structs
    return structs[0] if structs else next((one for one in inner if get_origin(one) is dict), hint)


def _below(at: str, name: Any) -> str:
    return f"{at}.{name}" if at else str(name)


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
