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
    """Where the mean over athletes differs from 0, for the curve as a whole.

    Parameters
    ----------
    curves : (A, T) array
        One curve per athlete, such as a mean over steps, or a difference of two. Athletes with a
        NaN are left out.
    seed, draws : int
        Of signs, beyond `EVERY` athletes.

    Notes
    -----
    If athletes lie about 0 by chance, each whole curve could as well have had the other sign. The
    heaviest cluster of each way to turn them is what chance gives, and a cluster's p value is the
    share of ways with one at least as heavy, the way as found among them. So the chance that a
    curve of nothing but chance has any significant cluster is `ALPHA` at most, however smooth it
    is. Where exactly a cluster begins and ends has no error rate (Sassenhagen J, Draschkow D
    2019, Psychophysiology 56:e13335).

    References
    ----------
    Nichols TE, Holmes AP (2002), Nonparametric permutation tests for functional neuroimaging: a
    primer with examples, Human Brain Mapping 15:1-25. Maris E, Oostenveld R (2007), Nonparametric
    statistical testing of EEG- and MEG-data, Journal of Neuroscience Methods 164:177-190.

    Examples
    --------
    Six athletes who all differ from 0 in the second half, and of 64 ways two are as clear:

    >>> curves = np.outer([1.0, 1.1, 0.9, 1.2, 0.8, 1.0], [0.0, 0.0, 1.0, 1.0])
    >>> [one] = waveform(curves, seed=0).clusters
    >>> one.start, one.stop, one.sign, one.p == 2 / 64
    (2, 4, 1, True)
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
    """Ways to turn the signs of athletes' curves, as found in the first row.

    Returns
    -------
    (B, count) array
        Of ±1. Up to `EVERY` athletes each pair of mirror images once, which have the same masses;
        beyond, `draws` and the one as found.

    Examples
    --------
    >>> sign_flips(3, seed=0).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, 1.0], [1.0, -1.0, -1.0]]
    """
    if count <= EVERY:
        return np.array([(1.0, *signs) for signs in product((1.0, -1.0), repeat=count - 1)])
    drawn = np.random.default_rng(seed).choice((1.0, -1.0), size=(draws, count))
    return np.concatenate((np.ones((1, count)), drawn))


def t_values(curves: FloatArray, signs: FloatArray) -> FloatArray:
    """The t value of each point, with signs of athletes turned.

    Parameters
    ----------
    curves : (A, T) array
    signs : (B, A) array of ±1

    Returns
    -------
    (B, T) array
        0 where all curves are 0, and 1e6 √(A − 1) at most, where all are the same.

    Notes
    -----
    ``t = m √((A − 1)/(⟨x²⟩ − m²))`` with the mean m: signs leave the mean square ⟨x²⟩ as it is.
    """
    count = len(curves)
    square = (curves**2).mean(axis=0)
    mean = signs @ curves / count
    least = np.where(square > 0.0, 1e-12 * square, 1.0)
    t: FloatArray = mean * np.sqrt((count - 1) / np.maximum(square - mean**2, least))
    return t


def heaviest_clusters(t: FloatArray, threshold: float) -> FloatArray:
    """Mass of the heaviest cluster of each row, above or below 0.

    Parameters
    ----------
    t : (B, T) array

    Returns
    -------
    (B,) array
        0 where no point lies beyond the threshold.

    Examples
    --------
    >>> heaviest_clusters(np.array([[3.0, 3.0, 0.0, 5.0, -4.0, -3.0], [1.0] * 6]), 2.0)
    array([7., 0.])
    """
    run = np.zeros((2, len(t)))
    heaviest = np.zeros(len(t))
    for column in t.T:
        signed = np.stack((column, -column))
        run = np.where(signed > threshold, run + signed, 0.0)
        np.maximum(heaviest, run.max(axis=0), out=heaviest)
    return heaviest
