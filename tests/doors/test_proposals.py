"""Pull requests and discussions, by the stock client against a real server: who sees them, and what becomes of them."""

from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RevisionNotFoundError
from tests.doors.conftest import client, decide_all, open_cases, secret
from tests.offices import write_model

from brightline.assembly.deciding import notice_case
from brightline.assembly.hosting.discussions import proposing
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.revisions import pushing
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.hub.host import Turned
from brightline.permit.order import EVERYBODY, Effect
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own LFS upload


@pytest.fixture
def acme(address: str, office: Office) -> HfApi:
    return client(address, office, "acme")


@pytest.fixture
def ann(address: str, office: Office) -> HfApi:
    return client(address, office, "ann")


def decided(acme: HfApi, office: Office, name: str, place: Path, seed: int, **narrower: str) -> None:
    acme.create_repo(name)
    acme.upload_folder(repo_id=name, folder_path=write_model(place, seed))
    decide_all(office, **narrower)


@pytest.mark.parametrize("xet", [True, False])
def test_a_stranger_proposes_and_the_owner_merges(acme, ann, office, address, tmp_path, monkeypatch, xet) -> None:
    if not xet:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    name = f"acme/merged-{xet}".lower()
    decided(acme, office, name, tmp_path / "model", 300 + xet)
    adds = [CommitOperationAdd("NEW.md", b"# New\n"), CommitOperationAdd("more.bin", b"\0more" * 1_000)]
    made = ann.create_commit(
        name, [*adds, CommitOperationDelete("config.json")], commit_message="Better", create_pr=True
    )
    ref = made.pr_revision
    assert open_cases(office) == [], "a proposal is filed"
    for api in (ann, acme, client(address, office, "examiner")):
        assert Path(api.hf_hub_download(name, "more.bin", revision=ref)).read_bytes() == b"\0more" * 1_000
        assert "config.json" not in api.list_repo_files(name, revision=ref)
        assert api.model_info(name, revision=made.oid).sha == made.oid
        assert [one.ref for one in api.list_repo_refs(name, include_pull_requests=True).pull_requests] == [ref]
    assert next(one.title for one in ann.list_repo_commits(name, revision=ref)) == "Better"
    for who in ("globex", None):
        api = client(address, office, who)
        for revision in (ref, made.oid, made.oid[:8]):
            with pytest.raises(RevisionNotFoundError):
                api.model_info(name, revision=revision)
        assert api.list_repo_refs(name, include_pull_requests=True).pull_requests == []
        assert not list(api.get_repo_discussions(name))
        with pytest.raises(HfHubHTTPError, match="no discussion"):
            api.get_discussion_details(name, made.pr_num)
    told = ann.get_discussion_details(name, made.pr_num)
    assert (told.status, told.author, told.target_branch) == ("open", "ann", "refs/heads/main")
    assert "+# New" in told.diff
    assert "-{" in told.diff
    with pytest.raises(HfHubHTTPError, match="belongs to somebody else"):
        ann.merge_pull_request(name, made.pr_num)
    acme.merge_pull_request(name, made.pr_num, comment="thanks")
    assert acme.get_discussion_details(name, made.pr_num).status == "merged"
    assert acme.get_discussion_details(name, made.pr_num).merge_commit_oid == acme.model_info(name).sha
    nobody = client(address, office, None)
    assert "NEW.md" not in nobody.list_repo_files(name)
    (case,) = decide_all(office)
    assert case.applicant == "acme"
    assert {"NEW.md", "more.bin"} < set(nobody.list_repo_files(name))


def test_a_proposal_gives_nobody_what_it_may_not_have(acme, ann, office, address, tmp_path) -> None:
    """Its author carries the gated weights along, and reads them no more than before; under another path neither."""
    decided(acme, office, "acme/closed", tmp_path / "model", 310, weights="gated")
    made = ann.create_commit(
        "acme/closed",
        [CommitOperationCopy("model.safetensors", "copy.md"), CommitOperationAdd("A.md", b"a")],
        commit_message="x",
        create_pr=True,
    )
    for path in ("model.safetensors", "copy.md"):
        for revision in (made.pr_revision, made.oid):
            with pytest.raises(GatedRepoError):
                ann.hf_hub_download("acme/closed", path, revision=revision, local_dir=tmp_path / "a")
    assert ann.hf_hub_download("acme/closed", "A.md", revision=made.oid, local_dir=tmp_path / "b")
    acme.grant_access("acme/closed", user="ann")
    assert ann.hf_hub_download("acme/closed", "copy.md", revision=made.oid, local_dir=tmp_path / "c")
    acme.reject_access_request("acme/closed", "ann", rejection_reason="no more")
    with pytest.raises(GatedRepoError):
        ann.hf_hub_download("acme/closed", "copy.md", revision=made.oid, local_dir=tmp_path / "d")


def test_a_proposal_tells_nothing_of_what_is_withheld(acme, ann, office, tmp_path) -> None:
    decided(acme, office, "acme/hush", tmp_path / "model", 311, weights="withheld")
    made = ann.create_commit("acme/hush", [CommitOperationAdd("A.md", b"a")], commit_message="x", create_pr=True)
    assert "model.safetensors" not in ann.list_repo_files("acme/hush", revision=made.oid)
    assert "model.safetensors" not in acme.list_repo_files("acme/hush", revision=made.oid)
    with pytest.raises(HfHubHTTPError, match="is not there"):
        ann.create_commit(
            "acme/hush", [CommitOperationDelete("model.safetensors")], commit_message="x", revision=made.pr_revision
        )
    acme.merge_pull_request("acme/hush", made.pr_num)
    manifest = decide_all(office, weights="withheld")[0].manifest
    with office.engine.begin() as connection:
        from sqlalchemy import select

        from brightline.storage.sql import schema

        paths = set(
            connection.execute(select(schema.files.c.path).where(schema.files.c.manifest == manifest)).scalars()
        )
    assert {"A.md", "model.safetensors"} < paths, "a merge drops what its author could not see"


def test_what_changed_on_both_sides_is_a_conflict(acme, ann, office, tmp_path) -> None:
    decided(acme, office, "acme/clash", tmp_path / "model", 312)
    made = ann.create_commit(
        "acme/clash", [CommitOperationAdd("README.md", b"# Ann\n")], commit_message="x", create_pr=True
    )
    acme.upload_file(path_or_fileobj=b"# Acme\n", path_in_repo="README.md", repo_id="acme/clash")
    assert acme.get_discussion_details("acme/clash", made.pr_num).conflicting_files == ["README.md"]
    with pytest.raises(HfHubHTTPError, match="has something else there by now"):
        acme.merge_pull_request("acme/clash", made.pr_num)
    ann.create_commit(
        "acme/clash", [CommitOperationAdd("README.md", b"# Acme\n")], commit_message="y", revision=made.pr_revision
    )
    acme.merge_pull_request("acme/clash", made.pr_num)


def test_nobody_adds_to_anothers_proposal_and_no_tag_points_into_one(acme, ann, office, address, tmp_path) -> None:
    decided(acme, office, "acme/mine", tmp_path / "model", 313)
    made = ann.create_commit("acme/mine", [CommitOperationAdd("A.md", b"a")], commit_message="x", create_pr=True)
    add = [CommitOperationAdd("B.md", b"b")]
    with pytest.raises(HfHubHTTPError, match="only its author adds to it"):
        acme.create_commit("acme/mine", add, commit_message="y", revision=made.pr_revision)
    with pytest.raises(RevisionNotFoundError):
        client(address, office, "globex").create_commit("acme/mine", add, commit_message="y", revision=made.pr_revision)
    for revision in (made.pr_revision, made.oid):
        with pytest.raises(HfHubHTTPError, match="is a proposal"):
            acme.create_tag("acme/mine", tag="v1", revision=revision)
    acme.delete_repo("acme/mine")
    with pytest.raises(HfHubHTTPError):
        ann.model_info("acme/mine", revision=made.oid)


def test_bytes_of_a_proposal_are_not_the_repositorys(acme, ann, office, address, tmp_path) -> None:
    """Law 3: the owner is not given, before a merge, what was sent for a proposal."""
    decided(acme, office, "acme/apart", tmp_path / "model", 314)
    content = b"\0apart" * 500
    made = ann.create_commit("acme/apart", [CommitOperationAdd("x.bin", content)], commit_message="x", create_pr=True)
    (file,) = ann.get_paths_info("acme/apart", ["x.bin"], revision=made.oid)
    rows = f'{{"key":"header","value":{{"summary":"x"}}}}\n{{"key":"lfsFile","value":{{"path":"x.bin","oid":"{file.lfs.sha256}"}}}}'
    for token, name in ((acme.token, "acme/apart"), (ann.token, "ann/own")):
        headers = {"Authorization": f"Bearer {token}"}
        httpx.post(f"{address}/api/repos/create", headers=headers, json={"name": "own"})
        done = httpx.post(f"{address}/api/models/{name}/commit/main", headers=headers, content=rows)
        assert (done.status_code, "were never sent" in done.text) == (422, True)


def test_discussions_as_the_client_knows_them(acme, ann, office, tmp_path) -> None:
    decided(acme, office, "acme/talk", tmp_path / "model", 315)
    first = acme.create_pull_request("acme/talk", title="Draft")
    talk = acme.create_discussion("acme/talk", title="Hello", description="World")
    assert (first.num, first.status, first.is_pull_request, talk.num) == (1, "draft", True, 2)
    assert [one.num for one in acme.get_repo_discussions("acme/talk")] == [2, 1]
    assert [one.num for one in acme.get_repo_discussions("acme/talk", discussion_type="pull_request")] == [1]
    assert [one.num for one in ann.get_repo_discussions("acme/talk")] == [2]
    remark = ann.comment_discussion("acme/talk", 2, "*hi* <b>")
    assert (remark.content, remark.rendered) == ("*hi* <b>", "*hi* &lt;b&gt;")
    edited = ann.edit_discussion_comment("acme/talk", 2, remark.id, "bye")
    assert (edited.edited, edited.content, edited.number_of_edits) == (True, "bye", 2)
    with pytest.raises(HfHubHTTPError, match="this comment is ann's"):
        acme.edit_discussion_comment("acme/talk", 2, remark.id, "no")
    with pytest.warns(UserWarning, match="irreversible"):
        assert acme.hide_discussion_comment("acme/talk", 2, remark.id).hidden
    assert acme.rename_discussion("acme/talk", 2, "Other").old_title == "Hello"
    with pytest.raises(HfHubHTTPError, match="acme's and the owner's"):
        ann.change_discussion_status("acme/talk", 2, "closed")
    assert acme.change_discussion_status("acme/talk", 2, "closed", comment="done").new_status == "closed"
    assert [one.num for one in acme.get_repo_discussions("acme/talk", discussion_status="open")] == [1]
    assert ann.create_discussion("acme/talk", title="Mine").num >= 100_000


@pytest.mark.parametrize("xet", [True, False])
def test_an_owner_proposes_to_itself_as_it_pushes(acme, office, tmp_path, monkeypatch, xet) -> None:
    if not xet:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    name, content = f"acme/self-{xet}".lower(), b"\0self" * 700 + bytes([xet])
    acme.create_repo(name)
    made = acme.create_commit(name, [CommitOperationAdd("x.bin", content)], commit_message="x", create_pr=True)
    more = [CommitOperationAdd("y.bin", content + b"y")]
    acme.create_commit(name, more, commit_message="y", revision=made.pr_revision)
    assert Path(acme.hf_hub_download(name, "y.bin", revision=made.pr_revision)).read_bytes() == content + b"y"
    acme.merge_pull_request(name, made.pr_num)
    assert acme.list_repo_files(name) == [".gitattributes", "x.bin", "y.bin"]


def test_a_draft_is_pushed_to_opened_and_merged(acme, office, tmp_path) -> None:
    decided(acme, office, "acme/draft", tmp_path / "model", 316)
    draft = acme.create_pull_request("acme/draft", title="Soon")
    acme.create_commit(
        "acme/draft", [CommitOperationAdd("S.md", b"s")], commit_message="s", revision=draft.git_reference
    )
    with pytest.raises(HfHubHTTPError, match="only an open one"):
        acme.merge_pull_request("acme/draft", draft.num)
    acme.change_discussion_status("acme/draft", draft.num, "open")
    acme.merge_pull_request("acme/draft", draft.num)
    assert "S.md" in acme.list_repo_files("acme/draft")


def test_a_card_is_bytes_of_its_file_and_a_diff_is_bytes_that_are_handed_out(
    acme, ann, office, address, tmp_path
) -> None:
    tracked = b"notes.yaml filter=lfs diff=lfs merge=lfs -text\n"
    acme.create_repo("acme/cards")
    acme.upload_file(path_or_fileobj=tracked, path_in_repo=".gitattributes", repo_id="acme/cards")
    folder = write_model(tmp_path / "model", 320)
    (folder / "notes.yaml").write_text("---\nlicense: mit\nhidden: sesame\n---\n")
    (folder / "train.py").write_text("print('how it was trained')\n")
    acme.upload_folder(repo_id="acme/cards", folder_path=folder)
    base = decide_all(office, source="gated", software="gated", weights="gated")[-1].manifest
    changes = [CommitOperationCopy("notes.yaml", "README.md"), CommitOperationDelete("train.py")]
    made = ann.create_commit("acme/cards", changes, commit_message="x", create_pr=True)
    told = httpx.get(f"{address}/api/models/acme/cards/revision/{made.oid}", headers=ann._build_hf_headers()).json()
    assert (told["cardData"], told["tags"]) == ({}, []), "a card tells what its file says to who may not have the file"
    assert "print" not in ann.get_discussion_details("acme/cards", made.pr_num).diff
    assert not [path for manifest, path in exposures(office, "ann") if manifest == base]
    acme.grant_access("acme/cards", user="ann")
    assert "print" in ann.get_discussion_details("acme/cards", made.pr_num).diff
    assert (base, "train.py") in exposures(office, "ann"), "a diff hands out bytes, and nobody wrote it down"
    ann.hf_hub_download("acme/cards", "model.safetensors", revision=made.oid, local_dir=tmp_path / "a")
    assert (base, "model.safetensors") in exposures(office, "ann"), "a recall of the release would not tell who has it"


def exposures(office: Office, who: str) -> set[tuple[str, str]]:
    from sqlalchemy import select

    from brightline.storage.sql import schema

    table = schema.exposures.c
    with office.engine.begin() as connection:
        return {
            (manifest, path)
            for manifest, path in connection.execute(select(table.manifest, table.path).where(table.caller == who))
        }


def test_what_a_proposal_became_is_known_once_it_is_decided_and_what_ends_it_ends_the_proposal(
    acme, ann, office, tmp_path
) -> None:
    decided(acme, office, "acme/became", tmp_path / "model", 321)
    adds = [CommitOperationAdd("more.bin", b"\0more" * 1_000)]
    made = ann.create_commit("acme/became", adds, commit_message="x", create_pr=True)
    acme.merge_pull_request("acme/became", made.pr_num)
    assert acme.get_discussion_details("acme/became", made.pr_num).merge_commit_oid
    assert ann.get_discussion_details("acme/became", made.pr_num).merge_commit_oid is None, "it is in quarantine"
    (case,) = decide_all(office)
    assert ann.get_discussion_details("acme/became", made.pr_num).merge_commit_oid == acme.model_info("acme/became").sha
    assert ann.hf_hub_download("acme/became", "more.bin", revision=made.pr_revision, local_dir=tmp_path / "a")
    ordered = issue_order(office, case.manifest, (Component.WEIGHTS,), EVERYBODY, "now", None)
    for api in (ann, acme):
        with pytest.raises(GatedRepoError, match="order"):
            api.hf_hub_download("acme/became", "more.bin", revision=made.pr_revision, local_dir=tmp_path / "b")
    lift_order(office, ordered.order.number, "over")
    assert ann.hf_hub_download("acme/became", "more.bin", revision=made.pr_revision, local_dir=tmp_path / "c")
    notice_case(office, case.number, "recall", Effect.RECALLED, "officer", "dangerous")
    for api in (ann, acme):
        with pytest.raises(GatedRepoError, match="recalled"):
            api.hf_hub_download("acme/became", "more.bin", revision=made.pr_revision, local_dir=tmp_path / "d")


def test_a_merge_undoes_nothing_that_is_pushed_meanwhile(acme, ann, office, tmp_path, monkeypatch) -> None:
    decided(acme, office, "acme/race", tmp_path / "model", 322)
    made = ann.create_commit("acme/race", [CommitOperationAdd("A.md", b"a")], commit_message="x", create_pr=True)

    def late(*given, **named):
        acme.upload_file(path_or_fileobj=b"b", path_in_repo="B.md", repo_id="acme/race")
        return pushing.put(*given, **named)

    monkeypatch.setattr(proposing, "put", late)
    hub, name = Hosting(office), RepoName(Kind.MODEL, "acme", "race")
    with pytest.raises(Turned, match="Pull, and push again"):
        hub.merge(hub.account(secret(office, "acme")), name, made.pr_num, "")
    assert "B.md" in acme.list_repo_files("acme/race")
    acme.merge_pull_request("acme/race", made.pr_num)
    assert {"A.md", "B.md"} < set(acme.list_repo_files("acme/race"))
