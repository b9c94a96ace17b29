"""Ground reactions as a laboratory reports them: force, centre of pressure, free moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.vectors import FloatArray


def ground_reactions(
    bodies: Sequence[str], force: FloatArray, cop: FloatArray, free_moment: FloatArray
) -> tuple[ExternalLoad, ...]:
    """Loads on the feet.

    Parameters
    ----------
    bodies : sequence of F names
        The foot segments of the skeleton.
    force : (T, F, 3) array, N, ground
        On the runner.
    cop : (T, F, 3) array, m, ground
        Centre of pressure; NaN where the foot is not loaded.
    free_moment : (T, F) array, N m
        About the vertical through the centre of pressure; NaN where the foot is not loaded.

    Raises
    ------
    ValueError
        A force has no centre of pressure.

    Examples
    --------
    >>> force, cop = np.array([[[0.0, 700.0, 0.0]]]), np.array([[[0.2, 0.0, 0.1]]])
    >>> load, = ground_reactions(["foot_r"], force, cop, np.array([[5.0]]))
    >>> load.moment
    array([[0., 5., 0.]])
    """
    loaded = np.abs(force).max(axis=2) > 0
    for foot, body in enumerate(bodies):
        known = np.isfinite(cop[:, foot]).all(axis=1) & np.isfinite(free_moment[:, foot])
        missing = int((loaded[:, foot] & ~known).sum())
        if missing:
            raise ValueError(
                f"{body}: {missing} frames have a force but no centre of pressure or free moment."
            )
    moment = np.zeros_like(force)
    moment[..., 1] = np.where(loaded, free_moment, 0.0)
    point = np.where(loaded[..., None], cop, 0.0)
    return tuple(
        ExternalLoad(body, force[:, foot], moment[:, foot], point[:, foot])
        for foot, body in enumerate(bodies)
    )


def external_yaw_moment(
    force: FloatArray, cop: FloatArray, free_moment: FloatArray, com: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Moment of a ground reaction about the vertical through the centre of mass, in its two parts.

    Parameters
    ----------
    force : (..., 3) array, N, ground
    cop : (..., 3) array, m, ground
    free_moment : (...) array, N m
    com : (..., 3) array, m, ground
        Centre of mass of the whole body.

    Returns
    -------
    lever_arm, free : (...) arrays, N m
        Positive turns to the left.

    Notes
    -----
    ``M_y = (p_z − c_z) F_x − (p_x − c_x) F_z + T_y``.

    Examples
    --------
    Braking on the right of the centre of mass turns a runner to the right:

    >>> parts = external_yaw_moment(
    ...     np.array([-700.0, 2000.0, 0.0]), np.array([0.3, 0.0, 0.05]), np.array(8.0), np.zeros(3)
    ... )
    >>> [round(float(part), 6) for part in parts]
    [-35.0, 8.0]
    """
    arm = cop - com
    lever: FloatArray = arm[..., 2] * force[..., 0] - arm[..., 0] * force[..., 2]
    return lever, np.asarray(free_moment, dtype=np.float64)
