"""How a repository begins: one commit, with a .gitattributes that says which files go beside commits here."""

from collections.abc import Sequence

from sqlalchemy import Connection

from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.procedure import conclude_release
from brightline.hub.host import FULL, Turned
from brightline.inspection.examination import Examined
from brightline.inspection.recognition import recognise
from brightline.inspection.report import FileReport
from brightline.release.attributes import ATTRIBUTES, INITIAL
from brightline.release.reader import Memory, Unreadable
from brightline.release.repository import HEADS, RepoName
from brightline.release.revision import Commit, stored_regular, tree_ids
from brightline.storage.repositories import changes, holdings, listings
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.renames import take_name
from brightline.storage.repositories.shelf import Repo, Revision


def initial_files(shelving: Shelving) -> tuple[Filed, ...]:
    """The office's own words, and nobody's release: no case is filed of them. Raises Turned where they cannot be kept."""
    content = Memory(INITIAL)
    stored = stored_regular(ATTRIBUTES, INITIAL)
    shelving.office.arrivals.expect([stored.sha256])
    try:
        if not shelving.office.blobs.holds(stored.sha256):
            shelving.office.blobs.keep(content)
    except Unreadable as trouble:
        raise Turned(FULL, f"{ATTRIBUTES}: {trouble}.") from None
    examined, form = Examined(), recognise(content, ATTRIBUTES).format
    examined.reports.append(FileReport(ATTRIBUTES, stored.size, stored.sha256, form))
    manifest = conclude_release(ATTRIBUTES, examined, []).manifest
    return (Filed(stored, form, manifest.files[0].component),)


def make_repo(
    shelving: Shelving,
    connection: Connection,
    name: RepoName,
    owner: str,
    *,
    private: bool,
    sdk: str,
    files: Sequence[Filed] = (),
) -> Repo:
    """With its first commit. The caller has seen that the name is free."""
    take_name(connection, name)
    made = changes.add_repo(connection, name, owner, shelving.office.clock(), private=private, sdk=sdk)
    first, content = _first_revision(made, shelving, files)
    listings.write_listing(connection, first.files, content)
    changes.add_revision(connection, made, first)
    changes.write_ref(connection, made, f"{HEADS}main", first.oid)
    holdings.possess(connection, made, {one.stored.sha256: one.stored.size for one in files})
    return made


def _first_revision(repo: Repo, shelving: Shelving, files: Sequence[Filed]) -> tuple[Revision, bytes]:
    """Of a repository that is made, and its listing."""
    examined = Examined()
    for one in files:
        examined.reports.append(FileReport(one.stored.path, one.stored.size, one.stored.sha256, one.format))
    inspection = conclude_release(str(repo.name), examined, [])
    tree = tree_ids([one.stored for one in files])[""]
    commit = Commit(tree, None, repo.owner, shelving.office.clock(), "initial commit")
    sha256, content = listings.listing(files)
    return Revision(commit.oid, commit, sha256, inspection.manifest.digest), content
