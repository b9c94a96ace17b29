"""A trial under another specification, from its kinematics and raw forces."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from aqbio.body.dumas import dumas_limbs
from aqbio.body.participant_model import ParticipantModel, final_model
from aqbio.body.sprint_body import sprint_bodies
from aqbio.consistency.balance import adjusted_loads
from aqbio.consistency.files import fit_values, read_start
from aqbio.consistency.fit import TrialFit
from aqbio.consistency.session_fit import fitted_session, held_fits
from aqbio.consistency.session_inputs import static_stances
from aqbio.contributions.files import sampled_contributions
from aqbio.contributions.level_a import force_shares
from aqbio.errors import AqbioError
from aqbio.force_plates.forces import PlateWrench
from aqbio.force_plates.plates import Plates
from aqbio.gait.roles import group_sum, membership
from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.gait.steps import Contact, Step, rotation_about_vertical
from aqbio.inverse_kinematics.solved_trial import FITTED, SolvedTrial
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.labels.marker_set import own_marker_set
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.multiverse.specifications import BodyTable, Specification, lower_rate
from aqbio.names import AXES, SIDES
from aqbio.observed.parts import ObservedParts
from aqbio.observed.record import read_observed
from aqbio.recordings.contacts import (
    COP_THRESHOLD_N,
    EVENT_MINIMUM_S,
    NOBODY,
    EventRules,
    FootContact,
    event_error,
    feet_loads,
    loads_on_frames,
    plate_event_force,
)
from aqbio.recordings.prepared import NO_FREE_MOMENT, borne_loads
from aqbio.signals import low_pass
from aqbio.vectors import FloatArray, cross

if TYPE_CHECKING:
    import xarray as xr

Made = TypeVar("Made")

LOOSE = (100.0, 30.0)
"""Standard deviations of residual force and moment of the specification ``loose``, N and N m."""


@dataclass(frozen=True, slots=True)
class MotionSource:
    """A motion, the body that moves, and what was found of clocks and plates with it."""

    motion: Motion
    skeleton: Skeleton
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Of the consistency fit, by name; empty for the plain way."""


@dataclass(frozen=True, slots=True)
class OtherFits:
    """Trials of a session fitted in other ways than the study's."""

    trials: Mapping[str, SolvedTrial] = field(default_factory=dict)
    """What was read, by trial."""
    motions: Mapping[str, Mapping[str, MotionSource]] = field(default_factory=dict)
    """By trial, then by way; those whose fit is not believed are left out."""


@dataclass(frozen=True, slots=True)
class CachedTrial:
    """Files of one trial, and its motion under other weights of the consistency fit."""

    prepared: xr.Dataset
    solved: xr.Dataset
    consistent: xr.Dataset
    contributions: xr.Dataset
    scaled: Skeleton
    final: Skeleton
    """scaled, final: Before and after stage consistency."""
    fits: Mapping[str, MotionSource] = field(default_factory=dict)
    """By other ways of the consistency fit in which it was fitted."""
    kept: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    """What several specifications have in common, from the first that needed it."""

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Make what a key stands for, or give what was made before."""
        if key not in self.kept:
            self.kept[key] = make()
        made: Made = self.kept[key]
        return made

    @property
    def time(self) -> FloatArray:
        """Clock of the solved motion, s."""
        time: FloatArray = self.solved["time"].values
        return time

    @property
    def rate(self) -> float:
        """The lower rate of markers and, where there are any, forces, Hz."""
        return lower_rate(self.prepared.attrs)

    @property
    def fitted(self) -> bool:
        """Whether motion and forces were made to agree."""
        return bool(self.consistent.attrs["motion"] == FITTED)

    @property
    def own_motion(self) -> Motion:
        """Motion under the study's own settings."""
        return Motion(*(self.consistent[name].values for name in ("q", "u", "udot")))

    @classmethod
    def read(cls, study: Study, participant_id: str, trial_id: str, fits: OtherFits) -> CachedTrial:
        """Read what was not read already for the other fits of the session."""
        before = fits.trials.get(trial_id) or SolvedTrial.read(study, participant_id, trial_id)
        contributions, consistent = sampled_contributions(study, participant_id, trial_id)
        models = (ParticipantModel.of(study, participant_id), final_model(study, participant_id))
        scaled, final = (load_skeleton(model.table) for model in models)
        own = fits.motions.get(trial_id, {})
        results = (before.recorded, before.solved, consistent, contributions)
        return cls(*results, scaled, final, own)


def motion_source(cached: CachedTrial, specification: Specification) -> MotionSource:
    """The motion of a specification.

    The cut-off acts on a plain motion; a fitted one keeps its splines, and the cut-off acts on the
    forces only. A trial that stays plain among fitted ones stays plain under looser weights too,
    with the body of the session; the specification ``off`` takes that body away as well.
    """
    way = specification.consistency
    if way not in ("default", "off") and cached.fitted:
        if way not in cached.fits:
            raise AqbioError(
                f"the consistency fit of another kind ({way}) is not believed for this trial.",
                rule="specification-unavailable",
                fix="see the findings of stage consistency.",
            )
        return cached.fits[way]
    if specification.consistency == "default" and cached.fitted:
        return MotionSource(cached.own_motion, cached.final, fit_values(cached.consistent))
    return cached.once(
        motion_key(cached, specification), lambda: _plain_source(cached, specification)
    )


def motion_key(cached: CachedTrial, specification: Specification) -> tuple[str, float]:
    """What tells the motions of specifications apart; the cut-off of a plain one only."""
    fitted = cached.fitted and specification.consistency != "off"
    return specification.consistency, 0.0 if fitted else specification.cutoff_hz


def _plain_source(cached: CachedTrial, specification: Specification) -> MotionSource:
    skeleton = cached.scaled if specification.consistency == "off" else cached.final
    rate = float(cached.prepared.attrs["marker_rate"])
    smooth = low_pass(cached.solved["q_unfiltered"].values, rate, specification.cutoff_hz)
    return MotionSource(spline_motion(skeleton, cached.time, smooth), skeleton)


def other_fits(study: Study, participant_id: str) -> OtherFits:
    """Refit a participant's session in every other way that the study asks for.

    Forces and moments with about a third of the weight, and with one parameter of the fit fixed
    (`held`).
    """
    manifest = study.read_manifest(participant_id, "inverse_dynamics")
    names = [one["trial_id"] for one in manifest["trials"] if one.get("motion") == FITTED]
    ways = study.settings.multiverse.consistency if study.settings.multiverse.enabled else ()
    held = {way: values for way, values in manifest["held"].items() if way in ways}
    if not names or not (held or "loose" in ways):
        return OtherFits()
    skeleton = load_skeleton(ParticipantModel.of(study, participant_id).table)
    trials = [SolvedTrial.read(study, participant_id, name) for name in names]
    folder = study.folder(participant_id, "inverse_dynamics")
    near = {name: read_start(read_dataset(folder / f"{name}.nc")) for name in names}
    motions: dict[str, dict[str, MotionSource]] = {name: {} for name in names}
    if "loose" in ways:
        still = static_stances(study, participant_id, skeleton)
        session = fitted_session(study, skeleton, trials, still, weights=LOOSE, near=near)
        for name in session.believed:
            motions[name]["loose"] = _source(session.fits[name])
    for name, way, fit in held_fits(study, skeleton, trials, near, held):
        motions[name][way] = _source(fit)
    return OtherFits({trial.trial_id: trial for trial in trials}, motions)


def _source(fit: TrialFit) -> MotionSource:
    return MotionSource(fit.motion, fit.skeleton, fit.values)


@dataclass(frozen=True, slots=True)
class SpecifiedLoads:
    """Ground reaction of both feet on the frames of the motion, and the contacts."""

    force: FloatArray
    moment: FloatArray
    """force, moment: (T, 2, 3) arrays, N and N m. Left and right, about the ground origin; NaN
    where none was measured."""
    contacts: list[Contact]


def specified_loads(
    study: Study, cached: CachedTrial, specification: Specification, parameters: Mapping[str, float]
) -> SpecifiedLoads:
    """Loads and contacts of both feet at the specification's threshold and cut-off.

    `parameters` are the fit's of clocks and plates. A trial without plates keeps its contacts,
    which are kinematic, and has no loads.
    """
    prepared = cached.prepared
    if prepared.attrs["events"] != "plates" or not prepared.sizes["plate"]:
        nothing = np.full((len(cached.time), 2, 3), np.nan)
        return SpecifiedLoads(nothing, nothing, list(trial_contacts(prepared)))
    rules = _rules(study, prepared, specification)
    force, moment, contacts = cached.once(
        ("loads", rules), lambda: _feet_loads(study, cached, rules)
    )
    force, moment = _shifted(cached.time, force, moment, parameters)
    later = parameters.get("clock_offset", 0.0)
    rate, cutoff = float(prepared.attrs["force_rate"]), study.settings.prepare.event_cutoff_hz
    error = 2.0 * event_error(rate, cutoff)
    return SpecifiedLoads(force, moment, _contacts(contacts, later, error))


def _feet_loads(
    study: Study, cached: CachedTrial, rules: EventRules
) -> tuple[FloatArray, FloatArray, tuple[FootContact, ...]]:
    """Force and moment of both feet on the frames of the motion, and contacts, as recorded."""
    prepared = cached.prepared
    plates, feet = cached.once(
        "plates", lambda: (recorded_plates(prepared), _foot_markers(study, cached))
    )
    frames = prepared["time"].values
    sharp = cached.once("sharp", lambda: plate_event_force(plates, rules.event_cutoff))
    nan = float("nan")
    unmeasured = tuple(
        FootContact(SIDES.index(x.side), x.touchdown, x.toe_off, (), x.complete, nan, nan)
        for x, peak in zip(trial_contacts(prepared), prepared["contact_peak"].values, strict=True)
        if np.isnan(peak)
    )
    loads = replace(feet_loads(plates, feet, frames, rules, sharp), unmeasured=unmeasured)
    force, moment = loads_on_frames(loads, plates, frames, rules.cutoff)
    solved = np.isin(frames, cached.time)
    return force[solved], moment[solved], (*loads.contacts, *unmeasured)


def _foot_markers(study: Study, cached: CachedTrial) -> FloatArray:
    """(T, 2, K, 3): markers of the left and of the right foot, NaN where one is missing."""
    prepared = cached.prepared
    own = bool(cached.solved.attrs.get("from_coordinates"))
    marker_set = own_marker_set(cached.scaled, study.model_map) if own else study.marker_set
    labels = [(foot.heel, *foot.toe) for foot in (marker_set.feet.left, marker_set.feet.right)]
    feet = np.full((prepared.sizes["time"], 2, max(map(len, labels)), 3), np.nan)
    known = [str(name) for name in prepared["marker"].values]
    for foot, names in enumerate(labels):
        for place, label in enumerate(names):
            if label in known:
                feet[:, foot, place] = prepared["marker_raw"].values[:, known.index(label)]
    return feet


def _rules(study: Study, prepared: xr.Dataset, specification: Specification) -> EventRules:
    settings = study.settings.prepare
    return EventRules(
        threshold=specification.threshold_n or float(prepared.attrs["event_threshold"]),
        minimum_s=EVENT_MINIMUM_S,
        event_cutoff=settings.event_cutoff_hz,
        cutoff=specification.cutoff_hz,
        cop_threshold=COP_THRESHOLD_N,
    )


def _shifted(
    time: FloatArray, force: FloatArray, moment: FloatArray, parameters: Mapping[str, float]
) -> tuple[FloatArray, FloatArray]:
    """Loads with the fitted clock offset and shift of the plates taken off."""
    if not parameters:
        return force, moment
    known = np.isfinite(force + moment).all(axis=(1, 2))
    loads = [
        ExternalLoad(side, force[known, foot], moment[known, foot], np.zeros(3))
        for foot, side in enumerate(SIDES)
    ]
    whole = [np.full_like(force, np.nan) for _ in range(2)]
    for foot, load in enumerate(adjusted_loads(loads, time[known], parameters)):
        whole[0][known, foot], whole[1][known, foot] = load.force, load.moment
    return whole[0], whole[1]


def recorded_plates(prepared: xr.Dataset) -> Plates:
    """The plates of a prepared trial, offsets removed, as stage prepare used them."""
    numbers = tuple(int(number) for number in prepared["plate"].values)
    time = prepared["force_time"].values
    return Plates(
        wrench=PlateWrench(
            prepared["plate_force_raw"].values,
            prepared["plate_moment_raw"].values,
            prepared["plate_point"].values,
        ),
        corners=prepared["plate_corner"].values,
        rate=float(prepared.attrs["force_rate"]),
        start=float(time[0]),
        numbers=numbers,
        feet=tuple(_foot_of(prepared, number) for number in numbers),
    )


def _foot_of(prepared: xr.Dataset, number: int) -> int:
    """The foot of a plate that only one foot used: stands in where no foot marker is seen."""
    feet = {
        str(foot)
        for foot, plates in zip(
            prepared["contact_foot"].values, prepared["contact_plates"].values, strict=True
        )
        if str(number) in str(plates).split(",")
    }
    return SIDES.index(feet.pop()) if len(feet) == 1 else NOBODY


def _contacts(contacts: Sequence[FootContact], later: float, time_error: float) -> list[Contact]:
    return [
        Contact(
            side="left" if one.foot == 0 else "right",
            touchdown=one.touchdown - later,
            toe_off=one.toe_off - later,
            complete=one.complete,
            edge_distance=one.edge_distance,
            shared=one.shared,
            time_error=time_error if np.isfinite(one.peak) else np.nan,
        )
        for one in contacts
        if one.foot != NOBODY
    ]


def specified_trial(
    study: Study, participant_id: str, cached: CachedTrial, specification: Specification
) -> tuple[xr.Dataset, tuple[Step, ...]]:
    """Compute one trial under one specification: dataset as of contributions, steps."""
    source = motion_source(cached, specification)
    skeleton = body_of(study, participant_id, source.skeleton, specification.body)
    kinematics = cached.once(  # masses do not matter to it
        ("kinematics", motion_key(cached, specification)), lambda: _kinematics(source)
    )
    moved = cached.once(
        ("moved", motion_key(cached, specification), specification.body),
        lambda: _moved(study, cached, skeleton, kinematics),
    )
    loads = specified_loads(study, cached, specification, source.parameters)
    steps = trial_steps(loads.contacts, cached.time)
    return _dataset(study, cached, (skeleton, kinematics, moved), loads), steps


def _kinematics(source: MotionSource) -> SegmentKinematics:
    motion = source.motion
    return segment_kinematics(source.skeleton, motion.q, motion.u, motion.udot)


def own_kinematics(cached: CachedTrial) -> SegmentKinematics:
    """How the segments move under the study's own settings."""
    return _kinematics(MotionSource(cached.own_motion, cached.final))


def observed_parts(study: Study, cached: CachedTrial) -> ObservedParts:
    """What was observed of the body, under whichever specification."""
    return cached.once(
        "observed",
        lambda: ObservedParts(read_observed(cached.solved), cached.final, study.model_map),
    )


def body_of(study: Study, participant_id: str, skeleton: Skeleton, table: BodyTable) -> Skeleton:
    """A participant's skeleton with the segment inertia of a table."""
    if table == "model":
        return skeleton
    person = study.participant(participant_id)
    if study.settings.model.file != "sprint" or person.sex is None or person.height_m is None:
        raise AqbioError(
            f"body table {table} needs our sprint model and the participant's sex and stature.",
            rule="specification-unavailable",
            fix="fill in sex and height_m in participants.tsv, or leave the table out of "
            "multiverse.bodies.",
        )
    sex, stature = person.sex, person.height_m
    if table == "dumas":
        return dumas_limbs(skeleton, sex, stature)
    bodies = {
        b.name: b for b in sprint_bodies(sex, mass=float(skeleton.mass.sum()), stature=stature)
    }
    own = [bodies[name] for name in skeleton.bodies]
    return replace(
        skeleton,
        mass=np.array([body.mass for body in own]),
        com=np.array([body.com for body in own]),
        inertia=np.array([body.inertia for body in own]),
    )


@dataclass(frozen=True, slots=True)
class MovedBody:
    """What a moving body's own numbers are, whatever acts on it."""

    com: FloatArray
    """(T, 3) array, m, ground. The whole body's centre of mass."""
    vectors: Mapping[str, tuple[str, FloatArray]]
    """Mapping. Dimension beside time and axis, and values along the heading, by variable."""


def _moved(
    study: Study, cached: CachedTrial, skeleton: Skeleton, kinematics: SegmentKinematics
) -> MovedBody:
    """Momentum and forces relative to the pelvis, NaN for what nobody observed."""
    motion = segment_motion(skeleton, kinematics)
    com, velocity, _ = centre_of_mass(motion)
    matrix = membership(study.model_map.groups, skeleton.bodies)
    pelvis = matrix[tuple(study.model_map.groups).index("pelvis")] * motion.mass
    hub = np.einsum("b,tbi->ti", pelvis / pelvis.sum(), motion.acceleration)
    shares = force_shares(motion, matrix, hub, skeleton.gravity)
    momentum = group_sum(angular_momentum(motion, com, velocity), matrix)
    turn, parts = _turn(cached), observed_parts(study, cached)
    by_group = parts.along("group", tuple(study.model_map.groups))[..., None]
    seen = parts.centre[:, None]
    return MovedBody(
        com,
        {
            "group_angular_momentum": ("group", np.where(by_group, momentum @ turn, np.nan)),
            "relative_force": ("group", np.where(by_group, shares.relative @ turn, np.nan)),
            "com": ("", np.where(seen, com @ turn, np.nan)),
            "com_velocity": ("", np.where(seen, velocity @ turn, np.nan)),
        },
    )


def _dataset(
    study: Study,
    cached: CachedTrial,
    body: tuple[Skeleton, SegmentKinematics, MovedBody],
    loads: SpecifiedLoads,
) -> xr.Dataset:
    """Momentum, forces and moments, NaN for what nobody observed."""
    import xarray as xr

    (skeleton, kinematics, moved), force, moment = body, loads.force, loads.moment
    height = float(cached.prepared.attrs["surface_height"])
    feet = _feet(study, force, moment)
    borne = borne_loads(study.model_map, skeleton, kinematics, feet, height)
    forces = inverse_dynamics(skeleton, kinematics, borne)
    external = (moment - cross(moved.com[:, None], force)).sum(axis=1)
    if cached.prepared.attrs["free_moment"] == NO_FREE_MOMENT:
        external[:, 1] = np.nan
    turn, parts = _turn(cached), observed_parts(study, cached)
    moments = np.where(parts.along("coordinate", skeleton.coordinates), forces, np.nan)
    vectors = {
        **moved.vectors,
        "ground_force": ("foot", force @ turn),
        "external_moment": ("", np.where(parts.whole[:, None], external @ turn, np.nan)),
    }
    return xr.Dataset(
        {
            name: (("time", *dimension.split(), "axis"), values)
            for name, (dimension, values) in vectors.items()
        }
        | {"joint_moment_coordinate": (("time", "coordinate"), moments)},
        coords={
            "time": cached.time,
            "group": list(study.model_map.groups),
            "coordinate": list(skeleton.coordinates),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={"belt_speed": float(cached.prepared.attrs["belt_speed"])},
    )


def _turn(cached: CachedTrial) -> FloatArray:
    """From ground axes to those along the heading, behind a vector."""
    return rotation_about_vertical(-float(cached.contributions.attrs["heading"])).T


def _feet(study: Study, force: FloatArray, moment: FloatArray) -> tuple[ExternalLoad, ...]:
    """Loads of both feet about the ground origin."""
    feet = study.model_map.feet
    return tuple(
        ExternalLoad(getattr(feet, side), force[:, foot], moment[:, foot], np.zeros(3))
        for foot, side in enumerate(SIDES)
    )
