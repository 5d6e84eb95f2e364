"""The kills of `make crash`, in small: an office that dies at any moment has lost nothing that it acknowledged."""

from bench import crash
from tests.offices import found, write_model


def test_an_office_that_is_killed_has_lost_nothing(tmp_path):
    folder = found(tmp_path / "office")
    models = [write_model(tmp_path / f"model-{seed}", seed) for seed in range(2)]
    assert crash.run(5, 20261124, folder, models) == 5
    assert crash.audit(folder, whole=True)["acknowledged"] > 0
