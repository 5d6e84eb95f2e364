"""A repository of a hub that speaks the Hugging Face protocol, through that hub's own client."""

import re
from pathlib import Path
from typing import Any

from brightline.sources.folder import open_folder
from brightline.sources.source import Listed, NoSource

ADDRESS = re.compile(
    r"hf://(?:(?P<kind>datasets|spaces|models)/)?(?P<name>[^/@\s]+/[^/@\s]+)(?:@(?P<revision>\S+))?/?$"
)
_KINDS = {"datasets": "dataset", "spaces": "space", "models": "model", None: "model"}


def open_repository(address: str, endpoint: str | None, token: str | None) -> Listed:
    """Fetch a revision into the client's cache and read it there. Raises NoSource."""
    match = ADDRESS.match(address)
    if match is None:
        raise NoSource(f"{address} is no address of a repository. Write hf://[datasets/|spaces/]org/name[@revision].")
    kind, name, revision = _KINDS[match["kind"]], match["name"], match["revision"]
    folder = _fetch(name, kind, revision, endpoint, token)
    return open_folder(folder, title=f"{name}@{folder.name[:12]}")


def _fetch(name: str, kind: str, revision: str | None, endpoint: str | None, token: str | None) -> Path:
    try:
        import httpx  # noqa: PLC0415 - the same extra
        import huggingface_hub  # noqa: PLC0415 - an extra, and heavy
        from huggingface_hub import errors  # noqa: PLC0415
    except ImportError:
        raise NoSource("hf:// needs the client of the hub: install brightline[hub].") from None
    where = endpoint or "https://huggingface.co"
    if not re.fullmatch(r"https?://[^/\s]+.*", where):
        raise NoSource(f"HF_ENDPOINT is {where!r}, and no address of a hub. Write https://HOST.")
    if token is not None and not (token.isascii() and token.isprintable()):
        raise NoSource("HF_TOKEN has letters that no token has. Set it again.")
    try:
        fetched = huggingface_hub.snapshot_download(
            name, repo_type=kind, revision=revision, endpoint=endpoint, token=token
        )
    except (httpx.HTTPError, errors.LocalEntryNotFoundError, errors.HFValidationError, OSError) as trouble:
        raise NoSource(_reason(trouble, errors, name, revision, where)) from None
    return Path(fetched)


def _reason(trouble: Exception, errors: Any, name: str, revision: str | None, where: str) -> str:
    """What the hub's client met, for a person. The order matters: gated is a kind of missing there."""
    said = str(getattr(trouble, "server_message", "") or "").strip()
    if isinstance(trouble, errors.GatedRepoError):
        return f"{name} is gated at {where}: ask for access there, then set HF_TOKEN. {said}".strip()
    if isinstance(trouble, errors.DisabledRepoError):
        return f"{name} is disabled at {where}. {said}".strip()
    if isinstance(trouble, errors.RepositoryNotFoundError):
        return f"there is no repository {name} at {where}, or it is private and HF_TOKEN is missing or lacks access."
    if isinstance(trouble, errors.RevisionNotFoundError):
        return f"{name} has no revision {revision} at {where}. Name a branch, a tag or a commit."
    if isinstance(trouble, errors.HFValidationError):
        return f"{name} is no name of a repository: {trouble}"
    return f"{name} could not be fetched from {where}: {(said or str(trouble)).rstrip('.')}. Check HF_ENDPOINT, HF_TOKEN and the network."
