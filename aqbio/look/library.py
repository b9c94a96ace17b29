"""Momentum, contributions and induced accelerations of an OpenSim motion as labelled arrays.

Ground axes and clock of the files, SI units in the attribute ``units``. `aqbio look` writes the
same numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from aqbio.errors import AqbioError
from aqbio.filters import design_cutoff, low_pass
from aqbio.gait.roles import group_sum, membership
from aqbio.inverse_kinematics.trial_pose import coordinates_of_file
from aqbio.io.mot import read_storage
from aqbio.look.inputs import (
    DEFAULT_CUTOFF_HZ,
    check_cutoff,
    map_for,
    read_model_in_motion,
    with_held_joints,
    without_sheets,
)
from aqbio.look.levels import FRAME, INDUCED_COORDINATES, MotionLevels, motion_levels
from aqbio.look.muscles import read_muscles
from aqbio.multibody.kinematics import SegmentMotion, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton
from aqbio.prepare.coordinates import coordinate_values, even_motion
from aqbio.rotation.induced import CONTACT_ROWS
from aqbio.rotation.levels import PRIMARY
from aqbio.vectors import BoolArray, FloatArray

FilePath = str | os.PathLike[str]

CAUSED_VARIABLES = {
    "induced_ground_force": "force",
    "induced_ground_moment": "moment",
    "induced_com_acceleration": "com_acceleration",
    "induced_pelvis_acceleration": "pelvis_acceleration",
    "induced_momentum_rate": "momentum_rate",
}
"""Variables of level C, and their names in :func:`joint_contributions`."""

MEASURED_VARIABLES = {
    "ground_force": "measured_force",
    "com_acceleration": "measured_com_acceleration",
    "group_angular_momentum_rate": "measured_momentum_rate",
    "residual_force": "residual_force",
    "residual_moment": "residual_moment",
    "foot_held": "foot_held",
}
"""Variables that sums over sources are held against, and their names there."""


def momentum(
    model: FilePath, motion: FilePath, *, cutoff_hz: float = DEFAULT_CUTOFF_HZ
) -> xr.Dataset:
    """Angular momentum of every segment of an OpenSim model about the body's centre of mass.

    Parameters
    ----------
    model : path
        An ``.osim`` file that OpenSim 4.6 opens; any tree of rigid bodies.
    motion : path
        Its coordinates over time (``.mot``, ``.sto``), in degrees or radians.
    cutoff_hz : float
        Low-pass of the coordinates (4th-order zero-lag Butterworth), Hz.

    Returns
    -------
    xarray.Dataset
        ``angular_momentum`` (time, segment, axis), kg m²/s, its ``rate``, N m, ``com``,
        ``com_velocity`` and ``com_acceleration`` (time, axis), m, m/s, m/s²; where legs are
        recognised also ``group_angular_momentum`` (time, group, axis). Ground axes of the model,
        times of the file; attribute ``mass``, kg. NaN for segments that the file does not
        determine, and for the whole body then.

    Raises
    ------
    AqbioError
        A file cannot be read, or the motion is not of this model.

    Notes
    -----
    ``H_i = I_i ω_i + (c_i − c) × m_i (v_i − v)``; the sum is OpenSim's
    ``Model.calcAngularMomentum``. Body Kinematics of OpenSim gives positions and velocities only.

    References
    ----------
    Hinrichs RN (1987), International Journal of Sport Biomechanics 3, 242-263.
    """
    check_cutoff(cutoff_hz)
    model_file, file = Path(model), Path(motion)
    with quiet(level="Off"):
        skeleton = read_skeleton(model_file)
    storage = read_storage(file)
    try:
        groups: Mapping[str, tuple[str, ...]] = map_for(skeleton, model_file)[0].groups
    except AqbioError:  # no person: momentum by segment is known all the same
        groups = {}
    skeleton, _ = with_held_joints(skeleton, storage, groups or {"body": skeleton.bodies})
    storage, rate, _ = even_motion(storage, file)
    try:
        columns, _ = coordinate_values(storage, skeleton, file)
        design_cutoff(rate, cutoff_hz)
    except AqbioError as error:
        error.fix = without_sheets(error.fix)
        raise
    except ValueError as error:
        fix = "lower cutoff_hz."
        raise AqbioError(str(error), file=file.name, fix=fix, rule="cutoff-too-high") from error
    pose = coordinates_of_file(skeleton, columns)
    moved = spline_motion(skeleton, storage.time, low_pass(pose.q, rate, cutoff_hz))
    motion_of_segments = segment_motion(
        skeleton, segment_kinematics(skeleton, moved.q, moved.u, moved.udot)
    )
    return _momentum_dataset(skeleton, motion_of_segments, pose.determined, storage.time, groups)


def _momentum_dataset(
    skeleton: Skeleton,
    motion: SegmentMotion,
    determined: BoolArray,
    time: FloatArray,
    groups: Mapping[str, tuple[str, ...]],
) -> xr.Dataset:
    com, velocity, acceleration = centre_of_mass(motion)
    by_segment = {
        "angular_momentum": (angular_momentum(motion, com, velocity), "kg m2/s"),
        "rate": (angular_momentum_rate(motion, com, acceleration), "N m"),
    }
    is_determined: BoolArray = np.asarray(determined.all(axis=1))[:, None]
    variables: dict[str, tuple[Any, ...]] = {
        name: (("time", "axis"), np.where(is_determined, values, np.nan), {"units": units})
        for name, values, units in (
            ("com", com, "m"),
            ("com_velocity", velocity, "m/s"),
            ("com_acceleration", acceleration, "m/s2"),
        )
    }
    for name, (values, units) in by_segment.items():
        determined_values = np.where((determined & is_determined)[..., None], values, np.nan)
        variables[name] = (("time", "segment", "axis"), determined_values, {"units": units})
        if groups:
            summed = group_sum(determined_values, membership(groups, skeleton.bodies))
            variables[f"group_{name}"] = (("time", "group", "axis"), summed, {"units": units})
    coordinates: dict[str, Any] = {
        "time": ("time", time, {"units": "s"}),
        "segment": list(skeleton.bodies),
        "axis": list(AXES),
    }
    if groups:
        coordinates["group"] = list(groups)
    return xr.Dataset(variables, coordinates, {"mass": float(skeleton.mass.sum())})


def joint_contributions(
    model: FilePath,
    motion: FilePath,
    forces: FilePath,
    *,
    contact: str = PRIMARY,
    muscles: FilePath | None = None,
    cutoff_hz: float = DEFAULT_CUTOFF_HZ,
) -> xr.Dataset:
    """Ground reaction, motion of the centre of mass and rotation that every source causes.

    Parameters
    ----------
    model : path
        An ``.osim`` model of a body on two feet.
    motion : path
        Its coordinates over time (``.mot``, ``.sto``).
    forces : path
        Ground reaction forces (``.mot``, ``.sto``), or the external-loads file that names them.
    contact : {"C2", "C1", "C3", "C4"}
        How the ground holds the foot at its centre of pressure. C1: a point that cannot move. C2:
        nor can the foot twist about the vertical. C3: it cannot move or turn. C4: as C2, toes bear
        nothing.
    muscles : path, optional
        Muscle forces, N, or activations of your own optimisation (``.sto``): each muscle is a
        source then, and a joint keeps what muscles leave of its moment.
    cutoff_hz : float
        Matched low-pass of coordinates and forces, Hz.

    Returns
    -------
    xarray.Dataset
        By source: ``force`` (time, source, foot, axis), N, and ``moment`` about the centre of mass,
        N m; ``com_acceleration`` (time, source, axis), m/s²; ``momentum_rate`` (time, source,
        group, axis), N m; ``pelvis_acceleration``, rad/s². With what they add up to:
        ``measured_force``, ``measured_com_acceleration``, ``measured_momentum_rate``. Attribute
        ``closure``: largest error of the sums.

    Raises
    ------
    AqbioError
        A file cannot be read, or model, motion and forces do not belong together.

    Notes
    -----
    ``M u̇_s = τ_s + Jᵀ λ_s`` with the foot held, for each source s: Zajac and Gordon (1989);
    Kepple, Siegel and Stanhope (1997); Hamner, Seth and Delp (2010). The measured acceleration of
    the foot is a source of its own (``contact``), so that the sum is the measured force exactly.
    A contribution is of that instant with all other moments held.

    References
    ----------
    Zajac FE, Gordon ME (1989), Exercise and Sport Sciences Reviews 17, 187-230.
    Kepple TM, Siegel KL, Stanhope SJ (1997), Gait and Posture 6, 1-8.
    Hamner SR, Seth A, Delp SL (2010), Journal of Biomechanics 43, 2709-2716.
    """
    levels = _levels(model, motion, forces, contact, muscles, cutoff_hz)
    data = levels.dataset.sel(contact_model=contact)
    chosen = {name: new for name, new in CAUSED_VARIABLES.items() if name in data}
    measured = {name: new for name, new in MEASURED_VARIABLES.items() if name in data}
    result = data[[*chosen, *measured]].rename({**chosen, **measured})
    attributes = {
        "contact": contact,
        "closure": max(levels.closures.values()),
        "mass": float(data.attrs["mass"]),
        "frame": FRAME,
        "map": levels.moving.map_name,
        "findings": [str(finding) for finding in levels.findings],
    }
    return result.assign_attrs(attributes)


def induced(
    model: FilePath,
    motion: FilePath,
    forces: FilePath,
    *,
    contact: str = PRIMARY,
    muscles: FilePath | None = None,
    cutoff_hz: float = DEFAULT_CUTOFF_HZ,
) -> xr.DataArray:
    """Accelerations of the model's free coordinates that every source induces.

    Parameters
    ----------
    model, motion, forces, contact, muscles, cutoff_hz
        As in :func:`aqbio.joint_contributions`.

    Returns
    -------
    xarray.DataArray
        (time, source, coordinate), rad/s² or m/s² as the coordinate ``unit`` says; its sum over
        the sources is the measured acceleration, in the coordinate ``measured`` (time,
        coordinate). Locked and dependent coordinates are left out.

    Raises
    ------
    AqbioError
        A file cannot be read, or model, motion and forces do not belong together.
    """
    levels = _levels(model, motion, forces, contact, muscles, cutoff_hz)
    skeleton, moved = levels.moving.skeleton, levels.moving.solution.motion
    free = skeleton.free
    array = levels.dataset[INDUCED_COORDINATES].rename(free_coordinate="coordinate")
    units = np.where(skeleton.coordinate_is_rotation[free], "rad/s2", "m/s2")
    return array.rename("induced_acceleration").assign_coords(
        unit=("coordinate", units), measured=(("time", "coordinate"), moved.udot[:, free])
    )


def _levels(
    model: FilePath,
    motion: FilePath,
    forces: FilePath,
    contact: str,
    muscles: FilePath | None,
    cutoff_hz: float,
) -> MotionLevels:
    if contact not in CONTACT_ROWS:
        raise AqbioError(
            f"there is no contact model {contact!r}.",
            fix=f"take one of {', '.join(CONTACT_ROWS)}.",
            rule="contact-model",
        )
    moving = read_model_in_motion(Path(model), Path(motion), Path(forces), cutoff_hz)
    muscle_forces = None if muscles is None else read_muscles(Path(muscles), moving)
    levels = motion_levels(moving, muscle_forces, contact)
    if not levels.with_forces:
        reasons = [str(finding) for finding in levels.findings if finding.severity != "info"]
        raise AqbioError(
            "no force of the file is used, so that nothing is known of causes: "
            + " ".join(reasons[:2]),
            file=Path(forces).name,
            fix="look at the file of forces; aqbio.momentum needs none.",
            rule="forces-none",
        )
    return levels
