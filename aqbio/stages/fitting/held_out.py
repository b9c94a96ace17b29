"""Markers that were left out and predicted: whether the fit sees what it was not shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from aqbio.io.study import Study
from aqbio.mechanics.consistency.fit import TrialFit, fit_trial
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.kinematics import marker_positions
from aqbio.mechanics.vectors import FloatArray, IntArray


def held_out(study: Study, fit: TrialFit) -> dict[str, Any]:
    """RMS errors of markers that were left out, before and after the fit; empty when not asked for.

    Every marker is left out once. The markers of a segment are in different parts, so that no
    segment loses more than its share. Both inverse kinematics and the fit start without them; the
    parameters are those of the session.
    """
    folds = study.settings.consistency.held_out_folds
    if folds == 0:
        return {}
    seen, skeleton = fit.observations, fit.runner.skeleton
    part = marker_parts(skeleton.marker_body[seen.marker_index], folds)
    before, after = np.full((2, *seen.markers.shape[:2]), np.nan)
    for fold in range(folds):
        left = np.flatnonzero(part == fold)
        if len(left) == 0:
            continue
        shown = seen.markers.copy()
        shown[:, left] = np.nan
        weights = np.ones(len(seen.marker_index))
        start = inverse_kinematics(skeleton, shown, seen.marker_index, weights).q
        blind = replace(seen, markers=shown, start=start)
        again = fit_trial(fit.runner, blind, fit.weights, fit.problem.parameters, fixed=fit.values)
        for errors, q in ((before, start), (after, again.motion.q)):
            found = marker_positions(skeleton, q)[:, seen.marker_index[left]]
            errors[:, left] = np.linalg.norm(found - seen.markers[:, left], axis=2)
    used = seen.measured
    return {
        "held_out_folds": folds,
        "held_out_before_m": _rms(before[used]),
        "held_out_after_m": _rms(after[used]),
        "held_out_change_m": _rms(after[used]) - _rms(before[used]),
    }


def marker_parts(body: IntArray, parts: int) -> IntArray:
    """Give every marker its part; the markers of a body take turns.

    Examples
    --------
    >>> marker_parts(np.array([0, 0, 0, 1, 1, 0]), 3)
    array([0, 1, 2, 1, 2, 0])
    """
    order = np.argsort(body, kind="stable")
    part = np.empty(len(body), dtype=np.int64)
    part[order] = np.arange(len(body)) % parts
    return part


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.nanmean(np.square(values))))
