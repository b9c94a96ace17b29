"""Tables of steps and contributions computed again from the files of a trial."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.outsider.signals import AXIAL, FINE, POLAR, Results, Step, mean

AXES = "xyz"
GROUPS = (
    "push_leg", "swing_leg", "arms", "torso", "pelvis", "push_side", "swing_side", "total",
)  # fmt: skip
FORCE = ("force", "force_of_both_feet", "whole_body")
HALF_OF_95 = 1.959964
"""Standard deviations of the half of a 95 % interval."""

Key = tuple[str, str, str, str, str, str]
"""Level, source, target, axis, phase, statistic."""


def step_numbers(trial: Results, row: pd.Series) -> dict[str, float]:
    """Numbers of a row of steps.tsv, without those that need the steps around it."""
    step, data = trial.step(row), trial.data
    stance, step_ends = step.phases["stance"], (step.touchdown, step.next_touchdown)
    complete = "flight" in step.phases
    moving = step_ends if complete else stance
    belt = float(trial.belt(np.linspace(*moving, 1001)).mean())
    speed = trial.curve(trial.values("com_velocity")[:, :1], moving)[:, 0] + belt
    force = trial.values("ground_force", foot=step.side) * _signs(step, POLAR)
    force_bw = trial.curve(force, stance) / trial.weight
    contact = int(np.argmin(np.abs(data["contact_touchdown"].values - step.touchdown)))
    duration = step.next_touchdown - step.touchdown
    error = trial.solved["marker_error"].sel(time=slice(*stance)).values
    finite = error[np.isfinite(error)]
    numbers = {
        "contact_s": step.toe_off - step.touchdown,
        "flight_s": step.next_touchdown - step.toe_off,
        "contact_error_s": float(data["contact_time_error"][contact]),
        "speed_mps": float(mean(speed)),
        "belt_speed_mps": belt if trial.data.attrs["surface"] == "treadmill" else np.nan,
        "speed_change_mps": float(speed[-1] - speed[0]),
        "step_frequency_hz": 1.0 / duration,
        "step_length_m": float(mean(speed)) * duration,
        "peak_vertical_force_bw": float(data["contact_peak"][contact]) / trial.weight,
        "mean_vertical_force_bw": float(mean(force_bw[:, 1])),
        "lateral_force_bw": float(mean(force_bw[:, 2])) * (stance[1] - stance[0]) / duration,
        "acceleration_mps2": float(mean(force_bw[:, 0]))
        * 9.80665
        * ((stance[1] - stance[0]) / duration if complete else 1.0),
        "marker_rms_m": float(np.sqrt(np.mean(finite**2))),
        "marker_max_m": float(finite.max()),
        "mass_kg": trial.mass,
    }
    momenta = of_roles(trial, step, "group_angular_momentum", stance)
    for role, item in enumerate(GROUPS):
        for axis, value in zip(AXES, mean(momenta[:, role]), strict=True):
            numbers[f"H_{item}_{axis}_stance_mean_kgm2ps"] = float(value)
    for name, column in (("residual_moment", ""), ("residual_moment_plain", "plain_")):
        if name in data:
            curve = trial.curve(trial.values(name), stance)
            for axis, value in zip(AXES, np.sqrt(mean(curve**2)), strict=True):
                numbers[f"M_residual_{column}{axis}_stance_rms_Nm"] = float(value)
    return numbers | _sds(trial, step)


def _sds(trial: Results, step: Step) -> dict[str, float]:
    """Standard deviations of the stance means of momentum: of all draws, and of the motion."""
    sds = {}
    half = _half_widths(trial, step.side)
    for item in GROUPS:
        for axis in AXES:
            key = ("A", item, "whole_body", "momentum_mean", axis)
            if key in half:
                sds[f"H_{item}_{axis}_stance_mean_sd_kgm2ps"] = half[key] / HALF_OF_95
    for item, values in posterior_sds(trial, step, "momentum").items():
        for axis, value in zip(AXES, values, strict=True):
            sds[f"H_{item}_{axis}_stance_mean_motion_sd_kgm2ps"] = float(value)
    return sds


def posterior_samples(trial: Results, quantity: str = "momentum") -> np.ndarray | None:
    """Deviations of the samples of the fitted motion, (N, T, G, 3), along the direction of travel;
    None without."""
    name = f"group_{quantity}_sample"
    if name not in trial.solved:
        return None
    samples = trial.solved[name].transpose("sample", "time", "group", "axis").values.astype(float)
    turn = float(trial.data.attrs["heading"])
    x, y, z = np.moveaxis(samples, -1, 0)
    ahead = np.cos(turn) * x - np.sin(turn) * z, y, np.sin(turn) * x + np.cos(turn) * z
    kind = {"momentum": "momentum", "rate": "moments"}[quantity]
    return trial.data.attrs[f"widening_{kind}"] * np.stack(ahead, axis=-1)


def posterior_sds(trial: Results, step: Step, quantity: str) -> dict[str, np.ndarray]:
    """Spread of the stance mean over the samples of the fitted motion, (3,) by role."""
    if (samples := posterior_samples(trial, quantity)) is None:
        return {}
    names = [str(group) for group in trial.data["group"].values]
    inside = (trial.time >= step.touchdown) & (trial.time <= step.toe_off)
    roles = np.einsum("rg,ntga->ntra", step.groups(list(GROUPS), names), samples[:, inside])
    spread = np.sqrt(np.mean(roles.mean(axis=1) ** 2, axis=0))
    return dict(zip(GROUPS, spread, strict=True))


def heading_changes(trial: Results, rows: pd.DataFrame) -> list[float]:
    """Half of the turn over each stride, degrees, positive to the side of the stance foot."""
    velocity = trial.values("com_velocity")
    velocity[:, 0] += trial.belt(trial.time)
    steps, angles = [trial.step(row) for _, row in rows.iterrows()], []
    for step, following in zip(steps, steps[2:], strict=False):
        ends = trial.curve(velocity, (step.touchdown, following.touchdown))[[0, -1]]
        angle = np.degrees(np.arctan2(ends[:, 2], ends[:, 0]))
        angles.append((angle[1] - angle[0]) / 2 * (1.0 if step.side == "right" else -1.0))
    return angles


def contributions(trial: Results, step: Step) -> Iterator[tuple[Key, float, float]]:
    """Every number of the table of contributions of a step, and the size of its signal."""
    for phase, ends in step.phases.items():
        duration = ends[1] - ends[0]
        yield from _level_a(trial, step, phase, ends, duration)
        yield from _joints(trial, step, phase, ends, duration)
        yield from _pelvis(trial, step, phase, ends)
        relative = of_roles(trial, step, "relative_force", ends, POLAR)
        for source in ("push_leg", "swing_leg", "arms", "torso", "pelvis"):
            curve = relative[:, GROUPS.index(source)]
            yield from _means("force", source, "ground", phase, "relative_force", curve)
        yield from _work(trial, step, phase, ends, duration)
    yield from _shares(trial, step)
    yield from _caused(trial, step)


def intervals(trial: Results, step: Step) -> dict[tuple[str, ...], float]:
    """Half of the 95 % interval of stance means, by level, source, target, statistic and axis."""
    return _half_widths(trial, step.side)


def _half_widths(trial: Results, side: str) -> dict[tuple[str, ...], float]:
    if "interval_sd" not in trial.data:
        return {}
    interval_sd = trial.data["interval_sd"].sel(stance_foot=side)
    names = [trial.data[f"outcome_{field}"].values.astype(str) for field in
             ("level", "source", "target", "statistic")]  # fmt: skip
    variance = (
        (interval_sd**2).sum("uncertainty_source", skipna=False).transpose("outcome", "axis").values
    )
    variance = variance + model_differences(trial, side) ** 2
    return {
        (*key, axis): HALF_OF_95 * np.sqrt(value)
        for key, values in zip(zip(*names, strict=True), variance, strict=True)
        for axis, value in zip(AXES, values, strict=True)
        if np.isfinite(values).all()
    }


CAUSED_BY_ONE_MODEL = 1.5
"""Widening of what joints cause, for the second model is a sample of one."""


def model_differences(trial: Results, side: str) -> np.ndarray:
    """(outcome, axis): what the second model says differently of steps of a foot."""
    if "second_model" not in trial.data:
        return np.zeros((trial.data.sizes["outcome"], 3))
    of_foot = trial.data["second_model"].sel(stance_foot=side)
    by_model = of_foot.transpose("model_side", "outcome", "axis").values
    difference = np.nan_to_num(by_model[1] - by_model[0])
    is_caused = np.char.startswith(trial.data["outcome_level"].values.astype(str), "C")
    widened: np.ndarray = np.where(is_caused, CAUSED_BY_ONE_MODEL, 1.0)[:, None] * difference
    return widened


def _signs(step: Step, mirrored: np.ndarray) -> np.ndarray:
    return mirrored if step.side == "left" else np.ones(3)


def of_roles(
    trial: Results, step: Step, name: str, ends: tuple[float, float], mirrored: np.ndarray = AXIAL
) -> np.ndarray:
    """(1001, 8, 3): sums over the groups of each role, axes of a right step."""
    names = [str(group) for group in trial.data["group"].values]
    matrix = step.groups(list(GROUPS), names)
    values = np.einsum("rg,tga->tra", matrix, trial.values(name))
    return trial.curve(values, ends) * _signs(step, mirrored)


def _size(curve: np.ndarray) -> float:
    return float(np.abs(curve).max())


def _means(level, source, target, phase, quantity, curve, axes=AXES):
    for column, axis in enumerate(AXES):
        if axis in axes:
            key = (level, source, target, axis, phase, f"{quantity}_mean")
            yield key, float(mean(curve)[column]), _size(curve)


def _all(level, source, target, phase, quantity, curve, duration, statistics, frame=0.0):
    from_ends = np.minimum(FINE, 1.0 - FINE)[::10] * duration
    away = curve[::10][from_ends >= frame] if phase == "flight" else curve  # in per cent
    by_statistic = {
        "mean": mean(curve), "min": away.min(axis=0), "max": away.max(axis=0),
        "impulse": mean(curve) * duration,
    }  # fmt: skip
    for statistic in statistics:
        for axis, value in zip(AXES, by_statistic[statistic], strict=True):
            size = _size(curve) * (duration if statistic == "impulse" else 1.0)
            yield (
                (level, source, target, axis, phase, f"{quantity}_{statistic}"),
                float(value),
                size,
            )


def _level_a(trial, step, phase, ends, duration):
    momenta = of_roles(trial, step, "group_angular_momentum", ends)
    rates = of_roles(trial, step, "group_angular_momentum_rate", ends)
    stance = phase == "stance"
    momentum_statistics = ("mean", "min", "max") if stance else ("mean",)
    moment_statistics = (*momentum_statistics, "impulse") if stance else ("mean",)
    for role, item in enumerate(GROUPS):
        key = ("A", item, "whole_body", phase)
        yield from _all(*key, "momentum", momenta[:, role], duration, momentum_statistics)
        yield from _all(*key, "moment", rates[:, role], duration, moment_statistics)
    for name in ("moment_of_force", "free_moment", "residual_moment"):
        curve = trial.curve(trial.values(name), ends) * _signs(step, AXIAL)
        yield from _all(
            "A", name, "whole_body", phase, "moment", curve, duration, moment_statistics
        )


def _joints(trial, step, phase, ends, duration):
    frame = float(np.diff(trial.data["time"].values[:2])[0])
    for name in trial.data["joint"].values.astype(str):
        curve = trial.curve(trial.values("joint_moment", joint=name), ends) * _signs(step, AXIAL)
        yield from _all("joint", step.role(name), "distal_segment", phase, "moment", curve,
                        duration, ("mean", "min", "max", "impulse"), frame)  # fmt: skip


def _turn(trial, step) -> int:
    """Instant of the smallest fore-aft impulse so far, in per cent of stance; 50 at an end."""
    forward = trial.values("ground_force", foot=step.side)[:, 0]
    curve = trial.curve(forward, step.phases["stance"])
    steps = np.diff(FINE) * (curve[1:] + curve[:-1]) / 2
    sums = np.concatenate([[0.0], np.cumsum(steps)])[::10]
    lowest = int(np.argmin(sums))
    return lowest if 0 < lowest < 100 else 50


def _parts(trial, step):
    """Braking and propulsion as slices of 1001 instants, and how long each lasts."""
    turn, contact = 10 * _turn(trial, step), step.toe_off - step.touchdown
    yield "braking", slice(0, turn + 1), contact * turn / 1000
    yield "propulsion", slice(turn, 1001), contact * (1000 - turn) / 1000


def _impulses(trial, step, level, source, target, quantity, curve, axes):
    for part, part_of_stance, seconds in _parts(trial, step):
        contact = step.toe_off - step.touchdown
        sums = np.trapezoid(curve[part_of_stance], FINE[part_of_stance], axis=0) * contact
        for column, axis in enumerate(AXES):
            if axis in axes:
                key = (level, source, target, axis, part, f"{quantity}_impulse")
                yield key, float(sums[column]), _size(curve) * max(seconds, contact / 2)


def _pelvis(trial, step, phase, ends):
    for chain in trial.data["chain"].values.astype(str):
        signs = _signs(step, AXIAL)
        joint = trial.curve(trial.values("hub_moment", chain=chain), ends) * signs
        force = trial.curve(trial.values("hub_force_moment", chain=chain), ends) * signs
        role = step.role(chain)
        for quantity, curve in (("joint_moment", joint), ("force_moment", force)):
            yield from _means("B", role, "pelvis", phase, quantity, curve)
        yield from _means("B", role, "pelvis", phase, "moment", joint + force)
        if phase == "stance":
            yield from _impulses(trial, step, "B", role, "pelvis", "moment", joint + force, AXES)


def _work(trial, step, phase, ends, duration):
    for name in trial.data["joint"].values.astype(str):
        power = trial.curve(trial.values("joint_power", joint=name), ends)
        for words, part in (("positive", np.maximum), ("negative", np.minimum)):
            key = ("B", step.role(name), "whole_body", "all", phase, f"work_{words}")
            yield key, float(mean(part(power, 0.0))) * duration, _size(power) * duration


def _shares(trial, step):
    ends = step.phases["stance"]
    parts = of_roles(trial, step, "inertial_force", ends, POLAR)
    ground_force = trial.curve(trial.values("ground_force"), ends) * _signs(step, POLAR)
    half = intervals(trial, step)
    yield from _means(*FORCE, "stance", "force", ground_force)
    for role, item in enumerate(GROUPS[:-1]):
        yield from _means("force", item, "ground", "stance", "inertial_force", parts[:, role])
        for axis, part, all_ in zip(AXES, mean(parts[:, role]), mean(ground_force), strict=True):
            size = _size(parts) / abs(all_) * (1.0 + abs(part / all_))
            known = abs(all_) > half.get((*FORCE, "force_mean", axis), 0.0)
            share = part / all_ if known else np.nan
            yield ("force", item, "ground", axis, "stance", "inertial_share"), share, size


def _caused(trial, step):
    names = [str(source) for source in trial.data["source"].values]
    groups = [str(group) for group in trial.data["group"].values]
    ends = step.phases["stance"]
    for model in trial.data["contact_model"].values.astype(str):
        level, primary = f"C ({model})", model == "C2"
        force = trial.values("induced_ground_force", contact_model=model)
        rate = trial.values("induced_momentum_rate", contact_model=model)
        turn = trial.values("induced_pelvis_acceleration", contact_model=model)
        targets = ("push_side", "swing_side", "whole_body")
        matrix = step.groups(list(targets), groups)
        sides = np.einsum("rg,tsga->trsa", matrix, rate)
        for item in _items(step, names):
            weights = step.sources(item, names)
            is_push_joint = item in ("ankle_push", "mtp_push")
            row_level = level.replace("C", "C alone", 1) if is_push_joint else level
            curve = trial.curve(np.einsum("s,tsa->ta", weights, force), ends)
            curve = curve * _signs(step, POLAR)
            yield from _means(row_level, item, "ground", "stance", "force", curve)
            pushing = primary and item in ("push_side", "swing_side")
            if pushing:
                yield from _impulses(trial, step, row_level, item, "ground", "force", curve, "xy")
            for row, target in enumerate(targets):
                curve = trial.curve(np.einsum("s,tsa->ta", weights, sides[:, row]), ends)
                curve = curve * _signs(step, AXIAL)
                yield from _means(row_level, item, target, "stance", "moment", curve)
                if pushing:
                    yield from _impulses(trial, step, row_level, item, target, "moment", curve, "y")
            curve = trial.curve(np.einsum("s,tsa->ta", weights, turn), ends) * _signs(step, AXIAL)
            yield from _means(row_level, item, "pelvis", "stance", "angular_acceleration", curve)


def _items(step, names):
    return "push_side", "swing_side", "ankle_toes_push", *(step.role(source) for source in names)
