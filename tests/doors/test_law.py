"""The state machine of tests/doors/law.py, in small; `make fuzz` runs it over 10,000 steps."""

from hypothesis import HealthCheck, settings
from tests.doors.law import Hub

TestHub = Hub.TestCase
TestHub.settings = settings(
    max_examples=8, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
