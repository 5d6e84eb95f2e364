"""Tables of many releases: CSV or Parquet of facts with intervals, and Epoch AI's model tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from brightline.decision.survey import Table, Words
from brightline.decision.vocabulary import VOCABULARY
from brightline.sources.source import NoSource

EPOCH = {"model", "training_compute_flop", "weights_access", "confidence"}
# Epoch's confidence bounds are there for few rows; its point estimates are what its counts rest on.
_EPOCH_FACTS = {
    "training_compute": "training_compute_flop",
    "parameters": "parameters",
    "finetune_compute": "finetune_compute_flop",
}


def read_table(place: str) -> Table:
    """Raises NoSource: the file cannot be read, or a cell is no figure."""
    columns = _read(place)
    if set(columns.column_names) >= EPOCH:
        return _epoch(columns)
    return _facts(columns, place)


def _read(place: str) -> pa.Table:
    if not Path(place).is_file():
        raise NoSource(f"there is no table at {place}. Name a CSV or Parquet file.")
    try:
        with Path(place).open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        if parquet:
            return pa.parquet.read_table(place)
        return pa.csv.read_csv(place, convert_options=pa.csv.ConvertOptions(strings_can_be_null=True))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as trouble:
        raise NoSource(f"the table {place} cannot be read: {str(trouble).splitlines()[0][:200]}") from None


def _numbers(columns: pa.Table, name: str, place: str) -> Any:
    """A column as floats; an empty cell is NaN."""
    column = columns[name].combine_chunks()
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    try:
        return pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        row = _first_bad(column)
        raise NoSource(
            f"{place}, row {row + 2}, column {name}: {column[row].as_py()!r} is no number. Leave it empty where it is not known."
        ) from None


def _first_bad(column: Any) -> int:
    for row, value in enumerate(column.to_pylist()):
        try:
            float(value if value is not None else 0)
        except ValueError:
            return row
    return 0


def _facts(columns: pa.Table, place: str) -> Table:
    """Columns NAME, or NAME_low and NAME_high, for a fact or evidence; other columns are passed over, and named."""
    given = set(columns.column_names)
    if "name" not in given:
        raise NoSource(f"the table {place} has no column `name`. See docs/reference/table.md for its columns.")
    quantities, words, used = {}, {}, {"name", "open_weights"}
    for name in sorted({column.removesuffix("_low").removesuffix("_high") for column in given}):
        term = VOCABULARY.get(name)
        if term is not None and term.unit is None and name in given:
            words[name] = _words(columns[name])
            used.add(name)
        elif term is not None or name.startswith("evidence:"):
            quantities[name] = _interval(columns, name, place)
            used |= {name, f"{name}_low", f"{name}_high"}
    unused = sorted(given - used)
    notes = (f"columns that no line speaks of: {', '.join(unused)}",) if unused else ()
    opened = (
        pc.fill_null(pc.cast(columns["open_weights"], pa.bool_()), fill_value=False).to_numpy()
        if "open_weights" in given
        else None
    )
    return Table(_Names(columns["name"]), quantities, words, opened, notes)


def _interval(columns: pa.Table, name: str, place: str) -> Any:
    given = columns.column_names
    if name in given:
        exact = _numbers(columns, name, place)
        return exact, exact
    low = _numbers(columns, f"{name}_low", place) if f"{name}_low" in given else None
    high = _numbers(columns, f"{name}_high", place) if f"{name}_high" in given else None
    return _ends(low, high, name, place)


def _ends(low: Any, high: Any, name: str, place: str) -> Any:
    """An empty high end is unbounded, an empty low end is 0, both empty is unknown."""
    low = np.full(len(high), np.nan) if low is None else low
    high = np.full(len(low), np.nan) if high is None else high
    unknown = np.isnan(low) & np.isnan(high)
    low = np.where(unknown, np.nan, np.where(np.isnan(low), 0.0, low))
    high = np.where(unknown, np.nan, np.where(np.isnan(high), np.inf, high))
    if (wrong := np.flatnonzero(low > high)).size:
        raise NoSource(f"{place}, row {wrong[0] + 2}: {name}_low is above {name}_high.")
    return low, high


def _words(column: Any) -> Words:
    """`text|image` means both are possible; an empty cell is unknown."""
    encoded = column.combine_chunks().dictionary_encode()
    index = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Words(index, tuple(tuple(str(value).split("|")) for value in encoded.dictionary.to_pylist()))


class _Names(Sequence[str]):
    """Names of releases, made into texts only when asked for: most releases never change side."""

    def __init__(self, column: Any) -> None:
        self._column = column.combine_chunks()

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, row: Any) -> Any:
        return str(self._column[int(row)].as_py())


def _epoch(columns: pa.Table) -> Table:
    """Epoch AI, Data on AI Models. Rows that Epoch itself flags as wrong are left out."""
    wrong = pc.fill_null(pc.equal(columns["confidence"], "Wrong"), fill_value=False)
    columns = columns.filter(pc.invert(wrong))
    quantities = {}
    for fact, column in _EPOCH_FACTS.items():
        exact = _numbers(columns, column, "the table")
        quantities[fact] = (exact, exact)
    access = pc.fill_null(columns["weights_access"], "").to_pylist()
    opened = np.array([str(value).startswith("Open weights") for value in access])
    note = f"{pc.sum(wrong).as_py() or 0} rows that Epoch flags as wrong were left out"
    return Table(_Names(columns["model"]), quantities, {}, opened, (note,))
