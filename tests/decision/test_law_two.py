"""Law 2: from wider figures, or fewer, no component ever comes out more open. Over every shipped line and over random ones."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightline.decision.draft import parse_line
from brightline.decision.expression import evidence_terms, names
from brightline.decision.judgement import determine
from brightline.decision.vocabulary import VOCABULARY
from brightline.release.quantity import Fact, Interval, Provenance

DAY = date(2026, 11, 23)
EDGES = [0.0, 1.0, 5.3e9, 7e9, 1e8, 5e8, 1e22, 3.3e22, 1e23, 3.3e24, 1e25, 3e25, 1e26, 1e27, float("inf")]
NEAR = [
    edge * factor for edge in EDGES for factor in (0.5, 1.0, 2.0)
]  # on the thresholds of the lines, and on either side
ENDS = st.one_of(st.sampled_from(NEAR), st.integers(20, 28).map(lambda power: 1.5 * 10.0**power), st.floats(-2, 1e28))
SHARES = st.one_of(st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0]), st.floats(0, 1))
WORDS = ["text", "image", "other", "mit", "llama"]
TERMS = ["cyber/uplift", "biological/uplift", "chemical/uplift", "autonomy/replication", "safeguards/attack-success"]
SHIPPED = ["lessig", "eu-gpai", "us-ca-sb53", "us-ny-raise", "kr-ai-basic", "us-ca-sb1047-vetoed"]


@st.composite
def nested(draw):
    """An interval and one that contains it; None for the wider one where the figure is taken away."""
    low, high = sorted([draw(ENDS), draw(ENDS)])
    if draw(st.booleans()):
        high = low
    lowest = draw(st.sampled_from([low, min(low, 0.0), min(low, low / 1000)]))
    highest = draw(st.sampled_from([high, float("inf"), max(high, high * 1000)]))
    return Interval(low, high), draw(st.sampled_from([Interval(lowest, highest)] * 3 + [None]))


@st.composite
def categories(draw):
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True))
    more = draw(st.lists(st.sampled_from(WORDS), max_size=2))
    return tuple(words), draw(st.sampled_from([tuple(dict.fromkeys(words + more)), None]))


@st.composite
def fact_pairs(draw, wanted):
    """Facts, and the same facts known less well."""
    sharp, blunt = {}, {}
    for name in wanted:
        unit = VOCABULARY[name].unit
        value, wider = draw(categories() if unit is None else nested())
        provenance = draw(st.sampled_from([Provenance.MEASURED] * 6 + [Provenance.DECLARED, Provenance.ASSUMED]))
        sharp[name] = Fact(name, value, "" if unit is None else str(unit), provenance, "drawn")
        if wider is not None:
            blunt[name] = replace(sharp[name], value=wider)
    return sharp, blunt


@st.composite
def evidence_pairs(draw, shown, wanted):
    """Evidence that all allows one truth, and the same known less well. `shown` makes one piece."""
    sharp, blunt = [], []
    for identity in wanted:
        truth = draw(SHARES)
        for _ in range(draw(st.integers(0, 2))):
            reach = sorted([truth, draw(SHARES), draw(SHARES)])
            piece = shown(identity, min(reach[0], truth), max(truth, reach[2] if draw(st.booleans()) else truth))
            sharp.append(piece)
            if draw(st.booleans()):
                wide = Interval(draw(st.floats(0, piece.interval.low)), draw(st.floats(piece.interval.high, 1)))
                blunt.append(replace(piece, interval=wide))
    return sharp, blunt


def opened(line, sharp, blunt):
    before = determine(line, *sharp, DAY).access
    after = determine(line, *blunt, DAY).access
    return [component for component in before if after[component].rank < before[component].rank]


def asked(line):
    facts = dict.fromkeys(name for item in line.criteria.values() for name in names(item.when) if name in VOCABULARY)
    terms = dict.fromkeys(term for item in line.criteria.values() for term in evidence_terms(item.when))
    return list(facts), list(terms)


@pytest.mark.parametrize("name", SHIPPED)
def test_knowing_less_never_opens_under_a_shipped_line(lines, shown, name):
    facts, terms = asked(lines[name])

    @settings(max_examples=200)
    @given(fact_pairs(facts), evidence_pairs(shown, terms))
    def holds(pair, evidence):
        assert opened(lines[name], (pair[0], evidence[0]), (pair[1], evidence[1])) == []

    holds()


def test_the_property_speaks_of_every_shipped_line(lines):
    assert set(SHIPPED) == set(lines)


QUANTITIES = ["training_compute", "finetune_compute", "base_compute"]
ACCESS = ["open", "gated", "vetted", "api", "withheld"]


@st.composite
def sums(draw):
    """A quantity in FLOP, with names that repeat and divisors that may be 0."""
    parts = draw(st.lists(st.sampled_from(QUANTITIES), min_size=1, max_size=3))
    text = f" {draw(st.sampled_from('+-'))} ".join(parts)
    ratio = draw(
        st.sampled_from(
            ["", " * training_compute / base_compute", " / (1 + base_compute / finetune_compute)", " * 3 / 7"]
        )
    )
    return f"({text}){ratio}"


@st.composite
def conditions(draw):
    operator = draw(st.sampled_from([">", ">=", "<", "<=", "=="]))
    simple = draw(
        st.one_of(
            st.builds(
                lambda left, limit: f"{left} {operator} {limit} FLOP",
                sums(),
                st.sampled_from(["1e22", "1e23", "1e25", "0"]),
            ),
            st.builds(lambda left, right: f"{left} {operator} {right}", sums(), sums()),
            st.sampled_from(["modality in {text, image}", "licence in {mit}"]),
            st.sampled_from(TERMS).map(lambda term: f"evidence('{term}') {operator} 0.1 fraction".replace("'", '"')),
        )
    )
    return draw(
        st.sampled_from(
            ["{0}", "not ({0})", "({0}) or parameters > 1 parameter", "({0}) and not parameters > 1 parameter"]
        )
    ).format(simple)


@st.composite
def random_lines(draw):
    """A sound line: random criteria, random tiers over them with `not`, access from severe to mild."""
    count = draw(st.integers(1, 4))
    criteria = [f"c{number}" for number in range(count)]
    joined = st.recursive(
        st.sampled_from(criteria),
        lambda inner: st.one_of(
            inner.map("not ({})".format), st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner)
        ),
        max_leaves=6,
    )
    tiers = draw(st.lists(joined, max_size=3))
    levels = {kind: sorted(draw(st.lists(st.sampled_from(range(5)), min_size=len(tiers) + 1, max_size=len(tiers) + 1)), reverse=True) for kind in ("source", "software", "data", "weights")}  # fmt: skip
    rows = ['id="r"', 'version="1"', 'title="r"', 'summary="r"', 'status="s"', 'jurisdiction="none"', 'disclaimer="d"']
    for criterion in criteria:
        rows += [f"[criteria.{criterion}]", f"when='{draw(conditions())}'", 'title="t"', 'source="s"', 'status="s"', 'accepts=["declared", "measured"]']  # fmt: skip
    for position, when in enumerate([*tiers, None]):
        rows += ["[[tiers]]", f'id="t{position}"', 'title="t"', *([f"when='{when}'"] if when is not None else [])]
        rows += [
            "access = {" + ", ".join(f'{kind}="{ACCESS[level[position]]}"' for kind, level in levels.items()) + "}"
        ]
    return parse_line("\n".join(rows))


@given(data=st.data())
def test_knowing_less_never_opens_under_any_line(shown, data):
    line = data.draw(random_lines())
    facts, terms = asked(line)
    sharp, blunt = data.draw(fact_pairs(facts))
    evidence, less = data.draw(evidence_pairs(shown, terms))
    assert opened(line, (sharp, evidence), (blunt, less)) == []
