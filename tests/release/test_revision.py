"""Git's own ids, compared with git itself."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brightline.release.repository import Kind, Misnamed, file_path, ref_name, repo_name
from brightline.release.revision import Commit, object_id, stored_lfs, stored_regular, tree_ids

GIT = "/usr/bin/git"
names = st.text("ab.-_0~é", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    if not Path(GIT).exists():
        pytest.skip("git is not on this machine")
    place = tmp_path_factory.mktemp("git")
    git(place, "init", "--quiet")
    return place


def git(place, *words, given=b""):
    done = subprocess.run([GIT, *words], cwd=place, input=given, capture_output=True, check=True)
    return done.stdout


def git_tree(place, files):
    """By git's plumbing: an index out of blobs that need not exist, and its tree."""
    git(place, "read-tree", "--empty")
    rows = b"".join(b"100644 %b\t%b\0" % (file.oid.encode(), file.path.encode()) for file in files)
    git(place, "update-index", "-z", "--index-info", given=rows)
    return git(place, "write-tree", "--missing-ok").decode().strip()


@given(files=st.dictionaries(paths, st.binary(max_size=20), max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_folder_has_the_id_that_git_gives_it(repository, files):
    stored = [stored_regular(path, content) for path, content in files.items()]
    if any(path.startswith(f"{other}/") for path in files for other in files):
        with pytest.raises(ValueError, match="is a file and a folder"):
            tree_ids(stored)
        return
    assert tree_ids(stored)[""] == git_tree(repository, stored)


def test_a_file_and_a_pointer_have_the_ids_that_git_gives_them(repository):
    content = b"hello\n"
    assert stored_regular("a", content).oid == git(repository, "hash-object", "--stdin", given=content).decode().strip()
    text = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    assert (
        stored_lfs("a", "0" * 64, 12_345).oid == git(repository, "hash-object", "--stdin", given=text).decode().strip()
    )


@pytest.mark.parametrize("message", ["", "why\n\nand how"])
def test_a_commit_has_the_id_that_git_gives_it(repository, message):
    tree = tree_ids([])[""]
    assert tree == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    commit = Commit(tree, None, "Ada <L>", datetime(2026, 11, 24, 9, tzinfo=UTC), "first", message)
    body = f"tree {tree}\nauthor Ada L <Ada.L@hub> 1795510800 +0000\ncommitter Ada L <Ada.L@hub> 1795510800 +0000\n\n"
    body += f"first\n\n{message}\n" if message else "first\n"
    assert commit.oid == object_id("commit", body.encode())
    asked = git(repository, "hash-object", "-t", "commit", "--stdin", given=body.encode())
    assert commit.oid == asked.decode().strip()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "a//b",
        "../a",
        "a/../b",
        ".git/config",
        "a/.",
        "a\\b",
        "a\nb",
        "a\u202eb",
        "a\u2028b",
        "a\ud800",
        "x" * 1_025,
    ],
)
def test_a_path_that_leaves_the_repository_is_refused(path):
    with pytest.raises(Misnamed):
        file_path(path)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a/" * 32 + "b", "at most 32 names"),
        ("x" * 1_025, "1024 letters"),
        ("a//b", "is empty"),
        ("a\\b", "no backslashes"),
    ],
)
def test_a_path_that_is_refused_is_told_the_rule(path, said):
    with pytest.raises(Misnamed, match=said):
        file_path(path)


@pytest.mark.parametrize("name", ["", "-a", "a-", "-", "a--b", "a..b", "a/b", "x" * 97, "a.git", "é", "a b"])
def test_a_name_that_no_client_takes_is_refused(name):
    with pytest.raises(Misnamed):
        repo_name(Kind.MODEL, "acme", name)


@pytest.mark.parametrize("name", ["", "a..b", "a//b", "/a", "a/", "a.lock", "0" * 40, "a b", "@{"])
def test_a_branch_that_git_would_not_take_is_refused(name):
    with pytest.raises(Misnamed):
        ref_name(name)


@pytest.mark.parametrize("name", ["fix#12", "a@b", "a=b", "a,b", "a(b)", "versuch-ä"])
def test_a_branch_with_other_letters_is_told_which_there_are(name):
    with pytest.raises(Misnamed, match=r"ASCII letters, digits, '-', '_', '\.', '\+' and '/'"):
        ref_name(name)
