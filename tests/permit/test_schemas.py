"""Every word of the office against the schema that is published for it."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.proof.deployer import Deployer

import brightline.permit

SCHEMAS = Path(brightline.permit.__path__[0]) / "schemas"
FIXTURES = Path(__file__).parents[1] / "proof" / "fixtures" / "v1"
STATEMENTS = ("permit", "order", "lifting", "notice", "standing")


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}-v1.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def payload(envelope: dict[str, Any]) -> Any:
    return json.loads(b64decode(envelope["payload"]))


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_fits_and_with_one_member_more_or_less_does_not(name: str) -> None:
    envelope = json.loads((FIXTURES / f"{name}.json").read_text())
    validator("envelope").validate(envelope)
    document = payload(envelope)
    validator(name).validate(document)
    for key in document["predicate"]:
        less = {other: value for other, value in document["predicate"].items() if other != key}
        assert not validator(name).is_valid({**document, "predicate": less}), key
    assert not validator(name).is_valid({**document, "predicate": {**document["predicate"], "more": 1}})


def test_charters_fit() -> None:
    for envelope in (
        json.loads(Deployer().papers().charters)["versions"]
        + json.loads((FIXTURES / "charter.json").read_text())["versions"]
    ):
        validator("envelope").validate(envelope)
        validator("charter").validate(payload(envelope))


def test_entries_fit() -> None:
    validator("word").validate(json.loads((FIXTURES / "entry.json").read_text()))


def test_every_schema_is_of_something_that_is_tested_here() -> None:
    names = {path.name.removesuffix("-v1.schema.json") for path in SCHEMAS.iterdir()}
    assert names == {*STATEMENTS, "envelope", "charter", "word"}
