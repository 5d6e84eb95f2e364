"""The application: routes, problem details, metrics, and a line of log for each request."""

import json
import logging
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brightline.desk import cases, reading, register
from brightline.desk.admission import Joined, needs
from brightline.desk.documents import Problem
from brightline.desk.service import Caller, Declined, Service

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, text in (
        (400, "The request cannot be read"),
        (401, "No good token"),
        (403, "Not by this caller"),
        (404, "There is no such thing"),
        (405, "No such method here"),
        (409, "It does not fit the state of things"),
        (413, "The request is too long"),
        (422, "The question is not well put"),
    )
}
BODY = 1 << 20  # bytes of a request that is no filing
LOG = logging.getLogger("brightline.desk")


def make_application(
    service: Service, secret: str, working: Callable[[], AbstractContextManager[None]], sign_in: APIRouter | None = None
) -> FastAPI:
    """`working` lasts as long as the server does: examinations run in it. `secret` signs the cookie of a sign-in."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with working():
            yield

    app = Described(
        title="brightline office",
        version="1",
        summary="Cases, determinations, permits, orders, the log, exposure.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # FastAPI's page fetches its script from somebody else
        redoc_url=None,
        lifespan=lifespan,
        responses=PROBLEMS,
    )
    app.state.service = service
    app.add_middleware(Bounded)
    app.add_middleware(SessionMiddleware, secret_key=secret, same_site="lax", max_age=600)
    for router in (register.router, cases.router, *([sign_in] if sign_in is not None else [])):
        app.include_router(router, prefix=PREFIX)
    _problems(app)
    _measure(app)
    _read(app)
    return app


def _read(app: FastAPI) -> None:
    @app.get(f"{PREFIX}/docs", include_in_schema=False)
    def read() -> HTMLResponse:
        return HTMLResponse(reading.page(app, PREFIX, (register.router, cases.router)), headers=reading.STRICT)


def _problems(app: FastAPI) -> None:
    """RFC 9457, whatever went wrong; our own fault says no more than that it is ours."""

    @app.exception_handler(Declined)
    async def declined(_request: Request, trouble: Declined) -> Response:
        return problem(trouble.status, trouble.code, str(trouble))

    @app.exception_handler(HTTPException)
    async def http(_request: Request, trouble: HTTPException) -> Response:
        codes = {401: "NO-TOKEN", 403: "SCOPE", 404: "NO-ROUTE", 405: "NO-METHOD"}
        return problem(
            trouble.status_code, codes.get(trouble.status_code, "INPUT"), str(trouble.detail), trouble.headers
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, trouble: RequestValidationError) -> Response:
        first = trouble.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(422, "INPUT", f"{where}: {first['msg']}")


def problem(status: int, code: str, detail: str, headers: Any = None) -> Response:
    body = {"type": f"urn:brightline:{code}", "title": code, "status": status, "detail": detail, "code": code}
    return JSONResponse(body, status, headers=headers, media_type=PROBLEM)


async def _answered(request: Request, follow: Callable[[Request], Awaitable[Response]]) -> Response:
    """Our own fault is told by its kind alone: what it says may be somebody's words."""
    try:
        return await follow(request)
    except ClientDisconnect:
        return Response(status_code=499)  # nobody is there to read it
    except Exception as trouble:  # noqa: BLE001 - the outermost wall: a caller gets a problem, the log its kind and place
        frame = traceback.extract_tb(trouble.__traceback__)[-1]
        LOG.error(json.dumps({"fault": type(trouble).__name__, "at": f"{frame.name}:{frame.lineno}"}))  # noqa: TRY400
        return problem(500, "FAULT", "This is the office's own fault, and nothing was done.")


class Bounded:
    """No route but that of filings reads more than a little: bodies are read before anything asks who sends them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) == ("POST", f"{PREFIX}/cases"):
            await self._app(scope, receive, send)
            return
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > BODY:
                raise HTTPException(413, f"A request here has at most {BODY} bytes.")
            return message

        await self._app(scope, bounded, send)


def _measure(app: FastAPI) -> None:
    """Counts and times by route; the log never holds a secret, a query or a body."""
    registry = CollectorRegistry()
    count = Counter("brightline_requests", "Requests", ["method", "route", "status"], registry=registry)
    spent = Histogram("brightline_request_seconds", "Time to answer", ["route"], registry=registry)
    size = Gauge("brightline_log_entries", "Entries of the log", registry=registry)
    states = Gauge("brightline_cases", "Cases by state", ["state"], registry=registry)

    @app.middleware("http")
    async def measured(request: Request, follow: Callable[[Request], Awaitable[Response]]) -> Response:
        began = time.perf_counter()
        answer = await _answered(request, follow)
        took = time.perf_counter() - began
        route = getattr(request.scope.get("route"), "path", "none")
        count.labels(request.method, route, answer.status_code).inc()
        spent.labels(route).observe(took)
        token = getattr(request.state, "token", None)
        row = {"method": request.method, "route": route, "status": answer.status_code, "ms": round(took * 1000, 2)}
        LOG.info(json.dumps({**row, "token": token}))
        return answer

    @app.get(
        f"{PREFIX}/metrics",
        tags=["metrics"],
        summary="For Prometheus",
        response_class=PlainTextResponse,
    )
    def metrics(joined: Joined, _caller: Annotated[Caller, Depends(needs("metrics:read"))]) -> PlainTextResponse:
        size.set(joined.office()["size"])
        states.clear()
        for case in joined.cases(None):
            states.labels(case["state"]).inc()
        return PlainTextResponse(generate_latest(registry).decode("utf-8"))


class Described(FastAPI):
    """Its schema is made when somebody asks for it, which takes longer than all else that a start does."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = _with_problems(super().openapi())
        return self.openapi_schema


def _with_problems(made: dict[str, Any]) -> dict[str, Any]:
    """The problem's shape is named once, and validation errors are problems too."""
    schemas = made["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path in made["paths"].values():
        for operation in path.values():
            for status, text in PROBLEMS.items():
                kept = operation["responses"].setdefault(str(status), {"description": text["description"]})
                content = kept.setdefault("content", {})
                content.pop("application/json", None)
                content.update(text["content"])
    return made


def log_to_stderr() -> None:
    """One JSON object a line."""
    LOG.handlers = [logging.StreamHandler(sys.stderr)]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
