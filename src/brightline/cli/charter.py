"""`brightline charter`: who may do what here, and how that changes."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import add_office, say, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office
    from brightline.permit.charter import Charter

ACTS = {
    "show": "the charter in force",
    "key": "make a private key, and print the public half that a charter names",
    "draft": "write the next version into a file, to be edited",
    "sign": "sign the next version as an approver, of the old charter or the new",
    "adopt": "put the next version in force, signed by enough approvers of both",
}


def charter_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "The signed root of trust: roles, keys, thresholds, delays."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    handlers = {"show": show, "key": key, "draft": draft, "sign": sign, "adopt": adopt}
    for name, text in ACTS.items():
        sub = acts.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
        if name != "show":
            sub.add_argument("file", metavar="F", help="the key's file" if name == "key" else "the next version's file")
        if name == "key":
            sub.add_argument("--scheme", choices=("ed25519", "ecdsa"), default="ed25519", help="(default: ed25519)")
        if name == "sign":
            sub.add_argument("--key", required=True, metavar="K", help="a private key in PEM; or awskms:...@HOLDER")
        add_office(sub)
        sub.set_defaults(handler=with_office(handlers[name]))


def _lines(charter: "Charter") -> list[str]:
    roles = [
        f"{name:<16} {', '.join(sorted(holder.roles))} ({len(holder.keys)} keys)"
        for name, holder in charter.holders.items()
    ]
    figures = f"{charter.irreversible} approvers for what cannot be undone, {charter.reversible} for the rest; {charter.delay} s delay"
    return [f"charter version {charter.version} of {charter.office}: {figures}", *roles]


def show(arguments: argparse.Namespace, office: "Office") -> int:
    charter = office.charter
    return say(arguments, charter.document(), _lines(charter))


def key(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.permit.key import ECDSA, ED25519
    from brightline.storage.record.keys import NoKey, make_key, write_key

    passphrase = office.key_passphrase()
    if passphrase is None:
        raise Failure(Exit.USAGE, "which passphrase should encrypt it? Set BRIGHTLINE_KEY_PASSPHRASE.")
    made = make_key(ED25519 if arguments.scheme == "ed25519" else ECDSA)
    try:
        write_key(Path(arguments.file), made, passphrase)
    except NoKey as trouble:
        raise Failure(Exit.USAGE, f"{trouble}.") from None
    except OSError as trouble:
        raise Failure(Exit.REFUSED, f"{arguments.file} cannot be written: {trouble.strerror}.") from None
    document = made.public.document()
    lines = [f"wrote {arguments.file}, encrypted; its public half, for the charter:", json.dumps(document)]
    return say(arguments, document, lines, "brightline charter draft F")


def draft(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.chartering import draft_charter

    document = draft_charter(office)
    try:
        with Path(arguments.file).open("x", encoding="utf-8") as file:
            file.write(json.dumps(document, indent=2) + "\n")
    except OSError as trouble:
        raise Failure(Exit.REFUSED, f"{arguments.file} cannot be written: {trouble.strerror}.") from None
    following = f"edit {arguments.file}; brightline charter sign {arguments.file} --key KEY.pem"
    return say(arguments, document, [f"wrote version {document['version']} as it would be unchanged"], following)


def sign(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.chartering import sign_draft
    from brightline.assembly.deciding import open_signer

    signed, names = sign_draft(office, Path(arguments.file), open_signer(office, arguments.key))
    document = {"digest": signed.digest, "signed": sorted(names)}
    return say(
        arguments,
        document,
        [f"signed by {', '.join(document['signed'])}"],
        f"brightline charter adopt {arguments.file}",
    )


def adopt(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.chartering import adopt_charter

    charter = adopt_charter(office, Path(arguments.file))
    return say(
        arguments,
        charter.document(),
        [*_lines(charter), "in force now; drafts under the old charter are drafted again"],
    )
