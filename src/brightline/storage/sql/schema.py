"""The tables. The log is the truth: cases, permits and orders are what its entries say, kept ready for lists."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()
_DIGEST = 71  # sha256: and 64 hex digits
_LONG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rows by INTEGER only

head = Table(  # one row: the log's head; locking it makes its holder the only writer
    "head",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("cases", BigInteger, nullable=False),
    Column("orders", BigInteger, nullable=False),
    Column("at", DateTime(timezone=False), nullable=False),
    Column("checkpoint", Text, nullable=False),
)

entries = Table(
    "entries",
    METADATA,
    Column("number", _LONG, primary_key=True, autoincrement=False),
    Column("case", BigInteger, nullable=False),
    Column("act", String(20), nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Index("entries_of_case", "case", "number"),
)

tiles = Table(
    "tiles",
    METADATA,
    Column("level", Integer, primary_key=True),
    Column("number", _LONG, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

witnessed = Table(  # checkpoints with their witnesses' cosignatures
    "witnessed",
    METADATA,
    Column("size", _LONG, primary_key=True, autoincrement=False),
    Column("checkpoint", Text, nullable=False),
)

cosigned = Table(  # as a witness of others: the last checkpoint of each log
    "cosigned",
    METADATA,
    Column("origin", String(200), primary_key=True),
    Column("checkpoint", Text, nullable=False),
)

documents = Table(
    "documents",
    METADATA,
    Column("digest", String(_DIGEST), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

charters = Table(
    "charters",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("envelope", Text, nullable=False),
)

cases = Table(
    "cases",
    METADATA,
    Column("number", _LONG, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("applicant", String(200), nullable=False),
    Column("title", String(400), nullable=False),
    Column("manifest", String(_DIGEST), nullable=False, index=True),
    Column("moved", DateTime(timezone=False), nullable=False),
    Index("cases_of_applicant", "applicant", "number"),
)

permits = Table(  # published ones; `signatures` is the envelope's, as JSON
    "permits",
    METADATA,
    Column("digest", String(_DIGEST), primary_key=True),
    Column("case", BigInteger, nullable=False, index=True),
    Column("manifest", String(_DIGEST), nullable=False, index=True),
    Column("number", BigInteger, nullable=False),  # of the entry that published it
    Column("signatures", Text, nullable=False),
)

orders = Table(
    "orders",
    METADATA,
    Column("number", _LONG, primary_key=True, autoincrement=False),
    Column("digest", String(_DIGEST), nullable=False),
    Column("manifest", String(_DIGEST), nullable=False, index=True),
    Column("by", String(200), nullable=False),
    Column("lifted", DateTime(timezone=False)),
)

files = Table(  # of every release that was filed: what the office itself hashed
    "files",
    METADATA,
    Column("manifest", String(_DIGEST), primary_key=True),
    Column("path", String(1024), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
)

examined = Table(  # what inspection saw of one file: the steps of an examination that are done
    "examined",
    METADATA,
    Column("job", String(80), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("result", Text, nullable=False),
)

exposures = Table(
    "exposures",
    METADATA,
    Column("id", _LONG, primary_key=True, autoincrement=True),
    Column("manifest", String(_DIGEST), nullable=False, index=True),
    Column("case", BigInteger, nullable=False),
    Column("component", String(20), nullable=False),
    Column("path", String(1024), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("caller", String(200), nullable=False),
    Column("contact", String(400), nullable=False),
    Column("at", DateTime(timezone=False), nullable=False),
)

tokens = Table(  # the secret itself is never kept
    "tokens",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("holder", String(200), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created", DateTime(timezone=False), nullable=False),
    Column("expires", DateTime(timezone=False)),
    Column("revoked", DateTime(timezone=False)),
    UniqueConstraint("digest", name="one_token"),
)
