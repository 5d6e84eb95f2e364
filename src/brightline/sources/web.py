"""Small answers over HTTP: bounded, timed, and with a sentence where nothing came."""

import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

PATIENCE = 15  # seconds
LIMIT = 64 << 20


class NoAnswer(Exception):
    """The sentence says what was asked and what came instead. `status` is HTTP's, or 0."""

    def __init__(self, sentence: str, status: int = 0, body: bytes = b"") -> None:
        super().__init__(sentence)
        self.status, self.body = status, body


def fetch(url: str, body: bytes | None = None) -> bytes:
    """GET, or POST where there is a body. Raises NoAnswer."""
    if not url.startswith(("http://", "https://")):
        raise NoAnswer(f"{url} is no http address")
    request = urllib.request.Request(url, data=body, headers={"User-Agent": "brightline"})  # noqa: S310 - checked above
    end = time.monotonic() + PATIENCE
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - checked above
            return _read(answer, url, end)
    except urllib.error.HTTPError as trouble:
        sentence = f"{url} answered {trouble.code} {trouble.reason}"
        raise NoAnswer(sentence, trouble.code, _said(trouble)) from None
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as trouble:
        raise NoAnswer(f"{url} does not answer: {getattr(trouble, 'reason', trouble)}") from None


def _read(answer: Any, url: str, end: float) -> bytes:
    """As much as comes in time: who sends a byte a second keeps nobody waiting."""
    content = bytearray()
    while block := answer.read1(1 << 16):
        content += block
        if len(content) > LIMIT:
            raise NoAnswer(f"{url} answered with more than {LIMIT} bytes")
        if time.monotonic() > end:
            raise NoAnswer(f"{url} took longer than {PATIENCE} seconds")
    if answer.length:
        raise NoAnswer(f"{url} broke off")
    return bytes(content)


def _said(trouble: urllib.error.HTTPError) -> bytes:
    try:
        return bytes(trouble.read(2_000))
    except (HTTPException, OSError, ValueError):
        return b""
