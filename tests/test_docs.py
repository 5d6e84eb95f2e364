"""A page that no longer fits the code is a failing test."""

import ast
import re
import runpy
from pathlib import Path

import pytest

from brightline.cli.failure import Exit
from brightline.storage.accounts.tokens import SCOPES

ROOT = Path(__file__).parents[1]
MAKE = runpy.run_path(str(ROOT / "docs" / "make.py"))


@pytest.mark.parametrize("name", MAKE["PAGES"])
def test_pages_made_from_the_code_are_current(name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text() == MAKE["PAGES"][name](), "run `make docs`"


def test_every_rule_is_whole() -> None:
    rules = MAKE["rules"]()
    assert len({rule.identity for rule in rules}) == len(rules) > 60
    for rule in rules:
        assert re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)+", rule.identity)
        assert all((rule.title, rule.why, rule.remedy, rule.example, rule.source)), rule.identity


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs/reference/exit-codes.md").read_text()
    for code in Exit:
        assert f"| {int(code)} |" in page


def test_every_refusal_is_documented_and_none_that_is_gone() -> None:
    page = (ROOT / "docs/reference/refusals.md").read_text()
    assert set(re.findall(r"^\| `([A-Z-]+)` \|", page, re.MULTILINE)) == codes()


def codes() -> set[str]:
    """The second word of every Refusal, Refused and Declined in the code, wherever it stands among the arguments."""
    calls = (
        node
        for place in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(place.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Refusal", "Refused", "Declined"}
    )
    words = (argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant))
    return {word for word in words if isinstance(word, str) and re.fullmatch(r"[A-Z]+(-[A-Z]+)*", word)}


def test_every_scope_is_named_where_tokens_are_made() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text()
    help_of_create = page.partition("## brightline token create")[2].partition("## ")[0]
    assert all(scope in help_of_create for scope in SCOPES)


def test_every_schema_that_ships_is_named_on_a_page() -> None:
    pages = "".join(place.read_text() for place in (ROOT / "docs/reference").glob("*.md"))
    for schema in (ROOT / "src").rglob("*.schema.json"):
        assert schema.parent.relative_to(ROOT / "src").as_posix() in pages, schema


def test_architecture_shows_every_layers_contract() -> None:
    contracts = re.findall(r"\nlayers = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL)
    assert len(contracts) == 4
    for layers in contracts:
        assert "\n".join(re.findall(r'"([^"]+)"', layers)) in (ROOT / "ARCHITECTURE.md").read_text()


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
