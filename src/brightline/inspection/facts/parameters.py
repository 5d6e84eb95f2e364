"""How many parameters the weights of a release have, as an interval.

Files of one model add up; the same model in another format or quantisation is an alternative. What cannot be counted widens
the interval: a file may hold one parameter a bit at the most.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from brightline.inspection.report import FileReport
from brightline.release.component import Component
from brightline.release.quantity import Fact, Interval, Provenance

AGREE = 0.01  # alternatives whose counts differ by less are the same model
PACKED = 8  # a 32-bit word may hold eight 4-bit weights
_SHARD = re.compile(r"[-_.]?\d{1,5}-of-\d{1,5}")
_NO_WEIGHTS = frozenset({"BOOL", "TEXT", "RECORD", "O", "I64", "U64"})  # masks, labels, index buffers and counters
_CONTAINERS = frozenset({"zip", "tar", "gzip", "npz", "keras"})


@dataclass(frozen=True, slots=True)
class Counted:
    """Parameters in all and for one token, and how they are stored."""

    total: Interval
    active: Interval
    dtypes: Counter[str]
    origin: str


def count(files: Sequence[FileReport], components: Mapping[str, Component]) -> Counted:
    """Count what the weights files show."""
    weights = [file for file in files if components[file.path] is Component.WEIGHTS]
    if not weights:
        return Counted(Interval.point(0), Interval.point(0), Counter(), "the release holds no weights")
    groups = _groups(weights)
    total = _alternatives([sum(_elements(file) for file in group) for group in groups.values()])
    largest = max(groups.values(), key=lambda group: sum(_elements(file) for file in group), default=[])
    dtypes = sum((_stored(file) for file in largest), Counter[str]())
    total = _widen(total, weights, files)
    active = _active(total, largest, files)
    return Counted(total, active, dtypes, f"counted in {_many(len(weights), 'file')} of weights")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _stored(file: FileReport) -> Counter[str]:
    return Counter({dtype: number for dtype, number in file.observed.parameters.items() if dtype not in _NO_WEIGHTS})


def _elements(file: FileReport) -> int:
    return _stored(file).total()


def _groups(weights: Iterable[FileReport]) -> dict[tuple[str, str], list[FileReport]]:
    """Files of one model: the same folder and format, and the same name but for the number of a shard."""
    groups: dict[tuple[str, str], list[FileReport]] = defaultdict(list)
    for file in weights:
        if _elements(file):
            outer, _, inner = file.path.partition("!/")
            name = f"{outer}!" if inner else outer
            shards = _SHARD.search(name)
            groups[name[: shards.start()] if shards else name, file.format].append(file)
    return groups


def _alternatives(counts: list[int]) -> Interval:
    if not counts:
        return Interval.point(0)
    least, most = min(counts), max(counts)
    return Interval(least, most) if most - least <= AGREE * most else Interval(most, sum(counts))


def _widen(total: Interval, weights: Sequence[FileReport], files: Sequence[FileReport]) -> Interval:
    """Doubt, as an upper end: packed weights, adapters of an unseen base, files that nobody can count."""
    high = total.high
    if any(file.observed.attributes.get("packed") for file in weights):
        high *= PACKED
    if any(file.observed.attributes.get("adapter") for file in files):
        return Interval(total.low, math.inf)
    named = {_beside(file, name) for file in files for name in file.observed.attributes.get("needs", "").split("\n")}
    outers = {file.path.partition("!/")[0] for file in files if "!/" in file.path}
    blind = [
        file
        for file in weights
        if not file.observed.parameters and file.path not in named
        and not (file.format in _CONTAINERS and file.path in outers)
    ]  # fmt: skip
    return Interval(total.low, high + sum(8 * file.size for file in blind if file.format != "empty"))


def _beside(file: FileReport, name: str) -> str:
    folder = file.path.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name


def _active(total: Interval, largest: Sequence[FileReport], files: Sequence[FileReport]) -> Interval:
    """Routed experts: one token passes through `experts_used` of `experts`."""
    numbers: dict[str, int] = {}
    for file in files:
        numbers.update(file.observed.numbers)
    experts, used = numbers.get("experts", 0), numbers.get("experts_used", 0)
    if experts < 2 or not 0 < used <= experts:
        return total
    routed = sum(file.observed.expert_parameters for file in largest)
    share = 1 - used / experts
    if not routed:  # experts are announced, but no tensor is named after them
        return Interval(total.low * (1 - share), total.high)
    return Interval(max(0.0, total.low - routed * share), max(0.0, total.high - routed * share))


def facts(counted: Counted, declared_active: Interval | None) -> dict[str, Fact]:
    """The bytes decide. Only how many parameters one token passes through may be narrowed by a declaration."""
    measured = Provenance.MEASURED
    active = counted.active.meet(declared_active) if declared_active is not None else None
    narrowed = active is not None and active != counted.active
    found = {
        "parameters": Fact("parameters", counted.total, "parameter", measured, counted.origin),
        "active_parameters": Fact(
            "active_parameters",
            active or counted.active,
            "parameter",
            Provenance.DECLARED if narrowed else measured,
            counted.origin + (", narrowed by the declaration" if narrowed else ""),
        ),
    }
    if counted.dtypes:
        names = tuple(f"{dtype}: {number}" for dtype, number in counted.dtypes.most_common())
        found["parameters_by_dtype"] = Fact("parameters_by_dtype", names, "", measured, counted.origin)
    return found
