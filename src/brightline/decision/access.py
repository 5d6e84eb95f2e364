"""To whom a component may go."""

from enum import StrEnum


class Access(StrEnum):
    """Most open first. Only `open` and `gated` and `vetted` let bytes leave."""

    OPEN = "open"  # anyone
    GATED = "gated"  # an identified caller who accepted terms
    VETTED = "vetted"  # named people approved for study
    API = "api"  # no bytes leave; answers only, through a gateway with the named safeguards
    WITHHELD = "withheld"

    @property
    def rank(self) -> int:
        """0 is the most open."""
        return _ORDER.index(self)


_ORDER = list(Access)
