"""OpenID Connect against a small real provider on loopback."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.desk.conftest import free_port, start
from tests.offices import found


@pytest.fixture
def provider() -> Iterator[str]:
    from oidc_provider_mock import run_server_in_thread

    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own
@pytest.mark.filterwarnings("ignore:authlib.jose")
def test_who_signs_in_gets_a_token_of_the_office(provider: str, tmp_path: Path) -> None:
    folder, port = found(tmp_path / "office"), free_port()
    settings = folder / "office.toml"
    address = f"http://127.0.0.1:{port}"
    oidc = f'[oidc]\nissuer = "{provider}"\nclient_id = "office"\nclient_secret = "secret"\nscopes = ["cases:read"]\n'
    settings.write_text(f'address = "{address}"\n{settings.read_text()}{oidc}')
    httpx.put(f"{provider}/users/ada", json={"email": "ada@example.org"}).raise_for_status()
    process = start(folder, port)
    try:
        with httpx.Client() as browser:
            sent = browser.get(f"{address}/api/v1/signin")
            assert sent.status_code == 302
            back = browser.post(sent.headers["location"], data={"sub": "ada"})
            assert back.status_code == 302
            granted = browser.get(back.headers["location"]).json()
        assert granted["holder"] in {"oidc:ada@example.org", f"oidc:{provider}#ada"}
        own = {"Authorization": f"Bearer {granted['token']}"}
        assert httpx.get(f"{address}/api/v1/cases", headers=own).json() == {"cases": []}
        forged = httpx.get(f"{address}/api/v1/signin/back", params={"code": "x", "state": "y"})
        assert (forged.status_code, forged.json()["code"]) == (409, "SIGN-IN")
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)
