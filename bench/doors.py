"""`python -m bench.doors`: the hub's laws as a state machine over 10,000 steps and more; prints what was given and refused."""

import argparse
import time

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.doors.law import Hub, tally


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--steps", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=6962)
    chosen = arguments.parse_args()
    wanted = settings(
        max_examples=10,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    began, number = time.monotonic(), chosen.seed
    while tally["steps"] < chosen.steps:
        run_state_machine_as_test(seed(number)(Hub), settings=wanted)
        number += 1
    print(
        f"  hub            {tally['steps']:>8,} steps, seeds {chosen.seed} to {number - 1}, 0 leaks: {dict(tally)}, {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
