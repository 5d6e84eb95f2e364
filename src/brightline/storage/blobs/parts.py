"""Parts of a large file on their way in, beside the blobs: whichever process of an office receives one, all can read it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError

from brightline.release.reader import Unreadable
from brightline.storage.blobs.store import Blobs, first_line, portions

BLOCK = 8 << 20


def keep_part(blobs: Blobs, key: str, number: int, place: Path) -> str:
    """Take a file as a part; sent twice, the later one counts. The tag that the store gives it. Raises Unreadable."""
    name = _name(key, number)
    try:
        if blobs.folder is not None and blobs.folder.stat().st_dev == place.stat().st_dev:
            (blobs.folder / name).parent.mkdir(parents=True, exist_ok=True)
            place.rename(blobs.folder / name)
        else:
            obstore.put(blobs.store, name, place, **portions(place.stat().st_size))
            place.unlink()
        return _tag(blobs, name)
    except (BaseError, OSError) as trouble:
        raise Unreadable(f"the part cannot be kept: {first_line(trouble)}") from None


def read_parts(blobs: Blobs, key: str, count: int) -> Iterator[bytes]:
    """All in their order. Raises Unreadable where one is missing.

    One that came again meanwhile has another tag in a folder, whatever its bytes are: what they make together is compared.
    """
    for number in range(1, count + 1):
        name = _name(key, number)
        try:
            size = int(obstore.head(blobs.store, name)["size"])
            for start in range(0, size, BLOCK):
                yield bytes(obstore.get_range(blobs.store, name, start=start, length=min(BLOCK, size - start)))
        except (FileNotFoundError, BaseError, OSError):
            raise Unreadable(f"part {number} is not here") from None


def drop_parts(blobs: Blobs, key: str, numbers: Iterable[int]) -> None:
    """What cannot be taken away now is swept up with whatever a crash leaves."""
    for number in numbers:
        try:
            obstore.delete(blobs.store, _name(key, number))
        except (FileNotFoundError, BaseError, OSError):
            continue


def part_name(key: str, number: int) -> str:
    """That it is charged under; no blob and no parcel has such a name."""
    return f"{key}/{number}"


def _tag(blobs: Blobs, name: str) -> str:
    return str(obstore.head(blobs.store, name)["e_tag"]).strip('"')


def _name(key: str, number: int) -> str:
    return f"incoming/parts-{part_name(key, number)}"
