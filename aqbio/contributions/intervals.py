"""Uncertainty of a trial's stance means and curves by source, drawn for one contact of each foot.

Masses, plates and the body's shape are wrong in the same way in all contacts of a foot in a trial.
How far each source moves a stance mean is therefore drawn once for each foot; steps read it
for all steps of that foot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from aqbio.contributions.state_deviations import SecondModelMeans, StateDeviations
from aqbio.contributions.step_outcomes import (
    LEVEL_A,
    LEVEL_B,
    Outcome,
    caused,
    level_parts,
    without_idle,
)
from aqbio.contributions.without_plates import NEEDS_NO_PLATES, events_dataset, known_only
from aqbio.gait.curves import KNOTS, SPREADS, interpolated
from aqbio.gait.drawn_steps import drawn_steps, flight_frames, is_whole, whole_step
from aqbio.gait.roles import RoleScheme, by_role, group_sum
from aqbio.gait.signals import CHAINS, by_anatomy, in_roles, role_parts, signs
from aqbio.gait.steps import PHASES, Contact, Step, rotation_about_vertical
from aqbio.intervals.sources import MODEL, MOTION, SOURCES, UNDISTURBED, source_sds
from aqbio.intervals.step_uncertainty import (
    KEYS,
    NAMES,
    VERTICAL,
    Key,
    stance_statistics,
    statistic_draws,
)
from aqbio.intervals.trial_draws import (
    SPLINE_REACH,
    DrawnCauses,
    TrialDraws,
    drawn_level_c,
    drawn_outcomes,
)
from aqbio.intervals.uncertainty import DrawnOutcomes
from aqbio.io.netcdf import with_digits
from aqbio.names import AXES, ROLE_GROUPS, SIDES
from aqbio.vectors import FloatArray, IntArray


def drawn_dataset(draws: TrialDraws, frames: IntArray) -> xr.Dataset:
    """Draws of levels A and B and of the force shares, ground axes along the heading.

    Variables of stage contributions behind ``draw``; the ground force of both feet together.
    Coordinate ``uncertainty_source`` of ``draw``: which of `SOURCES` is disturbed, none in one.
    """
    sources, outcomes = drawn_outcomes(draws, frames)
    parts = draws.parts
    chains = parts.hub.chains
    joint = np.stack(
        [_at_the_joint(parts.joints, outcomes, chain.roots) for chain in chains], axis=2
    )
    variables = {
        "group_angular_momentum": ("group", outcomes.momentum),
        "group_angular_momentum_rate": ("group", outcomes.rate),
        "joint_moment": ("joint", outcomes.joint_moment[:, :, : len(draws.anatomy.joints)]),
        "hub_moment": ("chain", joint),
        "hub_force_moment": ("chain", outcomes.hub_moment - joint),
        "relative_force": ("group", outcomes.relative_force),
        "inertial_force": ("group", outcomes.inertial_force),
        "residual_moment": ("", outcomes.residual_moment),
        "external_moment": ("", outcomes.rate.sum(axis=2) - outcomes.residual_moment),
        "ground_force": ("", outcomes.ground_force),
    }
    labels = {
        "group": draws.levels.groups,
        "joint": tuple(draws.anatomy.joints),
        "chain": [chain.name for chain in chains],
    }
    return _dataset(draws, variables, labels, sources, frames)


def caused_dataset(draws: TrialDraws, frames: IntArray) -> xr.Dataset:
    """Draws of level C under every contact model, as :func:`drawn_dataset`."""
    sources, causes = drawn_level_c(draws, frames)
    names = {
        "induced_ground_force": ("source", "ground_force"),
        "induced_momentum_rate": ("source group", "group_rate"),
        "induced_pelvis_acceleration": ("source", "pelvis_acceleration"),
    }
    causes_by_model: Sequence[DrawnCauses] = tuple(causes.values())
    variables = {
        name: (
            f"contact_model {parts}",
            np.stack(
                [getattr(model_causes, attribute) for model_causes in causes_by_model], axis=2
            ),
        )
        for name, (parts, attribute) in names.items()
    }
    labels = {
        "contact_model": tuple(causes),
        "group": draws.levels.groups,
        "source": causes_by_model[0].sources,
    }
    return _dataset(draws, variables, labels, sources, frames)


def _at_the_joint(joints: IntArray, outcomes: DrawnOutcomes, roots: tuple[int, ...]) -> FloatArray:
    """(K, T, 3) moment of a chain on the hub at its joints."""
    members = [int(np.flatnonzero(joints == root)[0]) for root in roots]
    moment: FloatArray = -outcomes.joint_moment[:, :, members].sum(axis=2)
    return moment


def _dataset(
    draws: TrialDraws,
    variables: Mapping[str, tuple[str, FloatArray]],
    labels: Mapping[str, Sequence[str]],
    sources: Sequence[str],
    frames: IntArray,
) -> xr.Dataset:
    turn = rotation_about_vertical(-draws.heading).T
    return xr.Dataset(
        {
            name: (
                ("draw", "time", *parts.split(), "axis"),
                (values.reshape(-1, 3) @ turn).reshape(
                    values.shape
                ),  # one product, not one a frame
            )
            for name, (parts, values) in variables.items()
        },
        coords={
            "uncertainty_source": ("draw", list(sources)),
            "time": draws.time[frames],
            "axis": list(AXES),
            **{name: list(items) for name, items in labels.items()},
        },
    )


MOTION_DRAWS = 24
"""Motions drawn with other soft-tissue artefacts; each costs more than a draw of the loads."""

ITEM_DIMENSIONS = {name: f"sure_{item}" if item else "" for name, item in SPREADS.items()}
"""Variables of the step curves with a standard deviation, and the dimension of their items."""

POSTERIOR_CURVES = ("angular_momentum", "angular_momentum_rate")
"""Curves with samples of the motion of all steps (`aqbio.gait.curves.with_spreads`)."""

DEVIATION_BITS = 12
"""Binary digits of deviations that are kept: a variance is accurate to 5e-4."""

DRAWN_OUTCOMES = (*LEVEL_A, *LEVEL_B)
"""Outcomes of levels A and B, which have intervals."""

LEVEL_C_SIGNALS = ("induced_ground_force", "induced_momentum_rate", "induced_pelvis_acceleration")


def intervals_dataset(
    draws: TrialDraws,
    contacts: Sequence[Contact],
    maximum_flight: float,
    samples: Mapping[str, FloatArray] | None = None,
    without_plates: xr.Dataset | None = None,
) -> xr.Dataset:
    """Standard deviations of stance means of levels A, B and C by source, and of curves.

    Of a trial ``without_plates``, its contributions: of what needs no ground force, which errors
    of the events move too.

    ``state_deviation`` (state, stance_foot, outcome, axis) in each state of each source,
    ``interval_sd`` (uncertainty_source, stance_foot, outcome, axis) their root mean square, in
    roles and in the canonical frame; NaN for a foot without a whole contact. ``second_model``
    (model_side, stance_foot, outcome, axis): the same means on the study's own and on the second
    model, where one is drawn. ``motion_deviation`` (stance, motion_state, motion_outcome, axis) in
    each sample of a fitted motion, of every whole contact. ``sd_<variable>`` (stance_foot, phase,
    knot, item, axis) of all sources together, the second model among them; NaN in flights that were
    not recorded or in which roles change. Empty without a whole contact.
    """
    steps = list(drawn_steps(contacts, draws.time, maximum_flight))
    if not steps:
        return xr.Dataset()
    draws_by_step = _by_step(
        drawn_dataset, draws, {step: phase_frames(draws, step) for step in steps}
    )
    if without_plates is None:
        causes = _by_step(caused_dataset, draws, {step: [draws.frames(step)] for step in steps})
    else:
        names = [name for name in NEEDS_NO_PLATES if name in without_plates]
        draws_by_step = {
            step: [known_only(dataset[names], without_plates) for dataset in datasets]
            for step, datasets in draws_by_step.items()
        }
        causes = {step: [events_dataset(without_plates[names], step)] for step in steps}
    deviations, means = StateDeviations(), SecondModelMeans()
    for step in steps:
        for data in (draws_by_step[step][0], causes[step][0]):  # of each source once
            keys, sources, values = _step_values(draws, step, data)
            deviations.add(step.side, keys, *_apart(sources, values))
            means.add(step.side, keys, sources, values)
        if samples:
            keys, sampled = _sampled_deviations(draws, step, samples)
            deviations.add(step.side, keys, [MOTION] * len(sampled), sampled)
    outcomes = deviations.outcomes
    parts = {f"outcome_{name}": [key[n] for key in outcomes] for n, name in enumerate(NAMES)}
    by_contact = _motion_deviations(draws, contacts, samples or {})
    sources, values = deviations.table(outcomes, _sampled(by_contact))
    words = {"units": "that of the outcome", "long_name": "standard deviation of a stance mean"}
    dataset = xr.Dataset(
        {
            "interval_sd": (
                ("uncertainty_source", "stance_foot", "outcome", "axis"),
                deviations.source_sds(outcomes).astype(np.float32),
                words,
            ),
            "state_deviation": (
                ("state", "stance_foot", "outcome", "axis"),
                with_digits(values, DEVIATION_BITS),
                {"units": "that of the outcome"},
            ),
            **means.variables(outcomes),
            **_curve_sds(draws, draws_by_step, POSTERIOR_CURVES if samples else ()),
        },
        coords={
            "uncertainty_source": list(SOURCES),
            "state_source": ("state", sources),
            "stance_foot": list(SIDES),
            "axis": list(AXES),
            **{name: ("outcome", keys) for name, keys in parts.items()},
            **means.coordinates,
            "phase": list(PHASES),
            "knot": KNOTS,
            "sure_group": list(draws.roles.items),
            "sure_chain": list(CHAINS),
        },
    )
    return dataset.merge(by_contact)


def _sampled(by_contact: xr.Dataset) -> set[Key]:
    """Outcomes whose deviations are kept for every contact."""
    if not by_contact:
        return set()
    columns = (by_contact[f"motion_outcome_{name}"].values.tolist() for name in NAMES)
    return set(zip(*columns, strict=True))


def _step_values(
    draws: TrialDraws, step: Step, data: xr.Dataset
) -> tuple[list[Key], list[str], FloatArray]:
    """Outcomes of a step, sources of all states, and values (K, N, 3) in them."""
    keys, values = stance_draws(draws, step, data)
    return keys, data["uncertainty_source"].values.tolist(), values


def _apart(sources: Sequence[str], values: FloatArray) -> tuple[list[str], FloatArray]:
    """Sources of the disturbed states, and deviations (J, N, 3) in them.

    Without the second model, which is common to the trials of a person: `SecondModelMeans`.
    """
    base = sources.index(UNDISTURBED)
    disturbed = [n for n, source in enumerate(sources) if source not in (UNDISTURBED, MODEL)]
    return [sources[n] for n in disturbed], values[disturbed] - values[base]


def _sampled_deviations(
    draws: TrialDraws, step: Step, samples: Mapping[str, FloatArray]
) -> tuple[list[Key], FloatArray]:
    """Outcomes of a stance that samples of a fitted motion move, and deviations (J, N, 3).

    `samples` are deviations (J, T, G, 3) of groups, ground axes; all frames of the stance count.
    """
    groups, inside = draws.levels.groups, draws.frames(step)
    frames = slice(inside.start, inside.stop)
    time, turn = draws.time[frames], rotation_about_vertical(-draws.heading).T
    items = draws.roles.items_of("right", groups)[0]
    matrix = draws.roles.matrix(step.side, groups, *items)
    keys, parts = list[Key](), list[FloatArray]()
    for outcome in LEVEL_A:
        if (name := f"group_{outcome.signal}") in samples:
            means = by_role(time_mean(samples[name][:, frames], time, 1) @ turn, matrix)
            parts.append(means * signs(outcome.signal) if step.side == "left" else means)
            words = outcome.target, outcome.name(outcome.stance[0]), outcome.unit
            keys += [(outcome.level, item, *words) for item in items]
    roles = RoleScheme().matrix(step.side, groups, *ROLE_GROUPS)
    if np.isfinite(roles).all():
        axis = AXES.index(VERTICAL)
        momentum = draws.levels.mechanics.balance.momentum[frames]
        vertical = group_sum(momentum, draws.parts.groups)[..., axis]
        moved = vertical + samples["group_angular_momentum"][:, frames, :, axis]
        statistics = np.zeros((len(moved), len(KEYS), len(AXES)))
        statistics[..., axis] = stance_statistics(by_role(moved, roles, axis=-1))
        statistics[..., axis] -= stance_statistics(by_role(vertical, roles, axis=-1))
        keys, parts = [*keys, *KEYS.values()], [*parts, statistics]
    return keys, np.concatenate(parts, axis=1)


def _motion_deviations(
    draws: TrialDraws, contacts: Sequence[Contact], samples: Mapping[str, FloatArray]
) -> xr.Dataset:
    """Deviations of the stance means of every whole contact in samples of a fitted motion.

    ``motion_deviation`` (stance, sample, motion_outcome, axis); empty without samples.
    """
    steps = [
        whole_step(contact) for contact in contacts if is_whole(contact, draws.time)
    ] if samples else []  # fmt: skip
    by_stance = [_sampled_deviations(draws, step, samples) for step in steps]
    if not by_stance:
        return xr.Dataset()
    outcomes = by_stance[0][0]
    values = with_digits(np.stack([deviations for _, deviations in by_stance]), DEVIATION_BITS)
    parts = {f"motion_outcome_{name}": [key[n] for key in outcomes] for n, name in enumerate(NAMES)}
    dimensions = ("stance", "motion_state", "motion_outcome", "axis")
    return xr.Dataset(
        {"motion_deviation": (dimensions, values, {"units": "that of the outcome"})},
        coords={
            "stance_touchdown": ("stance", [step.touchdown for step in steps]),
            "axis": list(AXES),
            **{name: ("motion_outcome", keys) for name, keys in parts.items()},
        },
    )


def _by_step(
    dataset: Callable[[TrialDraws, IntArray], xr.Dataset],
    draws: TrialDraws,
    frames: Mapping[Step, Sequence[slice]],
) -> dict[Step, list[xr.Dataset]]:
    """Draws of several runs of frames by step: the same draws for all, computed at once."""
    ranges = [np.arange(len(draws.time))[run] for runs in frames.values() for run in runs]
    data = dataset(draws, np.concatenate(ranges))
    ends = np.cumsum([len(indices) for indices in ranges])
    cuts = (
        data.isel(time=slice(end - len(indices), end))
        for indices, end in zip(ranges, ends.tolist(), strict=True)
    )
    return {step: [next(cuts) for _ in runs] for step, runs in frames.items()}


def stance_draws(draws: TrialDraws, step: Step, data: xr.Dataset) -> tuple[list[Key], FloatArray]:
    """Stance means of a step for every draw: N keys, and values (K, N, 3) in roles."""
    outcomes: Sequence[Outcome] = DRAWN_OUTCOMES
    if "contact_model" in data.dims:
        means = stance_means(without_idle(data), step, draws.roles, LEVEL_C_SIGNALS)
        outcomes = tuple(caused(means))
    else:
        names = sorted({outcome.signal for outcome in DRAWN_OUTCOMES})
        means = stance_means(data, step, draws.roles, names)
    keys: list[Key] = []
    values: list[FloatArray] = []
    for outcome in outcomes:
        sources, source_values = outcome.values(means)
        keys += [
            (outcome.level, x, outcome.target, outcome.name(outcome.stance[0]), outcome.unit)
            for x in sources
        ]
        values += [source_values] if sources else []
    if "group_angular_momentum" in data:
        names_of, statistics = statistic_draws(data, step.side)
        keys, values = [*keys, *names_of], [*values, statistics]
    return keys, np.concatenate(values, axis=1)


def stance_means(
    data: xr.Dataset, step: Step, scheme: RoleScheme, names: Sequence[str]
) -> xr.Dataset:
    """Means over time of the frames of a stance, in the roles of its step and canonical.

    By the trapezoidal rule: a few frames of a stance suffice for the change of its mean between
    draws, not for the mean itself (`aqbio.intervals.trial_draws.Sampling`).
    """
    parts, time = level_parts(data, scheme), data["time"].values
    means: dict[str, tuple[tuple[str, ...], FloatArray]] = {}
    for name in names:
        if (signal := by_anatomy(data, name)) is None:
            continue
        mean = time_mean(signal.values, time, signal.dimensions.index("time"))
        other_dimensions = tuple(
            dimension for dimension in signal.dimensions if dimension != "time"
        )
        stance_signal = replace(
            signal, dimensions=other_dimensions, values=mean
        )  # sums of parts can wait for it
        dimensions, values = in_roles(stance_signal, parts, step.side, step.side)
        means[name] = (dimensions, values * signs(name) if step.side == "left" else values)
    used = {dimension for names_of_signal, _ in means.values() for dimension in names_of_signal}
    labels = {
        name: coordinate.values
        for name, coordinate in data.coords.items()
        if coordinate.dims == (name,)
    }
    labels |= {name: np.array(items) for _, (name, items, _) in parts.items()}
    return xr.Dataset(means, coords={n: v for n, v in labels.items() if n in used})


def time_mean(values: FloatArray, time: FloatArray, axis: int) -> FloatArray:
    """Mean along an axis by the trapezoidal rule."""
    mean: FloatArray = np.trapezoid(values, time, axis=axis) / (time[-1] - time[0])
    return mean


def _curve_sds(
    draws: TrialDraws,
    draws_by_step: Mapping[Step, Sequence[xr.Dataset]],
    without_motion: Collection[str] = (),
) -> dict[str, tuple[tuple[str, ...], FloatArray, dict[str, str]]]:
    """Standard deviations of the curves of one step of each foot, all sources together.

    `without_motion`: curves whose motion is added for every step.
    """
    counts = {"sure_group": len(draws.roles.items), "sure_chain": len(CHAINS), "": 1}
    values = {
        name: np.full((len(SIDES), len(PHASES), len(KNOTS), counts[item], len(AXES)), np.nan)
        for name, item in ITEM_DIMENSIONS.items()
    }
    parts = role_parts(draws.roles)
    for step, phases in draws_by_step.items():
        for phase, data in enumerate(phases):
            start, end = step.phase(PHASES[phase])
            at = (data["time"].values - start) / (end - start)
            sources = data["uncertainty_source"].values.tolist()
            for name, sds in values.items():
                if (signal := by_anatomy(data, name)) is None:
                    continue
                curves = in_roles(signal, parts, step.side, step.side)[1]  # a mirror changes no sd
                squares = source_sds(curves, sources, (*SOURCES, MODEL)) ** 2
                if name in without_motion:
                    squares[SOURCES.index(MOTION)] = 0.0
                sd = np.sqrt(squares.sum(axis=0))
                sd = sd.reshape(len(at), -1, len(AXES))
                sds[SIDES.index(step.side), phase] = interpolated(at, sd, KNOTS)
    dimensions = ("stance_foot", "phase", "knot")
    return {
        f"sd_{name}": (
            (*dimensions, *((item,) if item else ()), "axis"),
            values[name] if item else values[name][:, :, :, 0],
            {"long_name": f"standard deviation of {name} over draws"},
        )
        for name, item in ITEM_DIMENSIONS.items()
    }


# frames that are drawn ----------------------------------------------------------------------------


def phase_frames(draws: TrialDraws, step: Step) -> list[slice]:
    """Frames of the stance, and of the flight if the roles of the legs in it are defined."""
    flight = flight_frames(step, draws.time) if draws.roles.flight == "R1" else None
    return [draws.frames(step), *([] if flight is None else [flight])]


def drawn_window(contacts: Sequence[Contact], time: FloatArray, maximum_flight: float) -> slice:
    """Frames of the contacts that are drawn and their flights, with room for splines."""
    steps = list(drawn_steps(contacts, time, maximum_flight))
    if not steps:
        return slice(0, len(time))
    ends = [np.nanmax([step.toe_off, step.next_touchdown]) for step in steps]
    first = int(np.searchsorted(time, min(step.touchdown for step in steps)))
    last = int(np.searchsorted(time, max(ends))) + 1
    return slice(max(first - SPLINE_REACH, 0), min(last + SPLINE_REACH, len(time)))
