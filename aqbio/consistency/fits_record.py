"""What the file of a trial says of its fit: parameters, and how the errors of markers last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.consistency.skin import Skin
from aqbio.consistency.trial_fit import Start, TrialFit

if TYPE_CHECKING:
    import xarray as xr

SIZES = "marker_error_sd"
PREFIX = "fit_"
"""Of the parameters' attributes."""


def skin_variables(fit: TrialFit) -> dict[str, Any]:
    """What a fit learnt of them, ready for a dataset; nothing where errors are new."""
    skin, problem = fit.problem.skin, fit.problem
    if skin is None:
        return {}
    harmonics = [f"harmonic {one}" for one in range(1, problem.bands.harmonics + 1)]
    bodies = np.unique(problem.markers.tracking.body)
    return {
        SIZES: (("error_band", "marked_segment"), np.sqrt(skin.sizes)),
        "error_band": ("error_band", ["constant", *harmonics, "slow", "fast"]),
        "marked_segment": ("marked_segment", [problem.runner.skeleton.bodies[b] for b in bodies]),
    }


def fit_attributes(fit: TrialFit) -> dict[str, float]:
    """Values of the parameters as attributes of a file."""
    return {PREFIX + name: value for name, value in fit.values.items()}


def fit_values(fitted: xr.Dataset) -> dict[str, float]:
    """Values of the parameters, by name, of a trial that was fitted."""
    attributes = {str(name): one for name, one in fitted.attrs.items()}
    return {
        name.removeprefix(PREFIX): float(one)
        for name, one in attributes.items()
        if name.startswith(PREFIX)
    }


def read_start(fitted: xr.Dataset) -> Start:
    """A fit from its file, where others begin: errors of markers last with its motion."""
    q = fitted["q"].values
    skin = Skin(fitted[SIZES].values ** 2, q) if SIZES in fitted else None
    return Start(q, fit_values(fitted), skin)
