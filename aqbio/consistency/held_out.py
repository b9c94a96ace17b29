"""Markers that were left out and predicted: whether the fit sees what it was not shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from aqbio.consistency.fit import fit_trial, of_markers
from aqbio.consistency.session_fit import FittedSession
from aqbio.consistency.skin import COARSE_M
from aqbio.consistency.trial_fit import Start, TrialFit
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.io.study import Study
from aqbio.vectors import BoolArray, FloatArray, IntArray

WAYS = ("before", "alone", "after")


def held_out(study: Study, trial: str, fitted: FittedSession) -> dict[str, Any]:
    """RMS errors of markers that were left out, three ways; empty when not asked for.

    Before: inverse kinematics, for which all markers weigh alike. Alone: the fit's splines, weights
    and skin without forces. After: the fit. Every marker is left out once; those of a segment are
    in different parts, so that no segment loses more than its share. The parameters, and how large
    errors are that last, are those of the session.

    Notes
    -----
    Markers are on skin and not on bones: alone and after are predicted with what their segment's
    skin does, as far as its other markers tell it. Inverse kinematics follows skin by itself. What
    the forces do to the prediction is after less alone.
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
            for way, found in enumerate(_predicted(fit, part == fold)):
                errors[way][:, left] = np.linalg.norm(found - seen.markers, axis=2)[:, left]
    rms = {way: _rms(own[seen.measured]) for way, own in zip(WAYS, errors, strict=True)}
    return {
        "held_out_folds": folds,
        **{f"held_out_{way}_m": value for way, value in rms.items()},
        "held_out_change_m": rms["after"] - rms["alone"],
    }


def _predicted(fit: TrialFit, left: BoolArray) -> Iterator[FloatArray]:
    """Markers (T, K, 3) some of which are left out: inverse kinematics, without and with forces."""
    seen, skeleton = fit.observations, fit.runner.skeleton
    index, shown = seen.marker_index, np.where(left[:, None], np.nan, seen.markers)
    start = inverse_kinematics(skeleton, shown, index, np.ones(len(index)), near=seen.start).q
    yield fit.problem.recorded_markers(start)
    blind = seen.without(left, start)
    given = fit.problem.parameters, fit.values
    if fit.skin is None:
        again = fit_trial(fit.runner, blind, fit.weights, *given)
        alone = again.q_alone
    else:
        begun = Start(start, fit.values, replace(fit.skin, least=COARSE_M))
        again = fit_trial(fit.runner, blind, fit.weights, *given, begun)
        alone = of_markers(again.problem)[1][1]
    for q in (alone, again.motion.q):
        yield again.problem.predicted_markers(q)


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
