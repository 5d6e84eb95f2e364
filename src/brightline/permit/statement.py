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
_HEXADECIMAL = re.compile("[0-9a-f]{64}")


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
    return [_subject(row) for row in take(document, "subject", list)], take(document, "predicate", dict)


def _subject(row: Any) -> tuple[str, str]:
    """A release may have 100,000: what is as it should be is seen at once, and anything else is told what is wrong with it."""
    match row:
        case {"name": str(name), "digest": {"sha256": str(digest)} as digests} if len(row) == 2 and len(digests) == 1:
            return name, hexadecimal(digest)
    if not isinstance(row, dict):
        raise Illegible("a subject should be an object")
    only(row, "name", "digest")
    digests = take(row, "digest", dict)
    only(digests, "sha256")
    return take(row, "name", str), hexadecimal(take(digests, "sha256", str))


def hexadecimal(text: str) -> str:
    """A sha256 in lower-case hex. Raises Illegible."""
    if _HEXADECIMAL.fullmatch(text) is None:
        raise Illegible(f"{text[:80]!r} is no sha256 in lower-case hex")
    return text


def digest_of(text: str) -> str:
    """`sha256:` and 64 hex digits. Raises Illegible."""
    kind, _, rest = text.partition(":")
    if kind != "sha256":
        raise Illegible(f"{text[:80]!r} is no digest; one begins with sha256:")
    return f"sha256:{hexadecimal(rest)}"
