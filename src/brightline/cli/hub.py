"""`brightline hub`: what only the office does at its hub."""

import argparse
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure
from brightline.cli.quota import quota, quota_arguments
from brightline.cli.saying import add_office, called, moment, say, span, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office
    from brightline.release.repository import RepoName
    from brightline.storage.repositories.origins import Origin


def hub_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "The office's own acts at its hub; everything else is done with the hub's clients."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    named = acts.add_parser(
        "vet",
        help="name somebody for study of a repository's vetted components",
        description="Name somebody, or everybody of an organisation, for study of a repository's vetted components, until a day.",
        allow_abbrev=False,
    )
    named.add_argument("repo", metavar="REPO", help="namespace/name, or datasets/namespace/name")
    who = named.add_mutually_exclusive_group(required=True)
    who.add_argument("account", type=called, metavar="WHO", nargs="?", help="the holder of the token that will be used")
    who.add_argument("--organisation", metavar="ORG", help="everybody whose token says organisation=ORG")
    named.add_argument("--until", type=moment, required=True, metavar="T", help="a day, a moment or a span from now")
    audited = acts.add_parser(
        "audit",
        help="read and hash every stored byte",
        description="Read and hash every blob that a release or a repository names. Exit code: 6 where one is wrong.",
        allow_abbrev=False,
    )
    imported = acts.add_parser(
        "import",
        help="fetch a repository from another hub, and file it as a case",
        description="Fetch one revision of a repository from another hub, compare every file with the digest that was "
        "announced, and file it as a case. Nothing of it is served before that is decided. HF_TOKEN is shown to that hub. "
        "What was fetched before a cut is not fetched again.",
        allow_abbrev=False,
    )
    imported.add_argument(
        "repo", metavar="REPO", help="namespace/name, datasets/namespace/name or spaces/namespace/name"
    )
    imported.add_argument("--from", dest="source", metavar="URL", required=True, help="the other hub's address")
    imported.add_argument(
        "--revision", metavar="R", default="main", help="a branch, tag or commit of it (default: main)"
    )
    imported.add_argument("--as", dest="name", metavar="NAME", help="namespace/name here (default: as it is there)")
    imported.add_argument(
        "--owner", type=called, metavar="WHO", help="whose release it is here (default: the namespace here)"
    )
    sourced = acts.add_parser(
        "sources",
        help="list what was imported: from where, when, with which digest; and what is wished for",
        description="List what was imported: from where, when, with which digest. Then what callers wish to have from the "
        "office's upstream and is not here yet, and why.",
        allow_abbrev=False,
    )
    sourced.add_argument("repo", metavar="REPO", nargs="?", help="of one repository only")
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
    limited = quota_arguments(acts)
    handlers = (
        (named, vet),
        (audited, audit),
        (imported, import_),
        (sourced, sources),
        (collected, collect),
        (limited, quota),
    )
    for sub, handler in handlers:
        add_office(sub)
        sub.set_defaults(handler=with_office(handler))


def vet(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.hosting.people import vetting

    name = _named(arguments.repo)
    shared = arguments.organisation is not None
    who = arguments.organisation if shared else arguments.account
    vetting.vet(office, name, who, arguments.until, organisation=shared)
    document = {"repo": name.address, "organisation" if shared else "account": who, "until": arguments.until}
    said = f"everybody of {who}" if shared else who
    return say(arguments, document, [f"{said} may study {name.address} until {arguments.until:%Y-%m-%d}"])


def _named(text: str) -> "RepoName":
    from brightline.release.repository import Misnamed, read_address

    try:
        return read_address(text)
    except Misnamed as trouble:
        raise Failure(Exit.USAGE, f"{trouble}.") from None


def import_(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.hosting.imports import importing
    from brightline.assembly.hosting.sight.shelving import Shelving
    from brightline.cli import output
    from brightline.settings.environment import settings
    from brightline.sources.source import NoSource
    from brightline.sources.upstream import Upstream, endpoint

    source = _named(arguments.repo)
    name = _named(f"{source.kind.prefix}{arguments.name}") if arguments.name else source
    wanted = importing.Wanted(source, name, arguments.owner or name.namespace, arguments.revision)
    try:
        upstream = Upstream(endpoint(arguments.source), settings().hf_token)
    except NoSource as trouble:
        raise Failure(Exit.USAGE, str(trouble)) from None
    with output.progress(None, f"fetching {source}") as told:
        made = importing.import_repository(Shelving(office), upstream, wanted, told)
    document = {
        **_origin_document(made.origin),
        "case": made.case,
        "changed": made.changed,
        "files": made.files,
        "fetched": made.fetched,
    }
    came = f"{made.origin.endpoint}/{made.origin.source}@{made.origin.commit}"
    done = "is here as" if made.changed else "was here already, and nothing changed:"
    lines = [f"{came} {done} {name.address}@{made.origin.oid}", f"{made.origin.digest}, {made.files} files"]
    following = f"brightline case accept {made.case}" if made.changed and made.case is not None else ""
    return say(arguments, document, lines, following)


def sources(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.storage.repositories import origins

    name = None if arguments.repo is None else _named(arguments.repo).address
    with office.engine.begin() as connection:
        found = origins.list_origins(connection, name)
        wished = [one for one in origins.list_wishes(connection) if name in (None, one.address)]
    lines = [
        f"{one.name}@{one.oid[:12]}  from {one.endpoint}/{one.source}@{one.commit[:12]}  {one.at:%Y-%m-%d %H:%M}  {one.digest}"
        for one in found
    ]
    lines += [
        f"{one.address}  {one.state}, for {one.account or 'its branch'}: {one.said}".rstrip(": ") for one in wished
    ]
    document = {
        "sources": [_origin_document(one) for one in found],
        "wishes": [{"repo": one.address, "state": one.state, "by": one.account, "said": one.said} for one in wished],
    }
    return say(arguments, document, lines or ["nothing was imported"])


def _origin_document(origin: "Origin") -> dict[str, object]:
    from brightline.assembly.hosting.sight.showing import origin_document

    return {"repo": origin.name, "revision": origin.oid, "source": origin_document(origin)}


def audit(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.hosting.people import vetting
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
