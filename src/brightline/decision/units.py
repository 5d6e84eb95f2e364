"""Units as exponents over a few base units: enough to notice a FLOP compared with a token."""

from dataclasses import dataclass
from typing import Self

BASE = ("FLOP", "token", "parameter", "USD", "second", "minute", "hour", "device", "person", "item", "byte", "fraction")
PLAIN = ("1", "ratio")  # two spellings of "no unit"


class UnitUnknown(ValueError):
    """The text names a unit that this language does not have."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of powers of base units, in the order of BASE, without zero powers. Equal units have equal fields."""

    powers: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "FLOP/token/parameter" or "1". Every `/` divides by the one name after it. Raises UnitUnknown."""
        powers: dict[str, int] = {}
        for position, part in enumerate(text.split("/")):
            name = part.strip()
            if name in PLAIN:
                continue
            if name not in BASE:
                raise UnitUnknown(f"{name!r} is no unit; the units are {', '.join(BASE)} and {' and '.join(PLAIN)}")
            powers[name] = powers.get(name, 0) + (1 if position == 0 else -1)
        return cls._of(powers)

    @classmethod
    def _of(cls, powers: dict[str, int]) -> Self:
        return cls(tuple((name, powers[name]) for name in BASE if powers.get(name)))

    def __mul__(self, other: "Unit") -> "Unit":
        return self._joined(other, 1)

    def __truediv__(self, other: "Unit") -> "Unit":
        return self._joined(other, -1)

    def _joined(self, other: "Unit", sign: int) -> "Unit":
        powers = dict(self.powers)
        for name, power in other.powers:
            powers[name] = powers.get(name, 0) + sign * power
        return self._of(powers)

    def __str__(self) -> str:
        over = [name for name, power in self.powers for _ in range(power)]
        under = [name for name, power in self.powers for _ in range(-power)]
        return "/".join(["*".join(over) or "1", *under])


ONE = Unit()
