"""Where a curve differs from 0 over athletes: clusters of t values under sign flips.

Own code, because what fits is no small dependency: MNE-Python's `permutation_cluster_1samp_test`
(BSD) gives the same p values, but comes with four further packages and a newer NumPy for these few
lines; spm1d is GPL; `scipy.stats.permutation_test` knows no maximum over a curve.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.dictionary import columns
from aqbio.names import ROLE_GROUPS
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import t_above, without_skewness
from aqbio.stats.step_numbers import BOTH_LEGS, SWING_ALONE, side_matrix
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd


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
    is. Athletes who scatter to one side have no such symmetry: the measured t values are without
    their skewness where that makes them smaller. Where exactly a cluster begins and ends has no
    error rate (Sassenhagen and Draschkow 2019, Psychophysiology 56:e13335).

    Nichols and Holmes (2002), Hum Brain Mapp 15:1-25; Maris and Oostenveld (2007), J Neurosci
    Methods 164:177-190.
    """
    known = curves[np.isfinite(curves).all(axis=1)]
    count, points = known.shape
    if count < FEWEST:
        return Waveform(count, np.full(points, np.nan), ())
    from scipy import ndimage

    threshold = t_above(ALPHA / 2.0, count - 1)
    t = measured_t(known)
    chance = heaviest_clusters(t_values(known, sign_flips(count, seed, draws)), threshold)
    found = []
    for sign in (1, -1):
        signed = sign * t
        labels, number = ndimage.label(signed > threshold)
        for (place,) in ndimage.find_objects(labels, number):
            mass = float(signed[place].sum())
            p = float((chance >= mass * (1.0 - SAME)).mean())
            found.append(Cluster(place.start, place.stop, sign, mass, p))
    return Waveform(count, t, tuple(sorted(found, key=lambda one: one.start)))


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


def measured_t(curves: FloatArray) -> FloatArray:
    """The t value of each point of (A, T) curves, or without its skewness where that is smaller."""
    from scipy import stats

    t = t_values(curves, np.ones((1, len(curves))))[0]
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all curves alike: no skewness
        skewness = np.nan_to_num(stats.skew(curves, axis=0, bias=False)) / np.sqrt(len(curves))
    other = without_skewness(t, skewness)
    return np.where(np.abs(other) < np.abs(t), other, t)


def heaviest_clusters(t: FloatArray, threshold: float) -> FloatArray:
    """Mass of the heaviest cluster of each row of (B, T) t values, above or below 0."""
    run = np.zeros((2, len(t)))
    heaviest = np.zeros(len(t))
    for column in t.T:
        signed = np.stack((column, -column))
        run = np.where(signed > threshold, run + signed, 0.0)
        np.maximum(heaviest, run.max(axis=0), out=heaviest)
    return heaviest


# the curve of H1 ----------------------------------------------------------------------------------


WAVEFORMS = columns("waveforms")
"""Columns of the table."""

CURVE = "opposition_difference"

NO_CLUSTER = "no part of the curve differs from 0"
TOO_FEW = f"fewer than {FEWEST} athletes cannot reach {ALPHA:g}"


def opposition_integrand(momentum: FloatArray) -> FloatArray:
    """What every instant adds to the difference of opposition indices that H1 tests, (S, T).

    ``(|S| + |H − S| − |L| − |H − L|) / ⟨Σ|H_g|⟩`` with swing leg S, both legs L and total H, whose
    size is in both indices and cancels. NaN where nothing moves.
    """
    total = momentum.sum(axis=-1, keepdims=True)
    side = momentum @ side_matrix((SWING_ALONE, BOTH_LEGS))
    apart = np.abs(side) + np.abs(total - side)
    size = np.abs(momentum).sum(axis=-1).mean(axis=-1, keepdims=True)
    curve: FloatArray = (apart[..., 0] - apart[..., 1]) / np.where(size > 0.0, size, np.nan)
    return curve


def athlete_curves(evidence: Evidence) -> FloatArray:
    """Athletes' mean curves of `opposition_integrand` in contact, (A, T).

    Means over steps that are known throughout; NaN for athletes without any.
    """
    found: dict[str, FloatArray] = {}
    for athlete, _, signals in evidence.by_athlete():
        chosen = signals["angular_momentum"].sel(phase="stance", axis="y", group=list(ROLE_GROUPS))
        ordered = chosen.transpose("step", "percent", "group").values.astype(float)
        curves = opposition_integrand(ordered)
        known = curves[np.isfinite(curves).all(axis=1)]
        if len(known):
            found[athlete] = known.mean(axis=0)
    missing = np.full(max(map(len, found.values()), default=0), np.nan)
    return np.array([found.get(str(name), missing) for name in evidence.athletes.index])


def waveform_table(evidence: Evidence, seed: int) -> pd.DataFrame:
    """One row per cluster, one without any; p holds for the curve as a whole."""
    return cluster_table(athlete_curves(evidence), seed)


def cluster_table(curves: FloatArray, seed: int) -> pd.DataFrame:
    """The table of :func:`waveform_table` from the curves of :func:`athlete_curves`."""
    import pandas as pd

    if not curves.size:
        return pd.DataFrame(columns=list(WAVEFORMS))
    found = waveform(curves, seed)
    mean = curves[np.isfinite(curves).all(axis=1)].mean(axis=0) if found.n_athletes else found.t
    every = {
        "hypothesis": "H1",
        "curve": CURVE,
        "n_athletes": found.n_athletes,
        "share_predicted": found.share(1),
    }
    rows = [every | _cluster_numbers(one, mean) for one in found.clusters]
    if not rows:
        rows = [every | {"note": TOO_FEW if found.n_athletes < FEWEST else NO_CLUSTER}]
    return pd.DataFrame(rows, columns=list(WAVEFORMS))


def _cluster_numbers(one: Cluster, mean: FloatArray) -> dict[str, object]:
    percent = np.linspace(0.0, 100.0, len(mean))
    return {
        "from_percent": float(percent[one.start]),
        "to_percent": float(percent[one.stop - 1]),
        "sign": one.sign,
        "mass": one.mass,
        "mean": float(mean[one.start : one.stop].mean()),
        "p": one.p,
    }
