"""Markers that were left out and predicted: whether the fit sees what it was not shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from aqbio.io.study import Study
from aqbio.mechanics.consistency.fit import fit_trial
from aqbio.mechanics.consistency.trial_fit import TrialFit
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.kinematics import marker_positions
from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.session.fit import FittedSession

WAYS = ("before", "alone", "after")


def held_out(study: Study, trial: str, fitted: FittedSession) -> dict[str, Any]:
    """RMS errors of markers that were left out, three ways; empty when not asked for.

    Before: inverse kinematics, for which all markers weigh alike. Alone: the fit's splines and
    weights without forces. After: the fit. Every marker is left out once; those of a segment are in
    different parts, so that no segment loses more than its share. The parameters are those of the
    session.

    Notes
    -----
    What the forces do to the prediction is after less alone. Who follows the skin predicts other
    markers of the same skin best, whether or not the bones are there: before is no standard.
    """
    folds, fit = study.settings.consistency.held_out_folds, fitted.fits[trial]
    if study.settings.consistency.held_out_trials == "fastest":
        folds = folds if trial == max(fitted.fits, key=lambda name: fitted.speeds[name]) else 0
    if folds == 0:
        return {}
    seen = fit.observations
    part = marker_parts(fit.runner.skeleton.marker_body[seen.marker_index], folds)
    errors = np.full((len(WAYS), *seen.markers.shape[:2]), np.nan)
    for fold in range(folds):
        left = np.flatnonzero(part == fold)
        if len(left):
            for way, q in enumerate(_predicted(fit, left)):
                found = marker_positions(fit.runner.skeleton, q)[:, seen.marker_index[left]]
                errors[way][:, left] = np.linalg.norm(found - seen.markers[:, left], axis=2)
    rms = {way: _rms(own[seen.measured]) for way, own in zip(WAYS, errors, strict=True)}
    return {
        "held_out_folds": folds,
        **{f"held_out_{way}_m": value for way, value in rms.items()},
        "held_out_change_m": rms["after"] - rms["alone"],
    }


def _predicted(fit: TrialFit, left: IntArray) -> Iterator[FloatArray]:
    """Coordinates (T, C) without some markers: inverse kinematics, without and with forces."""
    seen = fit.observations
    shown = seen.markers.copy()
    shown[:, left] = np.nan
    equal = np.ones(len(seen.marker_index))
    skeleton, index = fit.runner.skeleton, seen.marker_index
    start = inverse_kinematics(skeleton, shown, index, equal, near=seen.start).q
    yield start
    blind = replace(seen, markers=shown, start=start)
    again = fit_trial(fit.runner, blind, fit.weights, fit.problem.parameters, fixed=fit.values)
    yield again.q_alone
    yield again.motion.q


def marker_parts(body: IntArray, parts: int) -> IntArray:
    """Part of every marker; the markers of a body take turns.

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
