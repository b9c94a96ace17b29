"""Hip centres where the spines of the pelvis let expect them: an observation, not the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.body.joint_centres import hip_centres
from aqbio.body.places import Label
from aqbio.body.shape import Template
from aqbio.vectors import FloatArray, IntArray

REGRESSION_SD = 0.0079
"""Hip centres by regression about those in CT, each axis, m: Harrington's equations were off by
12.3 ± 5.9 mm in 67 people (Mantovani G et al. 2016, Gait Posture 44:48-54)."""

BONE_SHARE = 0.5
"""Share of the variance of a palpated marker's offset that is the shape of the pelvis. The rest is
palpation and skin, whose thickness alone differs by 7 mm in front and 11 mm behind (the same)."""

STEP = 1e-6
"""Change of an unknown by which derivatives are taken, m or logarithm: errors of 1e-10 m."""


@dataclass(frozen=True, eq=False)
class HipObservation:
    """What regressions on the markers of the spines tell of a template's hip centres."""

    template: Template
    spines: IntArray
    """(M,) int array. Markers on the right and left anterior spine, then one or more behind."""
    hips: IntArray
    """(2,) int array. Bodies that the right and left hip move."""
    unknowns: IntArray
    """(N,) int array. What of the shape it hangs on: size of the pelvis, and offsets of the spines'
    markers."""
    offset_sd: FloatArray
    """(M, 3) array, m."""

    @classmethod
    def of(
        cls,
        template: Template,
        labels: Mapping[str, Label],
        spines: tuple[Sequence[str], Sequence[str]],
        offset_sd: FloatArray,
    ) -> HipObservation | None:
        """Make one, where all spines, in front (right, left) and behind, are palpated landmarks."""
        parts, names = template.parts, [*spines[0], *spines[1]]
        legs = ("thigh_right", "thigh_left")
        seen = all(name in labels and labels[name].palpated for name in names)
        if not seen or len(spines[0]) != len(legs) or not set(legs) <= set(parts.names):
            return None
        pelvis = 3 * parts.index("pelvis")
        hips = parts.first[[parts.index(leg) for leg in legs]]
        rows = np.array([template.markers.labels.index(name) for name in names])
        places, right = template.markers.place[rows[:2]], template.skeleton.parent_position[hips[0]]
        rows[:2] = rows[:2][np.argsort(np.linalg.norm(places - right, axis=1))]
        offsets = template.sizes[0] + 3 * rows[:, None] + np.arange(3)
        unknowns = np.concatenate([pelvis + np.arange(3), offsets.ravel()])
        return cls(template, rows, hips, unknowns, offset_sd[rows])

    def gap(self, vector: FloatArray) -> FloatArray:
        """(6,) array, m: hip centres less those of the regression, right and left, pelvis axes."""
        return self._gaps(vector[self.unknowns])

    def _gaps(self, values: FloatArray) -> FloatArray:
        """(..., 6) array, m: the gap at values (..., N) of what it hangs on."""
        own, factors = self.template, np.exp(values[..., None, :3])
        offsets = values[..., 3:].reshape(*values.shape[:-1], -1, 3)
        bone = factors * own.markers.place[self.spines] + BONE_SHARE * offsets
        expected = hip_centres(bone[..., 0, :], bone[..., 1, :], bone[..., 2:, :].mean(axis=-2))
        gaps = factors * own.skeleton.parent_position[self.hips] - np.stack(expected, axis=-2)
        return np.asarray(gaps.reshape(*values.shape[:-1], 6))

    def slope(self, vector: FloatArray) -> FloatArray:
        """(6, P) array: its derivatives by all unknowns."""
        slope, values = np.zeros((6, len(vector))), vector[self.unknowns]
        step = STEP * np.eye(len(values))
        slope[:, self.unknowns] = (self._gaps(values + step) - self._gaps(values - step)).T
        return slope / (2.0 * STEP)

    def precision(self, slope: FloatArray) -> FloatArray:
        """(6, 6) 1/m²: inverse covariance of the gaps, with offsets adding ``G P G'``.

        Both sides of a person err alike, so that together they count for one.
        """
        by_offset = slope[:, self.unknowns[3:]] / BONE_SHARE
        variance = BONE_SHARE * (1.0 - BONE_SHARE) * self.offset_sd.ravel() ** 2
        spread = (by_offset * variance) @ by_offset.T
        spread[np.diag_indices(6)] += 2.0 * REGRESSION_SD**2
        return np.asarray(np.linalg.inv(spread))
