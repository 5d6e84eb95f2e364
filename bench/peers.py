"""Other tools over the same file in the same run; one that is not installed is named as absent."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path


def over(path: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each peer that is installed, as (name, work)."""
    for name, module, work in (
        ("picklescan", "picklescan", lambda: _picklescan(path)),
        ("modelscan", "modelscan", lambda: _modelscan(path)),
        ("model_signing (hashing only)", "model_signing", lambda: _model_signing(path)),
    ):
        if find_spec(module) is None:
            print(f"      {name}: not installed, not measured")
        else:
            yield name, work


def _picklescan(path: Path) -> object:
    from picklescan.scanner import scan_file_path

    return scan_file_path(str(path))


def _modelscan(path: Path) -> object:
    from modelscan.modelscan import ModelScan

    return ModelScan().scan(path)


def _model_signing(path: Path) -> object:
    from model_signing import hashing

    return hashing.hash(path)
