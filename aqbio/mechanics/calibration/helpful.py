"""Which further marker would tell most of what a body leaves open."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.calibration.beliefs import LANDMARK_SD, SKIN_SD
from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.parts import part_kind
from aqbio.mechanics.calibration.posterior import point_slopes
from aqbio.mechanics.calibration.shape import MarkerPlaces
from aqbio.mechanics.vectors import FloatArray


def told_shares(fit: BodyFit, places: MarkerPlaces, wanted: FloatArray) -> FloatArray:
    """Share of the variance of some quantities that one more marker would take away.

    Parameters
    ----------
    places : MarkerPlaces
        M palpable landmarks of the template without a marker.
    wanted : (N, P + C) array
        Derivatives of the quantities by shape and mean posture; their variances are added.

    Returns
    -------
    (M,) array
        Had the marker been worn alone in the frames that were fitted.

    Notes
    -----
    The marker is seen at ``x = S δθ + R d + e``, with d how far it is palpated off its landmark and
    e the skin, both with the deviations that are believed. With the covariance P the variance of
    ``G δθ`` falls by ``G P Sᵀ (S P Sᵀ + R D Rᵀ + E)⁻¹ S P Gᵀ``.
    """
    slopes, turned = point_slopes(fit, places)
    template, problem = fit.problem.template, fit.problem
    moving = ~problem.frames.still
    worth = problem.frames.worth[moving if moving.any() else ~moving]
    before = float(((wanted @ fit.covariance) * wanted).sum())
    shares = []
    for marker, body in enumerate(places.body):
        kind = part_kind(template.parts.names[template.parts.of_body[body]])
        seen = slopes[:, marker].reshape(-1, slopes.shape[-1])
        palpated = turned[:, marker].reshape(-1, 3)
        spread = seen @ fit.covariance @ seen.T + LANDMARK_SD**2 * palpated @ palpated.T
        spread += np.diag(np.repeat(SKIN_SD[kind] ** 2 / worth, 3))
        across = seen @ fit.covariance @ wanted.T
        shares.append(float((across * np.linalg.solve(spread, across)).sum()) / before)
    return np.array(shares)
