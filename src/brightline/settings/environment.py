"""The environment, read here and nowhere else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment may set. docs/reference/settings.md lists them; a test compares."""

    hf_endpoint: str | None = None  # HF_ENDPOINT: the hub that hf:// means
    hf_token: str | None = None  # HF_TOKEN: shown to that hub
    debug: bool = False  # BRIGHTLINE_DEBUG: our own faults print their traceback
    office: str | None = None  # BRIGHTLINE_OFFICE: the folder of the office, where --office does not say
    passphrase: str | None = None  # BRIGHTLINE_PASSPHRASE: opens the office's private keys
    key_passphrase: str | None = None  # BRIGHTLINE_KEY_PASSPHRASE: opens the private key of whoever signs


VARIABLES = {
    "hf_endpoint": "HF_ENDPOINT",
    "hf_token": "HF_TOKEN",
    "debug": "BRIGHTLINE_DEBUG",
    "office": "BRIGHTLINE_OFFICE",
    "passphrase": "BRIGHTLINE_PASSPHRASE",
    "key_passphrase": "BRIGHTLINE_KEY_PASSPHRASE",
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Empty values count as unset."""
    return Settings(
        hf_endpoint=environment.get(VARIABLES["hf_endpoint"]) or None,
        hf_token=environment.get(VARIABLES["hf_token"]) or None,
        debug=bool(environment.get(VARIABLES["debug"])),
        office=environment.get(VARIABLES["office"]) or None,
        passphrase=environment.get(VARIABLES["passphrase"]) or None,
        key_passphrase=environment.get(VARIABLES["key_passphrase"]) or None,
    )


def settings() -> Settings:
    return read_settings(os.environ)
