"""Repositories, revisions and files as the documents that the Hub's clients read."""

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from brightline.assembly.hosting.shelving import Seen
from brightline.enforcement.access import Judged, Phase
from brightline.release.repository import HEADS, TAGS, Kind
from brightline.release.revision import Stored, pointer, tree_ids
from brightline.storage.asking import Request
from brightline.storage.shelf import Filed, Repo, Revision

Document = dict[str, Any]


def moment(at: datetime) -> str:
    """As the Hub writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def repo_document(repo: Repo, seen: Seen | None) -> Document:
    """What lists hold. `seen` is the revision that this caller is shown."""
    gated = seen is not None and _gated(seen.judged)
    document = {
        "_id": f"{repo.id:024x}",
        "id": str(repo.name),
        "author": repo.name.namespace,
        "sha": None if seen is None else seen.revision.oid,
        "private": repo.private,
        "gated": repo.gated or ("auto" if gated else False),
        "disabled": seen is not None and seen.judged.phase is Phase.CLOSED,
        "downloads": repo.downloads,
        "likes": 0,
        "tags": list(repo.tags),
        "createdAt": moment(repo.created),
        "lastModified": moment(repo.created if seen is None else seen.revision.commit.at),
    }
    if repo.name.kind is Kind.MODEL:
        document["modelId"] = document["id"]
    if repo.name.kind is Kind.SPACE:
        document["sdk"] = repo.sdk or "static"
    return document


def _gated(judged: Judged) -> bool:
    """Anything of it needs more than a look."""
    return judged.phase is Phase.DECIDED and any(access != "open" for access in judged.access.values())


def info_document(seen: Seen, files: Sequence[Filed], *, sizes: bool) -> Document:
    """One repository at one revision; `brightline` is ours: what was decided."""
    siblings = [_sibling(filed.stored, sizes=sizes) for filed in files]
    return {**repo_document(seen.repo, seen), "siblings": siblings, "brightline": judged_document(seen.judged)}


def judged_document(judged: Judged) -> Document:
    granted = judged.access if judged.phase is Phase.DECIDED else {}
    return {
        "phase": judged.phase.value,
        "case": judged.case,
        "access": {part.value: access.value for part, access in granted.items()},
        "orders": [one.order.number for one in judged.orders],
    }


def _sibling(file: Stored, *, sizes: bool) -> Document:
    if not sizes:
        return {"rfilename": file.path}
    lfs = {"sha256": file.sha256, "size": file.size, "pointerSize": len(pointer(file.sha256, file.size))}
    return {"rfilename": file.path, "size": file.size, "blobId": file.oid, **({"lfs": lfs} if file.lfs else {})}


def tree_documents(files: Iterable[Filed], folder: str, *, recursive: bool) -> list[Document]:
    """What lies in a folder, or below it."""
    listed = list(files)
    ids, start = tree_ids([filed.stored for filed in listed]), f"{folder}/" if folder else ""
    folders, rows = set[str](), list[Document]()
    for filed in listed:
        path = filed.stored.path
        if not path.startswith(start):
            continue
        inner = path[len(start) :].split("/")
        folders.update(start + "/".join(inner[:depth]) for depth in range(1, len(inner) if recursive else 2))
        if recursive or len(inner) == 1:
            rows.append(file_document(filed))
    folders -= {row["path"] for row in rows}
    rows += [{"type": "directory", "path": path, "oid": ids[path], "size": 0} for path in folders if path in ids]
    return sorted(rows, key=lambda row: (row["type"] != "directory", row["path"]))


def file_document(filed: Filed) -> Document:
    file = filed.stored
    row: Document = {
        "type": "file",
        "path": file.path,
        "size": file.size,
        "oid": file.oid,
        "component": filed.component,
    }
    if file.lfs:
        row["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": len(pointer(file.sha256, file.size))}
    return row


def last_commit_document(revision: Revision) -> Document:
    return {"id": revision.oid, "title": revision.commit.title, "date": moment(revision.commit.at)}


def commit_document(revision: Revision) -> Document:
    commit = revision.commit
    return {
        "id": revision.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author}],
        "date": moment(commit.at),
        "formatted": {"title": html.escape(commit.title), "message": html.escape(commit.message)},
    }


def refs_document(heads: dict[str, str], pulls: dict[str, str] | None = None) -> Document:
    """Full names to commits. Proposals are named where they were asked for."""

    def some(prefix: str) -> list[Document]:
        return [
            {"name": name.removeprefix(prefix), "ref": name, "targetCommit": oid}
            for name, oid in heads.items()
            if name.startswith(prefix)
        ]

    told = {"branches": some(HEADS), "converts": [], "tags": some(TAGS)}
    if pulls is not None:
        told["pullRequests"] = [{"name": name, "ref": name, "targetCommit": oid} for name, oid in pulls.items()]
    return told


def request_document(request: Request) -> Document:
    user = {"user": request.account, "fullname": request.account, "email": request.contact}
    return {
        "requestId": request.identity,
        "status": request.status,
        "timestamp": moment(request.at),
        "user": user,
        "fields": {},
    }
