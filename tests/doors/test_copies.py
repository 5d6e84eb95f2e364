"""Copies, cut histories, files in parts and devices, by stock clients against a real server."""

import hashlib
import os
import re
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
from safetensors.numpy import save_file
from sqlalchemy import select
from tests.doors.conftest import client, decide_all, secret
from tests.offices import write_model

from brightline.assembly.deciding import notice_case
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.permit.order import Effect
from brightline.release.component import Component
from brightline.storage.accounts.tokens import find_token, revoke_token
from brightline.storage.sql import schema

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own LFS upload


@pytest.fixture
def acme(address: str, office: Office) -> HfApi:
    return client(address, office, "acme")


@pytest.fixture
def ann(address: str, office: Office) -> HfApi:
    return client(address, office, "ann")


def pushed(acme: HfApi, name: str, place: Path, seed: int) -> None:
    acme.create_repo(name)
    acme.upload_folder(repo_id=name, folder_path=write_model(place, seed))


def test_a_copy_is_its_owners_and_waits_for_its_own_case(acme, ann, office, address, tmp_path) -> None:
    pushed(acme, "acme/base", tmp_path / "model", 400)
    (base,) = decide_all(office)
    nobody = client(address, office, None)
    url = ann.duplicate_repo("acme/base", to_id="ann/copy")
    assert (url.repo_id, url.files_copy_pending) == ("ann/copy", False)
    assert ann.model_info("ann/copy").brightline["phase"] == "quarantine"
    assert sorted(ann.list_repo_files("ann/copy")) == sorted(acme.list_repo_files("acme/base"))
    assert ann.hf_hub_download("ann/copy", "model.safetensors", local_dir=tmp_path / "a")
    with pytest.raises(RepositoryNotFoundError):
        nobody.model_info("ann/copy")
    with pytest.raises(HfHubHTTPError, match="409"):
        ann.duplicate_repo("acme/base", to_id="ann/copy")
    with pytest.raises(HfHubHTTPError, match="of that name only"):
        ann.duplicate_repo("acme/base", to_id="globex/copy")
    (own,) = decide_all(office)
    assert (own.applicant, own.manifest) == ("ann", base.manifest)
    assert nobody.hf_hub_download("ann/copy", "model.safetensors", local_dir=tmp_path / "b")
    notice_case(office, base.number, "recall", Effect.RECALLED, "officer", "an incident")
    for api in (ann, nobody, acme):
        with pytest.raises(GatedRepoError, match="recalled"):
            api.hf_hub_download("ann/copy", "model.safetensors", local_dir=tmp_path / "c")


def test_a_copy_is_refused_where_anything_of_it_is(acme, ann, office, tmp_path) -> None:
    pushed(acme, "acme/partly", tmp_path / "model", 401)
    with pytest.raises(RepositoryNotFoundError):
        ann.duplicate_repo("acme/partly")
    (case,) = decide_all(office, weights="gated")
    with pytest.raises(GatedRepoError, match="accept its terms"):
        ann.duplicate_repo("acme/partly")
    with pytest.raises(RepositoryNotFoundError):
        ann.model_info("ann/partly")
    acme.grant_access("acme/partly", user="ann")
    ann.duplicate_repo("acme/partly")
    assert ann.hf_hub_download("ann/partly", "model.safetensors", local_dir=tmp_path / "a")
    acme.reject_access_request("acme/partly", "ann", rejection_reason="no more")
    with pytest.raises(GatedRepoError, match="accept its terms"):
        ann.hf_hub_download("ann/partly", "model.safetensors", local_dir=tmp_path / "b")
    acme.accept_access_request("acme/partly", "ann")
    ordered = issue_order(office, case.manifest, (Component.WEIGHTS,), "everybody", "now", None)
    ann.upload_file(path_or_fileobj=b"# Mine\n", path_in_repo="README.md", repo_id="ann/partly")
    with pytest.raises(GatedRepoError, match="order"):
        ann.hf_hub_download("ann/partly", "model.safetensors", local_dir=tmp_path / "c")
    lift_order(office, ordered.order.number, "over")
    decide_all(office)
    assert ann.hf_hub_download("ann/partly", "model.safetensors", local_dir=tmp_path / "d")
    notice_case(office, case.number, "recall", Effect.RECALLED, "officer", "an incident")
    with pytest.raises(GatedRepoError, match="recalled"):
        ann.hf_hub_download("ann/partly", "model.safetensors", local_dir=tmp_path / "e")
    assert ann.hf_hub_download("ann/partly", "README.md", local_dir=tmp_path / "f")


def test_a_copy_waits_where_its_lender_is_gone_and_has_nothing_that_is_withheld(acme, ann, office, tmp_path) -> None:
    pushed(acme, "acme/lender", tmp_path / "model", 402)
    decide_all(office, weights="withheld")
    ann.duplicate_repo("acme/lender")
    assert "model.safetensors" not in ann.list_repo_files("ann/lender")
    acme.delete_repo("acme/lender")
    with pytest.raises(GatedRepoError, match="nothing was decided about the copy"):
        ann.hf_hub_download("ann/lender", "config.json", local_dir=tmp_path / "a")
    decide_all(office)
    assert ann.hf_hub_download("ann/lender", "config.json", local_dir=tmp_path / "b")


def test_a_link_to_bytes_is_for_who_may_have_them(acme, ann, office, address, tmp_path) -> None:
    pushed(acme, "acme/linked", tmp_path / "model", 403)
    decide_all(office, weights="gated")
    sha256 = hashlib.sha256((tmp_path / "model" / "model.safetensors").read_bytes()).hexdigest()
    ann.create_repo("ann/linker")
    url, headers = f"{address}/api/models/acme/linked/lfs-files/duplicate", {"Authorization": f"Bearer {ann.token}"}
    wanted = {"target": {"type": "model", "name": "ann/linker"}, "files": [{"sha256": sha256, "filename": "x"}]}
    rows = (
        f'{{"key":"header","value":{{"summary":"x"}}}}\n{{"key":"lfsFile","value":{{"path":"x.bin","oid":"{sha256}"}}}}'
    )
    commit = f"{address}/api/models/ann/linker/commit/main"
    failed = httpx.post(url, headers=headers, json=wanted).json()["failed"]
    assert [one["sha256"] for one in failed] == [sha256]
    assert httpx.post(commit, headers=headers, content=rows).status_code == 422
    acme.grant_access("acme/linked", user="ann")
    assert httpx.post(url, headers=headers, json=wanted).json() == {"failed": []}
    assert httpx.post(commit, headers=headers, content=rows).status_code == 200
    assert ann.hf_hub_download("ann/linker", "x.bin", local_dir=tmp_path / "a")
    acme.reject_access_request("acme/linked", "ann", rejection_reason="no more")
    with pytest.raises(GatedRepoError):
        ann.hf_hub_download("ann/linker", "x.bin", local_dir=tmp_path / "b")


def test_a_link_holds_in_ones_own_proposal_that_was_opened_before(acme, ann, office, address, tmp_path) -> None:
    pushed(acme, "acme/linked-late", tmp_path / "model", 431)
    case = decide_all(office, weights="gated")[-1]
    sha256 = hashlib.sha256((tmp_path / "model" / "model.safetensors").read_bytes()).hexdigest()
    ann.create_repo("ann/late")
    made = ann.create_commit(
        "ann/late", [CommitOperationAdd("A.md", b"a")], commit_message="x", create_pr=True
    ).pr_revision
    acme.grant_access("acme/linked-late", user="ann")
    headers = {"Authorization": f"Bearer {ann.token}"}
    wanted = {"target": {"type": "model", "name": "ann/late"}, "files": [{"sha256": sha256, "filename": "x"}]}
    url = f"{address}/api/models/acme/linked-late/lfs-files/duplicate"
    assert httpx.post(url, headers=headers, json=wanted).json() == {"failed": []}
    rows = (
        f'{{"key":"header","value":{{"summary":"x"}}}}\n{{"key":"lfsFile","value":{{"path":"x.bin","oid":"{sha256}"}}}}'
    )
    commit = f"{address}/api/models/ann/late/commit/{made.replace('/', '%2F')}"
    assert httpx.post(commit, headers=headers, content=rows).status_code == 200
    assert ann.hf_hub_download("ann/late", "x.bin", revision=made, local_dir=tmp_path / "a")
    assert ("ann", case.manifest) in exposed(office), "a recall of the release would not tell who has it"
    acme.reject_access_request("acme/linked-late", "ann", rejection_reason="no more")
    with pytest.raises(GatedRepoError):
        ann.hf_hub_download("ann/late", "x.bin", revision=made, local_dir=tmp_path / "b")


def exposed(office: Office) -> set[tuple[str, str]]:
    table = schema.exposures.c
    with office.engine.begin() as connection:
        return {(who, manifest) for who, manifest in connection.execute(select(table.caller, table.manifest))}


def test_a_squashed_branch_has_one_commit_and_strangers_lose_nothing(acme, office, address, tmp_path) -> None:
    pushed(acme, "acme/long", tmp_path / "model", 404)
    first = acme.model_info("acme/long").sha
    acme.upload_file(path_or_fileobj=b"# Two\n", path_in_repo="README.md", repo_id="acme/long")
    decide_all(office)
    nobody = client(address, office, None)
    acme.upload_file(path_or_fileobj=b"# Three\n", path_in_repo="README.md", repo_id="acme/long")
    with pytest.raises(HfHubHTTPError, match="Squash it once it is decided"):
        acme.super_squash_history("acme/long")
    decide_all(office)
    assert nobody.model_info("acme/long", revision=first).sha == first
    acme.super_squash_history("acme/long", commit_message="One")
    assert [one.title for one in nobody.list_repo_commits("acme/long")] == ["One"]
    for api in (acme, nobody):
        with pytest.raises(HfHubHTTPError):
            api.model_info("acme/long", revision=first)
    assert nobody.hf_hub_download("acme/long", "model.safetensors", local_dir=tmp_path / "a")


def test_files_are_deleted_for_good(acme, office, address, tmp_path) -> None:
    pushed(acme, "acme/tidy", tmp_path / "model", 405)
    acme.upload_file(path_or_fileobj=b"\0old" * 99, path_in_repo="old.bin", repo_id="acme/tidy")
    acme.create_tag("acme/tidy", tag="v1")
    acme.create_branch("acme/tidy", branch="side")
    acme.upload_file(path_or_fileobj=b"\0side" * 99, path_in_repo="side.bin", repo_id="acme/tidy", revision="side")
    listed = {one.filename: one for one in acme.list_lfs_files("acme/tidy")}
    main, side = "refs/heads/main", "refs/heads/side"
    assert {path: one.ref for path, one in listed.items()} == {
        "model.safetensors": main,
        "old.bin": main,
        "side.bin": side,
    }
    acme.delete_branch("acme/tidy", branch="side")
    with pytest.raises(HfHubHTTPError):
        list(client(address, office, "ann").list_lfs_files("acme/tidy"))
    acme.permanently_delete_lfs_files("acme/tidy", [listed["old.bin"]])
    assert "old.bin" not in acme.list_repo_files("acme/tidy")
    assert (len(acme.list_repo_commits("acme/tidy")), acme.list_repo_refs("acme/tidy").tags) == (1, [])
    assert {one.filename for one in acme.list_lfs_files("acme/tidy")} == {"model.safetensors"}
    rows = f'{{"key":"header","value":{{"summary":"x"}}}}\n{{"key":"lfsFile","value":{{"path":"x.bin","oid":"{listed["old.bin"].file_oid}"}}}}'
    done = httpx.post(
        f"{address}/api/models/acme/tidy/commit/main", headers={"Authorization": f"Bearer {acme.token}"}, content=rows
    )
    assert done.status_code == 422, "a digest that was deleted gives its bytes back"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than comes in one piece."""
    place = tmp_path_factory.mktemp("large") / "model.safetensors"
    rng = np.random.default_rng(9)
    tensors = {f"w{number}": rng.integers(0, 255, 50 << 20, dtype=np.uint8) for number in range(6)}
    save_file(tensors, place)
    return place


def test_a_large_file_comes_in_parts_and_a_part_is_sent_again(acme, address, large, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    acme.create_repo("acme/parts")
    sha256, size = hashlib.sha256(large.read_bytes()).hexdigest(), large.stat().st_size
    headers = {"Authorization": f"Bearer {acme.token}"}
    wanted = {"operation": "upload", "transfers": ["basic", "multipart"], "objects": [{"oid": sha256, "size": size}]}
    url = f"{address}/acme/parts.git/info/lfs/objects/batch"
    answer = httpx.post(url, headers=headers, json=wanted).json()
    upload = answer["objects"][0]["actions"]["upload"]
    length = int(upload["header"]["chunk_size"])
    assert (answer["transfer"], len(upload["header"]) - 1) == ("multipart", -(-size // length))
    assert httpx.put(upload["header"]["1"], content=b"short").status_code == 422
    assert httpx.put(f"{upload['href']}/99", content=b"x").status_code == 404
    tags = [httpx.put(upload["header"]["1"], content=b"\0" * length).headers["etag"] for _ in range(2)]
    body = {"oid": sha256, "parts": [{"partNumber": one, "etag": tags[0]} for one in range(1, len(upload["header"]))]}
    assert httpx.post(upload["href"], json=body).status_code == 422
    assert (
        httpx.post(answer["objects"][0]["actions"]["verify"]["href"], json={"oid": sha256, "size": size}).status_code
        == 404
    )
    acme.upload_file(path_or_fileobj=large, path_in_repo="model.safetensors", repo_id="acme/parts")
    got = acme.hf_hub_download("acme/parts", "model.safetensors", local_dir=tmp_path / "down")
    assert hashlib.sha256(Path(got).read_bytes()).hexdigest() == sha256
    assert "actions" not in httpx.post(url, headers=headers, json=wanted).json()["objects"][0]


def test_a_device_is_let_in_by_its_code_once(office, address, tmp_path) -> None:
    own = {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_TELEMETRY": "1", "AI_AGENT": "1"}
    command = [str(Path(sys.executable).with_name("hf")), "auth", "login", "--format", "agent"]
    shown = secret(office, "ann", "hub:read")
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(command, env=os.environ | own, stdout=said, stderr=said, text=True)
        code = None
        for _ in range(300):
            code = re.search(r"[B-Z]{4}-[B-Z]{4}", (tmp_path / "said").read_text())
            if code is not None:
                break
            time.sleep(0.1)
        assert code is not None, (tmp_path / "said").read_text()
        page = httpx.get(f"{address}/device?user_code={code[0]}")
        assert (code[0] in page.text, "default-src 'none'" in page.headers["content-security-policy"]) == (True, True)
        bad = httpx.post(f"{address}/device", data={"user_code": code[0], "token": "bl_wrong"})
        assert (bad.status_code, "knows no such token" in bad.text) == (401, True)
        assert httpx.post(f"{address}/device", data={"user_code": code[0], "token": shown}).status_code == 200
        assert process.wait(60) == 0, (tmp_path / "said").read_text()
    known = subprocess.run(
        [*command[:2], "whoami"], env=os.environ | own, capture_output=True, text=True, check=True, timeout=60
    )
    assert "ann" in known.stdout
    token = (tmp_path / "home" / "token").read_text().strip()
    with pytest.raises(HfHubHTTPError, match="lacks the scope hub:write"):
        HfApi(endpoint=address, token=token).create_repo("ann/more")
    with office.engine.begin() as connection:
        found = find_token(connection, shown, office.clock())
        assert found is not None
        revoke_token(connection, found.identity, office.clock())
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi(endpoint=address, token=token).whoami()


def test_a_code_is_good_for_what_was_said_about_it(office, address) -> None:
    grant = "urn:ietf:params:oauth:grant-type:device_code"

    def asked(code: str) -> dict[str, object]:
        answer: dict[str, object] = httpx.post(
            f"{address}/oauth/token", data={"grant_type": grant, "device_code": code}
        ).json()
        return answer

    codes = [httpx.post(f"{address}/oauth/device", data={"client_id": "x"}).json() for _ in range(3)]
    shown = {"token": secret(office, "bob")}
    assert asked(codes[0]["device_code"]) == {"error": "authorization_pending"}
    assert asked(codes[0]["device_code"]) == {"error": "slow_down"}
    httpx.post(f"{address}/device", data={"user_code": codes[1]["user_code"], "answer": "no", **shown})
    assert asked(codes[1]["device_code"]) == {"error": "access_denied"}
    given = {"user_code": codes[2]["user_code"].lower()}
    headers = {"Authorization": f"Bearer {shown['token']}"}
    assert httpx.post(f"{address}/device", data=given, headers=headers).status_code == 200
    assert "access_token" in asked(codes[2]["device_code"])
    time.sleep(3.1)
    assert asked(codes[2]["device_code"]) == {"error": "authorization_pending"}, "a code is good twice"
    assert asked("made.up") == {"error": "invalid_grant"}
    refused = httpx.post(f"{address}/oauth/token", data={"grant_type": "refresh_token", "refresh_token": "x"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    kept = {"Authorization": "Basic " + b64encode(f"bob:{shown['token']}".encode()).decode()}
    sent = httpx.post(f"{address}/device", data=given, headers={**kept, "Origin": "https://elsewhere.example"})
    assert sent.status_code == 403, "another page's form lets a device in, with what the browser keeps"
    assert httpx.post(f"{address}/device", data=given, headers=kept).status_code == 200
    only = secret(office, "bob", "cases:read")
    assert httpx.post(f"{address}/device", data={**given, "token": only}).status_code == 403


def test_accounts_and_spaces_say_what_the_caller_can_see(acme, ann, office, address, tmp_path) -> None:
    nobody = client(address, office, None)
    globex = client(address, office, "globex")
    globex.create_repo("globex/page", repo_type="space", space_sdk="static")
    globex.upload_file(path_or_fileobj=b"<p>", path_in_repo="index.html", repo_id="globex/page", repo_type="space")
    for api in (nobody, ann):
        with pytest.raises(HfHubHTTPError, match="nobody of the name"):
            api.get_user_overview("globex")
    assert globex.get_user_overview("globex").num_spaces == 1
    with pytest.raises(RepositoryNotFoundError):
        nobody.get_space_runtime("globex/page")
    decide_all(office)
    assert nobody.get_user_overview("globex").num_spaces == 1
    assert nobody.get_space_runtime("globex/page").stage == "STOPPED"
    with pytest.raises(HfHubHTTPError, match="never run"):
        globex.restart_space("globex/page")
    assert [(one.id, one.type, one.storage) for one in globex.list_user_repos()] == [("globex/page", "space", 3)]
    assert nobody.list_liked_repos("globex").total == 0
    assert list(nobody.list_repo_likers("globex/page", repo_type="space")) == []
    with pytest.raises(HfHubHTTPError, match="no organizations"):
        nobody.get_organization_overview("globex")


def test_headers_of_shards_are_bytes_like_any_others(acme, ann, office, tmp_path) -> None:
    folder = write_model(tmp_path / "model", 406)
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    index = '{"metadata": {"total_size": 2048}, "weight_map": {"w": "model-00001-of-00001.safetensors"}}'
    (folder / "model.safetensors.index.json").write_text(index)
    acme.create_repo("acme/sharded")
    acme.upload_folder(repo_id="acme/sharded", folder_path=folder)
    decide_all(office, weights="gated")
    assert acme.get_sharded_safetensors_metadata("acme/sharded").weight_map == {"w": "model-00001-of-00001.safetensors"}
    with pytest.raises(GatedRepoError):
        ann.get_sharded_safetensors_metadata("acme/sharded")
    with pytest.raises(EntryNotFoundError):
        acme.get_sharded_safetensors_metadata("acme/sharded", filename="other.json")
