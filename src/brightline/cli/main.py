"""`brightline`: arguments in, exit code out. What a command needs is imported when it runs: `--help` must be instant."""

import argparse
import gc
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn, Self

from brightline import __version__
from brightline.cli.failure import Exit, Failure

DESCRIPTION = "brightline decides which parts of an AI model may be released, to whom, and makes that decision hold."
EPILOG = """exit codes:
  inspect   0 pass   1 review   2 block
  assess    0 all components open   3 something restricted   4 unsettled   2 blocked by inspection
  office    0 done   5 refused, and nothing happened
  verify    0 everything proven   6 something was not (exec runs nothing then)
  any       64 usage   66 no such input   70 our own fault
"""
COMMANDS = {  # name -> the room that has its arguments, and what it is for
    "inspect": ("inspection", "say what is in a release: findings, facts, components; nothing is executed"),
    "assess": ("assessment", "decide which components of a release may go to whom, and say why"),
    "line": ("line", "list, show, check, compare and move lines"),
    "init": ("founding", "found an office in a folder: charter, keys, log, database"),
    "serve": ("founding", "serve the office: its hub and its API"),
    "token": ("founding", "tokens for the API"),
    "charter": ("charter", "the charter: show it, rotate it"),
    "case": ("case", "cases: file, review, decide, recall"),
    "permit": ("permit", "permits: export them for deployers"),
    "order": ("order", "orders: effective at once, heard afterwards"),
    "hub": ("hub", "the hub: import from another one, name people for study, audit every byte"),
    "log": ("log", "the public log: checkpoint, proofs, monitor, witness"),
    "verify": ("verification", "check a folder against its permit, before loading it"),
    "exec": ("verification", "verify, then run a command"),
}


class Parser(argparse.ArgumentParser):
    """argparse, with the exit code for a wrong call that this house promises; a command's room is read when it is used."""

    room: str | None = None

    def error(self, message: str) -> NoReturn:
        raise Failure(Exit.USAGE, f"{message}. Try `{self.prog} --help`.")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.filled()
        return super().parse_known_args(args, namespace)

    def filled(self) -> Self:
        """With its arguments."""
        if self.room is not None:
            room, self.room = import_module(f"brightline.cli.{self.room}"), None
            getattr(room, f"{self.prog.rpartition(' ')[2]}_arguments")(self)
        return self


def parser() -> Parser:
    """The whole command line; the reference page docs/reference/commands.md is compared with it by a test."""
    top = Parser(
        prog="brightline",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"brightline {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, (room, text) in COMMANDS.items():
        commands.add_parser(name, help=text, allow_abbrev=False).room = room
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Every expected trouble is a sentence on standard error; only our own fault is code 70."""
    try:
        chosen = parser().parse_args(arguments)
        code = int(chosen.handler(chosen))
        sys.stdout.flush()  # here, where a reader that went away can still be answered for
    except Failure as failure:
        print(f"brightline: {_plain(str(failure))}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        print("brightline: interrupted; nothing was decided", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader of our output went away; that is its right
        return 141
    except Exception as fault:  # noqa: BLE001 - the outermost wall: a person gets a sentence, the details with BRIGHTLINE_DEBUG
        return _own_fault(fault)
    else:
        return code


def _plain(sentence: str) -> str:
    """A refusal may quote a file's name, or what another hub said."""
    if sentence.isprintable():
        return sentence
    from brightline.reports.text import clean

    return "\n".join(clean(row) for row in sentence.split("\n"))


def _own_fault(fault: Exception) -> int:
    from brightline.settings.environment import settings

    if settings().debug:
        raise fault
    print(
        f"brightline: this is our own fault, and nothing was decided: {type(fault).__name__}: {fault}\n"
        "Run it again with BRIGHTLINE_DEBUG=1 and report what it prints.",
        file=sys.stderr,
    )
    return Exit.FAULT


def run() -> NoReturn:
    """The entry point of the installed command. A terminal that lacks a letter shows another one in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    code = main()
    gc.freeze()  # what is left goes with the process: looking through it first took up to a fifth of a command's time
    sys.exit(code)
