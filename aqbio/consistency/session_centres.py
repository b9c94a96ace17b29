"""Where the segments' centres of mass are: what the body leaves open, what the forces say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aqbio.body.draws import FRAMES
from aqbio.body.records import body_spread, followed_markers
from aqbio.consistency.centres import CentreEstimates
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.vectors import FloatArray


def open_centres(
    study: Study, participant_id: str, skeleton: Skeleton, trials: Sequence[SolvedTrial]
) -> FloatArray:
    """(3 B, 3 B) array, m²: what the body's posterior leaves open of the centres of mass.

    Parameters
    ----------
    skeleton : Skeleton
        Of the scaled model.
    trials : sequence of SolvedTrial
        That will be fitted; the markers that all of them follow show where segments are.
    """
    followed = [followed_markers(study, trial.solved) for trial in trials]
    names = [name for name in followed[0] if all(name in other for other in followed)]
    weight = np.array([followed[0][name] for name in names])
    every = [trial.solved["q"].values for trial in trials]
    most = FRAMES // len(every) + 1
    q = np.concatenate([one[:: max(1, len(one) // most)] for one in every])
    return body_spread(study, participant_id, skeleton, names).open_centres(q, weight)


def centre_numbers(estimates: CentreEstimates, segments: Sequence[str]) -> list[dict[str, Any]]:
    """One row for every segment and axis, ready for JSON."""
    return [
        {
            "segment": segment,
            "axis": axis,
            "prior_sd": float(estimates.prior_sd[row, column]),
            "estimate": float(estimates.shift[row, column]),
            "sd": float(estimates.sd[row, column]),
        }
        for row, segment in enumerate(segments)
        for column, axis in enumerate(AXES)
    ]
