"""The attack of `make fuzz`, in small: nothing leaves the verifier but a verification, and no forgery is proven."""

import random

from bench.forgery import attack


def test_no_forgery_is_proven():
    tally = attack(2_000, random.Random(6962))
    assert tally["refused"] > 1_900
    assert sum(tally.values()) == 2_000
