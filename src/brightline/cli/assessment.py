"""`brightline assess`: what the line says of a release, component by component."""

import argparse
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure
from brightline.cli.inspection import add_release, examine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brightline.decision.determination import Determination
    from brightline.inspection.report import Inspection

FORMATS = ("text", "json", "html")


def assess_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Decide which components of a release may go to whom. Exit code: 0 all components open, 3 something restricted, 4 unsettled, 2 blocked by inspection."
    add_release(command)
    command.add_argument(
        "--line",
        metavar="ID|FILE",
        action="append",
        help="a line to judge by; may be given several times (default: lessig)",
    )
    command.add_argument(
        "--evidence",
        metavar="F",
        action="append",
        default=[],
        help="a JSON file of evidence; may be given several times",
    )
    command.add_argument("--format", choices=FORMATS, default="text", help="what to print (default: text)")
    command.add_argument("-o", "--output", metavar="F", help="write to this file instead of standard output")
    command.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    from brightline.assembly.lines import find_line
    from brightline.assembly.procedure import determine_release, load_evidence
    from brightline.assembly.refusal import Refused

    try:
        lines = [find_line(name) for name in arguments.line or ["lessig"]]
        evidence = load_evidence(arguments.evidence)
    except Refused as refusal:
        raise Failure(Exit.NO_INPUT, str(refusal)) from None
    inspection = examine(arguments)
    determinations = determine_release(inspection, lines, evidence)
    _print(inspection, determinations, arguments)
    return code(inspection, determinations)


def code(inspection: "Inspection", determinations: "Sequence[Determination]") -> int:
    """The exit code of the contract: what inspection blocks no line can open; doubt weighs more than restriction."""
    from brightline.decision.access import Access

    if inspection.clearance == "block":
        return Exit.BLOCK
    if not all(determination.settled for determination in determinations):
        return Exit.UNSETTLED
    accesses = {access for determination in determinations for access in determination.access.values()}
    return Exit.DONE if accesses <= {Access.OPEN} else Exit.RESTRICTED


def _print(inspection: "Inspection", determinations: "Sequence[Determination]", arguments: argparse.Namespace) -> None:
    from brightline.cli import output

    if arguments.format == "text":
        from brightline.reports.text import render_assessment

        output.text_document(lambda console: render_assessment(inspection, determinations, console), arguments.output)
        return
    from brightline.assembly import publishing

    output.write(publishing.assessment_text(inspection, determinations, arguments.format), arguments.output)
