"""What a list is asked for, and what rows of one place must meet for it, as each database says that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sqlalchemy import Connection

from brightline.release.repository import Kind
from brightline.storage.lists import catalogue
from brightline.storage.lists.sampling import GRAM

UNKNOWN = 1 << 40  # more rows than there are
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._/")  # of names
Sort = Literal["downloads", "modified", "created"]
Key = tuple[int, int]
EVERYTHING = frozenset({catalogue.GATED, catalogue.FREE})  # each row has one of these labels


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for. `words` and `labels` are in small letters; `after` is where the last page ended."""

    kind: Kind
    words: Sequence[str] = ()
    labels: Sequence[str] = ()
    namespace: str | None = None
    sort: Sort = "modified"
    limit: int = 100
    after: Key | None = None


class Keyed(Protocol):
    """A row that has its place in an order."""

    @property
    def key(self) -> int: ...

    @property
    def repo(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Term:
    """What the index of names and labels is asked, and a sample: a part of a name, or a label. `most` is how many rows have
    it at the most.
    """

    said: str
    part: str | int
    most: int = UNKNOWN


@dataclass(slots=True)
class Plan:
    """One place, and what its rows must meet: what the index of names and labels answers for (`terms`, and the same of a row
    as `words` and `labels`), and besides, of columns that the indices of sorts have (`narrow`) and of others (`wide`).
    """

    connection: Connection
    asked: Asked
    place: int
    values: dict[str, Any]
    narrow: list[str]
    number: int = 0  # among the plans of one question
    wide: list[str] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)  # of the labels
    size: int = 0  # rows of the place, where that was asked for
    due: int = 0  # rows that are looked for still: one more than a page has
    after: Key | None = None

    def __post_init__(self) -> None:
        self.due = self.asked.limit + 1
        self._begin_after(self.asked.after)
        for at, word in enumerate(self.asked.words):
            self._word(f"word{at}", word)

    def _begin_after(self, key: Key | None) -> None:
        self.after = key
        self.values |= {} if key is None else {"key": key[0], "repo": key[1]}

    def go_on(self, rows: Sequence[Keyed]) -> None:
        """These are found, in their order: what is looked for from now on comes after them."""
        if rows:
            self.due -= len(rows)
            self._begin_after((rows[-1].key, rows[-1].repo))

    def _word(self, name: str, word: str) -> None:
        self.values[name] = word
        test = f"{'instr' if self.lite else 'strpos'}(s.words, :{name}) > 0"
        (self.narrow if len(word) < GRAM else self.words).append(test)
        if len(word) >= GRAM and self.lite:  # letters in their order would be looked for one place after the other
            starts = [*range(0, len(word) - GRAM, GRAM), len(word) - GRAM]
            self.terms += [Term(f'"{part}"', part) for part in dict.fromkeys(word[at : at + GRAM] for at in starts)]
        elif len(word) >= GRAM:
            self.values[f"{name}_like"] = f"%{word.replace('_', chr(92) + '_')}%"
            self.terms.append(Term(f"words LIKE :{name}_like", word))

    def label(self, label: int, count: int) -> None:
        self.ids.append(label)
        if self.lite:
            name = f"label{self.number}_{len(self.ids)}"
            self.values[name] = f",{label},"
            self.labels.append(f"instr(s.labels, :{name}) > 0")
            self.terms.append(Term(f'"{catalogue.sign(label)}"', label, count))
        else:
            self.labels.append(f"s.labels @> ARRAY[{label}]")
            self.terms.append(Term(f"labels @> ARRAY[{label}]", label, count))

    @property
    def lite(self) -> bool:
        return self.dialect == "sqlite"

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    @property
    def most(self) -> int:
        """So many rows can meet all of it, and no more."""
        return min((term.most for term in self.terms), default=UNKNOWN)
