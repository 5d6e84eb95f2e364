"""`brightline inspect`: what is in a release."""

import argparse
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit

if TYPE_CHECKING:
    from brightline.inspection.report import Inspection

FORMATS = ("text", "json", "sarif", "html", "cyclonedx", "spdx")


def inspect_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Say what is in a release. Nothing in it is executed, unpickled or imported. Exit code: 0 pass, 1 review, 2 block."
    add_release(command)
    command.add_argument("--format", choices=FORMATS, default="text", help="what to print (default: text)")
    command.add_argument("-o", "--output", metavar="F", help="write to this file instead of standard output")
    command.set_defaults(handler=run)


def add_release(command: argparse.ArgumentParser) -> None:
    """The arguments that name a release; `inspect` and `assess` share them."""
    command.add_argument(
        "path",
        metavar="PATH",
        help="a folder, a file, an archive (.whl .zip .tar .tar.gz), or hf://[datasets/|spaces/]org/name[@revision]",
    )
    command.add_argument("--declare", metavar="F", help="a declaration (TOML): what the applicant says of the release")


def examine(arguments: argparse.Namespace) -> "Inspection":
    """Inspect what the arguments name, with a progress bar. Raises Failure."""
    from brightline.assembly.procedure import examine_release
    from brightline.assembly.refusal import Refused
    from brightline.cli import output

    with output.progress(None, "inspecting") as told:
        try:
            return examine_release(arguments.path, arguments.declare, told)
        except Refused as refusal:
            from brightline.cli.failure import Failure

            raise Failure(Exit.NO_INPUT, str(refusal)) from None


def run(arguments: argparse.Namespace) -> int:
    inspection = examine(arguments)
    _print(inspection, arguments.format, arguments.output)
    return {"pass": Exit.DONE, "review": Exit.REVIEW, "block": Exit.BLOCK}[inspection.clearance]


def _print(inspection: "Inspection", wanted: str, place: str | None) -> None:
    from brightline.cli import output

    if wanted == "text":
        from brightline.reports.text import render_inspection

        output.text_document(lambda console: render_inspection(inspection, console), place)
        return
    output.write(_document(inspection, wanted), place)


def _document(inspection: "Inspection", wanted: str) -> str:
    from brightline.assembly import publishing

    return publishing.inspection_text(inspection, wanted)
