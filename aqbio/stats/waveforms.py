"""Where a curve differs from 0 over athletes: clusters of t values, held against turned signs.

Own code, because what fits is no small dependency: MNE-Python's `permutation_cluster_1samp_test`
(BSD) gives the same p values, but comes with four further packages and a newer NumPy for these few
lines; spm1d is GPL; `scipy.stats.permutation_test` knows no maximum over a curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from aqbio.stats.inference import t_above
from aqbio.vectors import FloatArray

FEWEST = 6
"""Athletes below which no p value reaches `ALPHA`: of 2ⁿ signs the own ones and their mirror image
always count, so that the smallest one is 2/2ⁿ."""

EVERY = 12
"""Athletes up to which every way to turn signs is taken."""

DRAWS = 10_000
"""Ways that are drawn beyond."""

ALPHA = 0.05
"""Two-sided level of single points above which they make a cluster, and of clusters."""

SAME = 1e-9
"""Relative difference below which two masses are one, up to the round-off of their sums."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Neighbouring points whose t values lie beyond the threshold on one side."""

    start: int
    stop: int
    """start, stop: First point, and the one after the last."""
    sign: int
    """1 above 0, -1 below."""
    mass: float
    """Sum of the sizes of its t values."""
    p: float
    """Of a cluster as heavy as this anywhere on the curve, on either side of 0."""


@dataclass(frozen=True, eq=False, slots=True)
class Waveform:
    """One-sample inference on a curve."""

    n_athletes: int
    """Whose curve is known throughout."""
    t: FloatArray
    """(T,) array. NaN below `FEWEST` athletes."""
    clusters: tuple[Cluster, ...]
    """In the order of the curve; none below `FEWEST` athletes."""

    def share(self, sign: int) -> float:
        """Share of the curve's points in significant clusters of a sign; NaN where none can be."""
        if self.n_athletes < FEWEST:
            return np.nan
        own = [one for one in self.clusters if one.sign == sign and one.p < ALPHA]
        return sum(one.stop - one.start for one in own) / len(self.t)


def waveform(curves: FloatArray, seed: int, draws: int = DRAWS) -> Waveform:
    """Where the mean over athletes of (A, T) curves differs from 0, for the curve as a whole.

    If athletes lie about 0 by chance, each whole curve could have had the other sign. A cluster's p
    value is the share of sign patterns whose heaviest cluster is at least as heavy, so that any
    significant cluster arises by chance with probability `ALPHA` at most, however smooth the curve
    is. Where exactly a cluster begins and ends has no error rate (Sassenhagen and Draschkow 2019,
    Psychophysiology 56:e13335).

    Nichols and Holmes (2002), Hum Brain Mapp 15:1-25; Maris and Oostenveld (2007), J Neurosci
    Methods 164:177-190.
    """
    known = curves[np.isfinite(curves).all(axis=1)]
    count, points = known.shape
    if count < FEWEST:
        return Waveform(count, np.full(points, np.nan), ())
    from scipy import ndimage

    threshold = t_above(ALPHA / 2.0, count - 1)
    turned = t_values(known, sign_flips(count, seed, draws))
    chance = heaviest_clusters(turned, threshold)
    found = []
    for sign in (1, -1):
        signed = sign * turned[0]
        labels, number = ndimage.label(signed > threshold)
        for (place,) in ndimage.find_objects(labels, number):
            mass = float(signed[place].sum())
            p = float((chance >= mass * (1.0 - SAME)).mean())
            found.append(Cluster(place.start, place.stop, sign, mass, p))
    return Waveform(count, turned[0], tuple(sorted(found, key=lambda one: one.start)))


def sign_flips(count: int, seed: int, draws: int = DRAWS) -> FloatArray:
    """Sign patterns of athletes' curves, (B, count), as measured in the first row.

    Up to `EVERY` athletes each pair of mirror images once, which have the same masses; beyond,
    drawn.
    """
    if count <= EVERY:
        return np.array([(1.0, *signs) for signs in product((1.0, -1.0), repeat=count - 1)])
    drawn = np.random.default_rng(seed).choice((1.0, -1.0), size=(draws, count))
    return np.concatenate((np.ones((1, count)), drawn))


def t_values(curves: FloatArray, signs: FloatArray) -> FloatArray:
    """The t value of each point of (A, T) curves under (B, A) signs, (B, T).

    ``t = m √((A − 1)/(⟨x²⟩ − m²))``: signs leave the mean square ⟨x²⟩ as it is. 0 where all curves
    are 0, and 1e6 √(A − 1) at most.
    """
    count = len(curves)
    square = (curves**2).mean(axis=0)
    mean = signs @ curves / count
    least = np.where(square > 0.0, 1e-12 * square, 1.0)
    t: FloatArray = mean * np.sqrt((count - 1) / np.maximum(square - mean**2, least))
    return t


def heaviest_clusters(t: FloatArray, threshold: float) -> FloatArray:
    """Mass of the heaviest cluster of each row of (B, T) t values, above or below 0."""
    run = np.zeros((2, len(t)))
    heaviest = np.zeros(len(t))
    for column in t.T:
        signed = np.stack((column, -column))
        run = np.where(signed > threshold, run + signed, 0.0)
        np.maximum(heaviest, run.max(axis=0), out=heaviest)
    return heaviest
