"""How the errors of a trial's markers last, in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.consistency.fit import TrialFit
from aqbio.mechanics.consistency.skin import Skin

if TYPE_CHECKING:
    import xarray as xr

SIZES = "marker_error_sd"


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


def read_skin(fitted: xr.Dataset) -> Skin | None:
    """The same from the file of a trial that was fitted, with that fit's motion."""
    if SIZES not in fitted:
        return None
    return Skin(fitted[SIZES].values ** 2, fitted["q"].values)
