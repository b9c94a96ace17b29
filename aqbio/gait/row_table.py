"""Rows of the steps of a trial side by side: what names a row is said once for all steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("level", "source", "target", "axis", "phase", "statistic", "unit")
"""What names a row."""

Name = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class RowTable:
    """R rows of S steps."""

    names: tuple[Name, ...]
    """Tuple of R tuples of `TEXTS`."""
    told: BoolArray
    """(S, R) bool array. Which of the rows a step has."""
    numbers: Mapping[str, FloatArray]
    """Mapping. (S, R) arrays by the name of their column."""

    def some(self, chosen: Sequence[int]) -> RowTable:
        """Some of the rows."""
        names = tuple(self.names[one] for one in chosen)
        numbers = {name: own[:, chosen] for name, own in self.numbers.items()}
        return RowTable(names, self.told[:, chosen], numbers)

    def of_step(self, place: int) -> Iterator[dict[str, Any]]:
        """Rows of the step at a place, one by one."""
        own = {name: values[place].tolist() for name, values in self.numbers.items()}
        for row in np.flatnonzero(self.told[place]).tolist():
            texts: dict[str, Any] = dict(zip(TEXTS, self.names[row], strict=True))
            yield texts | {name: values[row] for name, values in own.items()}

    def frame(self, steps: Sequence[int]) -> pd.DataFrame:
        """Rows of one step after those of the other, texts as categories.

        Parameters
        ----------
        steps : sequence of S int
            Number of every step.

        Examples
        --------
        >>> name = ("A", "arms", "whole_body", "y", "stance", "moment_mean", "N m")
        >>> numbers = {"value": np.array([[1.0], [2.0]])}
        >>> RowTable((name,), np.array([[False], [True]]), numbers).frame([7, 8]).values.tolist()
        [[8, 'A', 'arms', 'whole_body', 'y', 'stance', 'moment_mean', 'N m', 2.0]]
        """
        import pandas as pd

        rows = self.some(np.flatnonzero(self.told.any(axis=0)).tolist())
        step, row = np.nonzero(rows.told)
        columns: dict[str, Any] = {"step": np.array(steps, dtype=int)[step]}
        for place, name in enumerate(TEXTS):
            texts = pd.Categorical([one[place] for one in rows.names])
            columns[name] = pd.Categorical.from_codes(texts.codes[row], dtype=texts.dtype)
        columns |= {name: own[step, row] for name, own in rows.numbers.items()}
        return pd.DataFrame(columns)


def joined_rows(tables: Iterable[RowTable], steps: int) -> RowTable:
    """Rows of several tables of so many steps, those of one after those of the other."""
    every = [RowTable((), np.zeros((steps, 0), dtype=bool), {}), *tables]
    columns = dict.fromkeys(name for table in every for name in table.numbers)
    return RowTable(
        tuple(name for table in every for name in table.names),
        np.concatenate([table.told for table in every], axis=1),
        {name: np.concatenate([t.numbers[name] for t in every[1:]], axis=1) for name in columns},
    )
