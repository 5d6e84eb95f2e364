"""`brightline line`: which lines there are, what they say, and what would change if they stood elsewhere."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from brightline.cli.failure import Exit, Failure

if TYPE_CHECKING:
    from brightline.decision.line import Line
    from brightline.decision.survey import Table


def line_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Lines: policy as data."
    verbs = command.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=type(command))
    _verb(verbs, "list", "name the lines that ship", _list)
    show = _verb(verbs, "show", "print one line: tiers, criteria, sources, dates", _show)
    show.add_argument("name", metavar="ID", help="a line that ships, or a TOML file")
    check = _verb(verbs, "check", "say whether a file is a line, and what is wrong with it", _check)
    check.add_argument("name", metavar="FILE", help="a TOML file")
    diff = _verb(verbs, "diff", "which of many releases change side between two lines", _diff)
    diff.add_argument("before", metavar="A", help="a line that ships, or a TOML file")
    diff.add_argument("after", metavar="B", help="a line that ships, or a TOML file")
    move = _verb(verbs, "move", "which of many releases change side if a threshold moves", _move)
    move.add_argument("name", metavar="ID", help="a line that ships, or a TOML file")
    move.add_argument(
        "--set",
        metavar="C=V",
        action="append",
        required=True,
        help="a criterion's new threshold; may be given several times",
    )
    for verb in (diff, move):
        verb.add_argument(
            "--over",
            metavar="TABLE",
            required=True,
            help="a CSV or Parquet of facts, or one of Epoch AI's model tables",
        )


def _verb(verbs: Any, name: str, text: str, handler: Any) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False
    )
    verb.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    verb.add_argument("-o", "--output", metavar="F", help="write to this file instead of standard output")
    verb.set_defaults(handler=handler)
    return verb


def _find(name: str) -> "Line":
    from brightline.assembly.lines import find_line
    from brightline.assembly.refusal import Refused

    try:
        return find_line(name)
    except Refused as refusal:
        raise Failure(Exit.NO_INPUT, str(refusal)) from None


def _list(arguments: argparse.Namespace) -> int:
    from brightline.assembly.lines import shipped
    from brightline.cli import output
    from brightline.decision.draft import parse_line

    lines = [parse_line(text) for text in shipped().values()]
    if arguments.format == "json":
        rows = [
            {
                "line": line.identity,
                "version": line.version,
                "title": line.title,
                "status": line.status,
                "jurisdiction": line.jurisdiction,
            }
            for line in lines
        ]
        output.write(json.dumps({"schema": "brightline/lines/v1", "lines": rows}, indent=2), arguments.output)
    else:
        width = max(len(line.identity) for line in lines)
        rows_of_text = [f"{line.identity:<{width}}  {line.version}  {line.title} [{line.status}]" for line in lines]
        output.write("\n".join(rows_of_text), arguments.output)
    return Exit.DONE


def _show(arguments: argparse.Namespace) -> int:
    from brightline.cli import output
    from brightline.reports.line import line_document, render_line

    line = _find(arguments.name)
    if arguments.format == "json":
        output.write(json.dumps(line_document(line), indent=2, ensure_ascii=False), arguments.output)
    else:
        output.text_document(lambda console: render_line(line, console), arguments.output)
    return Exit.DONE


def _check(arguments: argparse.Namespace) -> int:
    from brightline.assembly.lines import line_text
    from brightline.assembly.refusal import Refused
    from brightline.cli import output
    from brightline.decision.draft import check

    try:
        problems = check(line_text(arguments.name))
    except Refused as refusal:
        raise Failure(Exit.NO_INPUT, str(refusal)) from None
    if arguments.format == "json":
        rows = [{"where": problem.where, "row": problem.row, "message": problem.message} for problem in problems]
        output.write(json.dumps({"schema": "brightline/line-check/v1", "problems": rows}, indent=2), arguments.output)
    else:
        said = [str(problem) for problem in problems] or [f"{arguments.name} is a line: nothing is wrong with it"]
        output.write("\n".join(said), arguments.output)
    return Exit.USAGE if problems else Exit.DONE


def _diff(arguments: argparse.Namespace) -> int:
    return _compare(_find(arguments.before), _find(arguments.after), arguments)


def _move(arguments: argparse.Namespace) -> int:
    line = _find(arguments.name)
    values = {}
    for pair in arguments.set:
        name, found, value = pair.partition("=")
        if not found:
            raise Failure(Exit.USAGE, f"--set {pair}: write CRITERION=VALUE, as in compute-high=1e24")
        values[name.strip()] = value
    _need_tables()
    from brightline.decision.comparison import Unmoved, move

    try:
        return _compare(line, move(line, values), arguments)
    except Unmoved as trouble:
        raise Failure(Exit.USAGE, str(trouble)) from None


def _need_tables() -> None:
    from importlib.util import find_spec

    if find_spec("numpy") is None or find_spec("pyarrow") is None:
        raise Failure(Exit.USAGE, "tables need numpy and pyarrow: install brightline[tables].")


def _compare(before: "Line", after: "Line", arguments: argparse.Namespace) -> int:
    _need_tables()
    from brightline.cli import output
    from brightline.decision.comparison import compare
    from brightline.reports.survey import render_survey, survey_document

    table = _table(arguments.over)
    shift = compare(before, after, table)
    if arguments.format == "json":
        output.write(json.dumps(survey_document(shift, table.notes), indent=2, ensure_ascii=False), arguments.output)
    else:
        output.text_document(lambda console: render_survey(shift, table, console), arguments.output)
    return Exit.DONE


def _table(place: str) -> "Table":
    from brightline.sources.source import NoSource
    from brightline.sources.table import read_table

    try:
        return read_table(place)
    except NoSource as trouble:
        raise Failure(Exit.NO_INPUT, str(trouble)) from None
