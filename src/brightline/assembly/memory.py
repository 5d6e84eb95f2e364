"""The memory of a server process, which is used again instead of being given back and asked for anew."""

import ctypes

KEPT = 32 << 20  # bytes at the end of each of malloc's arenas that stay when they are free
LARGE = 4 << 20  # bytes that are worth a mapping of their own
ARENAS = 4  # what each of them keeps is bounded by their number
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # glibc's malloc.h


def keep_memory() -> None:
    """Blocks of a body come and go a hundred thousand times a minute. As glibc comes, each of 128 KiB or more is mapped and
    unmapped, or trimmed from the heap: its pages are zeroed by the kernel every time, which costs more than what is done
    with them (docs/decisions/0017). Where malloc is another one, nothing is changed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, value in ((_TRIM_THRESHOLD, KEPT), (_MMAP_THRESHOLD, LARGE), (_ARENA_MAX, ARENAS)):
            mallopt(setting, value)
