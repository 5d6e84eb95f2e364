"""The API as a page for people: made here, without a script, and without a request to anywhere else."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from brightline.desk.admission import needs

STRICT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: the API</title><style>body{{font:16px/1.5 system-ui;max-width:60em;margin:2em auto;padding:0 1em}}
code{{overflow-wrap:anywhere}}dt{{margin-top:1em}}dd{{margin:0 0 0 1em}}ul{{margin:0;padding-left:1.2em}}</style>
<h1>{title}: the API</h1><p>{summary} As <a href="openapi.json">OpenAPI</a>.
What is not public asks for <code>Authorization: Bearer</code> and a token with the scope that is named;
refusals are problem details (RFC 9457).</p><dl>{operations}</dl></html>"""


def page(app: FastAPI, prefix: str, routers: Sequence[APIRouter]) -> str:
    """Every operation: who may ask, what it does, what it is asked with. `routers` are those that lie below `prefix`."""
    made = app.openapi()
    placed = [*(("", route) for route in app.routes), *((prefix, route) for one in routers for route in one.routes)]
    scopes = {(method, f"{place}{path}"): scope for place, route in placed for method, path, scope in _scopes(route)}
    operations = "".join(
        f"<dt><code>{method.upper()} {escape(path)}</code>: {scopes.get((method.upper(), path), 'public')}</dt>"
        f"<dd>{escape(operation.get('summary', ''))}{_fields(operation, made['components']['schemas'])}</dd>"
        for path, operations in made["paths"].items()
        for method, operation in operations.items()
    )
    return PAGE.format(title=escape(app.title), summary=escape(app.summary or ""), operations=operations)


def _scopes(route: BaseRoute) -> Iterator[tuple[str, str, str]]:
    """Method, path, scope."""
    if not isinstance(route, APIRoute):
        return
    for one in route.dependant.dependencies:
        if isinstance(one.call, needs):
            yield from ((method, route.path_format, one.call.scope) for method in route.methods or ())


def _fields(operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    """What goes into the address, and into the body."""
    rows = [_field(one["name"], one["schema"], one["required"]) for one in operation.get("parameters", ())]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        shape = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], content["schema"])
        required = shape.get("required", ())
        rows += [_field(name, one, name in required) for name, one in shape.get("properties", {}).items()]
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _field(name: str, shape: dict[str, Any], required: bool) -> str:
    kinds = [_kind(one) for one in shape.get("anyOf", [shape])]
    said = f": {shape['description']}" if "description" in shape else ""
    needed = "" if required else ", may be left out"
    return f"<li><code>{escape(name)}</code> ({escape(' or '.join(kinds))}{needed}){escape(said)}</li>"


def _kind(shape: dict[str, Any]) -> str:
    if "enum" in shape:
        return " or ".join(map(str, shape["enum"]))
    return str(shape.get("type") or shape.get("$ref", "anything").rpartition("/")[2])
