"""`brightline hub`: what only the office does at its hub."""

import argparse
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import add_office, moment, say, span, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office


def hub_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "The office's own acts at its hub; everything else is done with the hub's clients."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    named = acts.add_parser(
        "vet",
        help="name somebody for study of a repository's vetted components",
        description="Name somebody for study of a repository's vetted components, until a day.",
        allow_abbrev=False,
    )
    named.add_argument("repo", metavar="REPO", help="namespace/name, or datasets/namespace/name")
    named.add_argument("account", metavar="WHO", help="the holder of the token that will be used")
    named.add_argument("--until", type=moment, required=True, metavar="T", help="a day, a moment or a span from now")
    audited = acts.add_parser(
        "audit",
        help="read and hash every stored byte",
        description="Read and hash every blob that a release or a repository names. Exit code: 6 where one is wrong.",
        allow_abbrev=False,
    )
    collected = acts.add_parser(
        "collect",
        help="remove what no revision, case or running upload needs",
        description="Remove bytes that no revision, no case and no running upload needs. The server may go on beside it.",
        allow_abbrev=False,
    )
    collected.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
    collected.add_argument(
        "--grace", type=span, metavar="SPAN", help="how long what nobody needs is kept (default: 1d; at least 2h)"
    )
    for sub, handler in ((named, vet), (audited, audit), (collected, collect)):
        add_office(sub)
        sub.set_defaults(handler=with_office(handler))


def vet(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.hosting import vetting
    from brightline.release.repository import Misnamed, read_address

    try:
        name = read_address(arguments.repo)
    except Misnamed as trouble:
        raise Failure(Exit.USAGE, f"{trouble}.") from None
    vetting.vet(office, name, arguments.account, arguments.until)
    document = {"repo": name.address, "account": arguments.account, "until": arguments.until}
    return say(arguments, document, [f"{arguments.account} may study {name.address} until {arguments.until:%Y-%m-%d}"])


def audit(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.hosting import vetting
    from brightline.cli import output

    with output.progress(None, "hashing") as told:
        found = vetting.audit(office, told)
    document = {"blobs": found.blobs, "size": found.size, "wrong": list(found.wrong)}
    good = f"{found.blobs - len(found.wrong)} of {found.blobs} blobs are what their names say ({found.size:,} bytes)"
    say(arguments, document, [*found.wrong, good])
    return Exit.UNPROVEN if found.wrong else Exit.DONE


def collect(arguments: argparse.Namespace, office: "Office") -> int:
    from dataclasses import asdict

    from brightline.assembly.hosting.collecting import GRACE, LEAST, Collecting
    from brightline.cli import output

    grace = GRACE if arguments.grace is None else arguments.grace
    if grace < LEAST:
        raise Failure(Exit.USAGE, "--grace is at least 2h: a client may be between its upload and its commit.")
    with output.progress(None, "looking") as told:
        found = Collecting(office, grace, dry=arguments.dry_run, told=told).collect()
    done = "would go" if arguments.dry_run else "are gone"
    rows = [
        f"{found.files} files of {found.size:,} bytes {done}",
        f"{found.commits} commits, {found.listings} listings, {found.possessions} claims and {found.xorbs} xorbs {done}",
    ]
    return say(arguments, {"dry_run": arguments.dry_run, **asdict(found)}, rows)
