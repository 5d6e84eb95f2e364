"""What every route reads of a request: who asks, which repository, what the body says."""

import errno
import json
import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from brightline.hub.host import FULL, Account, Host, Turned
from brightline.release.repository import Kind, Misnamed, RepoName, file_path, ref_name, repo_name

BODY = 4 << 20  # bytes of a JSON or form body
SMALL, BRACKETS = 64 << 10, 20_000  # bytes of JSON that may hold anything; brackets that a longer one may have
FIELDS = 20_000
LOOKING = ("GET", "HEAD")
NAMES = ("_id", "id", "modelId")  # which stand in every answer about a repository
SLASH = "\x1f"  # stands for an escaped slash, which must not part a path
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # in JSON, where backslashes come in pairs otherwise
_SAFE = "!$&'()*+,;=:@"  # letters that a path has as they are (RFC 3986, section 3.3)
_Answer = TypeVar("_Answer")


def host(request: Request) -> Host:
    found: Host = request.app.state.host
    return found


async def off(work: Callable[[], _Answer]) -> _Answer:
    """In a thread: the office's answers come from a database. Raises Turned where its disk is full."""
    try:
        return await run_in_threadpool(work)
    except OSError as trouble:
        if trouble.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Turned(FULL, f"it cannot be kept: {trouble.strerror}.") from None


async def account(request: Request) -> Account | None:
    """None for nobody in particular. Raises Turned for a token that is none of ours, or not any more."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if not said.strip():
        return None
    if scheme.lower() == "basic" and request.method not in LOOKING and "origin" in request.headers:
        raise Turned(
            403, "A browser sends a kept password along with any page's forms: show a token as Bearer to change things."
        )
    secret = _secret(scheme.lower(), said.strip())
    found = await off(lambda: host(request).account(secret)) if secret else None
    if found is None:
        said = "Invalid username or password: the office knows no such token, or it has expired."
        raise Turned(401, f"{said} Show one of this office, or none (HF_HUB_DISABLE_IMPLICIT_TOKEN=1).")
    return found


def _secret(scheme: str, said: str) -> str:
    """A token; or, as curl and wget send it, one in the place of a password."""
    if scheme == "bearer":
        return said
    try:
        user, _, password = (
            b64decode(said, validate=True).decode("utf-8").partition(":") if scheme == "basic" else ("", "", "")
        )
    except ValueError:
        return ""
    return password or user


def part(request: Request, name: str) -> str:
    return str(request.path_params[name]).replace(SLASH, "/")


class Kinds(Convertor[Kind]):
    """`models`, `datasets` or `spaces` in an address."""

    regex = "models|datasets|spaces"

    def convert(self, value: str) -> Kind:
        return Kind(value.removesuffix("s"))

    def to_string(self, value: Kind) -> str:
        return f"{value}s"


class Spaces(Kinds):
    """Where only spaces have such a thing."""

    regex = "spaces"


class Numbers(Convertor[int]):
    """Of a discussion or a part: no longer than a database's own."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", Numbers())
register_url_convertor("kinds", Kinds())
register_url_convertor("spaces", Spaces())


async def about(request: Request) -> tuple[Host, Account | None, RepoName]:
    """What every route about a repository begins with. Raises Turned."""
    kind = request.path_params.get("kind", Kind.MODEL)
    name = named(kind, part(request, "namespace"), part(request, "name"))
    return host(request), await account(request), name


def named(kind: Kind, namespace: str, name: str) -> RepoName:
    """Raises Turned."""
    try:
        return repo_name(kind, namespace, name)
    except Misnamed as trouble:
        raise Turned(404, f"There is no such {kind}: {trouble}.", "RepoNotFound") from None


def new_name(kind: Kind, namespace: str, name: str) -> RepoName:
    """Of a repository that shall be made. Raises Turned."""
    try:
        return repo_name(kind, namespace, name)
    except Misnamed as trouble:
        raise Turned(400, f"A {kind} cannot be called so: {trouble}.") from None


def visibility(wanted: dict[str, Any]) -> bool | None:
    """Whether it shall be private, in either spelling; None where nothing is said of it. Raises Turned."""
    word, private = wanted.get("visibility"), wanted.get("private")
    if word not in (None, "public", "private"):
        raise Turned(400, f"visibility is public or private here, and not {str(word)[:40]!r}.")
    if private not in (None, True, False):
        raise Turned(400, "private is true or false.")
    return word == "private" if word is not None else private


def path_of(text: str) -> str:
    """Raises Turned."""
    try:
        return file_path(text)
    except Misnamed as trouble:
        raise Turned(404, f"{trouble}.", "EntryNotFound") from None


def new_path(text: str) -> str:
    """Of a file that shall be pushed. Raises Turned."""
    try:
        return file_path(text)
    except Misnamed as trouble:
        raise Turned(422, f"{trouble}.") from None


def branch_of(text: str) -> str:
    """Raises Turned."""
    try:
        return ref_name(text.removeprefix("refs/heads/"))
    except Misnamed as trouble:
        raise Turned(400, f"{trouble}.") from None


def head_of(text: str) -> str:
    """The branch that something shall be added to; a commit is none. Raises Turned."""
    try:
        return ref_name(text.removeprefix("refs/heads/"))
    except Misnamed as trouble:
        raise Turned(404, f"{trouble}, and nothing is added to it.", "RevisionNotFound") from None


async def body(request: Request, most: int = BODY) -> bytes:
    """Raises Turned where it is longer."""
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > most:
            raise Turned(413, f"This request has at most {most} bytes.")
    return bytes(content)


async def document(request: Request) -> dict[str, Any]:
    """A JSON object. Raises Turned."""
    return read_document(await body(request) or b"{}", "The body")


def read_document(content: bytes, what: str) -> dict[str, Any]:
    """A JSON object that is not deep, and holds neither half letters nor NUL, which no text of a database has. Raises Turned."""
    if len(content) > SMALL and content.count(b"[") + content.count(b"{") > BRACKETS:
        raise Turned(400, f"{what} is more structure than anything here needs.")
    try:
        found = json.loads(content)
        text = json.dumps(found, ensure_ascii=False) if b"\\u" in content else ""
        text.encode("utf-8")
    except (ValueError, RecursionError):
        raise Turned(400, f"{what} is no JSON that can be read.") from None
    if not isinstance(found, dict) or _NUL.search(text):
        raise Turned(400, f"{what} is no JSON object{', or has NUL in it' if text else ''}.")
    return found


async def form(request: Request) -> dict[str, list[str]]:
    """A form as clients send it, bounded. Raises Turned."""
    if "urlencoded" not in request.headers.get("content-type", ""):
        raise Turned(415, "This takes a urlencoded form, or JSON.")
    try:
        found = parse_qs((await body(request)).decode("utf-8"), max_num_fields=FIELDS)
    except ValueError:
        raise Turned(400, f"The form cannot be read, or has more than {FIELDS} fields.") from None
    if any("\0" in one for values in found.values() for one in values):
        raise Turned(400, "The form has NUL in it.")
    return found


def flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("true", "1")


def expanded(request: Request) -> frozenset[str]:
    """The keys that are asked for, in either spelling."""
    given = request.query_params
    return frozenset(given.getlist("expand") + given.getlist("expand[]"))


def address(request: Request) -> str:
    """Of the hub, as this client reaches it."""
    return str(request.base_url).rstrip("/")


def next_page(request: Request, name: str, begin: object) -> str:
    """A header's link to the page that begins there. Its path is escaped as the client wrote it: an escaped slash parts nothing."""
    path = quote(request.scope["raw_path"].partition(b"?")[0].lstrip(b"/"), safe=f"/%{_SAFE}")
    given = [item for item in request.query_params.multi_items() if item[0] != name]
    return f'<{address(request)}/{path}?{urlencode([*given, (name, begin)])}>; rel="next"'
