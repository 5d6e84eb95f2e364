"""`brightline init`, `serve` and `token`: an office in a folder, its API, and who may use it."""

import argparse
import gc
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import add_format, add_office, called, days, port, refusing, say, span, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office

MOST = 100  # approvers


def init_arguments(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Found an office in a folder: a first charter, encrypted keys, a log, a database. Says which key lies where."
    )
    command.add_argument("folder", metavar="DIR", help="a folder that is empty or does not exist")
    command.add_argument(
        "--name",
        default="brightline.local/office",
        help="the office's name, the origin of its log (default: %(default)s)",
    )
    command.add_argument("--approvers", type=approvers, default=3, metavar="N", help="how many approvers (default: 3)")
    command.add_argument(
        "--threshold",
        type=int,
        default=2,
        metavar="K",
        help="how many must sign what cannot be undone, at least 2 (default: 2)",
    )
    command.add_argument(
        "--delay",
        type=span,
        default=span("1d"),
        metavar="T",
        help="from publication to effect of what cannot be undone (default: 1d)",
    )
    command.add_argument(
        "--freshness",
        type=span,
        default=span("7d"),
        metavar="T",
        help="how old a permit's standing may be (default: 7d)",
    )
    command.add_argument(
        "--hearing", type=days, default=14, metavar="T", help="the hearing on an adverse draft (default: 14d)"
    )
    command.add_argument(
        "--database",
        default="sqlite:///office.db",
        metavar="URL",
        help="sqlite:///FILE or postgresql://... (default: %(default)s)",
    )
    command.add_argument(
        "--blobs", default="file:blobs", metavar="URL", help="file:FOLDER or s3://... (default: %(default)s)"
    )
    add_format(command)
    command.set_defaults(handler=init)


def approvers(text: str) -> int:
    """Each has a key that is made here, and takes a good part of a second to encrypt."""
    if not text.isdecimal() or int(text[:9]) > MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of approvers; an office has at most {MOST}")
    return int(text)


def init(arguments: argparse.Namespace) -> int:
    return refusing(lambda: _init(arguments))


def _init(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    try:
        from brightline.assembly.founding import Terms, found_office
    except ImportError as lacking:
        raise Failure(
            Exit.USAGE, f"an office needs the extra `office` ({lacking.name}): pip install 'brightline[office]'"
        ) from None
    terms = Terms(
        name=arguments.name,
        approvers=arguments.approvers,
        threshold=arguments.threshold,
        delay=int(arguments.delay.total_seconds()),
        freshness=int(arguments.freshness.total_seconds()),
        hearing_days=arguments.hearing,
        database=arguments.database,
        blobs=arguments.blobs,
    )
    founded = found_office(Path(arguments.folder), terms)
    charter = founded.charter
    secret = (
        [
            f"passphrase   {founded.passphrase}: whoever reads it and the keys can sign. Move it, and the approvers' keys, to their holders."
        ]
        if founded.passphrase is not None
        else ["passphrase   the one in BRIGHTLINE_PASSPHRASE, kept nowhere"]
    )
    lines = [
        f"founded {charter.office} in {arguments.folder}",
        f"charter      version 1: {charter.irreversible} of {arguments.approvers} approvers for what cannot be undone, {charter.delay} s delay",
        *(f"key          {name:<12} {place}" for name, place in founded.keys.items()),
        *secret,
    ]
    document = {
        "office": charter.office,
        "folder": arguments.folder,
        "charter": charter.document(),
        "keys": {name: str(place) for name, place in founded.keys.items()},
        "passphrase_file": None if founded.passphrase is None else str(founded.passphrase),
    }
    following = f"export BRIGHTLINE_OFFICE={arguments.folder}; brightline case file PATH --applicant NAME"
    return say(arguments, document, lines, following)


def serve_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Serve the office until interrupted: the hub at the root, the API under /api/v1, its documentation at /api/v1/docs."
    command.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
    command.add_argument("--port", type=port, default=8600, help="(default: %(default)s)")
    add_office(command)
    command.set_defaults(handler=serve)


def serve(arguments: argparse.Namespace) -> int:
    gc.disable()  # until the server starts: its modules are a great many objects, and none of them is garbage

    def check(_arguments: argparse.Namespace, office: "Office") -> int:
        from brightline.assembly.lines import find_line
        from brightline.assembly.serving import listening_place

        office.log_signer()
        find_line(office.settings.push_line)
        office.witnessed()
        arguments.host = listening_place(arguments.host, arguments.port)
        return say(
            arguments,
            {"address": _address(arguments), "office": office.charter.office},
            [f"{office.charter.office} on {_address(arguments)}/api/v1/docs"],
        )

    with_office(check)(arguments)
    from brightline.assembly.serving import serve_office
    from brightline.settings.environment import settings

    serve_office(arguments.office or str(settings().office), arguments.host, arguments.port)
    return Exit.DONE


def _address(arguments: argparse.Namespace) -> str:
    return f"http://{arguments.host}:{arguments.port}"


def token_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Tokens for the API: create, list, revoke."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    create = acts.add_parser(
        "create",
        help="make a token; its secret is shown once",
        description="Make a token; its secret is shown once.",
        allow_abbrev=False,
    )
    create.add_argument("name", type=called, metavar="NAME", help="what it is for")
    create.add_argument(
        "--holder",
        type=called,
        metavar="WHO",
        help="whom it speaks for: an applicant, or a holder of the charter (default: NAME)",
    )
    create.add_argument(
        "--scope",
        metavar="S",
        action="extend",
        nargs="+",
        required=True,
        dest="scopes",
        help="cases:read, cases:file, cases:review, cases:examine, cases:sign, cases:appeals, orders:write, exposure:read, tokens:write, metrics:read, hub:read, hub:write; one or several",
    )
    create.add_argument(
        "--attribute",
        metavar="NAME=VALUE",
        type=attribute,
        action="append",
        default=[],
        dest="attributes",
        help="what the office knows of the holder, as orders read it: organisation=ORG, country=DE; again for another one",
    )
    create.add_argument("--expires", type=span, default=span("30d"), metavar="T", help="(default: 30d)")
    listed = acts.add_parser(
        "list",
        help="all tokens, without their secrets",
        description="All tokens, without their secrets.",
        allow_abbrev=False,
    )
    revoke = acts.add_parser(
        "revoke", help="end a token at once", description="End a token at once.", allow_abbrev=False
    )
    revoke.add_argument("identity", metavar="ID", help="the token's id, as `token list` shows it")
    for sub, handler in ((create, create_token), (listed, list_tokens), (revoke, revoke_token)):
        add_office(sub)
        sub.set_defaults(handler=with_office(handler))


def attribute(text: str) -> tuple[str, str]:
    from brightline.storage.repositories.attributes import read_attribute

    try:
        return read_attribute(text)
    except ValueError as trouble:
        raise argparse.ArgumentTypeError(str(trouble)) from None


def create_token(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.storage.accounts import tokens
    from brightline.storage.repositories.attributes import give_attributes

    strange = sorted(set(arguments.scopes) - set(tokens.SCOPES))
    if strange:
        raise Failure(Exit.USAGE, f"{strange[0]} is no scope; there are {', '.join(tokens.SCOPES)}.")
    given = dict(arguments.attributes)
    if len(given) != len(arguments.attributes):
        raise Failure(Exit.USAGE, "an attribute is said once: orders and vettings read one value of it.")
    at = office.clock()
    holder = arguments.holder or arguments.name
    with office.engine.begin() as connection:
        secret, token = tokens.create_token(
            connection, arguments.name, holder, frozenset(arguments.scopes), at, at + arguments.expires
        )
        give_attributes(connection, token.identity, given)
    document = {
        "id": token.identity,
        "token": secret,
        "holder": holder,
        "scopes": sorted(token.scopes),
        "attributes": given,
        "expires": token.expires,
    }
    lines = [
        f"token {token.identity} for {holder}: {', '.join(sorted(token.scopes))}, until {token.expires:%Y-%m-%d}",
        secret,
    ]
    return say(arguments, document, lines, "keep it: it is not shown again. Send it as `Authorization: Bearer ...`")


def list_tokens(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.storage.accounts import tokens
    from brightline.storage.repositories.attributes import attributes_of

    at = office.clock()
    with office.engine.begin() as connection:
        found = tokens.list_tokens(connection)
        said = {one.identity: attributes_of(connection, one.identity) for one in found}
    rows = [
        {
            "id": one.identity,
            "name": one.name,
            "holder": one.holder,
            "scopes": sorted(one.scopes),
            "attributes": said[one.identity],
            "good": one.good(at),
            "expires": one.expires,
        }
        for one in found
    ]
    lines = [
        f"{one.identity}  {'good' if one.good(at) else 'ended'}  {one.name} for {one.holder}: {', '.join(sorted(one.scopes))}"
        + "".join(f", {name}={value}" for name, value in said[one.identity].items())
        for one in found
    ]
    return say(
        arguments,
        {"tokens": rows},
        lines or ["there are no tokens"],
        "" if rows else "brightline token create NAME --scope cases:read",
    )


def revoke_token(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.storage.accounts import tokens

    with office.engine.begin() as connection:
        done = tokens.revoke_token(connection, arguments.identity, office.clock())
    if not done:
        raise Failure(
            Exit.REFUSED,
            f"there is no token {arguments.identity} that could be revoked. `brightline token list` shows all.",
        )
    return say(arguments, {"id": arguments.identity, "revoked": True}, [f"token {arguments.identity} is revoked"])
