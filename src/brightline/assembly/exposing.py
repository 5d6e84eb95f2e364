"""The exposure ledger: written before the first byte leaves, read when a release is recalled."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

from sqlalchemy import func, insert, select

from brightline.assembly.office import Office, View
from brightline.authority.exposure import Exposure, Told, whom_to_tell
from brightline.release.component import Component
from brightline.storage.sql import schema
from brightline.storage.sql.database import restored, stored


def record_exposure(office: Office, exposure: Exposure) -> None:
    """Durable when this returns."""
    values = {
        "manifest": exposure.manifest,
        "case": exposure.case,
        "component": exposure.component.value,
        "path": exposure.path,
        "sha256": exposure.sha256,
        "size": exposure.size,
        "caller": exposure.caller,
        "contact": exposure.contact,
        "at": stored(exposure.at),
    }
    with office.engine.begin() as connection:
        connection.execute(insert(schema.exposures).values(**values))


def exposures_of(view: View, manifest: str) -> list[Exposure]:
    """Those with a name, in order."""
    table = schema.exposures.c
    rows = view.connection.execute(
        select(schema.exposures).where(table.manifest == manifest, table.caller != "").order_by(table.id)
    )
    return [_exposure(row) for row in rows]


def _exposure(row: Any) -> Exposure:
    return Exposure(
        row.manifest,
        Component(row.component),
        row.path,
        row.sha256,
        row.size,
        row.caller,
        row.contact,
        restored(row.at),
        row.case,
    )


def told_of(view: View, manifest: str) -> tuple[list[Told], int]:
    """Whom to tell, and how many files went to callers without a name."""
    table = schema.exposures.c
    unnamed = view.connection.execute(
        select(func.count()).where(table.manifest == manifest, table.caller == "")
    ).scalar_one()
    return whom_to_tell(exposures_of(view, manifest)), int(unnamed)


def told_csv(told: Sequence[Told]) -> str:
    """One row a caller and file. A cell that a spreadsheet would calculate is quoted as text."""
    out = StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["caller", "contact", "first", "last", "path", "sha256"])
    for one in told:
        for path, sha256 in one.files:
            moments = (one.first.isoformat(), one.last.isoformat())
            rows.writerow([_cell(text) for text in (one.caller, one.contact, *moments, path, sha256)])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text
