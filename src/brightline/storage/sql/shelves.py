"""The hub's tables: repositories, their refs, commits and trees; who sent which bytes; who asked for access."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
LONG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rows by INTEGER only

repos = Table(
    "repos",
    METADATA,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column(
        "mark", String(32), nullable=False, unique=True
    ),  # of this incarnation: a name may be deleted and made again
    Column("kind", String(10), nullable=False),
    Column("namespace", String(96), nullable=False),
    Column("name", String(96), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("private", Boolean, nullable=False),
    Column(
        "gated", String(10), nullable=False
    ),  # auto, manual, or empty: how requests for gated components are handled
    Column("sdk", String(20), nullable=False),
    Column("downloads", BigInteger, nullable=False),
    Column("created", DateTime(timezone=False), nullable=False),
    Column("moved", DateTime(timezone=False), nullable=False),
    UniqueConstraint("kind", "namespace", "name", name="one_repo"),
    Index("repos_by_moved", "kind", "moved"),
    sqlite_autoincrement=True,
)

refs = Table(
    "refs",
    METADATA,
    Column("repo", LONG, primary_key=True, autoincrement=False),
    Column("name", String(220), primary_key=True),  # refs/heads/main
    Column("oid", String(40), nullable=False),
)

commits = Table(
    "commits",
    METADATA,
    Column("repo", LONG, primary_key=True, autoincrement=False),
    Column("oid", String(40), primary_key=True),
    Column("parent", String(40)),
    Column("tree", String(40), nullable=False),
    Column("files", String(64), nullable=False),
    Column("manifest", String(71), nullable=False, index=True),
    Column("author", String(200), nullable=False),
    Column("at", DateTime(timezone=False), nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
)

listings = Table(  # the files of a revision, with the component that each belongs to; named by their own sha256
    "listings",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("files", LargeBinary, nullable=False),  # JSON, deflated
)

folders = Table(  # git's ids of the folders of a long listing, which take longer to make than to read
    "folders",
    METADATA,
    Column("listing", String(64), primary_key=True),
    Column("ids", LargeBinary, nullable=False),  # JSON, deflated
)

possessions = Table(  # bytes that somebody really sent into a repository: a known digest alone is none (Law 3)
    "possessions",
    METADATA,
    Column("repo", LONG, primary_key=True, autoincrement=False),
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Index("possessions_by_sha256", "sha256"),  # whoever collects, or charges, asks who has some bytes
)

requests = Table(  # for access to the gated components of a repository; and, by the office, for study of vetted ones
    "requests",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("repo", LONG, nullable=False),
    Column("account", String(200), nullable=False),
    Column(
        "status", String(10), nullable=False
    ),  # pending, accepted, rejected; or empty, see storage.repositories.asking
    Column("granted", Boolean, nullable=False),  # by the owner, and not by itself
    Column("vetted_until", DateTime(timezone=False)),
    Column("contact", String(400), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=False), nullable=False),
    UniqueConstraint("repo", "account", name="one_request"),
    Index("requests_of_account", "account"),
)

xorbs = Table(  # of a repository, as they were sent: needed for a while, since clients leave out what they sent before
    "xorbs",
    METADATA,
    Column("repo", LONG, primary_key=True, autoincrement=False),
    Column("hash", String(64), primary_key=True),  # the name that its sender gave it
    Column("place", String(64), nullable=False),  # of its parcel
    Column("size", BigInteger, nullable=False),
    Column("heads", LargeBinary, nullable=False),  # of its chunks, one behind the other: 8 bytes each
    Column("at", DateTime(timezone=False), nullable=False),
)

rounds = Table(  # counts, for a repository, how often xorbs of it were given up: clients then forget what they sent
    "rounds",
    METADATA,
    Column("repo", LONG, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)

arrivals = Table(  # bytes that come, or are being referred to, since when: not collected, whoever names them or not yet
    "arrivals",
    METADATA,
    Column("name", String(64), primary_key=True),  # the sha256 of a blob, or the name of a parcel
    Column("at", DateTime(timezone=False), nullable=False, index=True),
)

keyring = Table(  # what signs links that are good for minutes; every process of an office reads the same one
    "keyring",
    METADATA,
    Column("name", String(20), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)
