"""Patterns of a .gitignore: as git itself reads them, and in little time."""

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brightline.release.patterns import matching

WORDS = ("*", "**", "a", "b", "*.a", "a*b", "[ab]", "[^a]", "[!a]*", "[a-b]?", "[]a]", "\\[a]", "\\*", "***")
PART = st.text("ab.*?!^-\\#", min_size=1, max_size=4).filter(lambda one: one[-1] != "\\") | st.sampled_from(WORDS)
LINE = st.builds(
    lambda mark, parts, end: mark + "/".join(parts) + end,
    st.sampled_from(["", "", "!", "/", "#"]),
    st.lists(PART, min_size=1, max_size=4),
    st.sampled_from(["", "/", " "]),
)
PATH = st.lists(st.text("ab.", min_size=1, max_size=3).filter(lambda one: one.strip(".")), min_size=1, max_size=4)
ODD = ("!", "\\", "!\\", "/", "//", "a\\", "[z-a]", "[", "", "#", "\x00", "(", "a\\ ")


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def ignored(folder: Path, lines: list[str], path: str) -> bool:
    (folder / ".gitignore").write_text("\n".join(lines))
    asked = subprocess.run(["git", "-C", folder, "check-ignore", "-q", "--no-index", path], check=False)
    assert asked.returncode in (0, 1)
    return asked.returncode == 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, min_size=1, max_size=3), path=PATH)
def test_git_reads_them_so(git: Path, lines: list[str], path: list[str]) -> None:
    named = "/".join(path)
    assert matching("\n".join(lines))(named) == ignored(git, lines, named)


@pytest.mark.parametrize("line", ODD)
def test_what_is_no_pattern_says_nothing(line: str) -> None:
    assert not matching(f"{line}\n*.log")("a/b.c")
    assert matching(f"{line}\n*.log")("a/b.log")


@pytest.mark.parametrize("line", ["*a" * 99 + "*b", "**/a/" * 20 + "b", "**/*/" * 40, "[ab]*" * 40 + "c"])
@pytest.mark.parametrize("path", ["a" * 1_000, "/".join("a" * 32), "/".join(["a" * 31] * 32)])
def test_no_pattern_takes_long(line: str, path: str) -> None:
    match, began = matching("\n".join([line] * 20)), time.process_time()
    match(path)
    assert time.process_time() - began < 1
