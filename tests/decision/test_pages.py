"""The reference pages hold what the code knows, and their examples work."""

import json
import re
from pathlib import Path

from brightline.decision.draft import check
from brightline.decision.units import BASE
from brightline.decision.vocabulary import VOCABULARY
from brightline.evaluation.evidence import ELICITATIONS, Evidence, parse_evidence

DOCS = Path(__file__).parents[2] / "docs"


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_page_of_the_language_lists_every_fact_and_unit():
    text = page("reference/expression.md")
    for term in VOCABULARY.values():
        assert f"| `{term.name}` | {'word' if term.unit is None else term.unit} | {term.meaning} |" in text
    assert " ".join(BASE) in text


def test_no_fact_bears_the_name_of_a_unit():
    assert set(VOCABULARY) & set(BASE) == set()


def test_the_example_line_is_sound():
    [example] = blocks(page("how-to/write-a-line.md"), "toml")
    assert check(example) == ()


def test_the_example_of_evidence_is_read_and_every_elicitation_is_listed():
    text = page("reference/evidence.md")
    [example] = blocks(text, "json")
    [piece] = parse_evidence(example, "example")
    assert isinstance(piece, Evidence)
    assert set(json.loads(example)) <= set(re.findall(r"`([a-z_]+)", text)) | {"conditions"}
    assert all(f"`{level}`" in text for level in ELICITATIONS)
