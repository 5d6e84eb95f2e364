"""Mutated inputs against every parser: only typed refusals may leave it. `make fuzz` prints the count for each.

A seed file is cut, spliced, and overwritten with the numbers that overflow; the generator is seeded, so a failure repeats.
"""

import argparse
import random
import struct
import sys
import time
from importlib import import_module
from pathlib import Path

from brightline.inspection.examination import _PARSERS
from brightline.inspection.probe import Malformed, Probe
from brightline.inspection.recognition import recognise
from brightline.release.reader import Memory, Unreadable

EDGES = [0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]


def mutate(seed: bytes, chance: random.Random) -> bytes:
    """One to four changes of a seed."""
    raw = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        if not raw:
            return bytes(raw)
        at = chance.randrange(len(raw))
        match chance.randrange(6):
            case 0:
                raw[at] = chance.randrange(256)
            case 1:
                del raw[at:]
            case 2:
                raw[at : at + chance.randint(1, 16)] = b""
            case 3:
                raw[at:at] = raw[chance.randrange(len(raw)) :][: chance.randint(1, 32)]
            case 4:
                raw[at : at + 8] = struct.pack("<Q", chance.choice(EDGES))
            case _:
                raw[at : at + 4] = struct.pack("<I", chance.choice(EDGES) & 0xFFFFFFFF)
    return bytes(raw)


def seeds(folder: Path) -> dict[str, list[tuple[str, bytes]]]:
    """Format -> (name, content) of the test set's files that have it."""
    from tests.assets import bad
    from tests.inspection import test_benign_files as benign

    found: dict[str, list[tuple[str, bytes]]] = {}
    made = {
        **{name: make() for name, make in bad.CASES.items()},
        **{name: make() for name, make in benign.FILES.items()},
    }
    made |= benign.more(folder)
    for name, content in made.items():
        if len(content) < 200_000:
            found.setdefault(recognise(Memory(content), name).format, []).append((name, content))
    return found


def survive(found: str, files: list[tuple[str, bytes]], count: int, chance: random.Random) -> None:
    """Run one parser over `count` mutated inputs. Raises whatever leaves it untyped, with the input in hex."""
    parser = import_module(f"brightline.inspection.formats.{_PARSERS[found]}")
    for _ in range(count):
        name, seed = chance.choice(files)
        content = mutate(seed, chance)
        probe = Probe(name, nested=lambda _name, _reader: None)
        try:
            parser.inspect(Memory(content), probe)
        except (Malformed, Unreadable):
            continue
        except Exception:
            print(f"{found}: untyped refusal of {name}: {content[:400].hex()}", file=sys.stderr)
            raise


def main() -> None:
    import tempfile

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=100_000, help="mutated inputs for each parser")
    arguments.add_argument("--only", help="one format")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every = seeds(Path(folder))
    for found in sorted(_PARSERS):
        if chosen.only not in (None, found):
            continue
        if found not in every:
            print(f"  {found:<14} no seed in the test set", flush=True)
            continue
        began = time.monotonic()
        survive(found, every[found], chosen.count, random.Random(found))
        print(
            f"  {found:<14} {chosen.count:>8,} mutated inputs, only typed refusals, {time.monotonic() - began:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
