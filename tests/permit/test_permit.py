"""A permit says all that it says about exact bytes, and is read in one way only."""

import json
from dataclasses import fields, replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.authority.office import DAY, GATED, NOON, OPEN, WITHHELD, determination, manifest
from tests.permit.papers import JUNK, mutants, places, read_or_illegible, replaced, with_more, without

from brightline.decision.access import Access
from brightline.permit.notation import Illegible, canonical
from brightline.permit.permit import Permit, read_permit
from brightline.permit.statement import PERMIT
from brightline.release.component import JUDGED, Component
from brightline.release.manifest import File, Manifest

DIGEST = "sha256:" + "b" * 64
EVERYTHING = dict.fromkeys(Component, OPEN)
PERMITTED = Permit(
    case=1, title="Small Model", applicant="acme", affiliates=("acme-labs",), manifest=manifest(), access=EVERYTHING,
    determination=determination(EVERYTHING), conditions=("Say so.",), fails_if=("It was copied.",), charter=1,
    issued=NOON, effective=NOON + DAY, review=NOON + 90 * DAY, expires=NOON + 365 * DAY, base=DIGEST,
    supersedes="sha256:" + "c" * 64,
)  # fmt: skip
PAYLOAD = PERMITTED.envelope().payload
DOCUMENT = json.loads(PAYLOAD)
PREDICATE = sorted(DOCUMENT["predicate"])
MAY_BE_NOTHING = {"review", "expires", "base", "supersedes"}
HARD = sorted(set(PREDICATE) - MAY_BE_NOTHING)

MOMENTS = st.integers(0, 10**8).map(lambda seconds: NOON + timedelta(seconds=seconds))
WORDS = st.lists(st.text(max_size=6), max_size=3).map(tuple)
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
FILES = st.builds(File, st.text(max_size=8), st.integers(0, 1 << 60), DIGESTS, st.sampled_from(Component))
PERMITS = st.builds(
    Permit,
    case=st.integers(1, 1 << 53),
    title=st.text(max_size=9),
    applicant=st.text(max_size=9),
    affiliates=WORDS,
    manifest=st.lists(FILES, max_size=4, unique_by=lambda file: file.path).map(tuple).map(Manifest),
    access=st.fixed_dictionaries(
        {part: st.sampled_from(Access) for part in JUDGED} | {Component.DOCUMENTATION: st.just(OPEN)}
    ),
    determination=st.dictionaries(st.text(max_size=4), JUNK, max_size=3),
    conditions=WORDS,
    fails_if=WORDS,
    charter=st.integers(1, 1 << 53),
    issued=MOMENTS,
    effective=MOMENTS,
    review=st.none() | MOMENTS,
    expires=st.none() | MOMENTS,
    base=st.none() | DIGESTS.map("sha256:{}".format),
    supersedes=st.none() | DIGESTS.map("sha256:{}".format),
)


def refused(payload, sentence=None):
    with pytest.raises(Illegible, match=sentence):
        read_permit(payload)


@settings(deadline=None)
@given(PERMITS)
def test_a_permit_is_read_back_as_it_was_written(permit):
    assert read_permit(permit.envelope().payload) == permit
    assert read_permit(permit.envelope().payload).envelope() == permit.envelope()


OTHERWISE = {
    "case": 2, "title": "small Model", "applicant": "acme ", "affiliates": (), "manifest": manifest("b"),
    "access": EVERYTHING | {Component.DATA: GATED}, "determination": {}, "conditions": ("Say", "so."), "fails_if": (),
    "charter": 2, "issued": NOON + DAY, "effective": NOON, "review": None, "expires": None, "base": None,
    "supersedes": None,
}  # fmt: skip


def test_whatever_is_changed_the_digest_is_another():
    assert set(OTHERWISE) == {field.name for field in fields(Permit)}
    permits = [PERMITTED, *(replace(PERMITTED, **{name: value}) for name, value in OTHERWISE.items())]
    assert len({permit.envelope().digest for permit in permits}) == len(permits)


def test_the_subjects_are_the_files_by_their_digests():
    assert DOCUMENT["predicateType"] == PERMIT
    assert DOCUMENT["subject"] == [{"name": file.path, "digest": {"sha256": file.sha256}} for file in manifest().files]
    assert DOCUMENT["predicate"]["manifest"] == manifest().digest


@pytest.mark.parametrize("member", HARD)
def test_a_member_that_is_missing_is_refused(member):
    refused(without(DOCUMENT, ("predicate", member)))
    refused(replaced(DOCUMENT, ("predicate", member), None))


@pytest.mark.parametrize("member", PREDICATE)
def test_a_member_of_another_kind_is_refused(member):
    for junk in (True, 1.5, [None], {"a": 1}, "", -1, 0):
        if not (member == "determination" and isinstance(junk, dict)) and not (
            member in {"title", "applicant"} and junk == ""
        ):
            refused(replaced(DOCUMENT, ("predicate", member), junk))


@pytest.mark.parametrize("member", sorted(MAY_BE_NOTHING))
def test_what_may_be_nothing_may_be_nothing(member):
    assert read_permit(replaced(DOCUMENT, ("predicate", member), None)) == replace(PERMITTED, **{member: None})


def test_a_member_that_is_not_known_is_refused():
    refused(with_more(DOCUMENT, ("predicate",)), "'more' is not known")
    refused(with_more(DOCUMENT, ("predicate", "access")), "for each component")


@pytest.mark.parametrize("part", [component.value for component in Component])
def test_access_is_said_for_each_component_and_in_known_words(part):
    refused(without(DOCUMENT, ("predicate", "access", part)), "for each component")
    for word in ("Open", "", "public", None, 1, True, ["open"], {"open": 1}):
        refused(replaced(DOCUMENT, ("predicate", "access", part), word), "for each component")


@pytest.mark.parametrize("access", [access for access in Access if access is not OPEN])
def test_a_permit_that_closes_the_documentation_is_refused(access):
    refused(replaced(DOCUMENT, ("predicate", "access", "documentation"), access.value), "documentation is always open")


def test_a_permit_names_the_manifest_of_its_files():
    other = manifest("b")
    refused(replaced(DOCUMENT, ("predicate", "manifest"), other.digest), "not those of the manifest it names")
    refused(replaced(DOCUMENT, ("predicate", "manifest"), other.digest.removeprefix("sha256:")), "no digest")
    refused(replaced(DOCUMENT, ("subject", 0, "digest", "sha256"), "0" * 64), "not those of the manifest it names")


def test_a_file_that_became_another_size_or_component_is_refused():
    size, component = DOCUMENT["predicate"]["files"][0][1:]
    refused(replaced(DOCUMENT, ("predicate", "files", 0, 1), size + 1), "not those of the manifest")
    other = next(part.value for part in Component if part.value != component)
    refused(replaced(DOCUMENT, ("predicate", "files", 0, 2), other), "not those of the manifest")
    refused(replaced(DOCUMENT, ("predicate", "files", 0, 2), "toys"), "'toys' is no component")


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        ["README.md"],
        ["README.md", 9, "documentation", 1],
        ["README.md", "9", "documentation"],
        ["README.md", -1, "documentation"],
        ["README.md", True, "documentation"],
        ["other", 9, "documentation"],
        [1, 9, "documentation"],
        {"path": "README.md"},
    ],
)
def test_a_row_that_is_no_path_size_and_component_is_refused(row):
    refused(replaced(DOCUMENT, ("predicate", "files", 0), row), "is no path, size and component")


def test_a_permit_with_a_file_more_or_less_than_its_subjects_is_refused():
    refused(without(DOCUMENT, ("subject", 0)), "other files than its subjects")
    refused(without(DOCUMENT, ("predicate", "files", 0)), "other files than its subjects")


def test_a_path_that_stands_twice_is_refused():
    twice = json.loads(PAYLOAD)
    twice["subject"].append(twice["subject"][0])
    twice["predicate"]["files"].append(twice["predicate"]["files"][0])
    refused(canonical(twice), "stands twice")


def test_case_and_charter_are_counted_from_one():
    for member in ("case", "charter"):
        refused(replaced(DOCUMENT, ("predicate", member), 0), f"{member} is 0")


@pytest.mark.parametrize(
    "held", list(product([False, True], repeat=4)), ids=lambda held: "".join(map(str, map(int, held)))
)
def test_a_permit_is_one_way_exactly_if_a_judged_component_with_files_is_open(held):
    """Documentation is always open and never counts; what has no file opens nothing."""
    files = {part: File(part.value, 1, "0" * 64, part) for part, there in zip(JUDGED, held, strict=True) if there}
    release = Manifest((*files.values(), File("card", 1, "0" * 64, Component.DOCUMENTATION)))
    for given_access in product([OPEN, GATED, Access.VETTED, Access.API, WITHHELD], repeat=4):
        access = dict(zip(JUDGED, given_access, strict=True))
        permit = replace(PERMITTED, manifest=release, access=access | {Component.DOCUMENTATION: OPEN})
        assert permit.one_way == (OPEN in {access[part] for part in files})


@settings(max_examples=500, deadline=None)
@given(mutants(PAYLOAD))
def test_a_changed_permit_is_either_read_or_illegible(payload):
    found = read_or_illegible(read_permit, payload)
    assert found is None or isinstance(found, Permit)


@pytest.mark.parametrize(
    "place",
    [place for place in places(DOCUMENT) if len(place) > 1 and "determination" not in place],
    ids=lambda place: ".".join(map(str, place)),
)
def test_no_value_at_any_depth_may_be_a_fraction(place):
    refused(replaced(DOCUMENT, place, 1.5))
