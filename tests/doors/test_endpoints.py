"""The hub's page names every route there is, and each refusal reads as the page says."""

import hashlib
import re
from pathlib import Path

import httpx
import pytest
from tests.doors.conftest import client

from brightline.assembly.office import Office
from brightline.hub.application import ROUTES
from brightline.hub.routes import refusing

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own LFS upload

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "hub.md").read_text()
NEVER_RUN = "/api/spaces/R/"
CONTENT = b"\0page" * 99
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BODIES = {
    "POST /R.git/info/lfs/objects/batch": {"operation": "download", "objects": []},
    "POST /api/T/R/lfs-files/batch": {"deletions": {"sha": [SHA256], "rewriteHistory": False}},
    "POST /oauth/token": {"grant_type": "refresh_token"},
}


def table(title: str) -> list[list[str]]:
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert rows
    return rows


def spoken(title: str) -> set[str]:
    return {one for row in table(title) for one in re.findall(r"`((?:GET|PUT|POST|DELETE) [^`]+)`", row[0])}


def written(method: str, path: str) -> str:
    """A route as the page spells it."""
    path = re.sub(r"\{kind:kinds\}(?=/\{namespace\}|$)", "T", path.replace("{kind:spaces}", "spaces"))
    path = path.replace("{namespace}/{name}", "R")
    path = re.sub(r"\{(\w+):\w+\}", r"{\1}", path)
    return f"{method} {path if path.startswith('/api') else path.replace('/T/R', '/R')}"


def test_the_page_names_every_route_and_none_that_is_gone() -> None:
    kept = [route for route in ROUTES if route not in refusing.ROUTES]
    routes = {written(method, route.path) for route in kept for method in (route.methods or ()) if method != "HEAD"}
    refused = {one for one in routes if one.split("/R/")[-1].partition("/")[0] in RUN and NEVER_RUN in one}
    assert spoken("What is spoken") == routes - refused


def test_the_page_names_every_family_that_is_refused() -> None:
    asked = [one.partition(" ")[2] for one in spoken("What is refused on purpose")]
    for route in refusing.ROUTES:
        path = written("GET", route.path).partition(" ")[2].partition("/{rest}")[0]
        assert any(one == path or one.startswith(f"{path}/") for one in asked), path


RUN = {"secrets", "variables", "hardware", "sleeptime", "pause", "restart", "dev-mode", "volumes", "logs"}


@pytest.mark.parametrize("asked", sorted(spoken("What is refused on purpose")))
def test_what_is_refused_reads_as_the_page_says(address: str, office: Office, asked: str) -> None:
    row = next(row for row in table("What is refused on purpose") if f"`{asked}`" in row[0])
    acme = client(address, office, "acme")
    acme.create_repo("acme/page", repo_type="space", space_sdk="static", exist_ok=True)
    if asked.endswith("lfs-files/batch"):
        acme.upload_file(path_or_fileobj=CONTENT, path_in_repo="x.bin", repo_id="acme/page", repo_type="space")
    method, path = asked.split(" ")
    path = path.replace("/T/", "/spaces/").replace("{revision}", "main")
    path = path.replace("/R.git", "/spaces/acme/page.git").replace("R", "acme/page")
    answer = httpx.request(
        method, f"{address}{path}", headers={"Authorization": f"Bearer {acme.token}"}, json=BODIES.get(asked)
    )
    assert (answer.status_code, row[2] in answer.text) == (int(row[1]), True), answer.text
