"""Sizes of people: a survey's statistics, and what is known of a person without a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.vectors import FloatArray

Sex = Literal["female", "male"]


@dataclass(frozen=True, eq=False)
class SizeStatistics:
    """Logarithms of body sizes of one sex, multivariate normal."""

    names: tuple[str, ...]
    """tuple of N str. ``stature`` and ``mass`` among them."""
    mean: FloatArray
    """(N,) array. Of logarithms of m and kg."""
    covariance: FloatArray
    """(N, N) array."""

    def given(self, known: Mapping[str, float]) -> tuple[FloatArray, FloatArray]:
        """Mean and covariance of all logarithms, given some sizes by name (m or kg)."""
        chosen = [self.names.index(name) for name in known]
        if not chosen:
            return self.mean, self.covariance
        among = self.covariance[np.ix_(chosen, chosen)]
        slope = np.linalg.solve(among, self.covariance[chosen]).T
        gap = np.log(list(known.values())) - self.mean[chosen]
        return self.mean + slope @ gap, self.covariance - slope @ self.covariance[chosen]


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person without a recording."""

    sex: Sex | None = None
    """{"female", "male"} or None."""
    stature: float | None = None
    """float, m, or None."""
    mass: float | None = None
    """float, kg, or None."""

    @property
    def known(self) -> dict[str, float]:
        """Sizes that are known, by the names of the statistics."""
        sizes = {"stature": self.stature, "mass": self.mass}
        return {name: size for name, size in sizes.items() if size is not None}


def believed_sizes(
    statistics: Mapping[str, SizeStatistics], person: Person
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Names, mean and covariance of the logarithms of a person's sizes.

    Without a sex, women and men are one half each: the spread between them counts.
    """
    sexes = [person.sex] if person.sex else sorted(statistics)
    both = [statistics[sex].given(person.known) for sex in sexes]
    mean = np.mean([one for one, _ in both], axis=0)
    within = np.mean([spread for _, spread in both], axis=0)
    between = np.mean([np.outer(one - mean, one - mean) for one, _ in both], axis=0)
    return statistics[sexes[0]].names, mean, within + between
