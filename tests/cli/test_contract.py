"""The command line as later work and outside checks call it."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.assets import bad

Run = Callable[..., "CompletedProcess[str]"]


def test_inspect_json_holds_what_the_contract_says(brightline: Run, small_model: Path) -> None:
    done = brightline("inspect", small_model, "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert {"schema", "verdict", "manifest_digest", "components", "facts", "findings"} <= document.keys()
    assert document["verdict"] == "pass"
    assert {kind: len(paths) for kind, paths in document["components"].items()} == {
        "source": 1,
        "software": 1,
        "data": 1,
        "weights": 1,
        "documentation": 2,
    }
    assert document["facts"]["parameters"]["low"] == 32
    assert document["facts"]["training_compute"]["provenance"] == "declared"
    assert document["facts"]["data_rows"]["low"] == 2


def test_assess_json_holds_what_the_contract_says(brightline: Run, small_model: Path) -> None:
    done = brightline("assess", small_model, "--line", "lessig", "--line", "eu-gpai", "--format", "json")
    document = json.loads(done.stdout)
    assert [item["line"] for item in document["determinations"]] == ["lessig", "eu-gpai"]
    first = document["determinations"][0]
    assert {"tier", "settled", "access", "criteria", "open_questions", "obligations"} <= first.keys()
    assert first["access"] == dict.fromkeys(("source", "software", "data", "weights", "documentation"), "open")
    assert {"verdict", "value", "threshold", "source"} <= first["criteria"]["compute-high"].keys()


def test_all_open_is_code_0(brightline: Run, small_model: Path) -> None:
    assert brightline("assess", small_model).returncode == 0


def test_undeclared_is_unsettled_and_says_what_would_settle_it(brightline: Run, small_model: Path) -> None:
    (small_model / "brightline.toml").unlink()
    done = brightline("assess", small_model)
    assert done.returncode == 4
    assert "declare the training tokens" in " ".join(done.stdout.replace("│", " ").split())


def test_restricted_and_settled_is_code_3(brightline: Run, small_model: Path) -> None:
    (small_model / "brightline.toml").write_text('[training]\ncompute = "1e26"\n')
    done = brightline("assess", small_model, "--format", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["determinations"][0]["access"]["weights"] == "gated"


def test_blocked_by_inspection_is_code_2_and_withholds_everything(brightline: Run, small_model: Path) -> None:
    (small_model / "extra.pkl").write_bytes(bad.CALL)
    done = brightline("assess", small_model, "--format", "json")
    access = json.loads(done.stdout)["determinations"][0]["access"]
    assert done.returncode == 2
    assert {access[kind] for kind in ("source", "software", "data", "weights")} == {"withheld"}


@pytest.mark.parametrize("wanted", ["text", "json", "sarif", "html", "cyclonedx", "spdx"])
def test_every_format_goes_to_a_file(wanted: str, brightline: Run, small_model: Path, tmp_path: Path) -> None:
    done = brightline("inspect", small_model, "--format", wanted, "-o", tmp_path / "out")
    assert done.returncode == 0
    assert done.stdout == ""
    assert (tmp_path / "out").stat().st_size > 300


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("inspect", "nowhere"), 66, "there is nothing at nowhere"),
        (("inspect",), 64, "PATH"),
        (("inspect", ".", "--format", "xml"), 64, "invalid choice"),
        (("frobnicate",), 64, "invalid choice"),
        (("assess", ".", "--line", "lesig"), 66, "Did you mean lessig?"),
        (("assess", ".", "--evidence", "nowhere.json"), 66, "nowhere.json"),
        (("assess", ".", "--declare", "nowhere.toml"), 66, "nowhere.toml"),
        (("inspect", "hf://one-part"), 66, "no address of a repository"),
        (("line", "show", "nowhere.toml"), 66, "nowhere.toml"),
    ],
)
def test_wrong_calls_are_sentences(words: tuple[str, ...], code: int, said: str, brightline: Run) -> None:
    done = brightline(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_empty_folder(brightline: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = brightline("inspect", tmp_path / "empty")
    assert done.returncode == 66
    assert "holds no file" in done.stderr


def test_fifo_as_path(brightline: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = brightline("inspect", tmp_path / "pipe")
    assert done.returncode == 66
    assert "FIFO" in done.stderr


def test_fifo_and_links_inside_a_folder_are_findings(brightline: Run, small_model: Path) -> None:
    os.mkfifo(small_model / "pipe")
    (small_model / "outside").symlink_to("/etc/hostname")
    (small_model / "dangling").symlink_to("nowhere")
    (small_model / "inside.json").symlink_to("config.json")
    document = json.loads(brightline("inspect", small_model, "--format", "json").stdout)
    unreadable = {item["path"] for item in document["findings"] if item["rule"] == "FILE-UNREADABLE"}
    assert unreadable == {"pipe", "outside", "dangling"}
    assert "inside.json" in document["components"]["software"]


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    """The reader is entered, the file grows, and leaving notices."""
    from brightline.release.reader import Unreadable
    from brightline.sources.file import DiskFile

    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(100))
    with pytest.raises(Unreadable, match="changed"), DiskFile("weights.bin", path).open():
        path.write_bytes(bytes(200))


def test_an_unreadable_declaration_names_the_key(brightline: Run, small_model: Path, tmp_path: Path) -> None:
    (tmp_path / "d.toml").write_text("[training]\ntokns = 3\n")
    done = brightline("assess", small_model, "--declare", tmp_path / "d.toml")
    assert done.returncode == 66
    assert "Did you mean tokens?" in done.stderr


def test_a_reader_that_goes_away_is_no_fault(small_model: Path) -> None:
    from tests.conftest import COMMAND

    read, write = os.pipe()
    os.close(read)
    process = os.posix_spawn(
        COMMAND,
        [COMMAND, "inspect", str(small_model), "--format", "json"],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)],
    )
    os.close(write)
    timer = threading.Timer(60, lambda: os.kill(process, 9))
    timer.start()
    _, status = os.waitpid(process, 0)
    timer.cancel()
    assert os.waitstatus_to_exitcode(status) == 141
    assert time.monotonic() > 0


def test_line_list_show_and_check(brightline: Run, tmp_path: Path) -> None:
    rows = json.loads(brightline("line", "list", "--format", "json").stdout)["lines"]
    assert {row["line"] for row in rows} == {
        "lessig",
        "eu-gpai",
        "us-ca-sb53",
        "us-ny-raise",
        "kr-ai-basic",
        "us-ca-sb1047-vetoed",
    }
    for row in rows:
        assert brightline("line", "check", row["line"]).returncode == 0
        assert row["title"] in brightline("line", "show", row["line"]).stdout.replace("\n", " ")
    (tmp_path / "wrong.toml").write_text('id = "wrong"\n')
    done = brightline("line", "check", tmp_path / "wrong.toml")
    assert done.returncode == 64
    assert "tiers" in done.stdout
