"""`brightline verify` and `brightline exec`: before weights are loaded."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import add_format, refusing, span

if TYPE_CHECKING:
    from brightline.proof.verification import Verification


def verify_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Check a folder against its permit: exact files, signatures, log, freshness. Exit code: 0 only if everything was proven, else 6."
    _arguments(command)
    command.add_argument("folder", metavar="DIR", help="the folder that holds the release, and nothing else")
    add_format(command)
    command.set_defaults(handler=verify)


def exec_arguments(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Verify as `brightline verify` does, then replace this process by CMD. What is not proven is not run."
    )
    command.usage = "brightline exec [options] --permit P DIR -- CMD..."
    _arguments(command)
    command.add_argument("folder", metavar="DIR", help="the folder that holds the release")
    command.add_argument("command_line", metavar="CMD", nargs="+", help="what to run, after --")
    command.set_defaults(handler=execute)


def _arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--permit", required=True, metavar="P", help="permit.json")
    command.add_argument(
        "--charter", metavar="C", help="the charter you trust (default: charter.json beside the permit)"
    )
    command.add_argument("--proof", metavar="F", help="the tlog-proof (default: permit.tlog-proof beside the permit)")
    command.add_argument(
        "--max-age",
        type=span,
        metavar="D",
        help="how old the standing may be, such as 7d (default: the charter's freshness)",
    )
    command.add_argument("--online", metavar="URL", help="ask the office for the standing now")
    command.add_argument("--root", metavar="SHA256", help="the digest that the first charter must have, sha256:...")


def _verified(arguments: argparse.Namespace) -> "Verification":
    from brightline.assembly.verification import verify as check
    from brightline.cli import output

    with output.progress(None, "verifying") as told:
        return check(
            arguments.folder,
            arguments.permit,
            arguments.charter,
            arguments.proof,
            arguments.max_age,
            arguments.online,
            arguments.root,
            told,
        )


def verify(arguments: argparse.Namespace) -> int:
    return refusing(lambda: _print(_verified(arguments), arguments.format))


def _print(verification: "Verification", wanted: str) -> int:
    code = Exit.DONE if verification.proven else Exit.UNPROVEN
    if wanted == "json":
        import json

        checks = [{"name": one.name, "held": one.held, "sentence": one.sentence} for one in verification.checks]
        document = {
            "schema": "brightline/verification/v1",
            "proven": verification.proven,
            "checks": checks,
            "notes": verification.notes,
        }
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return code
    print("\n".join(_lines(verification)))
    return code


def _lines(verification: "Verification") -> list[str]:
    checks = [f"{'✓' if one.held else '✗'} {one.name:<11} {_plain(one.sentence)}" for one in verification.checks]
    notes = [f"· note        {_plain(note)}" for note in verification.notes]
    end = (
        "PROVEN: exactly the permitted bytes, by a permit in force"
        if verification.proven
        else "NOT PROVEN: do not load it"
    )
    return [*checks, *notes, end]


def _plain(text: str) -> str:
    """Nothing in a paper or a file's name can steer the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def execute(arguments: argparse.Namespace) -> int:
    return refusing(lambda: _execute(arguments))


def _execute(arguments: argparse.Namespace) -> int:
    verification = _verified(arguments)
    if not verification.proven:
        print("\n".join(_lines(verification)), file=sys.stderr)
        raise Failure(Exit.UNPROVEN, f"{arguments.command_line[0]} was not run.")
    try:
        os.execvp(arguments.command_line[0], arguments.command_line)  # noqa: S606 - running what the user names is the point
    except OSError as trouble:
        raise Failure(Exit.NO_INPUT, f"{arguments.command_line[0]} cannot be run: {trouble.strerror}.") from None
