"""How far labels are from the calibrated body."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.calibration import label_errors
from tests.mechanics.calibration.made import fitted, made_person


def test_a_label_that_no_fitted_frame_shows_is_not_told():
    """JSON has no NaN, and a distance that nobody saw is none."""
    fit = fitted(made_person(0))
    problem = fit.problem
    position = problem.frames.position.copy()
    position[:, 0] = np.nan
    hidden = replace(
        fit, problem=replace(problem, frames=replace(problem.frames, position=position))
    )
    labels = problem.template.markers.labels
    errors, rms = label_errors(SimpleNamespace(fit=hidden, template=problem.template))
    assert set(errors) == set(labels[1:])
    squares = (fit.error[:, 1:] ** 2).sum(axis=2)[problem.visible[:, 1:]]
    assert rms == pytest.approx(np.sqrt(squares.mean()))
    assert np.isfinite(list(errors.values())).all()
