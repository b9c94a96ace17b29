"""Claims as formulas: ``outcome ~ predictor + held`` over the steps of a person, in every world."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import special, stats

from aqbio.vectors import FloatArray, IntArray


def normal_scores(values: FloatArray) -> FloatArray:
    """Normal quantiles of the ranks of (..., A) numbers (van der Waerden), of unit size.

    No unit counts more than an extreme one of normal numbers, and heavy tails do no harm.
    """
    ranks = stats.rankdata(values, axis=-1) / (values.shape[-1] + 1.0)
    scores = special.ndtri(ranks)
    size = scores.std(axis=-1, ddof=1, keepdims=True) if values.shape[-1] > 1 else np.ones(1)
    scaled: FloatArray = scores / np.where(size > 0.0, size, np.nan)
    return scaled


FUNCTIONS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "scores": normal_scores,
    "log": lambda values: np.log(np.where(values > 0.0, values, np.nan)),
    "sqrt": lambda values: np.sqrt(np.where(values >= 0.0, values, np.nan)),
    "exp": np.exp,
    "abs": np.abs,
}
"""Functions of a formula; NaN where a number has none."""

OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}

Columns = Mapping[str, FloatArray]
"""Numbers of rows, (..., S), by name of column."""


@dataclass(frozen=True, slots=True)
class Formula:
    """An outcome, the predictor whose slope is the claim's number, and what is held.

    Without a predictor (``outcome ~ 1``) the number is the outcome's mean.
    """

    outcome: ast.expr
    terms: tuple[ast.expr, ...]
    """Predictor and what is held; empty of a mean."""

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that it reads, in order."""
        nodes = [node for part in (self.outcome, *self.terms) for node in ast.walk(part)]
        functions = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        names = [
            node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in functions
        ]
        return tuple(dict.fromkeys(names))

    @property
    def term_names(self) -> tuple[str, ...]:
        """Columns that predictor and what is held read."""
        return Formula(ast.Constant(0.0), self.terms).names

    @property
    def words(self) -> tuple[str, ...]:
        """Outcome, predictor and what is held, as they are written."""
        return tuple(ast.unparse(part) for part in (self.outcome, *self.terms))

    def values(self, columns: Columns) -> tuple[FloatArray, FloatArray]:
        """Outcome (..., S) and terms (..., S, P) of rows."""
        outcome = np.asarray(_value(self.outcome, columns), dtype=float)
        terms = [np.broadcast_to(_value(term, columns), outcome.shape) for term in self.terms]
        matrix = np.stack(terms, axis=-1) if terms else np.zeros((*outcome.shape, 0))
        return outcome, matrix


def column_formula(outcome: str, *terms: str) -> Formula:
    """Formula of columns by their names, whatever these are."""
    return Formula(ast.Name(outcome), tuple(ast.Name(term) for term in terms))


@cache
def parse_formula(text: str) -> Formula:
    """Read ``outcome ~ predictor + held``; ValueError says what it cannot read.

    Examples
    --------
    >>> parse_formula("log(contact_s) ~ swing_index / push_index + speed_mps").words
    ('log(contact_s)', 'swing_index / push_index', 'speed_mps')
    >>> parse_formula("lag ~ 1").words
    ('lag',)
    """
    sides = text.split("~")
    if len(sides) != 2:
        raise ValueError(f"{text!r} is no formula: write outcome ~ predictor, or outcome ~ 1")
    outcome, right = (_expression(side) for side in sides)
    terms = tuple(_terms(right))
    constants = [term for term in terms if isinstance(term, ast.Constant)]
    if constants and len(terms) > 1:
        raise ValueError(f"{text!r}: leave the number out, a constant is always in it")
    return Formula(outcome, () if constants else terms)


def _expression(text: str) -> ast.expr:
    try:
        part = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{text.strip()!r} cannot be read: {error.msg}") from error
    _check(part)
    return part


def _check(part: ast.expr) -> None:
    """Refuse what is neither a column, a number, arithmetic nor one of `FUNCTIONS`."""
    match part:
        case ast.Name() | ast.Constant(value=int() | float()):
            return
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            _check(left)
            _check(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            _check(argument)
        case _:
            raise ValueError(
                f"{ast.unparse(part)!r} cannot be read: columns, numbers, + - * / and "
                f"{', '.join(FUNCTIONS)} can"
            )


def _terms(part: ast.expr) -> Iterator[ast.expr]:
    """Parts between the plus signs."""
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
        yield from _terms(part.left)
        yield from _terms(part.right)
    else:
        yield part


def _value(part: ast.expr, columns: Columns) -> Any:
    match part:
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp(left=left, op=op, right=right):
            with np.errstate(divide="ignore", invalid="ignore"):
                return OPERATORS[type(op)](_value(left, columns), _value(right, columns))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, columns)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](_value(argument, columns))
    raise TypeError(ast.unparse(part))


# the number of a person ---------------------------------------------------------------------------

MIN_SPREAD = 0.01
"""Standard deviation of a predictor over its mean size below which no slope on it is estimated."""


def person_number(outcome: FloatArray, terms: FloatArray, cell: IntArray) -> FloatArray:
    """Mean of a person's rows (..., S), or their slope on the first term (..., S, P); (...,).

    Slopes are those within `cell` (S,), such as the stance foot, in which rows may differ for
    themselves. NaN where the predictor hardly varies, or rows are too few.
    """
    count, held = terms.shape[-2:]
    unknown = np.full(outcome.shape[:-1], np.nan)
    if not held:
        return outcome.mean(axis=-1) if count else unknown
    cells = int(cell.max(initial=-1)) + 1
    if count < cells + held + 1:
        return unknown
    x, y = _within(np.moveaxis(terms, -1, -2), cell), _within(outcome, cell)
    first = terms[..., 0]
    spread = np.sqrt((x[..., 0, :] ** 2).mean(axis=-1))
    rest = x[..., 0, :]
    if held > 1:
        others = x[..., 1:, :]
        square = others @ np.swapaxes(others, -1, -2)
        product = others @ rest[..., None]
        slopes = np.linalg.pinv(square, hermitian=True) @ product
        rest = rest - (np.swapaxes(others, -1, -2) @ slopes)[..., 0]
    size = (rest**2).sum(axis=-1)
    varies = (spread > MIN_SPREAD * np.abs(first).mean(axis=-1)) & (size > 1e-9 * spread**2 * count)
    number: FloatArray = np.full(outcome.shape[:-1], np.nan)
    np.divide((rest * y).sum(axis=-1), size, out=number, where=varies)
    return number


def partial_values(
    outcome: FloatArray, terms: FloatArray, cell: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Outcome and predictor (S,) less cells and what is held: their slope is the person's."""
    x, y = _within(terms.T, cell), _within(outcome, cell)
    others = x[1:]
    if len(others):
        inverse = np.linalg.pinv(others @ others.T, hermitian=True)
        x0 = x[0] - others.T @ (inverse @ (others @ x[0]))
        return y - others.T @ (inverse @ (others @ y)), x0
    return y, x[0]


def _within(values: FloatArray, cell: IntArray) -> FloatArray:
    """Values (..., S) less the mean of their cell."""
    member = (cell[:, None] == np.arange(int(cell.max(initial=-1)) + 1)).astype(float)
    means = values @ (member / np.maximum(member.sum(axis=0), 1.0))
    centred: FloatArray = values - means @ member.T
    return centred
