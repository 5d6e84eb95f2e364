"""What signs the links that are good for minutes."""

import secrets

from sqlalchemy import Connection, insert, select

from brightline.storage.sql import shelves


def link_secret(connection: Connection) -> bytes:
    """What signs links that are good for minutes; made when it is first asked for."""
    table = shelves.keyring.c
    kept = connection.execute(select(table.secret).where(table.name == "links")).scalar()
    if kept is None:
        kept = secrets.token_bytes(32)
        connection.execute(insert(shelves.keyring).values(name="links", secret=kept))
    return bytes(kept)
