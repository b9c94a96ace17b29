"""Files of stage inverse dynamics: fitted or plain trials, and fitted centres of mass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from aqbio.body.draws import DRAWN_BODIES, DRAWN_SHAPES, inertial_parameters
from aqbio.body.records import body_spread, followed_markers
from aqbio.config import ModelMap
from aqbio.errors import Finding
from aqbio.force_plates.alignment import ALIGNMENT, OFFSET, PIVOT, ROTATION, Alignment
from aqbio.force_plates.single_plates import DISPLACEMENTS, TURNS, is_of_plate, plate_parameter
from aqbio.gait.drawn_steps import drawn_frames, measured_contacts
from aqbio.gait.postures import POINTS, posture_points
from aqbio.gait.step_files import trial_contacts
from aqbio.gait.steps import MAXIMUM_FLIGHT_S
from aqbio.inverse_dynamics.balance import adjusted_inertia, adjusted_loads, drag, loads_on_plates
from aqbio.inverse_dynamics.clocks import SCATTER_SD_S, clock_by_lag
from aqbio.inverse_dynamics.fit import TrialFit, group_momentum, moved_motion
from aqbio.inverse_dynamics.fitted import (
    CLOCK_SD,
    FIT_PREFIX,
    FORCES_NOT_USED,
    OTHER_MOTION,
    PLATE_POSITION_SD,
    PLATE_TURN_SD,
)
from aqbio.inverse_dynamics.parameters import CLOCK, DRAG
from aqbio.inverse_dynamics.posterior_states import (
    body_states,
    inertia_states,
    motion_states,
    shape_states,
)
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_kinematics.solution import FITTED, PLAIN, SolvedTrial
from aqbio.io.netcdf import with_digits
from aqbio.io.study import Study
from aqbio.multibody.dynamics import newton_euler
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.poses import FRAMES_PER_CHUNK, chunks, segment_poses, whole_body_com
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES, FIT_STATES, SIDES
from aqbio.observed.parts import MASK_VARIABLES
from aqbio.prepare.prepared import foot_loads, loads_with_toes, measured_loads
from aqbio.signals import quintic_spline
from aqbio.vectors import FloatArray


def centres_dataset(
    shift: FloatArray, covariance: FloatArray, segments: Sequence[str]
) -> xr.Dataset:
    """Shifts of the centres of mass, and their posterior covariance."""
    shape = (len(segments), len(AXES), len(segments), len(AXES))
    dims = ("segment", "axis", "other_segment", "other_axis")
    return xr.Dataset(
        {
            "centre_shift": (("segment", "axis"), shift),
            "centre_covariance": (dims, covariance.reshape(shape)),
        },
        dict(zip(dims, (list(segments), list(AXES)) * 2, strict=True)),
    )


PLAIN_CLOCK_SD_S = 0.003
"""Standard deviation of the clock where nothing was fitted, s: the lag of the forces by their own
evidence is -1.2 to 2.9 ms in 43 sound runs."""

LABORATORY_CLOCK_SD_S = 0.0015
"""Standard deviation of laboratories' clocks, s, with long tails: at most that of these lags."""


LABORATORY = (CLOCK, *ALIGNMENT, *PIVOT)
"""Parameters of a session's clock and plates, common to all of its trials."""


@dataclass(frozen=True, eq=False)
class PlainWorld:
    """Clock, plates and body with which the plain motion of a trial is used."""

    values: dict[str, float]
    """Parameters of clock and plates by name."""
    clock_sd: float
    """Standard deviation of the clock, s."""
    skeleton: Skeleton
    """In the laboratory's frame."""

    @classmethod
    def of(
        cls,
        trial: SolvedTrial,
        scaled: Skeleton,
        fitted: Session,
        session_lag: float,
        *,
        is_single: bool = False,
    ) -> PlainWorld:
        """Clock, plates and body that fits of the session's other trials found.

        Without an accepted one, or as if the trial were the only one (`is_single`), plates and
        ``scaled`` body as they are, and the clock that the lag of the forces, or that of the
        session's other trials, tells.
        """
        others = [name for name in fitted.accepted if name != trial.trial_id and not is_single]
        values, clock, skeleton = dict[str, float](), (0.0, np.inf), scaled
        if others:
            estimate_of = {estimate.name: estimate for estimate in fitted.estimates}
            names = [name for name in estimate_of if name in LABORATORY or is_of_plate(name)]
            values = {name: estimate_of[name].estimate for name in names}
            shift = fitted.shift(float(trial.prepared.attrs.get("force_shift", 0.0)))
            clock = estimate_of[CLOCK].estimate - shift, estimate_of[CLOCK].sd
            skeleton = fitted.fits[others[0]].skeleton
        offset, clock_sd = plain_clock(trial, *clock, session_lag)
        if offset or values:
            values[CLOCK] = offset
        return cls(values, clock_sd, skeleton)

    @property
    def clock(self) -> float:
        """Delay of the forces, s."""
        return self.values.get(CLOCK, 0.0)


def plain_less_fit(
    trial: SolvedTrial, fit: TrialFit, fitted: Session, session_lag: float
) -> tuple[FloatArray, float]:
    """Inertial parameters (B, 10) and clock, s, with the plain motion, less those of the fit.

    Those that the session's other trials found, and as far as these may not be fitted either,
    those of the trial alone.
    """
    together, single = (
        PlainWorld.of(trial, fit.runner.skeleton, fitted, session_lag, is_single=is_single)
        for is_single in (False, True)
    )
    supports = [fitted.support(name) for name in fitted.fits if name != trial.trial_id]
    doubt = (1.0 - max(supports, default=0.0)) ** 0.5
    bodies = [inertial_parameters(world.skeleton) for world in (together, single)]
    body = bodies[0] + doubt * (bodies[1] - bodies[0])
    clock = together.clock + doubt * (single.clock - together.clock)
    return body - inertial_parameters(fit.skeleton), clock - fit.clock.estimate


def plain_in_laboratory(
    study: Study, trial: SolvedTrial, why: str, plain: PlainWorld
) -> xr.Dataset:
    """Dataset of a trial that is not fitted."""
    dataset = plain_dataset(trial, why)
    is_finite = np.isfinite(dataset["generalised_force"])
    dataset = in_laboratory(study, trial, dataset, plain.skeleton, plain.values, plain.clock_sd)
    dataset["generalised_force"] = dataset["generalised_force"].where(is_finite)
    return dataset


def in_laboratory(
    study: Study,
    trial: SolvedTrial,
    dataset: xr.Dataset,
    skeleton: Skeleton,
    values: Mapping[str, float],
    clock_sd: float,
) -> xr.Dataset:
    """Put a trial's loads and contacts on the cameras' clock and over the level ground.

    ``skeleton`` is the person's there, ``clock_sd`` the clock's standard deviation, s. Contacts by
    markers are on that clock already.
    """
    alignment = Alignment.of(values)
    height = alignment.surface(float(trial.prepared.attrs["surface_height"]))
    recorded = foot_loads(study.model_map, trial.prepared)
    placed = loads_on_plates(recorded, trial.prepared, trial.time, values)
    loads = adjusted_loads(placed, trial.time, values)
    moves = segment_kinematics(skeleton, *(dataset[name].values for name in ("q", "u", "udot")))
    feet = loads_with_toes(study.model_map, skeleton, moves, loads, height)
    changed: dict[str, Any] = {
        name: dataset[name].copy(data=part)
        for name, part in (
            ("generalised_force", newton_euler(skeleton, moves, feet)),
            ("foot_force", np.stack([load.force for load in loads], axis=1)),
            ("foot_moment", np.stack([load.moment for load in loads], axis=1)),
        )
    }
    on_plates = np.isfinite(dataset["contact_peak"])
    for name in ("contact_touchdown", "contact_toe_off"):
        changed[name] = dataset[name] - values.get(CLOCK, 0.0) * on_plates
    attributes = {FIT_PREFIX + name: value for name, value in values.items()}
    attributes |= {CLOCK_SD: clock_sd}
    heading = alignment.heading(float(trial.prepared.attrs["heading"]))
    return dataset.assign(changed).assign_attrs(
        {"surface_height": height, "heading": heading, **attributes}
    )


def fitted_dataset(study: Study, trial: SolvedTrial, fit: TrialFit) -> xr.Dataset:
    """Motion, loads, contacts (cameras' clock, level ground) and residuals of a fitted trial."""
    plain = plain_dataset(trial, "")
    skeleton, motion = fit.skeleton, fit.motion
    area = fit.values[DRAG] * fit.observations.drag
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    velocity = centre_of_mass(segment_motion(skeleton, moves))[1]
    changed: dict[str, Any] = {
        name: plain[name].copy(data=values)
        for name, values in (
            ("q", motion.q),
            ("u", motion.u),
            ("udot", motion.udot),
            ("marker_error", fit.solver.marker_errors(motion.q, fit.values)),
            ("drag_force", -drag(velocity, area)),
        )
    }
    levelled, measured = Alignment.of(fit.values).rotation, fit.observations.measured[:, None]
    for version, residual in (("before", fit.before), ("after", fit.after)):
        for quantity in ("force", "moment"):
            values = np.where(measured, getattr(residual, quantity) @ levelled, np.nan)
            changed[f"residual_{quantity}_{version}"] = (("time", "axis"), values)
    changed["forces_fitted"] = (("time",), fit.observations.measured)
    dataset = plain.assign(changed)
    dataset = in_laboratory(study, trial, dataset, skeleton, fit.values, fit.clock.sd)
    return dataset.assign_attrs({"motion": FITTED, "motion_reason": "", **plate_sds(fit)})


def plate_sds(fit: TrialFit) -> dict[str, float | list[float]]:
    """Errors of plates that a fit leaves open: of places, m, and of directions about x, y, z, rad.

    Of the sum of what all plates share and of what is a plate's own. Root mean squares over the
    plates that bore the runner; empty where they are not known.
    """
    if not (plates := sorted(fit.observations.wrench.plates)):
        return {}
    shared = {"along": OFFSET[0], "across": OFFSET[2], **dict(zip(TURNS, ROTATION, strict=True))}
    on = [estimate.name for estimate in fit.estimates if estimate.parameter.on]
    sums = np.array(
        [
            [[name in (both, plate_parameter(error, plate)) for name in on] for plate in plates]
            for error, both in shared.items()
        ],
        dtype=float,
    )
    variance = np.einsum("epi,ij,epj->ep", sums, fit.covariance, sums).mean(axis=1)
    places, turns = np.split(variance, [len(DISPLACEMENTS)])
    return {
        PLATE_POSITION_SD: float(np.sqrt(places.mean())),
        PLATE_TURN_SD: np.sqrt(turns).tolist(),
    }


MIN_OTHER_SHARE = 1e-4
"""Probability of the other motion below which it is not kept: a hundredth of its distance."""


def with_other_motion(
    dataset: xr.Dataset, other: Motion, share: float, inertia: FloatArray, later: float
) -> xr.Dataset:
    """Add what another motion, of a probability below one half, differs from the one used.

    With its body, `inertia` (B, 10) more, and its clock, by which forces come `later`, s: they meet
    an earlier instant of the other motion. By the root of the probability, so that it is one state
    whose mean square is the variance that not knowing the better one adds.
    """
    if share < MIN_OTHER_SHARE:
        return dataset
    time, root = dataset["time"].values, np.sqrt(share)
    at, changed = np.clip(time - later, *time[[0, -1]]), dict[str, Any]()
    for name in ("q", "u", "udot"):
        values = quintic_spline(time, getattr(other, name))(at)
        changed[OTHER_MOTION + name] = dataset[name].copy(
            data=root * (values - dataset[name].values)
        )
    changed[f"{OTHER_MOTION}inertia"] = (("segment", "inertial_parameter"), root * inertia)
    return dataset.assign(changed)


def posterior_variables(fit: TrialFit, model_map: ModelMap) -> dict[str, Any]:
    """Posterior of coordinates (sd), groups and postures (deviations of samples)."""
    if fit.draws is None:
        return {}
    base = (
        *_momentum(fit, fit.motion),
        _posture_points(fit, model_map, fit.motion.q, [fit.values]),
    )
    frames, count = len(fit.motion.q), fit.draws.theta.shape[1]
    deviations, total, squares = [], np.zeros_like(fit.motion.q), np.zeros_like(fit.motion.q)
    for chosen in chunks(count, max(FRAMES_PER_CHUNK // frames, 1)):
        own, shift = fit.draws.own[:, chosen], fit.draws.theta[:, chosen]
        momentum, rate = _momentum(fit, moved_motion(fit, own))
        q = moved_motion(fit, own + fit.draws.following @ shift).q
        values = [fit.solver.values(fit.theta + change) for change in shift.T]
        points = _posture_points(fit, model_map, q, values)
        deviations.append(
            [
                stack.reshape(-1, frames, *stack.shape[1:]) - part
                for stack, part in zip((momentum, rate, points), base, strict=True)
            ]
        )
        deviation = q.reshape(-1, *fit.motion.q.shape) - fit.motion.q
        total, squares = total + deviation.sum(axis=0), squares + (deviation**2).sum(axis=0)
    by_group = ("sample", "time", "group", "axis")
    variance = (squares - total**2 / count) / (count - 1)
    momentum, rate, points = (np.concatenate(stacks) for stacks in zip(*deviations, strict=True))
    return {
        "q_sd_posterior": (("time", "coordinate"), np.sqrt(np.maximum(variance, 0.0))),
        "group_momentum_sample": (by_group, momentum),
        "group_rate_sample": (by_group, rate),
        "posture_sample": (("sample", "time", "posture_point", "axis"), points),
        "posture_point": ("posture_point", list(POINTS)),
        "group": ("group", list(fit.runner.groups)),
    }


def _momentum(fit: TrialFit, motion: Motion) -> tuple[FloatArray, FloatArray]:
    """Momentum of groups and its rate for a motion of the fitted body."""
    moves = segment_kinematics(fit.skeleton, motion.q, motion.u, motion.udot)
    momentum, rate = group_momentum(fit, moves, fit.skeleton)
    return momentum[:, :-1], rate[:, :-1]


def _posture_points(
    fit: TrialFit, model_map: ModelMap, q: FloatArray, values: Sequence[Mapping[str, float]]
) -> FloatArray:
    """Points of postures in the laboratory for coordinates (S F, C) and S sets of parameters."""
    skeleton, frames = fit.runner.skeleton, len(q) // len(values)
    poses = segment_poses(skeleton, q)
    stacked = {name: np.array([own[name] for own in values]) for name in values[0]}
    inertia = adjusted_inertia(fit.runner, stacked)
    bodies = skeleton.of_size(**{name: np.repeat(x, frames, 0) for name, x in inertia.items()})
    points = posture_points(skeleton, model_map, poses, whole_body_com(bodies, poses))
    for chosen, own in zip(chunks(len(q), frames), values, strict=True):
        points[chosen] @= Alignment.of(own).rotation
    return points


STATE_BITS = 9
"""Binary digits of deviations in states, which are errors themselves."""

MOTION_STATES = 24
"""Posterior draws of the motion that are kept with all coordinates."""


def state_variables(
    study: Study, participant_id: str, fit: TrialFit, dataset: xr.Dataset
) -> dict[str, Any]:
    """States of the fit with one error disturbed, less the fit, in the frames that are drawn.

    Empty without draws or without a whole contact with measured forces.
    """
    if fit.draws is None:
        return {}
    model_map, seed, time = study.model_map, study.settings.random.seed, dataset["time"].values
    measured, _ = measured_loads(foot_loads(model_map, dataset))
    contacts = measured_contacts(list(trial_contacts(dataset)), time, measured)
    frames = drawn_frames(contacts, time, MAXIMUM_FLIGHT_S)
    if not len(frames):
        return {}
    solver = fit.linearised(motion_only=True)
    weights = followed_markers(study, dataset)
    spread = body_spread(study, participant_id, fit.skeleton, list(weights))
    weight = np.array(list(weights.values()))
    bodies = shape_states(fit, solver, frames, spread, weight, DRAWN_SHAPES, seed)
    states = {
        "inertia": inertia_states(fit, solver, frames, DRAWN_BODIES, seed),
        "centres": body_states(fit, fit.draws, frames, DRAWN_BODIES, seed),
        "body": bodies.states,
        "motion": motion_states(fit, fit.draws, frames, MOTION_STATES),
    }
    solver.release()
    sources = [name for name, source in states.items() for _ in source.inertia]
    variables: dict[str, Any] = {
        f"{FIT_STATES}{name}": (
            ("fit_state", "fit_state_frame", "coordinate"),
            with_digits(
                np.concatenate([getattr(source.motion, name) for source in states.values()]),
                STATE_BITS,
            ),
        )
        for name in ("q", "u", "udot")
    }
    inertia = np.concatenate([source.inertia for source in states.values()])
    return variables | {
        "fit_state_inertia": (
            ("fit_state", "segment", "inertial_parameter"),
            with_digits(inertia, 2 * STATE_BITS),
        ),
        "fit_state_shape": (
            ("fit_state_body", "unknown_of_shape"),
            with_digits(bodies.shapes, 2 * STATE_BITS),
        ),
        "fit_state_source": ("fit_state", sources),
        "fit_state_frame": ("fit_state_frame", frames),
    }


MISREAD_CONTACTS = ("contact_lengthening_s", "contact_shortening_s")
"""Attributes of a trial whose forces were low-passed, or cut, before their export: by how much its
contacts look longer, or shorter, than they are, s."""

PASSED_ATTRIBUTES = (
    "surface", "surface_height", "belt_speed", "heading", "events", "marker_rate", "cutoff",
    "free_moment",
)  # fmt: skip
"""Attributes of a prepared trial that later stages need."""


def without_forces(dataset: xr.Dataset, why: str) -> xr.Dataset:
    """Set forces that are inconsistent with the motion to NaN, as if they were not measured."""
    names = ("foot_force", "foot_moment", "generalised_force", "contact_peak")
    unknown = {name: dataset[name].where(False) for name in names if name in dataset}  # noqa: FBT003
    return dataset.assign(unknown).assign_attrs({FORCES_NOT_USED: why})


def plain_dataset(trial: SolvedTrial, why: str) -> xr.Dataset:
    """Motion and loads of an unfitted trial, in the layout of fitted trials."""
    solved, prepared = trial.solved, trial.prepared
    motion = {
        name: solved[name]
        for name in ("q", "u", "udot", "generalised_force", "marker_error", "marker_followed")
    }
    rare = (*MASK_VARIABLES, "marker_noise")
    motion |= {name: solved[name] for name in rare if name in solved}
    contacts = [str(name) for name in prepared.variables if str(name).startswith("contact_")]
    loads = prepared[["foot_force", "foot_moment", *contacts]]
    dataset = xr.Dataset(motion).merge(
        loads.drop_vars([name for name in loads.coords if name not in ("time", "axis", "foot")]),
        join="exact",
    )
    no_drag = np.zeros((len(trial.time), len(AXES)))
    dataset["drag_force"] = (("time", "axis"), no_drag)
    passed = (*PASSED_ATTRIBUTES, *(x for x in MISREAD_CONTACTS if x in prepared.attrs))
    attributes: dict[str, Any] = {name: prepared.attrs[name] for name in passed}
    angles = trial.solved.attrs.get("from_coordinates", "")
    return dataset.assign_coords(foot=list(SIDES)).assign_attrs(
        {**attributes, "motion": PLAIN, "motion_reason": why, "from_coordinates": angles}
    )


def own_lag(trial: SolvedTrial) -> float:
    """Lag, s, of a trial's forces behind its own body; NaN where that does not show one."""
    return float(trial.prepared.attrs.get("force_lag", np.nan))


def session_lag(trials: Iterable[SolvedTrial]) -> float:
    """Median lag, s, of trials whose forces were not moved; NaN where none shows one.

    What distorts the lag of a person's forces repeats in all trials: of many it is known no better
    than of one.
    """
    lags = [own_lag(trial) for trial in trials if not trial.prepared.attrs.get("force_shift", 0.0)]
    finite = [lag for lag in lags if np.isfinite(lag)]
    return float(np.median(finite)) if finite else float("nan")


def plain_clock(
    trial: SolvedTrial, clock: float, clock_sd: float, session_lag: float = float("nan")
) -> tuple[float, float]:
    """Clock of a trial that is not fitted and its standard deviation, s.

    That of its session (0 without a fit), as far as the lag of its own forces agrees. Without a fit
    and a lag of its own it is that of the session's other trials (`session_lag`): cameras and
    plates of a session are started alike, whatever parts of a body its trials show.
    """
    lag = own_lag(trial)
    if np.isfinite(clock_sd):
        return clock_by_lag(clock, float(np.hypot(clock_sd, SCATTER_SD_S)), lag)
    if np.isfinite(lag):
        mean, sd = clock_by_lag(clock, LABORATORY_CLOCK_SD_S, lag)
    else:
        moved = float(trial.prepared.attrs.get("force_shift", 0.0)) != 0.0
        mean, sd = clock_by_lag(
            clock, LABORATORY_CLOCK_SD_S, float("nan") if moved else session_lag
        )
        sd = float(np.hypot(sd, SCATTER_SD_S))
    return mean, max(sd, PLAIN_CLOCK_SD_S)


def forces_not_used(trial_id: str, why: str) -> Finding:
    """Finding that forces inconsistent with the motion are left out, and of the n/a results."""
    return Finding(
        rule="forces-not-used",
        severity="warning",
        what=f"the forces are not used ({why.rstrip('.')}): joint moments, residuals, peaks of "
        "force and levels B and C are n/a; contacts are still those of the plates.",
        trial=trial_id,
        fix="mend what is named in brackets.",
    )


def plain_trial(
    trial: SolvedTrial, why: str, against: Iterable[Finding]
) -> tuple[xr.Dataset, list[Finding]]:
    """Dataset of an unfitted trial, without forces inconsistent with its motion; findings."""
    return without_contradicted_forces(plain_dataset(trial, why), trial.trial_id, against)


def without_contradicted_forces(
    dataset: xr.Dataset, trial_id: str, against: Iterable[Finding]
) -> tuple[xr.Dataset, list[Finding]]:
    """Leave out forces that a finding says are inconsistent with the motion; findings."""
    reasons = [finding.what for finding in against if finding.invalidates == "forces"]
    if not reasons or not np.isfinite(dataset["foot_force"].values).any():
        return dataset, []
    return without_forces(dataset, reasons[0]), [forces_not_used(trial_id, reasons[0])]
