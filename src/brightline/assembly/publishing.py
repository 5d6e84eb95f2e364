"""Results as text in the format that was asked for."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from brightline.inspection.report import Inspection
from brightline.reports.document import assessment_document, inspection_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brightline.decision.determination import Determination


def inspection_text(inspection: Inspection, wanted: str) -> str:
    """json, sarif, html, cyclonedx or spdx."""
    if wanted == "html":
        from brightline.reports.page import render_html  # noqa: PLC0415 - Jinja is heavy; see start-up time

        return render_html(inspection)
    return _json(_document(inspection, wanted))


def _document(inspection: Inspection, wanted: str) -> dict[str, Any]:
    if wanted == "sarif":
        from brightline.reports.sarif import sarif_document  # noqa: PLC0415

        return sarif_document(inspection)
    if wanted == "cyclonedx":
        from brightline.reports.cyclonedx import cyclonedx_document  # noqa: PLC0415

        return cyclonedx_document(inspection)
    if wanted == "spdx":
        from brightline.reports.spdx import spdx_document  # noqa: PLC0415

        return spdx_document(inspection, datetime.now(UTC))  # noqa: TID251 - the clock is read in assembly
    return inspection_document(inspection)


def assessment_text(inspection: Inspection, determinations: "Sequence[Determination]", wanted: str) -> str:
    """Json or html."""
    if wanted == "html":
        from brightline.reports.page import render_html  # noqa: PLC0415

        return render_html(inspection, determinations)
    return _json(assessment_document(inspection, determinations))


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
