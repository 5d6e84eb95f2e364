"""A server's memory is used again: counted in pages that the kernel had to give."""

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource
from brightline.assembly.memory import keep_memory

if {kept}:
    keep_memory()
def come_and_go() -> None:
    for _ in range(200):
        [bytes(200_000) for _ in range(10)]  # blocks of a body

come_and_go()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
come_and_go()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*, kept: bool) -> int:
    done = subprocess.run([sys.executable, "-c", COUNT.format(kept=kept)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another malloc is left as it is")
def test_a_block_that_went_gives_its_pages_to_the_next_one():
    assert faults(kept=True) < 200 < faults(kept=False)
