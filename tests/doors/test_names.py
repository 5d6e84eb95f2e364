"""What repositories are called, were called, and are not called; and what somebody without a token is told of them."""

import time
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import LFSFileInfo
from tests.doors.conftest import client, decide_all

from brightline.assembly.office import Office

BARE = {
    "info": lambda api: api.model_info("gpt2"),
    "data set": lambda api: api.dataset_info("squad", revision="main"),
    "space": lambda api: api.get_space_runtime("page"),
    "files": lambda api: api.list_repo_files("gpt2"),
    "paths": lambda api: api.get_paths_info("gpt2", ["a"]),
    "refs": lambda api: api.list_repo_refs("gpt2"),
    "history": lambda api: api.list_repo_commits("gpt2"),
    "download": lambda api: api.hf_hub_download("gpt2", "config.json"),
    "download below": lambda api: api.hf_hub_download("squad", "a/b/c.json", repo_type="dataset"),
    "snapshot": lambda api: api.snapshot_download("gpt2"),
    "settings": lambda api: api.update_repo_settings("gpt2", private=True),
    "branch": lambda api: api.create_branch("gpt2", branch="x"),
    "discussions": lambda api: next(api.get_repo_discussions("gpt2")),
    "commit": lambda api: api.create_commit("gpt2", [CommitOperationAdd("a", b"1")], commit_message="x"),
    "unlike": lambda api: api.unlike("gpt2"),
    "likers": lambda api: list(api.list_repo_likers("gpt2")),
    "squash": lambda api: api.super_squash_history("gpt2"),
    "check": lambda api: api.auth_check("gpt2"),
    "grant": lambda api: api.grant_access("gpt2", "ann"),
    "delete": lambda api: api.delete_repo("gpt2"),
}


@pytest.fixture
def acme(address: str, office: Office) -> HfApi:
    return client(address, office, "acme")


@pytest.mark.parametrize("what", sorted(BARE))
def test_a_name_without_a_namespace_is_a_repository_that_is_not_there(acme, what: str) -> None:
    with pytest.raises(RepositoryNotFoundError):
        BARE[what](acme)


def test_clients_can_tell_what_is_not_there(acme) -> None:
    assert not acme.repo_exists("gpt2")
    assert not acme.file_exists("gpt2", "config.json")
    assert not acme.revision_exists("gpt2", "main")
    acme.delete_repo("gpt2", missing_ok=True)


@pytest.mark.parametrize("name", ["refs", "tree", "settings", "discussions"])
def test_a_repository_may_be_called_like_what_addresses_go_on_with(acme, name: str) -> None:
    made = acme.create_repo(f"acme/{name}").repo_id
    assert acme.model_info(made).id == made
    assert acme.list_repo_files(made) == [".gitattributes"]


def test_without_a_token_what_is_hidden_and_what_is_not_there_read_alike(address: str, office: Office, acme) -> None:
    nobody, bob = client(address, office, None), client(address, office, "bob")
    acme.create_repo("acme/hidden", private=True)
    told = []
    for name in ("acme/hidden", "acme/absent"):
        with pytest.raises(RepositoryNotFoundError, match=r"(?s)401 Client Error.+Repository Not Found") as refused:
            nobody.model_info(name)
        assert refused.value.response.headers["X-Error-Code"] == "RepoNotFound"
        told.append(str(refused.value.server_message).replace(name, ""))
        with pytest.raises(RepositoryNotFoundError, match="404 Client Error"):
            bob.model_info(name)
    assert told[0] == told[1]


def test_a_former_name_leads_to_the_repository_and_opens_nothing(address: str, office: Office, acme, tmp_path) -> None:
    nobody = client(address, office, None)
    acme.create_repo("acme/before", repo_type="dataset")
    acme.upload_file(path_or_fileobj=b"# A", path_in_repo="README.md", repo_id="acme/before", repo_type="dataset")
    acme.move_repo("acme/before", "acme/after", repo_type="dataset")
    path = acme.hf_hub_download("acme/before", "README.md", repo_type="dataset", local_dir=tmp_path)
    assert Path(path).read_text() == "# A"
    assert acme.dataset_info("acme/before").id == "acme/after"
    acme.upload_file(path_or_fileobj=b"# B", path_in_repo="B.md", repo_id="acme/before", repo_type="dataset")
    assert "B.md" in acme.list_repo_files("acme/after", repo_type="dataset")
    for name in ("acme/before", "acme/after"):
        assert not nobody.repo_exists(name, repo_type="dataset"), "in quarantine, whatever it is called"
    decide_all(office)
    assert nobody.dataset_info("acme/before").sha == nobody.dataset_info("acme/after").sha
    acme.update_repo_settings("acme/after", private=True, repo_type="dataset")
    assert not nobody.repo_exists("acme/before", repo_type="dataset")


LFS_FILE = LFSFileInfo(
    fileOid="1" * 64, filename="a.bin", oid="1" * 40, pushedAt="2026-01-01T00:00:00.000Z", ref=None, size=1
)


def test_a_former_name_is_free(acme) -> None:
    acme.create_repo("acme/taken")
    acme.move_repo("acme/taken", "acme/moved")
    acme.create_repo("acme/taken")
    assert acme.model_info("acme/taken").id == "acme/taken"
    acme.delete_repo("acme/taken")
    assert not acme.repo_exists("acme/taken"), "it led elsewhere before another repository had it"
    acme.move_repo("acme/moved", "acme/moved-again")
    acme.move_repo("acme/moved-again", "acme/moved")
    assert [acme.model_info(name).id for name in ("acme/moved", "acme/moved-again")] == ["acme/moved"] * 2
    for undo in (
        acme.delete_repo,
        acme.super_squash_history,
        lambda name: acme.move_repo(name, "acme/elsewhere"),
        lambda name: acme.permanently_delete_lfs_files(name, [LFS_FILE]),
    ):
        with pytest.raises(RepositoryNotFoundError, match="is called acme/moved by now"):
            undo("acme/moved-again")
    acme.delete_repo("acme/moved")
    assert not acme.repo_exists("acme/moved")
    assert not acme.repo_exists("acme/moved-again")


def test_a_token_may_stand_in_the_place_of_a_password(address: str, acme) -> None:
    acme.create_repo("acme/curl")
    file = f"{address}/acme/curl/resolve/main/.gitattributes"
    assert httpx.get(file, auth=("acme", acme.token)).status_code == 200
    assert httpx.get(file, auth=(acme.token, "")).status_code == 200
    assert httpx.get(file, auth=("acme", "wrong")).status_code == 401
    for said in ("Basic %%%", "Basic " + b64encode(b"\xff:\xff").decode(), "Digest x"):
        assert httpx.get(file, headers={"Authorization": said}).status_code == 401, said


@pytest.mark.parametrize("name", ["a b", "x--y", "x/y/z", "", "x.git"])
def test_what_cannot_be_a_name_is_said_when_a_repository_is_made(address: str, acme, name: str) -> None:
    mine = {"Authorization": f"Bearer {acme.token}"}
    made = httpx.post(f"{address}/api/repos/create", headers=mine, json={"name": name})
    assert (made.status_code, "cannot be called so" in made.text) == (400, True)


def test_what_is_no_visibility_and_no_gate_is_refused(address: str, acme) -> None:
    """Silence would be taken for consent: who asks for `protected` does not want `public`."""
    mine = {"Authorization": f"Bearer {acme.token}"}
    with pytest.raises(BadRequestError, match="public or private"):
        acme.create_repo("acme/guarded", repo_type="space", space_sdk="static", visibility="protected")
    assert not acme.repo_exists("acme/guarded", repo_type="space")
    acme.create_repo("acme/gate", private=True)
    for wanted in ({"visibility": "protected"}, {"gated": "sometimes"}, {"private": "no"}):
        assert httpx.put(f"{address}/api/models/acme/gate/settings", headers=mine, json=wanted).status_code == 400
    assert acme.model_info("acme/gate").private
    acme.update_repo_settings("acme/gate", visibility="public", gated="manual")
    told = acme.model_info("acme/gate")
    assert (told.private, told.gated) == (False, "manual")


def test_names_that_clients_tests_use(address: str, office: Office) -> None:
    dummy = client(address, office, "__DUMMY_TRANSFORMERS_USER__")
    made = dummy.create_repo("repo-2fe93f-16599646671840")
    assert made == f"{address}/__DUMMY_TRANSFORMERS_USER__/repo-2fe93f-16599646671840"
    with pytest.raises(HfHubHTTPError, match="already created this model repo"):
        dummy.create_repo("repo-2fe93f-16599646671840")
    assert dummy.create_repo("REPO-2fe93f-16599646671841").repo_name == "REPO-2fe93f-16599646671841"
    with pytest.raises(HfHubHTTPError, match="of that name only"):
        dummy.create_repo("valid_org/x")


@pytest.mark.parametrize(
    "path",
    [
        "Screenshot 2026-11-28 at 9.41.07\u202fAM.png",
        "表\u3000一.csv",
        "می\u200cخواهم.md",
        "👩\u200d💻.md",
        "a\u00a0b.md",
    ],
)
def test_a_file_may_be_called_as_people_and_their_systems_call_files(acme, address, office, tmp_path, path) -> None:
    acme.create_repo("acme/letters", exist_ok=True)
    acme.upload_file(path_or_fileobj=path.encode(), path_in_repo=path, repo_id="acme/letters")
    assert path in acme.list_repo_files("acme/letters")
    decide_all(office)
    got = client(address, office, None).hf_hub_download("acme/letters", path, local_dir=tmp_path)
    assert Path(got).read_text() == path


def test_who_asks_who_it_is_is_told_when_its_token_was_made(acme) -> None:
    time.sleep(1.1)
    first = acme.whoami()["auth"]["accessToken"]["createdAt"]
    time.sleep(1.1)
    assert acme.whoami()["auth"]["accessToken"]["createdAt"] == first < datetime.now(UTC).isoformat()[:19]


def test_a_slash_at_the_end_of_an_address_says_nothing_and_parts_nothing(acme, address) -> None:
    """A redirect named what stands for an escaped slash within: `feature%1Fx`."""
    acme.create_repo("acme/slashes", exist_ok=True)
    acme.create_branch("acme/slashes", branch="feature/x")
    model, own = f"{address}/api/models/acme/slashes", {"Authorization": f"Bearer {acme.token}"}
    for place in (model, f"{model}/revision/feature%2Fx", f"{model}/tree/feature%2Fx", f"{address}/api/models"):
        plain, slash = (httpx.get(one, headers=own) for one in (place, f"{place}/"))
        assert (slash.status_code, slash.content) == (plain.status_code, plain.content) == (200, plain.content)
    for nowhere in ("/", "//", "/acme/slashes/resolve/main", "/acme/slashes/resolve/main/"):
        assert httpx.get(f"{address}{nowhere}", headers=own).status_code == 404


def test_whoever_opens_an_address_with_a_browser_reads_how_to_fetch_what_is_there_and_not_whether_it_is(
    acme, address
) -> None:
    acme.create_repo("acme/opened", exist_ok=True)
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

    def opened(path: str, **more: str) -> httpx.Response:
        return httpx.get(f"{address}{path}", headers=browser | more)

    front = opened("/")
    assert (front.status_code, front.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in front.headers["content-security-policy"]
    assert "<script" not in front.text
    assert f"HF_ENDPOINT={address} hf download NAMESPACE/NAME" in front.text
    for path in ("/acme/opened", "/acme/opened/commit/1", "/acme/opened/discussions/1", "/acme/opened/"):
        assert f"HF_ENDPOINT={address} hf download acme/opened<" in opened(path).text
        assert opened(path, Authorization=f"Bearer {acme.token}").text == opened(path).text
        assert opened(path).text.replace("opened", "nobody") == opened(path.replace("opened", "nobody")).text
    assert "hf download acme/x --repo-type dataset<" in opened("/datasets/acme/x").text
    assert "<script" not in opened("/a/<script>alert(1)</script>", Host="a.example<script>").text
    for path in ("/api/nothing", "/api/models/acme/opened/nothing"):
        assert opened(path).json()["error"]
    assert httpx.get(f"{address}/acme/opened").json()["error"]
