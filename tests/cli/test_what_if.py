"""`line diff` and `line move`: the vectorised evaluator equals the scalar one, and the counts are those of the real table."""

import json
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from brightline.assembly.lines import find_line, shipped
from brightline.decision.comparison import Unmoved, move
from brightline.decision.judgement import determine
from brightline.decision.survey import CODES, Table, Words, survey
from brightline.decision.vocabulary import VOCABULARY
from brightline.release.quantity import Fact, Interval, Provenance

Run = Callable[..., "CompletedProcess[str]"]
EPOCH = Path(__file__).parents[3] / "shared" / "data" / "epoch_models.csv"
NUMBERS = st.sampled_from(
    [0.0, 1.0, 1e9, 1e10, 9.9e22, 1e23, 1.1e23, 3e24, 1e25, 2e25, 1e26, 1.1e26, 5e8, 6e8, math.inf]
)
INTERVALS = st.tuples(NUMBERS.filter(math.isfinite), NUMBERS).map(lambda pair: Interval(min(pair), max(pair)))
MODALITIES = st.lists(st.sampled_from(["text", "image", "other"]), min_size=1, max_size=2, unique=True).map(tuple)
QUANTITIES = [name for name, term in VOCABULARY.items() if term.unit is not None]


@pytest.mark.parametrize("name", shipped())
@given(
    rows=st.lists(
        st.tuples(st.dictionaries(st.sampled_from(QUANTITIES), INTERVALS), st.none() | MODALITIES),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None)
def test_vectorised_equals_scalar(name: str, rows: list[tuple[dict[str, Interval], tuple[str, ...] | None]]) -> None:
    line = find_line(name)
    judged = survey(line, _table(rows))
    for number, (figures, modality) in enumerate(rows):
        facts = {
            key: Fact(key, value, str(VOCABULARY[key].unit), Provenance.MEASURED, "drawn")
            for key, value in figures.items()
        }
        if modality is not None:
            facts["modality"] = Fact("modality", modality, "", Provenance.MEASURED, "drawn")
        scalar = determine(line, facts, [], date(2026, 11, 23))
        assert line.tiers[judged.tier[number]].identity == scalar.tier
        assert bool(judged.settled[number]) is scalar.settled
        assert {key: CODES[codes[number]] for key, codes in judged.criteria.items()} == {
            item.identity: item.verdict for item in scalar.criteria
        }


def _table(rows: list[tuple[dict[str, Interval], tuple[str, ...] | None]]) -> Table:
    names = {name for figures, _ in rows for name in figures}
    quantities = {
        name: (
            np.array([figures[name].low if name in figures else np.nan for figures, _ in rows]),
            np.array([figures[name].high if name in figures else np.nan for figures, _ in rows]),
        )
        for name in names
    }
    known = [modality for _, modality in rows if modality is not None]
    index = np.array([known.index(modality) if modality is not None else -1 for _, modality in rows], np.int32)
    return Table(
        tuple(str(number) for number in range(len(rows))), quantities, {"modality": Words(index, tuple(known))}
    )


@pytest.mark.skipif(not EPOCH.is_file(), reason="Epoch AI's table is not beside the project")
@pytest.mark.parametrize(
    ("threshold", "over", "open_weights"),
    [("1e23", 359, 239), ("1e24", 172, 106), ("5e24", 55, 23), ("1e25", 29, 4), ("1e26", 3, 0)],
)
def test_counts_over_epochs_table(threshold: str, over: int, open_weights: int, brightline: Run) -> None:
    done = brightline(
        "line", "move", "lessig", "--set", f"compute-high={threshold}", "--over", EPOCH, "--format", "json"
    )
    moved = json.loads(done.stdout)["after"]["criteria"]["compute-high"]
    assert (moved["verdicts"]["met"], moved["met_with_open_weights"]) == (over, open_weights)


def test_move_tells_who_changes_side(brightline: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "name,training_compute_low,training_compute_high,parameters\nbig,3e24,4e24,7e10\nsmall,1e20,,1e8\nsilent,,,1e8\n"
    )
    done = brightline("line", "move", "lessig", "--set", "compute-alert=1e25 FLOP", "--over", table, "--format", "json")
    document = json.loads(done.stdout)
    schema = json.loads(
        (Path(__file__).parents[2] / "src/brightline/reports/schemas/survey-v1.schema.json").read_text()
    )
    Draft202012Validator(schema).validate(document)
    assert [change["name"] for change in document["changes"]] == ["big"]
    assert document["changes"][0]["direction"] == "opens"
    assert "big" in brightline("line", "move", "lessig", "--set", "compute-alert=1e25", "--over", table).stdout


def test_diff_of_two_lines(brightline: Run, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("name,training_compute,parameters\nbig,2e25,4e11\n")
    done = brightline("line", "diff", "lessig", "us-ca-sb53", "--over", tmp_path / "table.csv", "--format", "json")
    assert json.loads(done.stdout)["changes"][0]["name"] == "big"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--set", "nonsense=1"), 64, "no criterion nonsense"),
        (("--set", "compute-high"), 64, "CRITERION=VALUE"),
        (("--set", "compute-high=lots"), 64, "write a number"),
        (("--set", "compute-high=1e24 token"), 64, "FLOP"),
    ],
)
def test_wrong_moves_are_sentences(
    words: tuple[str, ...], code: int, said: str, brightline: Run, tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_text("name,training_compute\nbig,2e25\n")
    done = brightline("line", "move", "lessig", *words, "--over", tmp_path / "table.csv")
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def test_a_bad_cell_is_refused_with_its_row(brightline: Run, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("name,training_compute\ngood,1e20\nbad,lots\n")
    done = brightline("line", "move", "lessig", "--set", "compute-high=1e24", "--over", tmp_path / "table.csv")
    assert done.returncode == 66
    assert "row 3" in done.stderr


def test_a_criterion_of_several_comparisons_is_not_moved() -> None:
    line = find_line("lessig")
    with pytest.raises(Unmoved, match="no criterion"):
        move(line, {"absent": "1"})
