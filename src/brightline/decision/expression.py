"""The language of a line's criteria: what can be written, as a tree. docs/reference/expression.md is its page.

    disjunction = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum [ ( ">" | ">=" | "<" | "<=" | "==" ) sum ] | name "in" "{" word { "," word } "}"
    sum         = product { ( "+" | "-" ) product }
    product     = primary { ( "*" | "/" ) primary }
    primary     = number [ unit ] | name | "evidence" "(" string ")" | "(" disjunction ")"

There is no way to ask whether a figure is known: such a question would let silence pay (Law 2).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from brightline.decision.units import BASE, ONE, PLAIN, Unit

LENGTH = 2_000  # characters of one expression
TOKENS = 400  # words, numbers and signs of one expression: bounds how deep its tree can be
DEPTH = 40  # parentheses and negations inside one another
COMPARISONS = (">", ">=", "<", "<=", "==")
KEYWORDS = ("and", "or", "not", "in", "evidence")


class Misread(ValueError):
    """The text is no expression. `column` counts characters from 0."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Number:
    """A constant. `1e25 FLOP` is Number(1e25, FLOP)."""

    value: float
    unit: Unit = ONE


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, or an assumption of the line; in a tier's `when`, a criterion of the line."""

    name: str


@dataclass(frozen=True, slots=True)
class EvidenceTerm:
    """What the evidence in force says of a quantity, "domain/quantity"."""

    identity: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`operator` is one of + - * /."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is one of COMPARISONS."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Membership:
    """A categorical fact is one of these words."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """`word` is "and" or "or", over two or more operands."""

    word: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    operand: "Expression"


Expression = Number | Name | EvidenceTerm | Arithmetic | Comparison | Membership | Junction | Negation


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, in the order of its text."""
    yield expression
    match expression:
        case Arithmetic() | Comparison():
            yield from walk(expression.left)
            yield from walk(expression.right)
        case Junction():
            for operand in expression.operands:
                yield from walk(operand)
        case Negation():
            yield from walk(expression.operand)
        case Number() | Name() | EvidenceTerm() | Membership():
            return


def names(expression: Expression) -> tuple[str, ...]:
    """The facts, assumptions or criteria that it names, each once, in order."""
    found = (part.name for part in walk(expression) if isinstance(part, Name | Membership))
    return tuple(dict.fromkeys(found))


def evidence_terms(expression: Expression) -> tuple[str, ...]:
    """The quantities of evidence that it asks for, each once, in order."""
    return tuple(dict.fromkeys(part.identity for part in walk(expression) if isinstance(part, EvidenceTerm)))


def parse(text: str) -> Expression:
    """The tree of an expression. Raises Misread with a sentence and a column."""
    if len(text) > LENGTH:
        raise Misread(f"an expression has at most {LENGTH} characters", LENGTH)
    return _Parser(text).whole()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # number, name, string, sign, end
    text: str
    column: int


@cache
def _pattern() -> "re.Pattern[str]":
    return re.compile(
        r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])"
        r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*)"  # a hyphen without spaces belongs to the name
        r'|"(?P<string>[^"\n]*)"'
        r"|(?P<sign>>=|<=|==|[=><+\-*/(){},]))"
    )


def _tokens(text: str) -> Iterator[_Token]:
    column = 0
    text = text.rstrip()
    while column < len(text):
        found = _pattern().match(text, column)
        if found is None or found.lastgroup is None:
            stray = text[column:].lstrip()
            raise Misread(f"{stray[:12]!r} cannot be read here", len(text) - len(stray))
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))
        column = found.end()
    yield _Token("end", "", len(text))


class _Parser:
    """Recursive descent, one method a rule of the grammar above."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        if len(self._tokens) > TOKENS:
            raise Misread(f"an expression has at most {TOKENS} words, numbers and signs", self._tokens[TOKENS].column)
        self._position = 0
        self._depth = 0

    def whole(self) -> Expression:
        expression = self._disjunction()
        if self._next.kind != "end":
            raise self._refusal("an operator or the end")
        return expression

    @property
    def _next(self) -> _Token:
        return self._tokens[self._position]

    def _advance(self) -> _Token:
        token = self._next
        self._position += 1
        return token

    def _take(self, *texts: str) -> str | None:
        """The next sign or word if it is one of these; a quoted string is never a sign."""
        return self._advance().text if self._next.kind in ("sign", "name") and self._next.text in texts else None

    def _demand(self, text: str) -> None:
        if self._take(text) is None:
            raise self._refusal(repr(text))

    def _refusal(self, wanted: str) -> Misread:
        found = repr(self._next.text) if self._next.kind != "end" else "the end"
        hint = '; one "=" is written "=="' if self._next.text == "=" else ""
        return Misread(f"{wanted} is expected here, not {found}{hint}", self._next.column)

    def _disjunction(self) -> Expression:
        operands = [self._conjunction()]
        while self._take("or"):
            operands.append(self._conjunction())
        return operands[0] if len(operands) == 1 else Junction("or", tuple(operands))

    def _conjunction(self) -> Expression:
        operands = [self._negation()]
        while self._take("and"):
            operands.append(self._negation())
        return operands[0] if len(operands) == 1 else Junction("and", tuple(operands))

    def _negation(self) -> Expression:
        if not self._take("not"):
            return self._comparison()
        self._enter()
        operand = self._negation()
        self._depth -= 1
        return Negation(operand)

    def _comparison(self) -> Expression:
        column = self._next.column
        left = self._sum()
        if operator := self._take(*COMPARISONS):
            return Comparison(operator, left, self._sum())
        if self._take("in"):
            if not isinstance(left, Name):
                raise Misread('"in" asks about one named fact', column)
            return Membership(left.name, self._options())
        return left

    def _options(self) -> tuple[str, ...]:
        self._demand("{")
        options = [self._word()]
        while self._take(","):
            options.append(self._word())
        self._demand("}")
        return tuple(dict.fromkeys(options))

    def _word(self) -> str:
        if self._next.kind not in ("name", "string"):
            raise self._refusal("a word or a quoted string")
        return self._advance().text

    def _sum(self) -> Expression:
        left = self._product()
        while operator := self._take("+", "-"):
            left = Arithmetic(operator, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._primary()
        while operator := self._take("*", "/"):
            left = Arithmetic(operator, left, self._primary())
        return left

    def _primary(self) -> Expression:
        if self._next.kind == "number":
            return self._number()
        if self._take("("):
            self._enter()
            inner = self._disjunction()
            self._demand(")")
            self._depth -= 1
            return inner
        if self._take("evidence"):
            return self._evidence()
        if self._next.kind == "name" and self._next.text not in KEYWORDS:
            return Name(self._advance().text)
        raise self._refusal("a number, a name or a parenthesis")

    def _number(self) -> Number:
        token = self._advance()
        value = float(token.text)
        if not math.isfinite(value):
            raise Misread(f"{token.text} is too large for a number", token.column)
        return Number(value, self._unit())

    def _unit(self) -> Unit:
        """A unit directly after a number; "/" belongs to it only where another unit follows."""
        if not self._is_unit(0):
            return ONE
        parts = [self._advance().text]
        while self._next.kind == "sign" and self._next.text == "/" and self._is_unit(1):
            self._advance()
            parts.append(self._advance().text)
        return Unit.parse("/".join(parts))

    def _is_unit(self, ahead: int) -> bool:
        token = self._tokens[min(self._position + ahead, len(self._tokens) - 1)]
        return token.kind == "name" and (token.text in BASE or token.text in PLAIN)

    def _evidence(self) -> EvidenceTerm:
        self._demand("(")
        if self._next.kind != "string":
            raise self._refusal('a quantity in quotes, such as "cyber/uplift",')
        token = self._advance()
        domain, slash, quantity = token.text.partition("/")
        if not (domain and slash and quantity):
            raise Misread(f'evidence is named "domain/quantity", not "{token.text}"', token.column)
        self._demand(")")
        return EvidenceTerm(token.text)

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > DEPTH:
            raise Misread(f"at most {DEPTH} parentheses and negations stand inside one another", self._next.column)
