"""How repositories begin, and how they are named and refused in the words that clients look for."""

from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, SpaceRuntime
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RevisionNotFoundError
from safetensors.numpy import save
from tests.doors.conftest import client, decide_all, open_cases

from brightline.assembly.office import Office
from brightline.release.attributes import ALWAYS_LFS, INITIAL, is_large
from brightline.release.patterns import matching

A = CommitOperationAdd
WEIGHTS = save({"w": np.zeros((4, 4), dtype=np.float32)})


@pytest.fixture
def acme(address: str, office: Office) -> HfApi:
    return client(address, office, "acme")


def test_a_repository_begins_with_the_offices_own_words_and_no_case(address: str, office: Office, acme) -> None:
    acme.create_repo("acme/begun")
    assert open_cases(office) == []
    first = acme.list_repo_commits("acme/begun")
    assert [one.title for one in first] == ["initial commit"]
    assert acme.model_info("acme/begun").sha == first[0].commit_id
    assert Path(acme.hf_hub_download("acme/begun", ".gitattributes")).read_bytes() == INITIAL
    assert not client(address, office, None).repo_exists("acme/begun"), "nothing is decided, so that nobody sees it"
    acme.create_branch("acme/begun", branch="side")
    acme.create_tag("acme/begun", tag="v0")
    assert open_cases(office) == []
    acme.upload_file(path_or_fileobj=b"# A", path_in_repo="README.md", repo_id="acme/begun")
    assert len(open_cases(office)) == 1
    decide_all(office)
    assert client(address, office, None).list_repo_files("acme/begun") == [".gitattributes", "README.md"]


def test_what_the_first_attributes_say_is_what_the_hub_does() -> None:
    said = matching("\n".join(line.split()[0] for line in INITIAL.decode().splitlines()))
    for name in [f"a/b{ending}" for ending in ALWAYS_LFS] + [
        "a.txt",
        "README.md",
        "bin",
        "x.bin.txt",
        ".gitattributes",
    ]:
        assert said(name) == is_large(name, 1, b"x"), name


def test_a_folder_is_uploaded_beside_what_was_there_and_deleted_from_it(acme, tmp_path) -> None:
    for path in ("file.txt", "nested/lfs.bin", ".git/config", ".cache/huggingface/x"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("data")
    acme.create_repo("acme/folder")
    acme.upload_folder(repo_id="acme/folder", folder_path=tmp_path)
    assert set(acme.list_repo_files("acme/folder")) == {".gitattributes", "file.txt", "nested/lfs.bin"}
    acme.delete_files("acme/folder", delete_patterns=["not_there", "nested/"])
    assert set(acme.list_repo_files("acme/folder")) == {".gitattributes", "file.txt"}
    acme.delete_files("acme/folder", delete_patterns=["*"])
    assert acme.list_repo_files("acme/folder") == [".gitattributes"]


def test_refs_are_refused_in_the_words_that_clients_look_for(acme) -> None:
    acme.create_repo("acme/refused")
    acme.create_branch("acme/refused", branch="cool")
    for branch in ("cool", "main"):
        with pytest.raises(HfHubHTTPError, match=r"Reference refs/heads/.* already exists") as refused:
            acme.create_branch("acme/refused", branch=branch)
        assert refused.value.response.status_code == 409
        acme.create_branch("acme/refused", branch=branch, exist_ok=True)
    for branch in ("refs/pr/5", "refs/something/random", "a b"):
        with pytest.raises(BadRequestError, match="Invalid reference for a branch"):
            acme.create_branch("acme/refused", branch=branch)
    with pytest.raises(HfHubHTTPError, match="Cannot delete refs/heads/main"):
        acme.delete_branch("acme/refused", branch="main")
    acme.create_tag("acme/refused", tag="v0")
    acme.create_branch("acme/refused", branch="v0")
    acme.create_tag("acme/refused", tag="only")
    for branch in ("missing", "only"):
        with pytest.raises(HfHubHTTPError, match="Invalid rev id"):
            acme.delete_branch("acme/refused", branch=branch)
    with pytest.raises(BadRequestError, match="Invalid reference for a tag"):
        acme.create_tag("acme/refused", tag="a b")
    with pytest.raises(RevisionNotFoundError):
        acme.create_tag("acme/refused", tag="a b", revision="missing")


def test_pushes_are_refused_in_the_words_that_clients_look_for(address: str, acme) -> None:
    acme.create_repo("acme/late")
    first = acme.model_info("acme/late").sha
    acme.upload_file(path_or_fileobj=b"1", path_in_repo="a.txt", repo_id="acme/late")
    with pytest.raises(
        HfHubHTTPError, match=r"The branch was updated since you opened this page\. Please refresh and try again\."
    ) as refused:
        acme.create_commit("acme/late", [A("b.txt", b"1")], commit_message="b", parent_commit=first)
    assert refused.value.response.status_code == 412
    rows = '{"key":"header","value":{"summary":"x"}}'
    mine = {"Authorization": f"Bearer {acme.token}"}
    for at in (first, f"{first}?create_pr=1", "missing"):
        said = httpx.post(f"{address}/api/models/acme/late/commit/{at}", headers=mine, content=rows)
        assert (said.status_code, said.headers["X-Error-Code"]) == (404, "RevisionNotFound"), at


def test_requests_are_answered_once_each_way(acme) -> None:
    acme.create_repo("acme/asked")
    acme.update_repo_settings("acme/asked", gated="auto")
    with pytest.raises(HfHubHTTPError, match="no such request") as refused:
        acme.accept_access_request("acme/asked", "ann")
    assert refused.value.response.status_code == 404
    acme.grant_access("acme/asked", "ann")
    with pytest.raises(BadRequestError, match="has access"):
        acme.grant_access("acme/asked", "ann")
    answers = {
        "accepted": acme.accept_access_request,
        "pending": acme.cancel_access_request,
        "rejected": lambda *who: acme.reject_access_request(*who, rejection_reason="no"),
    }
    lists = {
        "accepted": acme.list_accepted_access_requests,
        "pending": acme.list_pending_access_requests,
        "rejected": acme.list_rejected_access_requests,
    }
    now = "accepted"
    for status in ("pending", "rejected", "accepted", "rejected", "pending"):
        with pytest.raises(HfHubHTTPError, match=f"{now} already"):
            answers[now]("acme/asked", "ann")
        answers[status]("acme/asked", "ann")
        told = {name: [one.username for one in some("acme/asked")] for name, some in lists.items()}
        assert told == {name: ["ann"] if name == status else [] for name in lists}
        now = status


def test_folders_have_the_commit_that_made_them_what_they_are(acme) -> None:
    acme.create_repo("acme/dates")
    for title, files in {
        "one": ["a/x.txt", "a/b/y.txt", "c/z.txt"],
        "two": ["c/w.txt"],
        "three": ["a/b/y.txt"],
    }.items():
        acme.create_commit("acme/dates", [A(path, title.encode()) for path in files], commit_message=title)
    acme.delete_file("c/w.txt", "acme/dates", commit_message="four")
    told = {one.path: one.last_commit.title for one in acme.list_repo_tree("acme/dates", recursive=True, expand=True)}
    assert told == {
        "a": "three", "a/b": "three", "c": "four",
        "a/x.txt": "one", "a/b/y.txt": "three", "c/z.txt": "one", ".gitattributes": "initial commit",
    }  # fmt: skip
    rows = acme.get_paths_info("acme/dates", ["a", "c/z.txt", "gone"], expand=True)
    assert [one.last_commit.title for one in rows] == ["three", "one"]
    assert all(one.last_commit is None for one in acme.list_repo_tree("acme/dates"))


def test_what_is_hidden_dates_no_folder(address: str, office: Office, acme) -> None:
    acme.create_repo("acme/undated")
    for title, path in {"one": "a/notes.md", "two": "a/w.safetensors", "three": "a/b/w.safetensors"}.items():
        acme.create_commit(
            "acme/undated", [A(path, b"# Notes" if path.endswith(".md") else WEIGHTS)], commit_message=title
        )
        decide_all(office, weights="withheld")

    def told(api: HfApi) -> dict[str, str]:
        rows = api.list_repo_tree("acme/undated", recursive=True, expand=True)
        return {one.path: one.last_commit.title for one in rows if one.path.startswith("a")}

    assert told(client(address, office, None)) == {"a": "one", "a/notes.md": "one"}
    assert told(client(address, office, "examiner"))["a"] == "three"


def test_an_answer_has_the_keys_that_were_asked_for(address: str, acme) -> None:
    acme.create_repo("acme/keys")
    card = b"---\nlanguage: en\nlicense: mit\n---\n"
    acme.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="acme/keys")
    told = acme.model_info("acme/keys", expand=["author", "downloadsAllTime", "usedStorage", "gguf"])
    assert (told.author, told.downloads_all_time, told.used_storage) == ("acme", 0, len(card))
    assert (told.sha, told.siblings, told.likes, told.card_data) == (None, None, None, None)
    assert [one.id for one in acme.list_models(filter="en", author="acme", search="keys")] == ["acme/keys"]
    assert {"en", "language:en"} <= set(acme.model_info("acme/keys").tags)


def test_a_space_says_what_it_uses_where_it_was_asked_for(acme) -> None:
    acme.create_repo("acme/used", repo_type="space", space_sdk="gradio")
    card = b"---\nsdk: gradio\nmodels: [bert]\ndatasets: [wiki]\n---\n"
    acme.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="acme/used", repo_type="space")

    def found(**asked: object) -> tuple[object, object]:
        (one,) = acme.list_spaces(author="acme", search="acme/used", **asked)
        return one.models, one.datasets

    assert found() == (None, None)
    assert found(linked=True) == found(models="bert") == found(datasets="wiki") == (["bert"], ["wiki"])
    told = acme.space_info("acme/used")
    assert (told.models, told.datasets, told.sdk) == (["bert"], ["wiki"], "gradio")
    assert isinstance(told.runtime, SpaceRuntime)
    assert told.runtime.stage == "STOPPED"


ABSENT = {
    "a bucket": (lambda api: api.create_bucket("x"), "no buckets here"),
    "buckets": (lambda api: list(api.list_buckets()), "no buckets here"),
    "a collection": (lambda api: api.create_collection("x"), "no collections here"),
    "webhooks": (lambda api: api.list_webhooks(), "no webhooks here"),
    "a job": (lambda api: api.run_job(image="python", command=["x"]), "Nothing is run here"),
    "a kernel": (lambda api: api.kernel_info("a/b"), "no kernels here"),
    "a paper": (lambda api: api.paper_info("2601.1"), "no papers here"),
    "followers": (lambda api: list(api.list_user_followers("acme")), "Nobody follows anybody"),
    "an organization": (lambda api: list(api.list_organization_members("valid_org")), "no organizations"),
}


@pytest.mark.parametrize("what", sorted(ABSENT))
def test_what_the_hub_has_not_is_said_to_the_client(acme, what: str) -> None:
    ask, said = ABSENT[what]
    with pytest.raises(HfHubHTTPError, match=said) as refused:
        ask(acme)
    assert refused.value.response.status_code == 404


def test_a_repository_that_was_emptied_opens_no_other_one(address: str, office: Office, acme) -> None:
    """It is what each begins with: once that was decided, strangers would see every new one by its name."""
    acme.create_repo("acme/emptied")
    acme.upload_file(path_or_fileobj=b"# Notes", path_in_repo="notes.md", repo_id="acme/emptied")
    decide_all(office)
    acme.delete_file("notes.md", "acme/emptied")
    decide_all(office)
    acme.create_repo("acme/quiet")
    acme.upload_file(path_or_fileobj=b"# Quiet", path_in_repo="quiet.md", repo_id="acme/quiet")
    nobody = client(address, office, None)
    assert not nobody.repo_exists("acme/quiet")
    assert "acme/quiet" not in [one.id for one in nobody.list_models()]
    assert nobody.list_repo_files("acme/emptied") == [".gitattributes", "notes.md"]


def test_a_file_has_the_commit_that_made_it_behind_many_others(acme) -> None:
    acme.create_repo("acme/old")
    acme.create_commit("acme/old", [A("a/x.txt", b"one")], commit_message="one")
    for number in range(120):
        acme.create_commit("acme/old", [A("log.txt", b"%d" % number)], commit_message=f"log {number}")
    told = {one.path: one.last_commit.title for one in acme.list_repo_tree("acme/old", recursive=True, expand=True)}
    assert told == {"a": "one", "a/x.txt": "one", "log.txt": "log 119", ".gitattributes": "initial commit"}
