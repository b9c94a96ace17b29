"""The landmark of a model whose marker would have helped most."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from aqbio.config import ModelMap
from aqbio.landmarks.model_landmarks import model_landmarks
from aqbio.landmarks.table import landmark_table
from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.helpful import told_shares
from aqbio.mechanics.calibration.shape import MarkerPlaces
from aqbio.mechanics.vectors import FloatArray

LEAST_SHARE = 0.1
"""A marker that takes away less of the variance is no help."""


def helpful_marker(
    fit: BodyFit, model_map: ModelMap, worn: Collection[str], wanted: FloatArray
) -> str:
    """Say which palpable landmark without a marker would tell most of what is not known.

    Parameters
    ----------
    worn : collection of str
        The model's names of the recorded markers.
    wanted : (N, P + C) array
        Derivatives of what is not known, see :func:`told_shares`.

    Returns
    -------
    str
        Empty where no landmark of the model would tell a tenth of the variance.
    """
    model = fit.problem.template.skeleton
    bodies = [model.bodies[body] for body in model.marker_body]
    own = dict(zip(model.markers, bodies, strict=True))
    places = model_landmarks(own, model_map, landmark_table()).places
    bare = {place: marker for place, marker in places.items() if marker not in worn}
    if not bare:
        return ""
    index = [model.markers.index(marker) for marker in bare.values()]
    points = MarkerPlaces(
        tuple(bare.values()), model.marker_body[index], model.marker_position[index]
    )
    shares = told_shares(fit, points, wanted)
    best = int(np.argmax(shares))
    if shares[best] < LEAST_SHARE:
        return ""
    place = list(bare)[best]
    return f"a marker on the {place} would have told most ({shares[best]:.0%} of the variance)"
