"""Mean ground force and impulses without plates, estimated from flights and contacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import xarray as xr

from aqbio.gait.steps import MAXIMUM_FLIGHT_S, Contact, Step, rotation_about_vertical
from aqbio.intervals.sources import EVENTS, UNDISTURBED, source_sds
from aqbio.intervals.trial_draws import TrialDraws, drawn_inertia
from aqbio.inverse_dynamics.balance import AIR_DENSITY
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass, group_momenta, momentum_regressor
from aqbio.names import GRAVITY, SIDES
from aqbio.signals import resampled
from aqbio.vectors import BoolArray, FloatArray

# errors of the events ----------------------------------------------------------------------------

NEEDS_NO_PLATES = (
    "group_angular_momentum", "group_angular_momentum_rate", "inertial_force", "relative_force",
    "joint_moment", "hub_moment", "hub_force_moment",
)  # fmt: skip
"""Variables of draws; the last three of limbs in the air."""

STATED_ERROR_SDS = 1.5
"""Standard deviations of a contact time in how far it may be off, as tested runs show and column
contact_error_s states: 0.13 of the contact times of eight virtual sprinters at 5 m/s were farther
off, 0.25 to 0.34 with errors as of video."""

EVENT_SD_SHARE = 1.0 / (STATED_ERROR_SDS * np.sqrt(2.0))
"""Standard deviation of touchdown and of toe-off, share of how far a contact time may be off."""

UNTESTED_TIME_ERROR_S = 0.066
"""Error of a contact time for untested kinds of recordings, s: a touchdown is up to 45 ms late
without the heel of a heel striker, a toe-off 21 ms early (docs/recordings.md)."""


def with_time_errors(contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    """Contacts from foot markers, each with an error of its times."""
    return tuple(
        contact
        if np.isfinite(contact.time_error)
        else replace(contact, time_error=UNTESTED_TIME_ERROR_S)
        for contact in contacts
    )


def events_dataset(trial: xr.Dataset, step: Step) -> xr.Dataset:
    """Draws of a stance without plates: undisturbed, and with touchdown or toe-off shifted.

    All draws have the frames of the first; values are resampled between the shifted events.
    """
    time = trial["time"].values
    off = np.sqrt(2.0) * EVENT_SD_SHARE * step.time_error  # two events, each drawn on both sides
    share = np.linspace(0.0, 1.0, 33)
    ends = [(0.0, 0.0), (-off, 0.0), (off, 0.0), (0.0, -off), (0.0, off)]
    at = [
        np.clip(step.touchdown + early + share * (step.contact + late - early), time[0], time[-1])
        for early, late in ends
    ]
    variables = {
        str(name): (
            ("draw", *variable.dims),
            np.stack([resampled(time, variable.values, instants) for instants in at]),
        )
        for name, variable in trial.data_vars.items()
    }
    labels = {
        str(name): coordinate.values
        for name, coordinate in trial.coords.items()
        if coordinate.dims == (name,)
    }
    return xr.Dataset(
        variables,
        coords={
            **labels,
            "time": at[0],
            "uncertainty_source": ("draw", [UNDISTURBED, *[EVENTS] * (len(ends) - 1)]),
        },
    )


def known_only(draws: xr.Dataset, trial: xr.Dataset) -> xr.Dataset:
    """Mask draws of parts that are not observed in all drawn frames of a trial."""
    contributions = trial[list(draws.data_vars)].sel(time=draws["time"])
    return draws.where(contributions.notnull().all(["time", "axis"]))


# mean force and impulses --------------------------------------------------------------------------

ESTIMATED = "estimated without plates"
"""Level of the rows of these numbers."""

ESTIMATES = {
    "mean_upward_force": ("y", "stance", "force_mean", "N"),
    "braking_impulse": ("x", "braking", "force_impulse", "N s"),
    "propulsion_impulse": ("x", "propulsion", "force_impulse", "N s"),
}
"""Axis, phase, statistic and unit of every estimate. Neither peaks nor courses are among them:
soft tissue moves the centre of mass's acceleration by as much as the force."""

MIN_FLIGHT_FRAMES = 4
"""Frames of a flight that suffice to estimate its velocity."""

CONTACT_FRACTIONS = np.linspace(0.0, 1.0, 41)
"""Instants of a contact at which the forward velocity is evaluated, share of its duration."""


@dataclass(frozen=True, slots=True)
class CentrePath:
    """Centre of mass of the same run with K bodies or motions."""

    time: FloatArray
    """(T,) array, s."""
    position: FloatArray
    velocity: FloatArray
    """position, velocity: (K, T, 3) arrays, m and m/s, along the travel, without the belt's."""
    mass: FloatArray
    """(K,) array, kg."""


def contact_estimates(
    path: CentrePath, previous: Contact, contact: Contact, following: Contact, drag: FloatArray
) -> FloatArray:
    """`ESTIMATES` of a contact between two flights, (K, 3).

    In flight the centre of mass falls freely and air slows it, so that its positions over the
    flight give its velocity v more precisely than the derivative at an instant:
    ``F_y = m (g + (v_y(toe-off) − v_y(touchdown)) / t_c)``. In steady running it is
    ``m g T / t_c`` (T of a step). Braking ends where the forward velocity is lowest: the motion's
    own within the contact, taken to those of the flights at its ends.

    Parameters
    ----------
    drag : (3,) array, N
        Force of the air on the runner.
    """
    mass = path.mass[:, None]
    away = drag / mass
    fall = away - [0.0, GRAVITY, 0.0]
    _, landing = flight_velocities(path, previous.toe_off, contact.touchdown, fall)
    leaving, _ = flight_velocities(path, contact.toe_off, following.touchdown, fall)
    duration = contact.toe_off - contact.touchdown
    upward = mass * ((leaving - landing) / duration - fall)
    at = contact.touchdown + duration * CONTACT_FRACTIONS
    forward = resampled(path.time, path.velocity[..., 0].T, at).T
    ends = np.stack([landing[:, 0] - forward[:, 0], leaving[:, 0] - forward[:, -1]], axis=1)
    forward = forward + ends @ np.stack([1.0 - CONTACT_FRACTIONS, CONTACT_FRACTIONS])
    gained = mass * (forward - forward[:, :1] - away[:, :1] * duration * CONTACT_FRACTIONS)
    lowest = gained.min(axis=1)
    return np.stack([upward[:, 1], lowest, gained[:, -1] - lowest], axis=1)


def flight_velocities(
    path: CentrePath, toe_off: float, touchdown: float, fall: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Velocity (K, 3) at the beginning and at the end of a flight with acceleration `fall`.

    NaN where fewer than two frames lie within it, as when the error of a contact leaves none.
    """
    inside = (path.time > toe_off) & (path.time < touchdown)
    if np.count_nonzero(inside) < 2:
        unknown = np.full((len(path.mass), 3), np.nan)
        return unknown, unknown
    since = path.time[inside] - 0.5 * (toe_off + touchdown)
    straight = path.position[:, inside] - 0.5 * since[:, None] ** 2 * fall[:, None]
    away = since - since.mean()
    middle = np.einsum("t,kti->ki", away, straight) / (away @ away)
    half = 0.5 * (touchdown - toe_off) * fall
    return middle - half, middle + half


def between_flights(
    contacts: Sequence[Contact], time: FloatArray, observed: BoolArray
) -> Iterator[tuple[Contact, Contact, Contact]]:
    """Every contact with its neighbours, if all frames from flight to flight are observed.

    ``observed`` (T,) bool.
    """
    ordered = sorted(contacts, key=lambda candidate: candidate.first_event)
    pairs = list(pairwise(ordered))
    for (previous, contact), (_, following) in pairwise(pairs):
        flights = (previous.toe_off, contact.touchdown), (contact.toe_off, following.touchdown)
        inside = (time >= previous.toe_off) & (time <= following.touchdown)
        alternate = contact.side not in (previous.side, following.side)
        if (
            alternate
            and observed[inside].all()
            and all(
                0.0 < end - start <= MAXIMUM_FLIGHT_S
                and np.count_nonzero((time > start) & (time < end)) >= MIN_FLIGHT_FRAMES
                for start, end in flights
            )
        ):
            yield previous, contact, following


def drawn_paths(draws: TrialDraws) -> Iterator[tuple[str, CentrePath]]:
    """Centre of mass of a trial, undisturbed and with one source disturbed at a time."""
    mechanics, time = draws.levels.mechanics, draws.time
    turn = rotation_about_vertical(-draws.heading).T
    skeleton, balance = mechanics.skeleton, mechanics.balance
    path = (balance.com[None] @ turn, balance.com_velocity[None] @ turn)
    yield UNDISTURBED, CentrePath(time, *path, skeleton.mass.sum(keepdims=True))
    all_bodies, origin = np.ones((1, len(skeleton.bodies))), np.zeros((len(time), 3))
    regressor = momentum_regressor(mechanics.kinematics, origin)
    for source, parameters in drawn_inertia(draws, skeleton, draws.sampling.motions).items():
        momenta = group_momenta(regressor, parameters, all_bodies)
        mass = momenta.mass[:, 0]
        position, velocity = (
            sums[:, :, 0] / mass[:, None, None] @ turn for sums in (momenta.first, momenta.linear)
        )
        yield source, CentrePath(time, position, velocity, mass)
    for source, motions in draws.motions.items():
        bodies = [
            centre_of_mass(
                segment_motion(drawn_skeleton, segment_kinematics(drawn_skeleton, *motion))
            )
            for drawn_skeleton, *motion in zip(
                motions.skeletons, motions.q, motions.u, motions.udot, strict=True
            )
        ]
        position, velocity = (
            np.stack([centre[part] for centre in bodies]) @ turn for part in (0, 1)
        )
        mass = np.array([drawn_skeleton.mass.sum() for drawn_skeleton in motions.skeletons])
        yield source, CentrePath(time, position, velocity, mass)


def estimated_forces(
    draws: TrialDraws, contacts: Sequence[Contact], observed: BoolArray, drag_area: float
) -> xr.Dataset:
    """`ESTIMATES` of every contact between two flights, with standard deviations.

    ``observed`` (T,) bool: where the centre of mass is observed; ``drag_area`` in m², 0 where the
    runner stays in place.

    ``estimated_force``, ``estimated_force_sd`` (contact, estimate), in the order of the contacts;
    sds are those of the middle contact of each foot, all sources together.
    """
    triples = list(between_flights(contacts, draws.time, observed))
    paths = list(drawn_paths(draws))
    undisturbed = paths[0][1]
    speed = float(undisturbed.velocity[0, :, 0].mean())
    drag = np.array([-0.5 * AIR_DENSITY * drag_area * speed**2, 0.0, 0.0])
    values = np.full((len(contacts), len(ESTIMATES)), np.nan)
    for triple in triples:
        values[contacts.index(triple[1])] = contact_estimates(undisturbed, *triple, drag)[0]
    sds = np.full_like(values, np.nan)
    middle = 0.5 * (draws.time[0] + draws.time[-1])
    for side in SIDES:
        candidates = [candidate for candidate in triples if candidate[1].side == side]
        if not candidates:
            continue
        triple = min(candidates, key=lambda candidate: abs(candidate[1].touchdown - middle))
        estimates = [(source, contact_estimates(path, *triple, drag)) for source, path in paths]
        estimates += [
            (EVENTS, contact_estimates(undisturbed, *shifted, drag))
            for shifted in _shifted(*triple)
        ]
        labels = [source for source, forces in estimates for _ in forces]
        spread = source_sds(np.concatenate([forces for _, forces in estimates]), labels)
        for _, contact, _ in candidates:
            sds[contacts.index(contact)] = np.sqrt((spread**2).sum(axis=0))
    return xr.Dataset(
        {
            "estimated_force": (("contact", "estimate"), values),
            "estimated_force_sd": (("contact", "estimate"), sds),
        },
        coords={"estimate": list(ESTIMATES)},
    )


def _shifted(
    previous: Contact, contact: Contact, following: Contact
) -> Iterator[tuple[Contact, Contact, Contact]]:
    """Shift either event of the contact by its error, earlier and later."""
    off = np.sqrt(2.0) * EVENT_SD_SHARE * contact.time_error  # two events are drawn
    for by in (-off, off):
        yield previous, replace(contact, touchdown=contact.touchdown + by), following
        yield previous, replace(contact, toe_off=contact.toe_off + by), following
