"""Tables of a motion: its contacts and steps, and the mean over each contact of every level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.contributions.other_models import steps_in_motion
from aqbio.contributions.step_postures import posture_measures
from aqbio.gait.curves import step_dataset
from aqbio.gait.postures import MEASURES
from aqbio.gait.steps import (
    MAXIMUM_FLIGHT_S,
    PERCENT,
    Contact,
    Step,
    phase_mean,
    steps_from_contacts,
)
from aqbio.io.dictionary import Columns, columns
from aqbio.look.levels import MotionLevels
from aqbio.look.trust import along_run
from aqbio.names import AXES, GRAVITY
from aqbio.rotation.hub import OTHER_JOINTS
from aqbio.rotation.levels import PRIMARY
from aqbio.signals import resampled
from aqbio.vectors import FloatArray

MIN_AVERAGED_FRAMES = 5
"""Least number of frames of a contact whose mean is stated."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Signal of the dataset whose means over contacts are a table's rows."""

    level: str
    name: str
    part: str
    """Dimension of its sources; empty where the signal is the source."""
    target: str
    quantity: str
    impulse: bool = False
    """True if its time integral over a contact is of interest."""


SIGNALS = (
    Signal("A", "group_angular_momentum", "group", "whole_body", "angular_momentum"),
    Signal("A", "group_angular_momentum_rate", "group", "whole_body", "moment", impulse=True),
    Signal("A", "moment_of_force", "foot", "whole_body", "moment", impulse=True),
    Signal("A", "free_moment", "foot", "whole_body", "moment", impulse=True),
    Signal("A", "residual_moment", "", "whole_body", "moment", impulse=True),
    Signal("A", "residual_force", "", "whole_body", "force", impulse=True),
    Signal("joint", "joint_moment", "joint", "distal_segment", "moment"),
    Signal("joint", "joint_power", "joint", "distal_segment", "power", impulse=True),
    Signal("B", "hub_moment", "chain", "pelvis", "joint_moment", impulse=True),
    Signal("B", "hub_force_moment", "chain", "pelvis", "moment_of_joint_force", impulse=True),
    Signal("B", "torso_moment", "torso_chain", "torso", "joint_moment", impulse=True),
    Signal("force", "ground_force", "foot", "whole_body", "force", impulse=True),
    Signal("force", "inertial_force", "group", "ground", "force", impulse=True),
    Signal("C", "induced_ground_force", "source", "ground", "force", impulse=True),
    Signal("C", "induced_ground_moment", "source", "whole_body", "moment", impulse=True),
    Signal("C", "induced_com_acceleration", "source", "centre_of_mass", "acceleration"),
)
"""Rows of the table of contributions; of level C the primary contact model, both feet together."""


def steps_of(levels: MotionLevels) -> tuple[Step, ...]:
    """Steps of a motion, one per contact, on the clock of the file; walking has no flight."""
    start = levels.moving.start
    contacts = [
        Contact(
            side=contact.side,
            touchdown=contact.touchdown + start,
            toe_off=contact.toe_off + start,
            complete=contact.complete,
            edge_distance=contact.edge_distance,
            shared=contact.shared,
            time_error=contact.time_error,
            broken=contact.broken,
        )
        for contact in levels.result.contacts
    ]
    return tuple(steps_from_contacts(contacts, maximum_flight=MAXIMUM_FLIGHT_S, edge_distance=0.0))


def averaged_contacts(levels: MotionLevels) -> tuple[Step, ...]:
    """Whole contacts; of a motion without any, as in a jump from standing, what it has of each.

    Without half a period of the low-pass at either end of the motion, which accelerations feel.
    """
    if contacts := whole_contacts(levels):
        return contacts
    time = levels.dataset["time"].values
    margin = 0.5 / levels.moving.cutoff_hz
    first, last = float(time[0]) + margin, float(time[-1]) - margin
    clipped = (
        replace(step, touchdown=max(step.touchdown, first), toe_off=min(step.toe_off, last))
        for step in steps_of(levels)
    )
    shortest = MIN_AVERAGED_FRAMES * float(time[1] - time[0])
    return tuple(step for step in clipped if step.contact >= shortest)


def whole_contacts(levels: MotionLevels) -> tuple[Step, ...]:
    """Steps whose contact the motion holds from touchdown to toe-off."""
    steps = (step for step in steps_of(levels) if np.isfinite(step.touchdown + step.toe_off))
    recorded = {
        contact.touchdown + levels.moving.start
        for contact in levels.result.contacts
        if contact.complete
    }
    return tuple(
        step for step in steps_in_motion(levels.dataset, list(steps)) if step.touchdown in recorded
    )


def step_columns() -> Columns:
    """Columns of the table of steps: times, then measures of posture as in a study."""
    of_study = columns("steps", group=())
    return {**columns("look_steps"), **{name: of_study[name] for name in MEASURES}}


def steps_table(levels: MotionLevels) -> pd.DataFrame:
    """Contacts with times, speeds, peaks and postures; n/a where the motion cuts the contact."""
    run, contacts = along_run(levels.dataset, levels.heading), whole_contacts(levels)
    curves = step_dataset(run, contacts, levels.moving.model_map, names=("com_velocity",))
    moves = levels.result.levels.mechanics.kinematics
    postures = posture_measures(
        levels.moving.skeleton, levels.moving.model_map, moves, run, contacts, levels.heading
    )
    weight = float(run.attrs["mass"]) * GRAVITY
    rows = []
    for step in steps_of(levels):
        row: dict[str, Any] = {
            "contact": step.number,
            "foot": step.side,
            "touchdown_s": step.touchdown,
            "toe_off_s": step.toe_off,
            "contact_s": step.contact,
            "whole": step in contacts,
        }
        if step in contacts:
            index = contacts.index(step)
            duration = step.next_touchdown - step.touchdown
            speed = float(curves["speed"].values[index])
            row |= {
                "step_s": duration,
                "double_support_s": max(step.toe_off - step.next_touchdown, 0.0)
                if np.isfinite(step.next_touchdown)
                else np.nan,
                "flight_s": step.flight,
                "speed_mps": speed,
                "step_length_m": speed * duration,
                "peak_vertical_force_bw": _peak(run, step) / weight,
            }
            row |= {name: float(values[index, 0]) for name, values in postures.items()}
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=list(step_columns()))


def _peak(run: xr.Dataset, step: Step) -> float:
    """Largest vertical force on the foot of a step in its contact, N; NaN without forces."""
    time = run["time"].values
    during = (time >= step.touchdown) & (time <= step.toe_off)
    vertical = run["ground_force"].sel(foot=step.side, axis="y").values[during]
    return float(vertical.max()) if np.isfinite(vertical).all() and len(vertical) else np.nan


def contributions_table(levels: MotionLevels) -> pd.DataFrame:
    """Mean and time integral over every contact, by source and axis along the run."""
    run = along_run(levels.dataset, levels.heading)
    time, described = run["time"].values, columns("look_contributions")
    signals = [(signal, *signal_values(run, signal)) for signal in SIGNALS if signal.name in run]
    units = {
        signal.name: str(run[signal.name].attrs["units"]).replace("m2", "m²")
        for signal, _, _ in signals
    }
    rows = [
        row
        for step in averaged_contacts(levels)
        for signal, names, values in signals
        for row in _rows(step, signal, names, contact_mean(time, values, step), units)
    ]
    return pd.DataFrame(rows, columns=list(described))


def contact_means(run: xr.Dataset, step: Step, signal: Signal) -> tuple[list[str], FloatArray]:
    """Sources of a signal, and their means (K, axis) over a contact."""
    names, values = signal_values(run, signal)
    return names, contact_mean(run["time"].values, values, step)


def contact_mean(time: FloatArray, values: FloatArray, step: Step) -> FloatArray:
    """Mean of a signal (T, ...) over a contact."""
    return phase_mean(resampled(time, values, step.touchdown + PERCENT * step.contact))


def signal_values(run: xr.Dataset, signal: Signal) -> tuple[list[str], FloatArray]:
    """Sources of a signal, and their values (T, K, axis) under the primary contact model."""
    variable = run[signal.name]
    if "contact_model" in variable.dims:
        variable = variable.sel(contact_model=PRIMARY)
    if "foot" in variable.dims and signal.part != "foot":
        variable = variable.sum("foot", skipna=False)
    names = [str(name) for name in variable[signal.part].values] if signal.part else [signal.name]
    return names, variable.values.reshape(len(run["time"]), len(names), -1)


def _rows(
    step: Step, signal: Signal, names: Sequence[str], means: FloatArray, units: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for name, mean in zip(names, means, strict=True):
        if name == OTHER_JOINTS and not mean.any():
            continue
        for axis, value in zip(AXES if len(mean) > 1 else ("all",), mean, strict=True):
            yield {
                "contact": step.number,
                "foot": step.side,
                "level": signal.level,
                "source": name,
                "target": signal.target,
                "quantity": signal.quantity,
                "axis": axis,
                "mean": float(value),
                "integral": float(value) * step.contact if signal.impulse else np.nan,
                "unit": units[signal.name],
            }
