"""Small answers over HTTP: bounded, timed, and with a sentence where nothing came."""

import urllib.error
import urllib.request

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
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - checked above
            content: bytes = answer.read(LIMIT + 1)
    except urllib.error.HTTPError as trouble:
        said = trouble.read(2_000)
        raise NoAnswer(f"{url} answered {trouble.code} {trouble.reason}", trouble.code, said) from None
    except (urllib.error.URLError, OSError, ValueError) as trouble:
        raise NoAnswer(f"{url} does not answer: {getattr(trouble, 'reason', trouble)}") from None
    if len(content) > LIMIT:
        raise NoAnswer(f"{url} answered with more than {LIMIT} bytes")
    return content
