"""Who obtained which bytes of which component, when: whom a recall must tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from brightline.release.component import Component


@dataclass(frozen=True, slots=True)
class Exposure:
    """One handing over. `caller` is an account's name, or empty where the component was open to all."""

    manifest: str
    component: Component
    path: str
    sha256: str
    size: int
    caller: str
    contact: str
    at: datetime
    case: int


@dataclass(frozen=True, slots=True)
class Told:
    """A caller and what it has."""

    caller: str
    contact: str
    first: datetime
    last: datetime
    files: tuple[tuple[str, str], ...]  # path, sha256


def whom_to_tell(exposures: Iterable[Exposure]) -> list[Told]:
    """Each identified caller once, in the order of names; those without a name cannot be told, and are counted elsewhere."""
    held: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        if exposure.caller:
            held.setdefault(exposure.caller, []).append(exposure)
    return [
        Told(
            caller,
            next((one.contact for one in reversed(ones) if one.contact), ""),
            min(one.at for one in ones),
            max(one.at for one in ones),
            tuple(sorted({(one.path, one.sha256) for one in ones})),
        )
        for caller, ones in sorted(held.items())
    ]
