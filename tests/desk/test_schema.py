"""schemathesis over the whole API, with every scope: no 5xx, no answer outside the schema."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.desk.conftest import EVERYTHING, token

from brightline.assembly.office import Office

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)


@pytest.fixture(scope="module")
def headers(office: Office) -> list[dict[str, str]]:
    return [token(office, holder, *EVERYTHING) for holder in ("officer", "acme", "approver-1")]


def test_every_answer_is_in_the_schema(address: str, headers: list[dict[str, str]]) -> None:
    api = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) > 40
    with requests.Session() as session:
        for operation in operations:
            _hold(operation, headers, session)


def _hold(operation, headers: list[dict[str, str]], session: requests.Session) -> None:
    @given(case=operation.as_strategy(), who=st.sampled_from(headers))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def holds(case, who: dict[str, str]) -> None:
        case.call_and_validate(session=session, headers=who, checks=CHECKS)

    holds()
