"""What inspection blocks, no line can open."""

from collections.abc import Sequence
from dataclasses import replace

from brightline.decision.access import Access
from brightline.decision.determination import Determination, OpenQuestion
from brightline.inspection.finding import Finding, Severity
from brightline.release.component import JUDGED


def bar(determination: Determination, findings: Sequence[Finding]) -> Determination:
    """The same determination, with all four components withheld where a finding blocks; unchanged where none does."""
    blocking = [finding for finding in findings if finding.severity is Severity.BLOCK]
    if not blocking:
        return determination
    count = "1 finding blocks" if len(blocking) == 1 else f"{len(blocking)} findings block"
    rules = ", ".join(sorted({finding.rule.identity for finding in blocking})[:5])
    settle = OpenQuestion(
        "inspection",
        f"{count} this release ({rules}).",
        "mend or remove the files that the findings name, and inspect again",
    )
    return replace(
        determination,
        settled=False,
        access={**determination.access, **dict.fromkeys(JUDGED, Access.WITHHELD)},
        reasons=(
            f"{count} this release: nothing in it is released, whatever its tier ({rules}).",
            *determination.reasons,
        ),
        open_questions=(settle, *determination.open_questions),
    )
