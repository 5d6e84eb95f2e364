"""A commit as clients send it: one JSON object a line, a header first."""

import binascii
from base64 import b64decode
from typing import Any

from brightline.hub.asking import read_document
from brightline.hub.host import Operation, Push, Turned
from brightline.release.repository import Misnamed, file_path

SIZE = 128 << 20  # bytes of one commit's body; what is larger goes beside it
LINES = 30_000


def read_push(body: bytes) -> Push:
    """Raises Turned."""
    rows = [_row(number, line) for number, line in enumerate(body.splitlines()[: LINES + 1]) if line.strip()]
    if not rows or rows[0][0] != "header" or len(rows) > LINES:
        raise Turned(400, f"a commit is a header and at most {LINES} operations, a line each.")
    header = rows[0][1]
    title, message, parent = (header.get(key) for key in ("summary", "description", "parentCommit"))
    if not isinstance(title, str) or not title.strip():
        raise Turned(400, "a commit has a summary.")
    operations = [_operation(key, value) for key, value in rows[1:]]
    return Push(title[:1_000], str(message or "")[:10_000], parent if isinstance(parent, str) else None, operations)


def _row(number: int, line: bytes) -> tuple[str, dict[str, Any]]:
    row = read_document(line, f"line {number + 1} of the commit")
    key, value = row.get("key"), row.get("value")
    if not isinstance(key, str) or not isinstance(value, dict):
        raise Turned(400, f"line {number + 1} of the commit is no object with key and value.")
    return key, value


def _operation(key: str, value: dict[str, Any]) -> Operation:
    try:
        path = file_path(str(value.get("path", "")).rstrip("/"))
    except Misnamed as trouble:
        raise Turned(400, f"{trouble}.") from None
    match key:
        case "file":
            return Operation("add", path, _content(path, value))
        case "lfsFile":
            return _beside(path, value)
        case "deletedFile" | "deletedFolder":
            return Operation("delete", path)
        case _:
            pass
    raise Turned(400, f"{key[:40]!r} is no operation of a commit; known are file, lfsFile, deletedFile, deletedFolder.")


def _content(path: str, value: dict[str, Any]) -> bytes:
    content = value.get("content")
    if not isinstance(content, str) or value.get("encoding", "utf-8") not in ("base64", "utf-8"):
        raise Turned(400, f"{path}: its content is base64 or text.")
    if value.get("encoding") != "base64":
        return content.encode("utf-8", "replace")
    try:
        return b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Turned(400, f"{path}: its content is no base64.") from None


def _beside(path: str, value: dict[str, Any]) -> Operation:
    oid, size = value.get("oid"), value.get("size")
    if value.get("algo", "sha256") != "sha256" or not isinstance(oid, str) or not is_sha256(oid):
        raise Turned(400, f"{path}: a file beside the commit is named by its sha256.")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise Turned(400, f"{path}: {size!r} is no size.")
    return Operation("copy", path, sha256=oid, size=size)


def is_sha256(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")
