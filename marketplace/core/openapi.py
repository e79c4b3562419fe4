"""The OpenAPI 3.1 schema, made from the routes and from msgspec's own schemas of their types.

The framework's output loses discriminators, list item constraints, defaults and closed objects; msgspec's has them all.
"""

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg, ParameterKwarg
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from marketplace.core.envelope import Refusal
from marketplace.core.idempotency import HEADER, MAX_LENGTH

VERSION: Final = "1.0.0"
JSON: Final = "application/json"
REF: Final = "#/components/schemas/{name}"

ABOUT: Final = """One marketplace: auctions, gigs, a shop, bookings and streams on one account.

Every path answers with and without a trailing slash. Every success is `{"success": true, "data": ..., "message": ...}`, a
list's `data` is `{"count", "next", "previous", "results"}`; every refusal is the `Refusal` below, with a stable `code`. Ids
are UUIDs, times ISO 8601 in UTC, amounts decimal strings beside a `currency`.

Sign in at `/api/v1/auth/login` and send the access token as `Authorization: Bearer ...`. Live rooms are WebSockets:
`/ws/auction/{auction_id}/` and `/ws/notifications/{user_id}/`, with the token in a header or a one-use ticket from
`/api/v1/auth/ws-ticket`.
"""

MEANINGS: Final = {
    400: "The request is not valid; `errors` names the fields.",
    401: "Not signed in, or the token is no longer good.",
    403: "Signed in, but not allowed.",
    404: "No such thing, or not for this caller to see.",
    409: "It collides with the present state; `code` says how.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    422: "Well-formed, but the rules refuse it; `code` says which.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "A part of the service is away for a moment; nothing was changed.",
}

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Operation:
    """One method of one path."""

    def __init__(self, route: HTTPRoute, handler: HTTPRouteHandler, method: str) -> None:
        self.route = route
        self.handler = handler
        self.method = method
        self.path = route.path_format
        self.fields: dict[str, FieldDefinition] = handler.parsed_fn_signature.parameters
        self.body = handler.parsed_data_field
        self.answer = _answered(handler.parsed_return_field.annotation)

    @property
    def opt(self) -> dict[str, Any]:
        return dict(self.handler.opt)

    @property
    def in_api(self) -> bool:
        return self.path.startswith("/api/v1")

    @property
    def multipart(self) -> bool:
        kwarg = self.body.kwarg_definition if self.body else None
        return isinstance(kwarg, BodyKwarg) and kwarg.media_type == RequestEncodingType.MULTI_PART

    @property
    def needs_account(self) -> bool:
        guards = self.handler.resolve_guards() or []
        return "viewer" in self.fields or any(_name(guard).startswith("requires.") for guard in guards)

    def parameters(self) -> Iterator[tuple[str, str, FieldDefinition | None, Any]]:
        """(name, where, the handler's field, the type)."""
        for name, definition in self.route.path_parameters.items():
            field = self.fields.get(name)
            yield name, "path", field, field.raw if field else definition.type
        for name, field in self.fields.items():
            kwarg = field.kwarg_definition
            if field.is_di_field or name in self.route.path_parameters or not isinstance(kwarg, ParameterKwarg):
                continue
            if kwarg.param_type.value in ("query", "header"):
                yield kwarg.name or name, kwarg.param_type.value, field, field.raw


def schema(app: Litestar) -> dict[str, Any]:
    """The whole document, as JSON types. Deterministic: the same routes give the same document."""
    operations = sorted(_operations(app), key=lambda o: (o.path, METHODS.index(o.method)))
    types: list[Any] = [Refusal]

    def place(wanted: Any) -> int:
        types.append(wanted)
        return len(types) - 1

    bodies = {i: place(o.body.raw) for i, o in enumerate(operations) if o.body is not None}
    answers = {i: place(o.answer) for i, o in enumerate(operations) if _is_json(o.answer)}
    named = {
        (i, name): place(wanted) for i, o in enumerate(operations) for name, _, _, wanted in o.parameters()
    }  # fmt: skip
    also = {
        (i, status): place(spec.data_container)
        for i, o in enumerate(operations) for status, spec in (o.handler.responses or {}).items()
    }  # fmt: skip
    schemas, components = msgspec.json.schema_components(types, schema_hook=_hook, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    ids: set[str] = set()
    for i, operation in enumerate(operations):
        parameters = [
            _parameter(name, where, field, schemas[named[i, name]])
            for name, where, field, _ in operation.parameters()
        ]  # fmt: skip
        described = _describe(
            operation,
            _unique_id(operation, ids),
            parameters,
            schemas[bodies[i]] if i in bodies else None,
            schemas[answers[i]] if i in answers else None,
        )
        for status, spec in (operation.handler.responses or {}).items():
            content = {JSON: {"schema": schemas[also[i, status]]}}
            described["responses"][str(status)] = {"description": spec.description, "content": content}
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    tags = sorted({tag for methods in paths.values() for one in methods.values() for tag in one["tags"]})
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Marketplace", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "responses": {_refusal_name(status): _refusal(status) for status in MEANINGS},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    taken = _reachable([schemas[i] for i in (*bodies.values(), *named.values())], components)
    for name in components.keys() - taken:
        _always_there(components[name])
    return _tidied(document)


def _operations(app: Litestar) -> Iterator[Operation]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    for method in sorted(str(getattr(m, "value", m)) for m in handler.http_methods):
                        if method in METHODS:
                            yield Operation(route, handler, method)


def _describe(
    operation: Operation, operation_id: str, parameters: list[Any], body: Any | None, answer: Any | None
) -> dict[str, Any]:
    handler, opt = operation.handler, operation.opt
    if "listing" in opt and "listing" in operation.fields:
        parameters = [*parameters, *opt["listing"].parameters()]
    if opt.get("idempotent"):
        parameters = [*parameters, _idempotency_key()]
    summary, _, more = inspect.cleandoc(handler.fn.__doc__ or "").partition("\n")
    described: dict[str, Any] = {
        "operationId": operation_id,
        "summary": summary,
        "tags": list(handler.resolve_tags() if hasattr(handler, "resolve_tags") else handler.tags or []),
    }
    if more.strip():
        described["description"] = more.strip()
    if parameters:
        described["parameters"] = parameters
    if body is not None and operation.body is not None:
        media = "multipart/form-data" if operation.multipart else JSON
        described["requestBody"] = {
            "required": not operation.body.has_default and not operation.body.is_optional,
            "content": {media: {"schema": body}},
        }
    described["responses"] = _responses(operation, answer)
    described["security"] = _security(operation)
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.needs_account:
        return [{"bearer": []}]
    return [{}, {"bearer": []}] if "visitor" in operation.fields else []


def _responses(operation: Operation, answer: Any | None) -> dict[str, Any]:
    opt, status = operation.opt, operation.handler.status_code
    good: dict[str, Any] = {"description": "Done, without a body." if status == 204 else "Done."}
    if answer is not None:
        good["content"] = {JSON: {"schema": answer}}
    elif status != 204:
        media = str(getattr(operation.handler.media_type, "value", operation.handler.media_type or JSON))
        good["content"] = {media if media != JSON else "application/octet-stream": {}}
    for media in opt.get("also_answers", ()):
        good["content"][media] = {}
    responses: dict[str, Any] = {str(status): good}
    if opt.get("cache"):
        good["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Send it as If-None-Match."}}
        responses["304"] = {"description": "What the client has is still right."}
    if opt.get("idempotent"):
        good.setdefault("headers", {})["Idempotent-Replayed"] = {
            "schema": {"type": "string", "const": "true"},
            "description": "There when this is the first answer again.",
        }
    for refused in sorted(_refused(operation)):
        responses.setdefault(str(refused), {"$ref": f"#/components/responses/{_refusal_name(refused)}"})
    return responses


def _refused(operation: Operation) -> set[int]:
    statuses = {503}
    if not operation.in_api:
        return statuses
    statuses |= {400, 429}
    if not operation.opt.get("exclude_from_auth"):
        statuses |= {401, 403}  # a bad token is refused anywhere, and so is the token of a banned account
    if operation.route.path_parameters or operation.body is not None:
        statuses.add(404)
    if operation.method != "GET":
        statuses |= {409, 422}
    if operation.body is not None:
        statuses |= {413, 415}
    return statuses | set(operation.opt.get("refuses", ()))


def _refusal_name(status: int) -> str:
    return f"Refused{status}"


def _refusal(status: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": MEANINGS[status],
        "content": {JSON: {"schema": {"$ref": REF.format(name="Refusal")}}},
    }
    if status in (429, 503):
        made["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return made


def _parameter(name: str, where: str, field: FieldDefinition | None, wanted: Any) -> dict[str, Any]:
    wanted = dict(wanted)
    description = wanted.pop("description", "")
    options = [option for option in wanted.get("anyOf", []) if option != {"type": "null"}]
    if where != "path" and len(options) == 1 and len(wanted) == 1:
        wanted = dict(options[0])  # a parameter is left out rather than null
    required = where == "path" or (field is not None and not field.has_default and not field.is_optional)
    if field is not None and field.has_default and field.default is not None:
        wanted["default"] = msgspec.to_builtins(field.default)
    if where == "path" and wanted.get("type") == "string" and "format" not in wanted:
        wanted.setdefault("minLength", 1)
    made = {"name": name, "in": where, "required": required, "schema": wanted}
    return made | ({"description": description} if description else {})


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
        "description": "Send it again with the same key after a lost reply: the first answer comes again, the effect does not. "
        "Kept for 24 hours. Another body under the same key is a 422, a duplicate of a request in flight a 409.",
    }


def _unique_id(operation: Operation, taken: set[str]) -> str:
    """The handler's own id for its first path; its other paths and methods are named after themselves."""
    base = operation.handler.operation_id or operation.handler.handler_name
    name = base if isinstance(base, str) else operation.handler.handler_name
    for more in (
        "",
        operation.method.title(),
        "At" + _camel(operation.path),
        "At" + _camel(operation.path) + operation.method.title(),
    ):
        if name + more not in taken:
            taken.add(name + more)
            return name + more
    raise ValueError(f"two operations are called {name}")


def _camel(path: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z0-9]+", path.removeprefix("/api/v1")))


def _answered(annotation: Any) -> Any:
    if inspect.isclass(get_origin(annotation)) and issubclass(get_origin(annotation), Response):
        return (get_args(annotation) or (Any,))[0]
    if inspect.isclass(annotation) and issubclass(annotation, Response):
        return bytes
    return annotation


def _name(guard: Any) -> str:
    return getattr(getattr(guard, "func", guard), "__qualname__", "")


def _is_json(annotation: Any) -> bool:
    return not (annotation in (None, type(None), bytes, str, Any) or _opaque(annotation))


def _opaque(annotation: Any) -> bool:
    """Answers that are no value: redirects, streams, files."""
    return inspect.isclass(annotation) and annotation.__module__.startswith("litestar.")


def _hook(kind: type) -> dict[str, Any]:
    if issubclass(kind, UploadFile):
        return {"type": "string", "format": "binary"}
    raise NotImplementedError(f"{kind} in the schema")


def _reachable(schemas: list[Any], components: dict[str, Any]) -> set[str]:
    """The components that schemas refer to, directly or through others."""
    found: set[str] = set()
    left = [schemas]
    while left:
        for name in re.findall(r"#/components/schemas/([^\"]+)", msgspec.json.encode(left.pop()).decode()):
            if name not in found:
                found.add(name)
                left.append(components[name])
    return found


def _always_there(component: dict[str, Any]) -> None:
    """In an answer a field with a default is written all the same; only what may be left out is optional."""
    properties = component.get("properties", {})
    present = {name for name, one in properties.items() if "default" in one}
    if present:
        component["required"] = sorted(present | set(component.get("required", [])), key=list(properties).index)
    for name in present:
        del properties[name]["default"]


def _tidied(document: dict[str, Any]) -> dict[str, Any]:
    """The document with component names without module paths, and without the underscores generic types leave behind."""
    short = _short_names(list(document["components"]["schemas"]))
    text = msgspec.json.encode(document).decode()
    for name, new in short.items():
        text = text.replace(f'"{REF.format(name=name)}"', f'"{REF.format(name=new)}"')
    tidy: dict[str, Any] = msgspec.json.decode(text)
    schemas = tidy["components"]["schemas"]
    tidy["components"]["schemas"] = {short[name]: schemas[name] for name in sorted(schemas, key=lambda n: short[n])}
    return tidy


def _short_names(names: list[str]) -> dict[str, str]:
    def plain(name: str) -> str:
        return re.sub(r"_+", "_", re.sub(r"marketplace\.(\w+\.)*", "", name)).strip("_")

    def with_domain(name: str) -> str:
        return re.sub(r"marketplace\.(\w+)\.(?:\w+\.)*", lambda found: found[1].title(), name)

    times = Counter(plain(name) for name in names)
    return {name: plain(name) if times[plain(name)] == 1 else plain(with_domain(name)) for name in names}
