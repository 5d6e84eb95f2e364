"""What is remembered of answers is bounded, whatever is asked."""

from brightline.hub.remembering import LITTLE, ROOM, Shelf


def test_long_addresses_take_the_room_that_they_need() -> None:
    shelf, kept = Shelf(), 0
    for number in range(3 * ROOM // (64 << 10)):
        key = ("GET", "/api/models", b"search=" + b"x" * (64 << 10) + str(number).encode())
        shelf.put(key, number, LITTLE)
        kept += shelf.get(key) is not None
    assert 0 < kept <= ROOM // (64 << 10)
