"""`brightline hub quota`: what accounts use at the hub, and what one of them may have."""

import argparse
from typing import TYPE_CHECKING, Any

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import called, say

if TYPE_CHECKING:
    from brightline.assembly.office import Office

UNLIMITED = "unlimited"


def quota_arguments(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    command = acts.add_parser(
        "quota",
        help="show what accounts use, and say what one may have",
        description="Show what an account uses at the hub, and what it may have; or make an exception for it from what [quota] in "
        "office.toml says. Bytes count for the account that sent them, once, until they have been collected.",
        allow_abbrev=False,
    )
    command.add_argument(
        "account", type=called, metavar="ACCOUNT", nargs="?", help="the holder of tokens (default: list all)"
    )
    command.add_argument("--bytes", type=_size, metavar="SIZE", help=f'"500 GB", or {UNLIMITED}')
    command.add_argument("--repositories", type=_count, metavar="N", help=f"how many, or {UNLIMITED}")
    command.add_argument("--default", action="store_true", help="no exception any more: what office.toml says")
    return command


def _size(text: str) -> int:
    from brightline.settings.office import read_size
    from brightline.storage.accounts.charges import OPEN

    try:
        return OPEN if text == UNLIMITED else read_size(text)
    except ValueError as trouble:
        raise argparse.ArgumentTypeError(f"{trouble}, or {UNLIMITED}") from None


def _count(text: str) -> int:
    from brightline.storage.accounts.charges import OPEN

    if text == UNLIMITED:
        return OPEN
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 31):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number; write one, or {UNLIMITED}")
    return int(text)


def quota(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.hosting.quota import Quota, except_account
    from brightline.storage.accounts import charges

    limits = {key: getattr(arguments, key) for key in ("bytes", "repositories") if getattr(arguments, key) is not None}
    if limits and arguments.default:
        raise Failure(Exit.USAGE, "--default is in the place of --bytes and --repositories.")
    if (limits or arguments.default) and arguments.account is None:
        raise Failure(Exit.USAGE, "name the account that this is for.")
    if limits or arguments.default:
        except_account(office, arguments.account, limits or {"bytes": None, "repositories": None})
    with office.engine.begin() as connection:
        told = Quota(office)
        if arguments.account is None:
            every = [told.document(connection, one) for one in charges.all_accounts(connection)]
            return say(arguments, {"accounts": every}, [_line(one) for one in every] or ["nobody uses anything"])
        one, use = told.document(connection, arguments.account), charges.use_of(connection, arguments.account)
    return say(arguments, {**one, **_parts(use)}, [_line(one), _spread(_parts(use))])


def _line(told: dict[str, Any]) -> str:
    from brightline.assembly.hosting.quota import spelled

    most = "without a limit" if told["allowed"] is None else f"of {spelled(told['allowed'])}"
    many = "" if told["allowedRepositories"] is None else f" of {told['allowedRepositories']}"
    named = "repository" if told["repositories"] == 1 and not many else "repositories"
    return f"{told['account']} uses {spelled(told['used'])} {most}, in {told['repositories']}{many} {named}"


def _parts(use: Any) -> dict[str, int]:
    return {"inRepositories": use.repositories, "onFile": use.filed, "toBeCollected": use.waiting}


def _spread(parts: dict[str, int]) -> str:
    from brightline.assembly.hosting.quota import spelled

    held, filed, waiting = (spelled(size) for size in parts.values())
    return f"{held} in its repositories, {filed} in releases on file that were deleted, {waiting} on the way or to be collected"
