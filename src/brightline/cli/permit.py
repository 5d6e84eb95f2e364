"""`brightline permit`: what goes out to deployers."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from brightline.cli.saying import add_office, number, say, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office


def permit_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Published permits."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    export = acts.add_parser(
        "export",
        help="write permit, proof and charter: all that a deployer needs",
        description="Write permit.json, permit.tlog-proof (with a standing as of now) and charter.json.",
        allow_abbrev=False,
    )
    export.add_argument("number", type=number, metavar="N", help="the case")
    export.add_argument("-o", "--output", required=True, metavar="DIR", help="a folder; not the release's own")
    add_office(export)
    export.set_defaults(handler=with_office(run))


def run(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.export import write_export

    case, places = write_export(office, arguments.number, Path(arguments.output))
    digest = case.issued[-1].draft.permit
    lines = [f"permit {digest} of case {case.number}", *(f"wrote {place}" for place in places)]
    document = {"case": case.number, "permit": digest, "files": [str(place) for place in places]}
    return say(arguments, document, lines, f"brightline verify DIR --permit {places[0]}")
