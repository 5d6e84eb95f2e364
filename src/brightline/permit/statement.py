"""in-toto Statement v1, the shell of every word of the office (in-toto attestation framework, spec/v1)."""

import re
from collections.abc import Sequence
from typing import Any

from brightline.permit.envelope import STATEMENT_TYPE, Envelope
from brightline.permit.notation import Illegible, canonical, only, read_object, take

STATEMENT = "https://in-toto.io/Statement/v1"
PERMIT = "https://brightline/permit/v1"
ORDER = "https://brightline/order/v1"
LIFTING = "https://brightline/lifting/v1"
NOTICE = "https://brightline/notice/v1"
STANDING = "https://brightline/standing/v1"
_HEXADECIMAL = re.compile("[0-9a-f]*")


def statement(predicate_type: str, subjects: Sequence[tuple[str, str]], predicate: dict[str, Any]) -> Envelope:
    """An unsigned envelope over the statement. A subject is a name and a sha256 in hex."""
    document = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return Envelope(STATEMENT_TYPE, canonical(document))


def read_statement(payload: bytes, predicate_type: str) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Subjects and predicate. Raises Illegible, also for a statement of another type."""
    document = read_object(payload, "the statement")
    only(document, "_type", "subject", "predicateType", "predicate")
    found = (document.get("_type"), document.get("predicateType"))
    if found != (STATEMENT, predicate_type):
        raise Illegible(f"this is no {predicate_type}, but {str(found[1])[:80]}")
    return _subjects(take(document, "subject", list)), take(document, "predicate", dict)


def _subjects(rows: list[Any]) -> list[tuple[str, str]]:
    """A release may have 100,000: all are looked at together, and one by one only to say what is wrong. Raises Illegible."""
    if alike(rows, dict, 2):
        names, digests = [row.get("name") for row in rows], [row.get("digest") for row in rows]
        if alike(names, str) and alike(digests, dict, 1):
            values = [digest.get("sha256") for digest in digests]
            if alike(values, str, 64) and _HEXADECIMAL.fullmatch("".join(values)) is not None:
                return list(zip(names, values, strict=True))
    return [_subject(row) for row in rows]


def alike(values: Sequence[Any], kind: type, length: int | None = None) -> bool:
    """Whether all are of exactly this kind, and have this length."""
    return set(map(type, values)) <= {kind} and (length is None or set(map(len, values)) <= {length})


def _subject(row: Any) -> tuple[str, str]:
    if not isinstance(row, dict):
        raise Illegible("a subject should be an object")
    only(row, "name", "digest")
    digests = take(row, "digest", dict)
    only(digests, "sha256")
    return take(row, "name", str), hexadecimal(take(digests, "sha256", str))


def hexadecimal(text: str) -> str:
    """A sha256 in lower-case hex. Raises Illegible."""
    if len(text) != 64 or _HEXADECIMAL.fullmatch(text) is None:
        raise Illegible(f"{text[:80]!r} is no sha256 in lower-case hex")
    return text


def digest_of(text: str) -> str:
    """`sha256:` and 64 hex digits. Raises Illegible."""
    kind, _, rest = text.partition(":")
    if kind != "sha256":
        raise Illegible(f"{text[:80]!r} is no digest; one begins with sha256:")
    return f"sha256:{hexadecimal(rest)}"
