"""Each tier of each shipped line is reached by a release; and taking a declared figure away never opens a component."""

from datetime import date

import pytest

from brightline.decision.access import Access
from brightline.decision.determination import Standing
from brightline.decision.draft import check
from brightline.decision.judgement import determine
from brightline.release.component import Component

DAY = date(2026, 11, 23)
HAZARDS = ("cyber/uplift", "biological/uplift", "chemical/uplift", "autonomy/replication")
HARMLESS = tuple((hazard, 0, 0.05) for hazard in HAZARDS)
LARGE = {"parameters": 405e9, "training_compute": 3.8e25}
FRONTIER = {"training_compute": 2e26}

# line, tier, settled, facts, evidence
REACHED = [
    ("lessig", "inadequate", True, LARGE, [("safeguards/attack-success", 0.3, 0.4)]),
    ("lessig", "inadequate", False, LARGE, []),
    ("lessig", "inadequate", False, {"parameters": 7e9}, []),
    ("lessig", "high", True, LARGE, [("safeguards/attack-success", 0, 0.05)]),
    ("lessig", "high", True, {"parameters": 70e9, "training_compute": 6e24}, [("cyber/uplift", 0.2, 0.3), ("safeguards/attack-success", 0, 0.1)]),
    ("lessig", "uncertain", True, {"parameters": 70e9, "training_compute": 6e24}, HARMLESS),
    ("lessig", "uncertain", True, {"parameters": 134.5e6, "training_compute": 1e26}, []),
    ("lessig", "uncertain", False, {"parameters": 134.5e6}, []),
    ("lessig", "limited", True, {"parameters": 134.5e6, "training_compute": 1.6e21}, []),
    ("lessig", "limited", True, {"parameters": 7e9, "training_compute": 8.4e22}, []),
    ("lessig", "limited", True, {"parameters": 0}, []),
    ("eu-gpai", "systemic-risk", True, LARGE, []),
    ("eu-gpai", "systemic-risk", False, {}, []),
    ("eu-gpai", "gpai", True, {"training_compute": 1e24, "modality": "text"}, []),
    ("eu-gpai", "not-gpai", True, {"training_compute": 1e24, "modality": "other"}, []),
    ("eu-gpai", "not-gpai", True, {"training_compute": 1e22}, []),
    ("us-ca-sb53", "large-frontier", True, FRONTIER | {"developer_revenue": 1e9}, []),
    ("us-ca-sb53", "large-frontier", True, FRONTIER, []),
    ("us-ca-sb53", "frontier", True, FRONTIER | {"developer_revenue": 1e8}, []),
    ("us-ca-sb53", "below", True, LARGE, []),
    ("us-ny-raise", "large-frontier", True, FRONTIER | {"developer_revenue": 1e9}, []),
    ("us-ny-raise", "frontier", True, FRONTIER | {"developer_revenue": 1e8}, []),
    ("us-ny-raise", "below", True, LARGE, []),
    ("kr-ai-basic", "high-performance", True, {"training_compute": 1e26}, []),
    ("kr-ai-basic", "below", True, {"training_compute": 9.9e25}, []),
    ("us-ca-sb1047-vetoed", "covered", True, FRONTIER | {"training_cost": 2e8}, []),
    ("us-ca-sb1047-vetoed", "covered-by-fine-tuning", True, FRONTIER | {"training_cost": 5e7, "finetune_compute": 3e25, "finetune_cost": 2e7}, []),
    ("us-ca-sb1047-vetoed", "not-covered", True, FRONTIER | {"training_cost": 5e7, "finetune_compute": 0}, []),
    ("us-ca-sb1047-vetoed", "not-covered", True, LARGE, []),
]  # fmt: skip


@pytest.mark.parametrize("case", REACHED)
def test_a_release_reaches_its_tier(lines, known, shown, case):
    line, tier, settled, facts, evidence = case
    determination = determine(lines[line], known(**facts), [shown(*piece) for piece in evidence], DAY)
    assert (determination.tier, determination.settled) == (tier, settled)
    assert settled or determination.open_questions


def test_every_tier_of_every_shipped_line_is_reached_and_settled(lines):
    reached = {(line, tier) for line, tier, settled, _, _ in REACHED if settled}
    assert reached == {(name, tier.identity) for name, line in lines.items() for tier in line.tiers}


@pytest.mark.parametrize("case", REACHED)
def test_taking_a_figure_away_opens_nothing(lines, known, shown, case):
    line, _, _, facts, evidence = case
    pieces = [shown(*piece) for piece in evidence]
    whole = determine(lines[line], known(**facts), pieces, DAY).access
    for name in facts:
        less = {other: value for other, value in facts.items() if other != name}
        assert_no_wider(whole, determine(lines[line], known(**less), pieces, DAY).access)
    for position in range(len(pieces)):
        less = pieces[:position] + pieces[position + 1 :]
        assert_no_wider(whole, determine(lines[line], known(**facts), less, DAY).access)


def assert_no_wider(before, after):
    assert all(after[component].rank >= before[component].rank for component in before)


def test_the_matrix_of_the_default_line(lines):
    rows = {tier.identity: [tier.access[kind].value for kind in (Component.SOURCE, Component.SOFTWARE, Component.DATA, Component.WEIGHTS)] for tier in lines["lessig"].tiers}  # fmt: skip
    assert rows == {
        "inadequate": ["withheld"] * 4,
        "high": ["open", "open", "vetted", "api"],
        "uncertain": ["open", "open", "open", "gated"],
        "limited": ["open"] * 4,
    }


def test_documentation_is_always_open(lines):
    for line in lines.values():
        assert determine(line, {}, [], DAY).access[Component.DOCUMENTATION] is Access.OPEN


def test_a_model_without_safeguards_evidence_is_told_what_to_show(lines, known):
    determination = determine(lines["lessig"], known(**LARGE), [], DAY)
    assert determination.standings["high"] is Standing.RULED_IN
    [question] = determination.open_questions
    assert "safeguards/attack-success with at least 37 items" in question.settled_by


def test_a_law_of_next_year_says_so_and_is_judged(lines, known):
    [judged, _] = determine(lines["us-ny-raise"], known(**FRONTIER), [], DAY).criteria
    assert "not in force before 2027-01-01" in judged.explanation
    [judged, _] = determine(lines["us-ny-raise"], known(**FRONTIER), [], date(2027, 1, 1)).criteria
    assert "not in force" not in judged.explanation


def test_a_modifier_above_a_third_is_told_its_duty(lines, known):
    facts = {"training_compute": 3e24, "finetune_compute": 1e24, "base_compute": 2e24}
    assert "modifier is the provider" in " ".join(determine(lines["eu-gpai"], known(**facts), [], DAY).obligations)
    facts["finetune_compute"] = 5e23
    assert "modifier is the provider" not in " ".join(determine(lines["eu-gpai"], known(**facts), [], DAY).obligations)


def test_a_vetoed_line_is_marked(lines):
    assert "vetoed" in lines["us-ca-sb1047-vetoed"].title
    assert all("VETOED" in criterion.status for criterion in lines["us-ca-sb1047-vetoed"].criteria.values())


def test_shipped_lines_are_sound_named_as_their_file_and_say_what_they_are_not(line_texts, lines):
    for name, text in line_texts.items():
        assert check(text) == ()
        assert lines[name].identity == name
        assert "not legal advice" in lines[name].disclaimer
    assert {criterion.register for line in lines.values() for criterion in line.criteria.values()} - {""} <= ROWS


# the ids of the register of lines that a shipped line may cite
ROWS = {
    "EU-GPAI", "EU-SR", "EU-SR-DESIG", "EU-REACH", "EU-MODIFIER", "EU-MODIFIER-UNK-SR", "EU-MODIFIER-UNK", "EU-EST-ERR",
    "EU-OSS-LICENCE", "EU-OSS-MONEY", "EU-OSS-PUBLIC", "COP-SEC-EXEMPT", "COP-SIMILAR", "COP-TIERS", "CA-FRONTIER", "CA-LARGE",
    "CA-CATRISK", "NY-FRONTIER", "NY-LARGE", "IL-LARGE", "CA1047-COVERED", "CA1047-FT", "CA1047-HARM", "US-EO14110",
    "US-EO14110-BIO", "US-4E091", "US-EO14409", "US-ISINFORMED", "KR-HIGHPERF", "OAI-BIO-HIGH", "ANT-CB1", "ANT-CB2",
}  # fmt: skip
