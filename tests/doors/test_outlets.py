"""Downloads by way of nginx (X-Accel), and by the store's own signed addresses (S3): the same rule, other hands."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub.errors import GatedRepoError
from tests.desk.conftest import start
from tests.doors.conftest import client, decide_all
from tests.offices import found, write_model
from tests.servers import free_port, object_store, wait_for

from brightline.assembly.exposing import told_of
from brightline.assembly.hosting.downloads import handing
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.release.component import Component

PAGE = Path(__file__).parents[2] / "docs/how-to/serve-behind-nginx-and-s3.md"
NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
FILE = "model.safetensors"


def downloads_are(folder: Path, way: str) -> None:
    place = folder / "office.toml"
    place.write_text(f'downloads = "{way}"\n{place.read_text()}')


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Office, str]]:
    """An office whose downloads nginx hands out, by the configuration that the page shows; and nginx's address."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder = found(tmp_path / "office")
    downloads_are(folder, "x-accel")
    port, hub = free_port(), free_port()
    (shown,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for text, here in (("8700", str(port)), ("8600", str(hub)), ("/srv/office/blobs/", f"{folder}/blobs/")):
        assert text in shown
        shown = shown.replace(text, here)
    temporary = "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}}"
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(f"{user}{head} http {{ access_log off; {temporary} {shown} }}")
    command = [NGINX, "-e", str(tmp_path / "errors"), "-c", str(tmp_path / "nginx.conf")]
    process, front = start(folder, hub), subprocess.Popen(command)
    try:
        wait_for(port, front)
        with Office(folder) as office:
            yield office, f"http://127.0.0.1:{port}"
    finally:
        for one in (front, process):
            one.terminate()
            one.wait(20)


def test_nginx_hands_out_what_is_granted_and_nothing_else(served: tuple[Office, str], tmp_path: Path) -> None:
    office, address = served
    acme, nobody = client(address, office, "acme"), client(address, office, None)
    model = write_model(tmp_path / "model", 1)
    content = (model / FILE).read_bytes()
    acme.create_repo("acme/front")
    acme.upload_folder(repo_id="acme/front", folder_path=model)
    (case,) = decide_all(office, weights="gated")
    assert Path(nobody.hf_hub_download("acme/front", "README.md", local_dir=tmp_path / "a")).read_text() == "# Tiny\n"
    with pytest.raises(GatedRepoError, match="sign in"):
        nobody.hf_hub_download("acme/front", FILE, local_dir=tmp_path / "b")
    acme.grant_access("acme/front", user="ann")
    ann = client(address, office, "ann")
    assert Path(ann.hf_hub_download("acme/front", FILE, local_dir=tmp_path / "c")).read_bytes() == content
    assert [one.caller for one in office.read(lambda view: told_of(view, case.manifest))[0]] == ["ann"]
    headers = {"Authorization": f"Bearer {ann.token}"}
    url = f"{address}/acme/front/resolve/main/{FILE}"
    part = httpx.get(url, headers={**headers, "Range": "bytes=5-14"})
    assert (part.status_code, part.content) == (206, content[5:15])
    sha256 = hashlib.sha256(content).hexdigest()
    assert part.headers["etag"] == part.headers["x-linked-etag"] == f'"{sha256}"'
    assert len(part.headers["x-repo-commit"]) == 40
    assert part.headers["cache-control"] == "private, no-store"
    for inside in (f"/-/sha256/{sha256[:2]}/{sha256}", f"/%2D/sha256/{sha256[:2]}/{sha256}", f"//-/sha256/{sha256}"):
        assert httpx.get(f"{address}{inside}", headers=headers).status_code == 404
    issue_order(office, case.manifest, (Component.WEIGHTS,), "everybody", "now", None)
    refused = httpx.get(url, headers=headers)
    assert (refused.status_code, refused.headers["x-error-code"]) == (403, "GatedRepo")
    assert "X-Accel-Redirect" not in refused.headers


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    """An office whose blobs lie on a real S3 server; and the hub's address."""
    with object_store(tmp_path_factory.mktemp("s3")) as environment, pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        folder = found(tmp_path_factory.mktemp("hub") / "office", blobs="s3://blobs/office")
        process = start(folder, port := free_port())
        try:
            with Office(folder) as office:
                yield office, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own LFS upload
@pytest.mark.parametrize("xet", [True, False])
def test_a_store_hands_out_what_is_granted(s3, tmp_path, monkeypatch, xet) -> None:
    if not xet:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    (office, address), name = s3, f"acme/store-{xet}".lower()
    acme, nobody, ann = (client(address, office, who) for who in ("acme", None, "ann"))
    model = write_model(tmp_path / "model", 50 + xet)
    content = (model / FILE).read_bytes()
    acme.create_repo(name)
    acme.upload_folder(repo_id=name, folder_path=model)
    (case,) = decide_all(office, weights="gated")
    folder = nobody.snapshot_download(name, local_dir=tmp_path / "a", ignore_patterns=[FILE])
    assert (Path(folder) / "README.md").read_text() == "# Tiny\n"
    with pytest.raises(GatedRepoError):
        nobody.hf_hub_download(name, FILE, local_dir=tmp_path / "b")
    acme.grant_access(name, user="ann")
    assert Path(ann.hf_hub_download(name, FILE, local_dir=tmp_path / "c")).read_bytes() == content
    assert [one.caller for one in office.read(lambda view: told_of(view, case.manifest))[0]] == ["ann"]


def test_an_address_is_for_one_object_and_for_seconds(s3, tmp_path, monkeypatch) -> None:
    office, address = s3
    acme = client(address, office, "acme")
    model = write_model(tmp_path / "model", 60)
    content = (model / FILE).read_bytes()
    acme.create_repo("acme/signed")
    acme.upload_folder(repo_id="acme/signed", folder_path=model)
    (case,) = decide_all(office)
    url, sha256 = f"{address}/acme/signed/resolve/main/{FILE}", hashlib.sha256(content).hexdigest()
    for method in ("HEAD", "GET"):
        told = httpx.request(method, url)
        assert (told.status_code, told.headers["x-linked-size"]) == (302, str(len(content)))
        assert told.headers["x-linked-etag"] == f'"{sha256}"'
        assert len(told.headers["x-repo-commit"]) == 40
        assert told.headers["cache-control"] == "private, no-store"
    signed = httpx.get(url).headers["location"]
    assert not signed.startswith(address)
    assert httpx.get(signed).content == content
    assert httpx.get(signed, headers={"Range": "bytes=3-9"}).content == content[3:10]
    assert httpx.get(signed).headers["content-type"].endswith("octet-stream")
    other = hashlib.sha256((model / "README.md").read_bytes()).hexdigest()
    for changed in (
        signed.replace(f"{sha256[:2]}/{sha256}", f"{other[:2]}/{other}"),
        signed.replace("X-Amz-Expires=30", "X-Amz-Expires=3000"),
        signed.partition("?")[0],
    ):
        assert changed != signed
        assert httpx.get(changed).status_code == 403
    assert httpx.put(signed, content=b"x").status_code == 403
    assert httpx.delete(signed).status_code == 403
    order = issue_order(office, case.manifest, (Component.WEIGHTS,), "everybody", "now", None)
    for method in ("HEAD", "GET"):
        refused = httpx.request(method, url)
        assert (refused.status_code, "location" in refused.headers) == (403, False)
    lift_order(office, order.order.number, "over")
    assert httpx.head(url, headers={"If-None-Match": f'"{sha256}"'}).status_code == 304


def test_an_address_ends(s3, tmp_path, monkeypatch) -> None:
    """Signed for a second here, where the hub signs for half a minute."""
    from datetime import timedelta

    from brightline.release.reader import Memory
    from brightline.storage.blobs.outgoing import signed_address

    assert timedelta(minutes=1) >= handing.LIFE
    office, _ = s3
    _, sha256 = office.blobs.keep(Memory(b"for a second"))
    signed = signed_address(office.blobs, sha256, timedelta(seconds=2))
    assert httpx.get(signed).content == b"for a second"
    time.sleep(3.1)
    assert httpx.get(signed).status_code == 403


def test_an_office_on_s3_can_pass_the_bytes_on_itself(s3, tmp_path) -> None:
    office, _ = s3
    folder = office.settings.folder
    acme = client(s3[1], office, "acme")
    content = os.urandom(5 << 20)
    acme.create_repo("acme/passed")
    acme.upload_file(path_or_fileobj=content, path_in_repo="model.bin", repo_id="acme/passed")
    before = (folder / "office.toml").read_text()
    downloads_are(folder, "stream")
    process = start(folder, port := free_port())
    try:
        headers = {"Authorization": f"Bearer {acme.token}"}
        url = f"http://127.0.0.1:{port}/acme/passed/resolve/main/model.bin"
        for asked, part in ((None, slice(None)), ("bytes=1048570-3000000", slice(1048570, 3000001))):
            answer = httpx.get(url, headers={**headers, **({"Range": asked} if asked else {})})
            assert answer.content == content[part]
    finally:
        process.terminate()
        process.wait(20)
        (folder / "office.toml").write_text(before)


@pytest.mark.parametrize(
    ("blobs", "wanted", "right"),
    [
        ("file:blobs", "stream", True),
        ("file:blobs", "x-accel", True),
        ("file:blobs", "redirect", False),
        ("s3://b/p", "redirect", True),
        ("s3://b/p", "x-accel", False),
        ("s3://b/p", 7, False),
    ],
)
def test_the_way_has_to_fit_the_place(tmp_path: Path, blobs: str, wanted: object, right: bool) -> None:
    import json

    from brightline.settings.office import NoOffice, read_office

    (tmp_path / "office.toml").write_text(f'blobs = "{blobs}"\n')
    default = "stream" if blobs.startswith("file:") else "redirect"
    assert read_office(tmp_path).downloads == default
    (tmp_path / "office.toml").write_text(f'blobs = "{blobs}"\ndownloads = {json.dumps(wanted)}\n')
    if right:
        assert read_office(tmp_path).downloads == wanted
    else:
        with pytest.raises(NoOffice, match="downloads is"):
            read_office(tmp_path)
