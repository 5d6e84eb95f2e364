"""Stock clients against a real server: push, wait, be decided, download."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
from safetensors.numpy import load_file, save_file
from tests.doors.conftest import client, decide_all, open_cases
from tests.offices import DECLARED, decided, examined, write_model

from brightline.assembly.office import Office

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own LFS upload


@pytest.fixture
def acme(address: str, office: Office) -> HfApi:
    return client(address, office, "acme")


@pytest.fixture
def nobody(address: str, office: Office) -> HfApi:
    return client(address, office, None)


def test_a_model_is_pushed_decided_and_downloaded_by_anybody(
    acme: HfApi, nobody: HfApi, office: Office, tmp_path: Path
) -> None:
    model = write_model(tmp_path / "model", 1)
    made = acme.create_repo("acme/one")
    assert made.endswith("/acme/one")
    acme.upload_folder(repo_id="acme/one", folder_path=model, commit_message="first")
    assert acme.whoami()["name"] == "acme"
    assert set(acme.list_repo_files("acme/one")) == {path.name for path in model.iterdir()} | {".gitattributes"}
    for ask in (nobody.model_info, nobody.list_repo_files):
        with pytest.raises(RepositoryNotFoundError):
            ask("acme/one")
    decide_all(office)
    folder = nobody.snapshot_download("acme/one", local_dir=tmp_path / "down")
    for path in model.iterdir():
        assert (Path(folder) / path.name).read_bytes() == path.read_bytes()
    info = nobody.model_info("acme/one", files_metadata=True)
    weights = next(one for one in info.siblings if one.rfilename == "model.safetensors")
    assert (weights.size, weights.lfs.size) == ((model / "model.safetensors").stat().st_size,) * 2
    assert info.brightline["access"]["weights"] == "open"


@pytest.mark.parametrize("xet", [True, False])
def test_large_files_go_beside_the_commit_and_come_back_the_same(
    acme, nobody, office, tmp_path, monkeypatch, xet
) -> None:
    if not xet:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    name = f"acme/large-{xet}".lower()
    rng = np.random.default_rng(7)
    tensors = {f"w{number}": rng.random((512, 1024), dtype=np.float32) for number in range(6)}
    tensors["zeros"] = np.zeros((1024, 1024), dtype=np.float32)
    place = tmp_path / "large.safetensors"
    save_file(tensors, place)
    acme.create_repo(name)
    acme.upload_file(path_or_fileobj=place, path_in_repo="model.safetensors", repo_id=name)
    tensors["w3"] = tensors["w3"] + 1
    save_file(tensors, place)
    acme.upload_file(path_or_fileobj=place, path_in_repo="model.safetensors", repo_id=name)
    acme.upload_file(path_or_fileobj=DECLARED.encode(), path_in_repo="brightline.toml", repo_id=name)
    decide_all(office)
    got = nobody.hf_hub_download(name, "model.safetensors", local_dir=tmp_path / "down")
    assert Path(got).read_bytes() == place.read_bytes()
    assert load_file(got)["w3"][0, 0] == tensors["w3"][0, 0]


def test_commits_copy_and_delete_and_old_revisions_stay(acme, office, tmp_path) -> None:
    acme.create_repo("acme/history")
    first = acme.create_commit(
        "acme/history",
        [CommitOperationAdd("a/one.txt", b"one"), CommitOperationAdd("two.bin", b"\0" * 100)],
        commit_message="first",
    )
    second = acme.create_commit(
        "acme/history",
        [CommitOperationCopy("two.bin", "b/three.bin"), CommitOperationDelete("a/one.txt")],
        commit_message="second",
        parent_commit=first.oid,
    )
    assert acme.list_repo_files("acme/history", revision=first.oid) == [".gitattributes", "a/one.txt", "two.bin"]
    assert acme.list_repo_files("acme/history") == [".gitattributes", "b/three.bin", "two.bin"]
    assert [one.title for one in acme.list_repo_commits("acme/history")][:2] == ["second", "first"]
    with pytest.raises(HfHubHTTPError, match="Pull, and push again"):
        acme.create_commit(
            "acme/history", [CommitOperationAdd("x", b"x")], commit_message="late", parent_commit=first.oid
        )
    acme.create_branch("acme/history", branch="dev", revision=first.oid)
    acme.create_tag("acme/history", tag="v1", revision=second.oid)
    refs = acme.list_repo_refs("acme/history")
    assert {one.name: one.target_commit for one in refs.branches} == {"dev": first.oid, "main": second.oid}
    assert [(one.name, one.target_commit) for one in refs.tags] == [("v1", second.oid)]
    acme.delete_branch("acme/history", branch="dev")
    assert len(acme.list_repo_refs("acme/history").branches) == 1
    tree = list(acme.list_repo_tree("acme/history", recursive=False))
    assert [one.path for one in tree] == ["b", ".gitattributes", "two.bin"]
    with pytest.raises(EntryNotFoundError):
        list(acme.list_repo_tree("acme/history", "nowhere"))
    assert [one.path for one in acme.get_paths_info("acme/history", ["b/three.bin", "gone"])] == ["b/three.bin"]


def test_gated_weights_are_refused_with_the_reason_and_given_to_who_accepts(
    acme, nobody, office, address, tmp_path
) -> None:
    acme.create_repo("acme/gated")
    acme.upload_folder(repo_id="acme/gated", folder_path=write_model(tmp_path / "model", 3))
    decide_all(office, weights="gated")
    assert nobody.hf_hub_download("acme/gated", "config.json", local_dir=tmp_path / "a")
    ann = client(address, office, "ann")
    for api, said in ((nobody, "sign in"), (ann, "accept its terms")):
        with pytest.raises(GatedRepoError, match=said):
            api.hf_hub_download("acme/gated", "model.safetensors", local_dir=tmp_path / "b")
        with pytest.raises(GatedRepoError):
            api.auth_check("acme/gated")
    acme.grant_access("acme/gated", user="ann")
    assert ann.hf_hub_download("acme/gated", "model.safetensors", local_dir=tmp_path / "c")
    assert [one.username for one in acme.list_accepted_access_requests("acme/gated")] == ["ann"]
    from brightline.assembly.exposing import told_of

    manifest = office.read(lambda view: view.case(max(_cases(office)))).manifest
    told, _ = office.read(lambda view: told_of(view, manifest))
    assert [one.caller for one in told] == ["ann"]


def _cases(office: Office) -> list[int]:
    from brightline.assembly.describing import case_rows

    return [row["number"] for row in office.read(case_rows)]


def test_a_request_waits_for_the_owner_where_the_owner_wants_that(acme, office, address, tmp_path) -> None:
    acme.create_repo("acme/manual")
    acme.upload_folder(repo_id="acme/manual", folder_path=write_model(tmp_path / "model", 4))
    acme.update_repo_settings("acme/manual", gated="manual")
    decide_all(office, weights="gated")
    ann = client(address, office, "ann")
    asked = httpx.post(
        f"{address}/api/models/acme/manual/ask-access",
        headers={"Authorization": f"Bearer {ann.token}"},
        json={"contact": "ann@example.org"},
    )
    assert asked.json() == {"status": "pending"}
    waiting = list(acme.list_pending_access_requests("acme/manual"))
    assert [(one.username, one.email) for one in waiting] == [("ann", "ann@example.org")]
    acme.accept_access_request("acme/manual", "ann")
    assert ann.hf_hub_download("acme/manual", "model.safetensors", local_dir=tmp_path / "a")
    acme.reject_access_request("acme/manual", "ann", rejection_reason="no more")
    with pytest.raises(GatedRepoError):
        ann.hf_hub_download("acme/manual", "model.safetensors", local_dir=tmp_path / "b")


def test_withheld_weights_are_not_even_listed(acme, nobody, office, tmp_path) -> None:
    acme.create_repo("acme/withheld")
    acme.upload_folder(repo_id="acme/withheld", folder_path=write_model(tmp_path / "model", 5))
    decide_all(office, weights="withheld")
    assert "model.safetensors" not in nobody.list_repo_files("acme/withheld")
    with pytest.raises(EntryNotFoundError):
        nobody.hf_hub_download("acme/withheld", "model.safetensors", local_dir=tmp_path / "a")
    assert nobody.hf_hub_download("acme/withheld", "README.md", local_dir=tmp_path / "b")


def test_a_branch_is_for_strangers_where_its_last_decided_revision_is(acme, nobody, office, tmp_path) -> None:
    acme.create_repo("acme/moving")
    acme.upload_folder(repo_id="acme/moving", folder_path=write_model(tmp_path / "model", 6))
    decide_all(office)
    old = nobody.model_info("acme/moving").sha
    new = acme.upload_file(path_or_fileobj=b"# More\n", path_in_repo="MORE.md", repo_id="acme/moving").oid
    assert (acme.model_info("acme/moving").sha, nobody.model_info("acme/moving").sha) == (new, old)
    with pytest.raises(HfHubHTTPError):
        nobody.model_info("acme/moving", revision=new)
    decide_all(office)
    assert nobody.model_info("acme/moving").sha == new


def test_ranges_and_the_three_kinds_and_lists(acme, nobody, office, address, tmp_path) -> None:
    rows = b'{"text": "a"}\n' * 1000
    acme.create_repo("acme/rows", repo_type="dataset")
    acme.upload_file(path_or_fileobj=rows, path_in_repo="data/train.jsonl", repo_id="acme/rows", repo_type="dataset")
    acme.create_repo("acme/page", repo_type="space", space_sdk="static")
    acme.upload_file(path_or_fileobj=b"<p>", path_in_repo="index.html", repo_id="acme/page", repo_type="space")
    decide_all(office)
    url = f"{address}/datasets/acme/rows/resolve/main/data/train.jsonl"
    for header, part in (("bytes=0-9", rows[:10]), ("bytes=13990-", rows[13990:]), ("bytes=-5", rows[-5:])):
        got = httpx.get(url, headers={"Range": header})
        assert (got.status_code, got.content) == (206, part)
    assert httpx.get(url, headers={"Range": "bytes=99999-"}).status_code == 416
    assert "acme/rows" in [one.id for one in nobody.list_datasets(search="row")]
    assert [one.id for one in nobody.list_spaces(author="acme")] == ["acme/page"]
    assert nobody.list_models(search="nothing of the kind") is not None
    assert "acme/rows" not in [one.id for one in nobody.list_models()]


def test_a_recall_closes_every_way_to_the_bytes_and_says_so(acme, nobody, office, tmp_path) -> None:
    from brightline.assembly.deciding import notice_case
    from brightline.permit.order import Effect

    acme.create_repo("acme/recalled")
    acme.upload_folder(repo_id="acme/recalled", folder_path=write_model(tmp_path / "model", 8))
    (case,) = decide_all(office)
    assert nobody.hf_hub_download("acme/recalled", "model.safetensors", local_dir=tmp_path / "a")
    notice_case(office, case.number, "recall", Effect.RECALLED, "officer", "an incident")
    for api in (nobody, acme):
        with pytest.raises(GatedRepoError, match="it was recalled"):
            api.hf_hub_download("acme/recalled", "model.safetensors", local_dir=tmp_path / "b")


def test_names_and_repositories_of_others_are_out_of_reach(acme, office, address, tmp_path) -> None:
    globex = client(address, office, "globex")
    acme.create_repo("acme/mine", private=True)
    acme.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="acme/mine")
    with pytest.raises(HfHubHTTPError, match="repositories of that name only"):
        globex.create_repo("acme/theirs")
    for ask in (
        lambda: globex.upload_file(path_or_fileobj=b"y", path_in_repo="y.txt", repo_id="acme/mine"),
        lambda: globex.delete_repo("acme/mine"),
        lambda: globex.model_info("acme/mine"),
        lambda: globex.create_branch("acme/mine", branch="b"),
        lambda: globex.update_repo_settings("acme/mine", private=False),
    ):
        with pytest.raises(HfHubHTTPError):
            ask()
    acme.move_repo("acme/mine", "acme/renamed")
    assert acme.list_repo_files("acme/renamed") == [".gitattributes", "x.txt"]
    acme.delete_repo("acme/renamed")
    with pytest.raises(RepositoryNotFoundError):
        acme.model_info("acme/renamed")
    assert acme.create_repo("acme/mine", exist_ok=True) == acme.create_repo("acme/mine", exist_ok=True)


def test_a_known_digest_is_not_a_file(acme, office, address, tmp_path) -> None:
    """globex names the sha256 of acme's weights, which the office holds: it gets no file, and no link to one (Law 3)."""
    content = (write_model(tmp_path / "model", 9) / "model.safetensors").read_bytes()
    acme.create_repo("acme/source")
    acme.upload_file(path_or_fileobj=content, path_in_repo="model.safetensors", repo_id="acme/source")
    globex = client(address, office, "globex")
    globex.create_repo("globex/copy")
    oid = hashlib.sha256(content).hexdigest()
    headers = {"Authorization": f"Bearer {globex.token}"}
    lines = [
        {"key": "header", "value": {"summary": "mine"}},
        {"key": "lfsFile", "value": {"path": "model.safetensors", "algo": "sha256", "oid": oid, "size": len(content)}},
    ]
    body = "\n".join(map(json.dumps, lines))
    answer = httpx.post(f"{address}/api/models/globex/copy/commit/main", headers=headers, content=body)
    assert (answer.status_code, "never sent" in answer.json()["error"]) == (422, True)
    wanted = {"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]}
    batch = httpx.post(f"{address}/globex/copy.git/info/lfs/objects/batch", headers=headers, json=wanted).json()
    href = batch["objects"][0]["actions"]["upload"]["href"]
    assert httpx.put(href, content=b"something else").status_code == 422
    assert httpx.put(href.replace("/lfs/", "/lfs/x"), content=content).status_code == 403
    assert httpx.put(href, content=content).status_code == 200
    assert httpx.post(f"{address}/api/models/globex/copy/commit/main", headers=headers, content=body).status_code == 200


def test_a_push_opens_a_case_and_the_same_bytes_open_none(acme, office, tmp_path) -> None:
    decide_all(office)
    acme.create_repo("acme/cases")
    acme.upload_file(path_or_fileobj=b"one", path_in_repo="a.txt", repo_id="acme/cases")
    (number,) = open_cases(office)
    assert office.read(lambda view: view.case(number)).title.startswith("acme/cases@")
    acme.upload_file(path_or_fileobj=b"one", path_in_repo="a.txt", repo_id="acme/cases")
    assert open_cases(office) == [number]


def test_people_who_are_named_study_what_is_vetted_until_a_day(acme, office, address, tmp_path, brightline) -> None:
    acme.create_repo("acme/vetted")
    acme.upload_folder(repo_id="acme/vetted", folder_path=write_model(tmp_path / "model", 10))
    decide_all(office, weights="vetted")
    ann = client(address, office, "ann")
    acme.grant_access("acme/vetted", user="ann")
    with pytest.raises(GatedRepoError, match="only people named for study"):
        ann.hf_hub_download("acme/vetted", "model.safetensors", local_dir=tmp_path / "a")
    where = ("--office", office.settings.folder)
    assert brightline("hub", "vet", "acme/nowhere", "ann", "--until", "9d", *where).returncode == 5
    assert brightline("hub", "vet", "a/b/c/d", "ann", "--until", "9d", *where).returncode == 64
    done = brightline("hub", "vet", "acme/vetted", "ann", "--until", "9d", *where)
    assert (done.returncode, done.stdout[:22]) == (0, "ann may study acme/vet")
    assert ann.hf_hub_download("acme/vetted", "model.safetensors", local_dir=tmp_path / "b")


def test_an_audit_finds_a_byte_that_changed(acme, office, tmp_path, brightline) -> None:
    acme.create_repo("acme/audited")
    acme.upload_folder(repo_id="acme/audited", folder_path=write_model(tmp_path / "model", 12))
    where = ("--office", office.settings.folder)
    assert brightline("hub", "audit", *where).returncode == 0
    content = (tmp_path / "model" / "model.safetensors").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    place = office.settings.folder / "blobs" / "sha256" / sha256[:2] / sha256
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = brightline("hub", "audit", *where)
    assert (done.returncode, f"{sha256}: its content is another one" in done.stdout) == (6, True)
    place.write_bytes(content)


def test_the_same_file_goes_to_a_second_repository_and_after_a_deletion(acme, office, tmp_path) -> None:
    """Clients remember what they sent; a repository that never had it must be sent it again, and is."""
    place = tmp_path / "model.safetensors"
    save_file({"w": np.random.default_rng(3).random((512, 1024), dtype=np.float32)}, place)
    for name in ("acme/first", "acme/second", "acme/first"):
        acme.delete_repo(name, missing_ok=True)
        acme.create_repo(name)
        acme.upload_file(path_or_fileobj=place, path_in_repo="model.safetensors", repo_id=name)
        assert (
            Path(acme.hf_hub_download(name, "model.safetensors", local_dir=tmp_path / name)).read_bytes()
            == place.read_bytes()
        )


def test_a_text_that_looks_like_a_pointer_is_no_file(acme, office, address) -> None:
    """Git gives it the id of the file that it points to; here it would be that file (Law 3)."""
    acme.create_repo("acme/pointer")
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    with pytest.raises(HfHubHTTPError, match="is a pointer to a file"):
        acme.upload_file(path_or_fileobj=text.encode(), path_in_repo="notes.txt", repo_id="acme/pointer")


def test_one_owners_withdrawal_leaves_anothers_release_alone(acme, nobody, office, address, tmp_path) -> None:
    model, globex = write_model(tmp_path / "model", 21), client(address, office, "globex")
    cases = []
    for api, name in ((acme, "acme/shared"), (globex, "globex/shared")):
        api.create_repo(name)
        api.upload_folder(repo_id=name, folder_path=model)
        with pytest.raises(RepositoryNotFoundError):
            nobody.model_info(name)
        cases += decide_all(office)
    assert cases[-1].applicant == "globex"
    office.say("withdraw", cases[-1].number, "globex", {"reason": "enough"})
    assert nobody.hf_hub_download("acme/shared", "model.safetensors", local_dir=tmp_path / "a")
    with pytest.raises(GatedRepoError, match="it was withdrawn"):
        nobody.hf_hub_download("globex/shared", "model.safetensors", local_dir=tmp_path / "b")
    rows = [
        {"key": "header", "value": {"summary": "again"}},
        {"key": "file", "value": {"path": "README.md", "content": "# Tiny\n", "encoding": "utf-8"}},
    ]
    headers, body = {"Authorization": f"Bearer {globex.token}"}, "\n".join(map(json.dumps, rows))
    url = f"{address}/api/models/globex/shared/commit/main"
    httpx.post(url, headers=headers, content=body).raise_for_status()
    assert len(open_cases(office)) == 1, "the same bytes again are filed again"


def test_what_is_in_quarantine_does_not_show(acme, nobody, office, address, tmp_path) -> None:
    acme.create_repo("acme/quiet")
    acme.upload_folder(repo_id="acme/quiet", folder_path=write_model(tmp_path / "model", 22))
    decide_all(office, weights="withheld")
    before = nobody.model_info("acme/quiet")
    acme.create_branch("acme/quiet", branch="secret-plan")
    acme.upload_file(path_or_fileobj=b"# x\n", path_in_repo="X.md", repo_id="acme/quiet", revision="secret-plan")
    acme.create_tag("acme/quiet", tag="v9-secret", revision="secret-plan")
    acme.upload_file(path_or_fileobj=b"# y\n", path_in_repo="Y.md", repo_id="acme/quiet")
    after = nobody.model_info("acme/quiet")
    assert (after.last_modified, after.sha) == (before.last_modified, before.sha)
    refs = nobody.list_repo_refs("acme/quiet")
    assert ([one.name for one in refs.branches], refs.tags) == (["main"], [])
    nobody.auth_check("acme/quiet")


def test_what_was_accepted_while_public_opens_nothing_that_is_private_now(acme, office, address, tmp_path) -> None:
    acme.create_repo("acme/closing")
    acme.upload_folder(repo_id="acme/closing", folder_path=write_model(tmp_path / "model", 23))
    decide_all(office)
    bob = client(address, office, "bob")
    headers = {"Authorization": f"Bearer {bob.token}"}
    httpx.post(f"{address}/api/models/acme/closing/ask-access", headers=headers, json={}).raise_for_status()
    acme.update_repo_settings("acme/closing", private=True)
    with pytest.raises(RepositoryNotFoundError):
        bob.hf_hub_download("acme/closing", "README.md", local_dir=tmp_path / "a")
    acme.grant_access("acme/closing", user="bob")
    assert bob.hf_hub_download("acme/closing", "README.md", local_dir=tmp_path / "b")


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("GET", "acme/odd/resolve/main/a.txt", {"headers": {"Range": f"bytes={'9' * 5000}-"}}),
        ("GET", "acme/odd/resolve/ma%0din/a.txt", {}),
        ("GET", "acme/odd/resolve/main/%00", {}),
        ("PUT", "api/models/acme/odd/settings", {"json": {"private": "yes"}}),
        ("POST", "api/models/acme/odd/branch/b", {"json": {"startingPoint": ["main"]}}),
        ("POST", "api/repos/create", {"content": b'{"name": "odd2", "sdk": "\\ud800"}'}),
        ("POST", "api/models/acme/odd/preupload/main", {"content": b'{"files": [{"path": "a", "size": Infinity}]}'}),
        ("POST", "api/models/acme/odd/paths-info/main", {"files": {"paths": b"x"}}),
        ("POST", "api/models/acme/odd/commit/main", {"content": b'{"key":"header","value":' + b"[" * 90_000}),
        ("POST", "api/repos/create", {"json": {"name": "ODD"}}),
        ("POST", "xet/00/v1/shards", {"content": b"x"}),
        ("POST", f"xet/00/v1/xorbs/default/{'0' * 64}", {"content": b"x"}),
    ],
)
def test_odd_requests_are_refused_and_never_a_fault(acme, address, method, path, given) -> None:
    acme.create_repo("acme/odd", exist_ok=True)
    acme.upload_file(path_or_fileobj=b"text", path_in_repo="a.txt", repo_id="acme/odd")
    headers = {"Authorization": f"Bearer {acme.token}", **given.pop("headers", {})}
    answer = httpx.request(method, f"{address}/{path}", headers=headers, **given)
    assert answer.status_code < 500, answer.text


def test_many_who_write_at_once_are_all_answered(acme, office, address) -> None:
    headers = {"Authorization": f"Bearer {acme.token}"}

    def make(number: int) -> int:
        return httpx.post(
            f"{address}/api/repos/create", headers=headers, json={"name": f"many-{number % 20}"}, timeout=60
        ).status_code

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(make, range(60))) == {200, 409}


def test_many_who_push_to_one_branch_at_once_are_all_served(acme) -> None:
    acme.create_repo("acme/busy")

    def push(number: int) -> str:
        content = f"{number}".encode()
        return acme.upload_file(path_or_fileobj=content, path_in_repo=f"{number}.txt", repo_id="acme/busy").oid

    with ThreadPoolExecutor(24) as threads:
        made = set(threads.map(push, range(48)))
    assert len(made) == 48
    assert len(acme.list_repo_files("acme/busy")) == len(acme.list_repo_commits("acme/busy")) == 49


def test_lists_are_filtered_by_what_the_card_says(acme, nobody, office) -> None:
    acme.create_repo("acme/carded")
    card = b"---\nlicense: mit\nlanguage: [de, fr]\npipeline_tag: text-generation\ntags: [tiny]\n---\n# Carded\n"
    acme.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="acme/carded")
    decide_all(office)
    for wanted in ("license:mit", "language:fr", "tiny", ["text-generation", "tiny"]):
        assert [one.id for one in nobody.list_models(filter=wanted)] == ["acme/carded"]
    assert not list(nobody.list_models(filter="license:gpl"))


def test_each_file_is_dated_by_the_commit_that_made_it_as_far_as_the_caller_sees_it(acme, nobody, office) -> None:
    acme.create_repo("acme/dated")
    one, two = CommitOperationAdd("one.txt", b"1"), CommitOperationAdd("two.txt", b"2")
    acme.create_commit("acme/dated", [one, two], commit_message="hidden title")
    acme.create_commit("acme/dated", [CommitOperationAdd("one.txt", b"11")], commit_message="second")
    told = {
        row.path: row.last_commit.title
        for row in acme.get_paths_info("acme/dated", ["one.txt", "two.txt"], expand=True)
    }
    assert told == {"one.txt": "second", "two.txt": "hidden title"}
    from brightline.assembly.describing import case_rows

    examined(office, open_cases(office)[-1])
    decided(office, max(row["number"] for row in office.read(case_rows)))
    rows = nobody.get_paths_info("acme/dated", ["one.txt", "two.txt"], expand=True)
    assert {row.path: row.last_commit.title for row in rows} == {"one.txt": "second", "two.txt": "second"}
    assert [one.title for one in nobody.list_repo_commits("acme/dated")] == ["second"]
    decide_all(office)


def test_names_are_found_in_any_case_and_commits_by_their_beginning(acme, nobody, office) -> None:
    acme.create_repo("acme/CaSe")
    made = acme.upload_file(path_or_fileobj=b"x", path_in_repo="x.md", repo_id="acme/case")
    assert acme.model_info("ACME/case", revision=made.oid[:7]).sha == made.oid
    for revision in (made.oid[:7], made.oid):
        with pytest.raises(RepositoryNotFoundError):
            nobody.model_info("acme/CaSe", revision=revision)
    decide_all(office)
    acme.upload_file(path_or_fileobj=b"y", path_in_repo="x.md", repo_id="acme/case")
    with pytest.raises(HfHubHTTPError):
        nobody.model_info("acme/case", revision=acme.model_info("acme/case").sha[:7])
    assert nobody.model_info("acme/case", revision=made.oid[:7]).sha == made.oid


def test_files_are_ignored_and_kept_beside_as_the_repository_says(acme, tmp_path) -> None:
    acme.create_repo("acme/rules")
    rules = [
        CommitOperationAdd(".gitignore", b"drafts/*\n"),
        CommitOperationAdd(".gitattributes", b"*.png filter=lfs -text\n"),
    ]
    acme.create_commit("acme/rules", rules, commit_message="rules")
    (tmp_path / "drafts").mkdir()
    (tmp_path / "drafts" / "a.txt").write_text("a")
    (tmp_path / "image.png").write_text("image")
    acme.upload_folder(repo_id="acme/rules", folder_path=tmp_path)
    assert acme.list_repo_files("acme/rules") == [".gitattributes", ".gitignore", "image.png"]
    (file,) = acme.get_paths_info("acme/rules", ["image.png"])
    assert file.lfs is not None


def test_a_card_that_cannot_be_read_is_told_before_anything_is_sent(acme) -> None:
    acme.create_repo("acme/faulty")
    add = CommitOperationAdd("README.md", b"---\nmodel-index: foo\n---\n")
    with pytest.raises(ValueError, match="Invalid metadata"):
        acme.create_commit("acme/faulty", [add], commit_message="x")
