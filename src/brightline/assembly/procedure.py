"""What a command asks for, from the address of a release to its determinations."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from brightline.inspection.report import Inspection
from brightline.settings.environment import settings

if TYPE_CHECKING:
    from brightline.decision.determination import Determination
    from brightline.decision.line import Line
    from brightline.evaluation.evidence import Evidence
    from brightline.release.declaration import Declaration

KINDS = Path(__file__).parent.parent / "release" / "kinds.toml"


class Refused(Exception):  # noqa: N818 - a refusal is an answer
    """The input cannot be worked with. The sentence says what, where, and what to do."""


def examine_release(
    address: str, declared: str | None = None, progress: Callable[[int], None] | None = None
) -> Inspection:
    """Inspect the release at `address`; `declared` is the path of a declaration. Raises Refused."""
    raise NotImplementedError
