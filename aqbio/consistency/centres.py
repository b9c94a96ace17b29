"""Where the segments' centres of mass are after a fit, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.consistency.adjusted import centre_shifts
from aqbio.consistency.parameters import CENTRES, ParameterEstimate, centre_direction
from aqbio.consistency.runner import Runner
from aqbio.vectors import FloatArray


@dataclass(frozen=True, eq=False)
class CentreEstimates:
    """Places of B segments' centres of mass against the model's, segment axes."""

    shift: FloatArray
    """(B, 3) array, m. What the forces moved them."""
    covariance: FloatArray
    prior_covariance: FloatArray
    """covariance, prior_covariance: (3 B, 3 B) arrays, m². After the forces and before them."""

    @property
    def sd(self) -> FloatArray:
        """(B, 3) array, m: standard deviations after the forces."""
        return _sds(self.covariance)

    @property
    def prior_sd(self) -> FloatArray:
        """(B, 3) array, m: standard deviations before the forces."""
        return _sds(self.prior_covariance)


def centre_estimates(
    runner: Runner, estimates: Sequence[ParameterEstimate], covariance: FloatArray
) -> CentreEstimates:
    """The places that the parameters of a fit stand for.

    Parameters
    ----------
    estimates : sequence of ParameterEstimate
        All parameters, in order.
    covariance : (P, P) array
        Of those that are on.

    Notes
    -----
    Displacements are ``Vᵀ z + ε`` with the fitted directions V and a small rest ε that no fit
    touches: ``Σ' = Vᵀ S V + (Σ − Vᵀ V)`` with the covariance S of z.
    """
    before = runner.centre_covariance
    on = [one.name for one in estimates if one.parameter.on]
    rows = [row for row, name in enumerate(on) if name.startswith(CENTRES)]
    directions = runner.centres.reshape(len(runner.centres), -1)
    directions = directions[[centre_direction(on[row]) for row in rows]]
    learnt = np.eye(len(rows)) - covariance[np.ix_(rows, rows)]
    values = {one.name: one.estimate for one in estimates}
    after = before - directions.T @ learnt @ directions
    return CentreEstimates(centre_shifts(runner, values), after, before)


def _sds(covariance: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.maximum(np.diag(covariance), 0.0)).reshape(-1, 3))
