"""brightline decides which parts of an AI model may be released, to whom, and makes that decision hold."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brightline.assembly.verification import verify as verify

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`brightline.verify`, imported when it is first asked for: the command line must start at once."""
    if name != "verify":
        raise AttributeError(f"module 'brightline' has no attribute {name!r}")
    from brightline.assembly.verification import verify  # noqa: PLC0415 - see above

    return verify
