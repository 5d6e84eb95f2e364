"""The API of a real server process, with a real client."""

import io
import json
import subprocess
import tarfile
import time
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import COMMAND
from tests.desk.conftest import EVERYTHING, free_port, start, token
from tests.offices import decided, examined, file_case, found, write_model

from brightline.assembly.office import Office
from brightline.permit.envelope import STATEMENT_TYPE, Envelope
from brightline.proof.docket import read_docket

PUBLIC = {
    ("get", "/api/v1/office"), ("get", "/api/v1/charters"), ("get", "/api/v1/permits"),
    ("get", "/api/v1/permits/{digest}"), ("get", "/api/v1/permits/{digest}/proof"), ("get", "/api/v1/orders"),
    ("get", "/api/v1/log/checkpoint"), ("get", "/api/v1/log/tile/{path}"), ("get", "/api/v1/log/proof/{entry}"),
    ("post", "/api/v1/witness/add-checkpoint"),
}  # fmt: skip


def archive(folder: Path) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w") as tar:
        for place in sorted(folder.iterdir()):
            tar.add(place, place.name)
    return kept.getvalue()


def routes(address: str) -> list[tuple[str, str]]:
    paths = httpx.get(f"{address}/api/v1/openapi.json").json()["paths"]
    return [(method, path) for path, operations in paths.items() for method in operations]


def filled(path: str, number: int = 1) -> str:
    names = {
        "{number}": str(number),
        "{digest}": "sha256:" + "0" * 64,
        "{identity}": "0" * 8,
        "{entry}": "0",
        "{path}": "0/000",
    }
    for name, value in names.items():
        path = path.replace(name, value)
    return path


def test_every_route_that_is_not_public_asks_for_a_token(address: str) -> None:
    closed = [route for route in routes(address) if route not in PUBLIC]
    assert len(closed) > 30
    with httpx.Client(base_url=address) as client:
        for method, path in closed:
            answer = client.request(method, filled(path), json={})
            assert answer.status_code == 401, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"


def test_every_route_that_is_not_public_asks_for_its_scope(address: str, office: Office) -> None:
    """A token with one scope is admitted nowhere else: each route is closed to all scopes but one."""
    admitted: dict[tuple[str, str], int] = {}
    closed = [route for route in routes(address) if route not in PUBLIC]
    with httpx.Client(base_url=address) as client:
        for scope in EVERYTHING:
            headers = token(office, "stranger", scope)
            for method, path in closed:
                answer = client.request(method, filled(path, 999), headers=headers, json={})
                lacking = answer.status_code == 403 and answer.json()["code"] == "SCOPE"
                admitted[method, path] = admitted.get((method, path), 0) + (not lacking)
    assert set(admitted.values()) == {1}, {route: count for route, count in admitted.items() if count != 1}


def test_another_tenants_token_sees_and_does_nothing(address: str, office: Office) -> None:
    """Whatever is acme's is not there for globex, with every scope an applicant can have."""
    headers = token(office, "globex", "cases:read", "cases:file")
    before = office.read(lambda view: view.log.checkpoint())
    for method, path in routes(address):
        if (method, path) in PUBLIC or "{number}" not in path:
            continue
        bodies = {"respond": {"text": "x"}, "restart": {"answer": "x"}, "appeal": {"against": "delay", "grounds": "x"}}
        bodies |= {"reassess": {"grounds": "x"}, "withdraw": {"reason": "x"}}
        body = bodies.get(path.rpartition("/")[2], {})
        answer = httpx.request(method, address + filled(path), headers=headers, json=body)
        assert answer.status_code in {403, 404}, (method, path, answer.text)
    assert httpx.get(f"{address}/api/v1/cases", headers=headers).json() == {"cases": []}
    assert office.read(lambda view: view.log.checkpoint()) == before


def test_a_dead_token_opens_nothing(address: str, office: Office) -> None:
    admin = token(office, "officer", "tokens:write", "cases:read")
    wanted = {"name": "n", "holder": "acme", "scopes": ["cases:read"], "days": 1}
    made = httpx.post(f"{address}/api/v1/tokens", headers=admin, json=wanted).json()
    own = {"Authorization": f"Bearer {made['token']}"}
    assert httpx.get(f"{address}/api/v1/cases", headers=own).status_code == 200
    assert httpx.delete(f"{address}/api/v1/tokens/{made['id']}", headers=admin).json()["revoked"]
    assert httpx.get(f"{address}/api/v1/cases", headers=own).status_code == 401
    listed = httpx.get(f"{address}/api/v1/tokens", headers=admin).text
    assert made["token"] not in listed


def test_a_release_goes_from_upload_to_a_proven_permit_over_http(address: str, office: Office, tmp_path: Path) -> None:
    acme = token(office, "acme", "cases:read", "cases:file")
    officer = token(office, "officer", "cases:read", "cases:review")
    examiner = token(office, "examiner", "cases:read", "cases:examine")
    where = f"{address}/api/v1/cases"
    content = archive(write_model(tmp_path / "model", 7))
    filed = httpx.post(where, params={"name": "model.tar", "title": "Seven"}, headers=acme, content=content)
    assert filed.status_code == 201, filed.text
    number = filed.json()["number"]
    assert httpx.post(f"{where}/{number}/accept", headers=officer, json={}).json()["state"] == "accepted"
    assert httpx.post(f"{where}/{number}/examination", headers=examiner).status_code == 202
    for _ in range(100):
        if httpx.get(f"{where}/{number}/examination", headers=acme).json()["status"] == "success":
            break
        time.sleep(0.05)
    assert httpx.get(f"{where}/{number}/report", headers=acme).json()["verdict"] == "pass"
    drafted = httpx.post(f"{where}/{number}/draft", headers=officer, json={}).json()
    assert drafted["draft"]["irreversible"]
    for name in ("approver-1", "approver-3"):
        signer = token(office, name, "cases:sign", "cases:read")
        asked = httpx.get(f"{where}/{number}/draft", headers=signer).json()
        key = office.key(name)
        encoding = Envelope(STATEMENT_TYPE, b64decode(asked["payload"])).encoding()
        vote = {"keyid": key.keyid, "signature": b64encode(key.sign(encoding)).decode()}
        assert httpx.post(f"{where}/{number}/sign", headers=signer, json=vote).status_code == 200
    assert httpx.post(f"{where}/{number}/decide", headers=officer, json={}).json()["state"] == "decided"
    published = httpx.post(f"{where}/{number}/publish", headers=officer, json={}).json()
    assert published["access"]["weights"] == "open"
    digest = published["permits"][0]["digest"]
    assert read_docket(httpx.get(f"{address}/api/v1/permits/{digest}/proof").content).standing.permit == digest


def test_a_vote_cannot_be_cast_with_somebody_elses_token(address: str, office: Office) -> None:
    officer = token(office, "officer", "cases:review", "cases:sign")
    vote = {"keyid": office.key("approver-1").keyid, "signature": "AAAA"}
    answer = httpx.post(f"{address}/api/v1/cases/1/sign", headers=officer, json=vote)
    assert answer.status_code in {403, 409}


@pytest.mark.parametrize(
    ("act", "body", "status", "code"),
    [
        ("publish", {}, 409, "STATE"),
        ("accept", {"unknown": 1}, 422, "INPUT"),
        ("stop", {"question": ""}, 422, "INPUT"),
        ("recall", {"reason": "x"}, 404, "NO-PERMIT"),
        ("draft", {"effective": "9999-12-31T23:59:59-14:00"}, 422, "INPUT"),
        ("draft", {"expires": "0001-01-01T00:00:00+14:00"}, 422, "INPUT"),
    ],
)
def test_a_refusal_is_a_problem_with_a_code(
    address: str, office: Office, act: str, body: dict[str, object], status: int, code: str
) -> None:
    officer = token(office, "officer", "cases:review")
    answer = httpx.post(f"{address}/api/v1/cases/2/{act}", headers=officer, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_an_officers_token_for_filing_only_touches_nobody_elses_case(address: str, office: Office) -> None:
    headers = token(office, "officer", "cases:read", "cases:file")
    before = office.read(lambda view: view.log.checkpoint())
    for act, body in (("withdraw", {"reason": "x"}), ("restart", {"answer": "x"}), ("reassess", {"grounds": "x"})):
        answer = httpx.post(f"{address}/api/v1/cases/2/{act}", headers=headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "NO-CASE")
    assert office.read(lambda view: view.log.checkpoint()) == before


def test_an_applicant_withdraws_its_published_permit(address: str, office: Office, tmp_path: Path) -> None:
    number = file_case(office, write_model(tmp_path / "own", 11), "initech").number
    examined(office, number)
    decided(office, number)
    own = token(office, "initech", "cases:read", "cases:file")
    answer = httpx.post(f"{address}/api/v1/cases/{number}/withdraw", headers=own, json={"reason": "enough"})
    assert answer.json()["access"]["weights"] == "withheld"
    assert answer.json()["permits"][0]["force"] == "withdrawn"


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"title": "a\0b"}, 422, "ILLEGIBLE"),
        ({"base": 2}, 404, "NO-CASE"),
        ({"base": 99}, 404, "NO-CASE"),
        ({"line": "passphrase"}, 422, "INPUT"),
        ({"affiliate": "officer"}, 403, "PARTY"),
    ],
)
def test_a_filing_that_asks_for_too_much_is_refused(
    address: str, office: Office, params: dict[str, Any], status: int, code: str
) -> None:
    """Case 2 is another applicant's, and undecided: that it exists is nobody's business."""
    headers = token(office, "globex", "cases:read", "cases:file")
    answer = httpx.post(f"{address}/api/v1/cases", params={"name": "a.txt", **params}, headers=headers, content=b"a")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_long_body_is_cut_off_before_it_is_held(address: str) -> None:
    for path in ("witness/add-checkpoint", "orders", "tokens"):
        answer = httpx.post(f"{address}/api/v1/{path}", content=iter([b"x" * (1 << 20)] * 3))
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_orders_bite_at_once_and_are_public(address: str, office: Office) -> None:
    officer = token(office, "officer", "orders:write")
    manifest = office.read(lambda view: view.case(2)).manifest
    wanted = {"manifest": manifest, "components": ["weights"], "callers": "country in {X}", "reason": "r"}
    made = httpx.post(f"{address}/api/v1/orders", headers=officer, json=wanted)
    assert made.status_code == 201, made.text
    assert any(one["runs"] for one in httpx.get(f"{address}/api/v1/orders").json()["orders"])
    lifted = httpx.post(
        f"{address}/api/v1/orders/{made.json()['number']}/lift", headers=officer, json={"reason": "over"}
    )
    assert lifted.json()["runs"] is False
    stranger = token(office, "approver-1", "orders:write")
    assert httpx.post(f"{address}/api/v1/orders", headers=stranger, json=wanted).status_code == 403


def test_metrics_and_log_lines_hold_no_secret(address: str, office: Office) -> None:
    headers = token(office, "prometheus", "metrics:read")
    text = httpx.get(f"{address}/api/v1/metrics", headers=headers).text
    assert "brightline_log_entries" in text
    assert 'brightline_cases{state="in force"}' in text
    lines = (office.settings.folder / "serve.log").read_text()
    assert headers["Authorization"].removeprefix("Bearer ") not in lines + text
    rows = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    assert {"method", "route", "status", "ms", "token"} <= set(rows[-1])


def test_a_witness_cosigns_what_grows_and_the_proof_then_carries_it(address: str, tmp_path: Path, brightline) -> None:
    """Office A is witnessed by office B, which A's monitor finds consistent."""
    key = httpx.get(f"{address}/api/v1/office").json()["verifier_key"]
    other = found(tmp_path / "witness")
    settings = other / "office.toml"
    settings.write_text(f'witness = ["{key}"]\n' + settings.read_text())
    port = free_port()
    process = start(other, port)
    try:
        checkpoint = httpx.get(f"{address}/api/v1/log/checkpoint").text
        url = f"http://127.0.0.1:{port}/api/v1/witness/add-checkpoint"
        plain = {"Content-Type": "text/plain"}
        first = httpx.post(url, content=f"old 0\n\n{checkpoint}", headers=plain)
        assert (first.status_code, first.text[:2]) == (200, "\u2014 ")
        again = httpx.post(url, content=f"old 0\n\n{checkpoint}", headers=plain)
        assert (again.status_code, again.text.strip()) == (409, checkpoint.split("\n")[1])
        assert httpx.post(url, content="nonsense", headers=plain).status_code == 400
        assert (
            httpx.post(
                f"{address}/api/v1/witness/add-checkpoint", content=f"old 0\n\n{checkpoint}", headers=plain
            ).status_code
            == 404
        )
    finally:
        import os

        os.killpg(process.pid, 15)
        process.wait(20)


def test_the_monitor_watches_a_served_log(address: str, tmp_path: Path, brightline) -> None:
    key = httpx.get(f"{address}/api/v1/office").json()["verifier_key"]
    words = ("log", "monitor", f"{address}/api/v1/log", "--key", key, "--once", "--state", tmp_path / "state")
    assert "consistent" in brightline(*words).stdout
    assert "0 of them new" in brightline(*words).stdout
    nowhere = brightline(*words[:-1], tmp_path / "none" / "state")
    assert (nowhere.returncode, "cannot be written" in nowhere.stderr) == (64, True)


def test_the_monitor_of_an_office_trusts_its_first_charter_and_no_other(
    address: str, tmp_path: Path, brightline
) -> None:
    words = ("log", "monitor", address, "--once", "--state", tmp_path / "state")
    first = brightline(*words)
    assert "trusting the first charter" in first.stderr
    assert "consistent" in first.stdout
    assert brightline(*words).stderr == ""
    (tmp_path / "state.charters").write_text("sha256:" + "0" * 64)
    other = brightline(*words)
    assert (other.returncode, "FORK" in other.stderr) == (6, True)
    assert (tmp_path / "state.fork").read_text() == (tmp_path / "state").read_text()


def test_the_monitor_keeps_watching_and_tells_what_is_new(address: str, office: Office, tmp_path: Path) -> None:
    words = [COMMAND, "log", "monitor", address, "--every", "0s", "--state", str(tmp_path / "state")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as watching:
        try:
            assert "consistent" in watching.stdout.readline()
            officer = token(office, "officer", "cases:review")
            said = {"person": "approver-3", "text": "owns shares"}
            httpx.post(f"{address}/api/v1/cases/2/conflict", headers=officer, json=said).raise_for_status()
            assert "1 of them new" in watching.stdout.readline()
        finally:
            watching.terminate()


def test_the_api_is_read_without_a_script_and_without_anybody_else(address: str) -> None:
    answer = httpx.get(f"{address}/api/v1/docs")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "://" not in answer.text
    for method, path in routes(address):
        public = (method, path) in PUBLIC
        assert (f"<code>{method.upper()} {path}</code>: public" in answer.text) == public, path
    assert "POST /api/v1/cases/{number}/accept</code>: cases:review" in answer.text
    assert "<code>grounds</code>" in answer.text
