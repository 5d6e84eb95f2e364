"""Servers that hand out the same file: our hub, our hub behind nginx, nginx alone, and olah. What cannot be had is named."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from huggingface_hub import HfApi
from tests.desk.conftest import start, token
from tests.offices import DECLARED, decided, examined, found
from tests.servers import free_port, wait_for

from brightline.assembly.office import Office

CACHE = Path(".cache")  # what is installed once and used by every run
OLAH = "olah"
REPO, FILE = "acme/big", "model.safetensors"


@dataclass(frozen=True, slots=True)
class Outlet:
    """`json` is a small document of its; None where it has none."""

    name: str
    address: str
    process: int
    json: str | None = None

    @property
    def url(self) -> str:
        return f"{self.address}/{REPO}/resolve/main/{FILE}"

    def cpu(self) -> float:
        """Seconds that its processes have used so far."""
        return sum(_cpu(one) for one in set(_family(self.process)))


def _family(process: int) -> Iterator[int]:
    yield process
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu(process: int) -> float:
    """By its own clock, whose number is made of its own (Linux): /proc tells of hundredths of a second only."""
    return time.clock_gettime((~process << 3) | 2)


def write_weights(place: Path, size: int) -> Path:
    """A safetensors file of so many bytes, in the page cache."""
    length = size - 128
    header = f'{{"w":{{"dtype":"U8","shape":[{length}],"data_offsets":[0,{length}]}}}}'.ljust(120).encode()
    block = os.urandom(1 << 20)
    with place.open("wb") as out:
        out.write(len(header).to_bytes(8, "little") + header)
        for start in range(0, length, len(block)):
            out.write(block[: length - start])
    return place


def release(folder: Path, size: int) -> Path:
    """An office whose hub has a model that was pushed by a stock client, examined, signed by two and published, open."""
    model, place = folder / "model", found(folder / "office")
    model.mkdir()
    write_weights(model / FILE, size)
    (model / "brightline.toml").write_text(DECLARED)
    (model / "README.md").write_text("# Big\n")
    (model / "config.json").write_text('{"model_type": "llama"}')
    with Office(place) as office, _ended(start(place, port := free_port())):
        secret = token(office, "acme", "hub:read", "hub:write")["Authorization"].removeprefix("Bearer ")
        acme = HfApi(endpoint=f"http://127.0.0.1:{port}", token=secret)
        acme.create_repo(REPO)
        acme.upload_folder(repo_id=REPO, folder_path=model)
        examined(office, 1)
        decided(office, 1)
    shutil.rmtree(model)
    return place


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def hub(stack: ExitStack, office: Path, name: str = "brightline") -> Outlet:
    process = stack.enter_context(_ended(start(office, port := free_port())))
    return Outlet(name, f"http://127.0.0.1:{port}", process.pid, f"/api/models/{REPO}")


NGINX = """
worker_processes 2; daemon off; pid {place}/pid; error_log {place}/error.log; events {{}}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;
  uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  upstream hub {{ server {hub}; keepalive 16; }}
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}"""
STATIC = """
  location = /{repo}/resolve/main/{file} {{
    alias {blob}; etag off; default_type application/octet-stream;
    add_header ETag '"{sha256}"'; add_header X-Repo-Commit {commit};
  }}
  location = /json {{ default_type application/json; return 200 '{json}'; }}"""
ACCEL = """
  location / {{ proxy_pass http://hub; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }}
  location /-/ {{
    internal; alias {blobs}/; etag off; add_header ETag $upstream_http_etag; add_header X-Repo-Commit $upstream_http_x_repo_commit;
    add_header X-Linked-Etag $upstream_http_x_linked_etag; add_header X-Linked-Size $upstream_http_x_linked_size;
  }}"""


def nginx(stack: ExitStack, place: Path, name: str, locations: str, hub: str = "127.0.0.1:9") -> Outlet:
    port = free_port()
    place.mkdir()
    place.chmod(0o711)  # its workers are somebody else where root starts it
    configuration = NGINX.format(place=place, port=port, locations=locations, hub=hub)
    if os.geteuid() == 0:
        configuration = "user root;" + configuration
    (place / "nginx.conf").write_text(configuration)
    command = [_nginx(), "-e", str(place / "error.log"), "-c", str(place / "nginx.conf")]
    process = stack.enter_context(_ended(subprocess.Popen(command)))
    wait_for(port, process)
    return Outlet(name, f"http://127.0.0.1:{port}", process.pid, "/json")


def _nginx() -> str:
    found_at = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(found_at).exists():
        raise RuntimeError("nginx is not installed (Debian: apt-get install nginx)")
    return found_at


def static(ours: Outlet, office: Path) -> str:
    """nginx's own way to the very same blob, and to the very same document."""
    head = httpx.head(ours.url)
    sha256 = head.headers["etag"].strip('"')
    return STATIC.format(
        repo=REPO,
        file=FILE,
        blob=office / "blobs" / "sha256" / sha256[:2] / sha256,
        sha256=sha256,
        commit=head.headers["x-repo-commit"],
        json=httpx.get(f"{ours.address}{ours.json}").text.replace("$", ""),
    )


def olah(stack: ExitStack, place: Path, upstream: Outlet) -> Outlet:
    """In an environment of its own, in front of our hub; its cache is filled by one download."""
    command = CACHE / "peers" / OLAH / "bin" / "olah-cli"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(command.parents[1])], check=True)
        install = [str(command.with_name("pip")), "install", "--quiet", "--disable-pip-version-check", OLAH]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    port, hub = free_port(), upstream.address.removeprefix("http://")
    place.mkdir()
    given = {"hf-scheme": "http", "hf-netloc": hub, "hf-lfs-netloc": hub, "port": port, "host": "127.0.0.1"}
    given |= {"mirror-netloc": f"127.0.0.1:{port}", "mirror-lfs-netloc": f"127.0.0.1:{port}"}
    given |= {"repos-path": place / "repos", "log-path": place / "logs"}
    words = [f"--{key}={value}" for key, value in given.items()]
    with (place / "said").open("wb") as said:
        started = subprocess.Popen([str(command.absolute()), *words], stdout=said, stderr=said, cwd=place)
    process = stack.enter_context(_ended(started))
    wait_for(port, process)
    outlet = Outlet(OLAH, f"http://127.0.0.1:{port}", process.pid, f"/api/models/{REPO}")
    with httpx.stream("GET", outlet.url, timeout=300, follow_redirects=True) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw(1 << 20):
            pass
    return outlet
