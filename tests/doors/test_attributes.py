"""What the office says of a token's holder: orders bar by it, and an organisation is named for study by it."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess, run

import httpx
import pytest
from huggingface_hub import HfApi
from tests.doors.conftest import client, decide_all
from tests.offices import write_model

from brightline.assembly.hosting.people.vetting import vet
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName


def brightline(office: Office, *arguments: str) -> "CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("brightline")), *arguments, "--office", str(office.settings.folder)]
    return run(command, capture_output=True, text=True, check=False, timeout=60)


def token(office: Office, who: str, *said: str) -> str:
    rows = [part for one in said for part in ("--attribute", one)]
    done = brightline(office, "token", "create", who, "--scope", "hub:read", *rows, "--format", "json")
    assert done.returncode == 0, done.stderr
    secret: str = json.loads(done.stdout)["token"]
    return secret


def release(address: str, office: Office, name: str, place: Path, seed: int, access: str) -> str:
    """The address of its weights, and decided."""
    acme = client(address, office, "acme")
    acme.create_repo(name)
    acme.upload_folder(repo_id=name, folder_path=write_model(place, seed))
    decide_all(office, weights=access)
    return f"{address}/{name}/resolve/main/model.safetensors"


def status(url: str, secret: str | None) -> int:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return httpx.get(url, headers=headers).status_code


def test_an_order_bars_by_what_tokens_say(address: str, office: Office, tmp_path: Path) -> None:
    url = release(address, office, "acme/ordered", tmp_path / "model", 31, "open")
    people = {
        "barred": token(office, "one", "organisation=Evil Corp", "country=XX"),
        "other": token(office, "two", "organisation=Good Lab", "country=DE"),
        "unsaid": token(office, "three"),
        "nobody": None,
    }
    manifest = client(address, office, "acme").model_info("acme/ordered").brightline["case"]
    case = office.read(lambda view: view.case(manifest))
    for callers, allowed in (
        ('organisation in {"Evil Corp"}', {"other"}),
        ("country in {XX, YY}", {"other"}),
        ("not country in {DE}", {"other"}),
        ("account in {two}", {"barred", "unsaid"}),
        ("country in {XX} and account in {two}", {"barred", "other", "unsaid"}),
    ):
        ordered = issue_order(office, case.manifest, (Component.WEIGHTS,), callers, "now", None)
        assert {who for who, secret in people.items() if status(url, secret) == 200} == allowed, callers
        lift_order(office, ordered.order.number, "over")
    assert all(status(url, secret) == 200 for secret in people.values())


def test_an_order_on_what_was_copied_bars_by_what_tokens_say(address: str, office: Office, tmp_path: Path) -> None:
    release(address, office, "acme/lender", tmp_path / "model", 33, "open")
    done = brightline(
        office,
        "token",
        "create",
        "ann",
        "--scope",
        "hub:write",
        "--attribute",
        "organisation=Good Lab",
        "--format",
        "json",
    )
    good = json.loads(done.stdout)["token"]
    HfApi(endpoint=address, token=good).duplicate_repo("acme/lender", to_id="ann/lent")
    (case,) = decide_all(office, weights="open")
    issue_order(office, case.manifest, (Component.WEIGHTS,), 'organisation in {"Evil Corp"}', "now", None)
    url = f"{address}/ann/lent/resolve/main/model.safetensors"
    bad = token(office, "eve", "organisation=Evil Corp")
    assert [status(url, secret) for secret in (good, bad, None)] == [200, 403, 403]


def test_an_organisation_is_named_for_study_until_a_day(address: str, office: Office, tmp_path: Path) -> None:
    url = release(address, office, "acme/studied", tmp_path / "model", 32, "vetted")
    inside, second = token(office, "ann", "organisation=Lab"), token(office, "bob", "organisation=Lab")
    outside, claims = token(office, "eve", "organisation=Other"), token(office, "Lab")
    assert [status(url, secret) for secret in (inside, second, outside, claims, None)] == [403] * 5
    named = brightline(office, "hub", "vet", "acme/studied", "--organisation", "Lab", "--until", "90d")
    assert (named.returncode, "everybody of Lab may study" in named.stdout) == (0, True)
    assert [status(url, secret) for secret in (inside, second, outside, claims, None)] == [200, 200, 403, 403, 403]
    soon = office.clock() + timedelta(seconds=1)  # here: a command may take longer to start than that
    vet(office, RepoName(Kind.MODEL, "acme", "studied"), "Lab", soon, organisation=True)
    time.sleep(1.1)
    assert status(url, inside) == 403, "a later word takes the place of the earlier"
    listed = brightline(office, "token", "list").stdout
    assert "organisation=Lab" in listed


def device_token(address: str, shown: str) -> str:
    """Let in by whoever shows a token."""
    code = httpx.post(f"{address}/oauth/device", data={"client_id": "x"}).json()
    let_in = httpx.post(f"{address}/device", data={"user_code": code["user_code"], "token": shown})
    assert let_in.status_code == 200
    asked = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": code["device_code"]}
    secret: str = httpx.post(f"{address}/oauth/token", data=asked).json()["access_token"]
    return secret


def test_a_device_is_of_whoever_let_it_in_and_lists_show_what_an_organisation_may_study(
    address, office, tmp_path
) -> None:
    url = release(address, office, "acme/secret", tmp_path / "model", 34, "vetted")
    client(address, office, "acme").update_repo_settings("acme/secret", private=True)
    inside, outside = token(office, "ann", "organisation=Lab", "country=DE"), token(office, "eve", "organisation=Other")
    people = [inside, device_token(address, inside), outside, device_token(address, outside)]

    def seen(secret: str) -> tuple[int, bool]:
        found = HfApi(endpoint=address, token=secret).list_models(search="secret")
        return status(url, secret), "acme/secret" in [one.id for one in found]

    assert [seen(one) for one in people] == [(404, False)] * 4
    brightline(office, "hub", "vet", "acme/secret", "--organisation", "Lab", "--until", "90d")
    assert [seen(one) for one in people] == [(200, True)] * 2 + [(404, False)] * 2
    manifest = client(address, office, "acme").model_info("acme/secret").brightline["case"]
    case = office.read(lambda view: view.case(manifest))
    issue_order(office, case.manifest, (Component.WEIGHTS,), "country in {DE}", "now", None)
    assert [seen(one)[0] for one in people[:2]] == [403, 403]
    brightline(office, "hub", "vet", "acme/secret", "--organisation", "Lab", "--until", "4s")
    time.sleep(4.1)  # of which the command itself took some
    assert [seen(one) for one in people] == [(404, False)] * 4


@pytest.mark.parametrize("wrong", ["organisation", "account=ann", "Country=DE", "country=", 'country="DE"', "=x"])
def test_what_is_no_attribute_is_refused(office: Office, wrong: str) -> None:
    done = brightline(office, "token", "create", "x", "--scope", "hub:read", "--attribute", wrong)
    assert done.returncode == 64


def test_a_vetting_names_one_or_the_other(office: Office) -> None:
    for who in ((), ("ann", "--organisation", "Lab")):
        assert brightline(office, "hub", "vet", "acme/x", *who, "--until", "1d").returncode == 64
