"""What applicants say: figures as people write them, refusals that name the place, and merging without hiding doubt."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.assembly.procedure import KINDS
from brightline.release.card import card_faults, parse_card, read_card
from brightline.release.classification import classify, load_kinds
from brightline.release.component import Component
from brightline.release.declaration import Declaration
from brightline.release.declaring import Undeclared, merge, parse_declaration
from brightline.release.figures import NoFigure, figure
from brightline.release.quantity import Interval

TABLE = load_kinds(KINDS.read_text())


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        (5, 5, 5),
        ("2e12", 2e12, 2e12),
        ("11T", 11e12, 11e12),
        ("1.5M", 1.5e6, 1.5e6),
        ("1_000", 1000, 1000),
        ("7e24..2e25", 7e24, 2e25),
        ({"low": 1, "high": "2k"}, 1, 2000),
        ({"low": 3}, 3, float("inf")),
    ],
)
def test_figures(written, low, high):
    assert figure(written) == Interval(low, high)


@pytest.mark.parametrize(
    "written", [True, None, "lots", -1, float("nan"), float("inf"), "5..1", {"middle": 3}, [], "1e999", 10**400]
)
def test_what_is_no_figure_is_refused(written):
    with pytest.raises(NoFigure):
        figure(written)


@given(st.text(max_size=40) | st.dictionaries(st.text(max_size=5), st.integers(), max_size=3))
def test_anything_is_a_figure_or_refused(written):
    with suppress(NoFigure):
        assert figure(written).low >= 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[training]\ntokns = 3", "Did you mean tokens?"),
        ("[trainng]\ntokens = 3", "Did you mean training?"),
        ("[training]\ntokens = 'many'", "[training] tokens"),
        ("[model]\nmodalities = ['smell']", "none of text"),
        ("[training]\nutilisation = 40", "between 0 and 1"),
        ("training = 3", "must be a table"),
        ("[components]\n'*.bin' = 'toys'", "none of source"),
        ("not toml", "is no TOML"),
        ("[training]\ntokens = " + "9" * 5_000, "is no TOML"),
    ],
)
def test_refusals_name_the_place(text, said):
    with pytest.raises(Undeclared) as refusal:
        parse_declaration(text, "brightline.toml")
    assert said in str(refusal.value)


def test_a_card_speaks_of_licence_base_and_modality():
    card = parse_card(
        "---\nlicense: apache-2.0\nbase_model: org/base\npipeline_tag: text-generation\nbrightline:\n  training:\n    tokens: 2e12\n---\n# A",
        "README.md",
    )
    assert card.licences == {"weights": "apache-2.0"}
    assert (card.base_model, card.modalities, card.training_tokens) == ("org/base", ("text",), Interval.point(2e12))


@pytest.mark.parametrize("before", ["", "\ufeff", "\n\n", "\ufeff\r\n"])
def test_a_card_may_begin_with_what_clients_pass_over(before):
    text = f"{before}---\nlicense: mit\nbase_model: org/base\ntags: [a]\n---\n# A"
    assert parse_card(text, "README.md").base_model == "org/base"
    assert read_card(text).tags == ("a", "license:mit", "base_model:org/base")
    assert card_faults(text) == ((), ())


@pytest.mark.parametrize("rule", ["-----", "----", "--- A model", "---yes---"])
def test_a_readme_that_begins_with_a_rule_has_no_front_matter(rule):
    """Which nobody refuses: clients see none there either."""
    text = f"{rule}\nA model: so: small\n{rule}\nWords.\n\n---\nMore."
    assert parse_card(text, "README.md") is None
    assert card_faults(text) == ((), ("empty or missing yaml metadata in repo card",))
    assert read_card(text).tags == ()


def test_front_matter_that_does_not_end_is_none_to_lists_either():
    """Examination and clients read nothing of it: lists showed its licence."""
    text = "---\nlicense: mit\ntags: [a]\n"
    assert parse_card(text, "README.md") is None
    assert read_card(text).tags == ()


def test_the_words_of_a_card_are_words_as_the_hub_reads_them():
    card = read_card("---\nlanguage: [no, nb, y]\ntags: [on, off, yes]\ngated: true\n---\n")
    assert card.tags == ("on", "off", "yes", "no", "nb", "y", "language:no", "language:nb", "language:y")
    assert json.loads(card.data)["gated"] is True


def test_a_list_that_a_client_says_twice_is_read():
    """PyYAML writes an alias, where both are the same list."""
    text = "---\nlanguage: &id001\n- en\n- de\ntags: *id001\nlicense: &l mit\nlicense_name: *l\n---\n# A"
    assert card_faults(text) == ((), ())
    assert read_card(text).tags == ("en", "de", "license:mit", "language:en", "language:de")
    assert parse_card(text, "README.md").licences == {"weights": "mit"}


LAUGHING = "\n".join(
    ["a0: &a0 [ha]", *(f"a{one + 1}: &a{one + 1} [{', '.join([f'*a{one}'] * 9)}]" for one in range(9))]
)


@pytest.mark.parametrize(
    "head",
    [
        LAUGHING,
        "a: &x [*x]",
        "a: &x {b: *x}",
        f"a: &x {'b' * 9_000}\nc: [{'*x, ' * 9}]",
        f"<<: &x {{a: {'b' * 70_000}}}\nc: *x",
    ],
)
def test_what_repeats_itself_without_bound_is_refused_with_one_sentence(head):
    (said,), _ = card_faults(f"---\n{head}\n---\n")
    assert said == "README.md: what aliases (*) repeat is too long, or has no end; write the values out"


@pytest.mark.parametrize(
    "head", ["a: &x [*x]", "{" * 3000, "a: [", "a: !!python/object/apply:os.getcwd []", "a: *nobody"]
)
def test_hostile_front_matter_is_refused(head):
    with pytest.raises(Undeclared):
        parse_card(f"---\n{head}\n---\n", "README.md")


def test_agreeing_figures_narrow_and_contradicting_ones_span():
    wide = Declaration(training_tokens=Interval(1, 10), base_compute=Interval(1, 2), origin="a")
    other = Declaration(training_tokens=Interval(5, 20), base_compute=Interval(3, 4), origin="b")
    merged = merge([wide, other])
    assert merged.declaration.training_tokens == Interval(5, 10)
    assert merged.declaration.base_compute == Interval(1, 4)
    assert merged.conflicts == ("base_compute: a and b contradict one another",)


@pytest.mark.parametrize(
    ("path", "found", "kind"),
    [
        ("model.safetensors", "safetensors", Component.WEIGHTS),
        ("README.md", "safetensors", Component.WEIGHTS),
        ("README.md", "markdown", Component.DOCUMENTATION),
        ("train.py", "python", Component.SOURCE),
        ("modeling_x.py", "python", Component.SOFTWARE),
        ("config.json", "json", Component.SOFTWARE),
        ("tokenizer.model", "binary", Component.SOFTWARE),
        ("data/train.parquet", "parquet", Component.DATA),
        ("mystery", "binary", Component.WEIGHTS),
        ("scores.npy", "npy", Component.WEIGHTS),
    ],
)
def test_component_of(path, found, kind):
    assert classify(path, found, 1000, TABLE, {}).component is kind


def test_a_card_of_a_gigabyte_is_no_card():
    assert classify("README.md", "markdown", 1 << 30, TABLE, {}).component is Component.WEIGHTS


@given(
    st.sampled_from(
        [
            "safetensors",
            "gguf",
            "torch-zip",
            "torch-legacy",
            "torch-tar",
            "onnx",
            "keras",
            "saved-model",
            "tf-checkpoint",
        ]
    ),
    st.text(max_size=20),
    st.sampled_from(Component),
)
def test_no_declaration_opens_what_only_weights_have(found, path, wanted):
    judged = classify(path, found, 10, TABLE, {"*": wanted})
    assert judged.component is Component.WEIGHTS
    assert judged.ignored_override is (wanted is not Component.WEIGHTS)


def test_what_may_be_data_can_be_declared_as_data():
    assert classify("scores.npy", "npy", 10, TABLE, {"*.npy": Component.DATA}).component is Component.DATA
