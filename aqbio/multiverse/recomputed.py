"""A trial under another specification, from its kinematics and raw forces."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from aqbio.body.records import ParticipantModel, final_model
from aqbio.contributions.files import sampled_contributions
from aqbio.errors import AqbioError
from aqbio.filters import low_pass
from aqbio.force_plates.alignment import Alignment
from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.gait.belt import BELT
from aqbio.gait.roles import group_sum, membership
from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.gait.steps import Contact, Step, rotation_about_vertical
from aqbio.inverse_dynamics.balance import adjusted_loads, laboratory_skeleton, loads_on_plates
from aqbio.inverse_dynamics.fitted import FORCES_NOT_USED, fit_values
from aqbio.inverse_dynamics.parameters import CLOCK
from aqbio.inverse_dynamics.session_inputs import prepare_session, static_stances
from aqbio.inverse_kinematics.solution import FITTED, SolvedTrial
from aqbio.io.netcdf import read_some
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.labels.marker_set import model_marker_set
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.multiverse.body_tables import de_leva_body, dumas_limbs
from aqbio.multiverse.specifications import BodyTable, Specification, lower_rate
from aqbio.names import AXES, SIDES
from aqbio.observed.parts import ObservedParts, read_observed
from aqbio.prepare.contacts import (
    NO_FOOT,
    EventRules,
    FootContact,
    contact_time_error,
    feet_loads,
    loads_on_frames,
    plate_event_force,
)
from aqbio.prepare.ground import foot_markers
from aqbio.prepare.prepared import MEASURED, loads_with_toes
from aqbio.rotation.level_a import force_shares
from aqbio.rotation.levels import compute_mechanics
from aqbio.vectors import FloatArray

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class MotionSource:
    """A motion, the body that moves, and the clock and plates that were fitted."""

    motion: Motion
    skeleton: Skeleton
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Of the consistency fit, by name; empty where the session has none, or the specification
    wants none."""


@dataclass(frozen=True, slots=True)
class CachedTrial:
    """Files of one trial, and its motion under other weights of the consistency fit."""

    prepared: xr.Dataset
    solved: xr.Dataset
    consistent: xr.Dataset
    contributions: xr.Dataset
    scaled: Skeleton
    final: Skeleton
    """scaled, final: Before and after stage inverse_dynamics."""
    loose: MotionSource | None = None
    """Motion with a third of the weight on forces; None where the trial was not fitted or the study
    does not request it."""
    cache: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    """Intermediate results shared by specifications."""

    @classmethod
    def read(
        cls, study: Study, participant_id: str, trial_id: str, loose: MotionSource | None = None
    ) -> CachedTrial:
        """Read the files of a trial."""
        trial = SolvedTrial.read(study, participant_id, trial_id)
        contributions, consistent = sampled_contributions(study, participant_id, trial_id)
        models = (ParticipantModel.of(study, participant_id), final_model(study, participant_id))
        scaled, final = (load_skeleton(model.table) for model in models)
        results = (trial.recorded, trial.solved, consistent, contributions)
        return cls(*results, scaled, final, loose)

    def cached_value(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the cached value of a key, computed on first use."""
        if key not in self.cache:
            self.cache[key] = make()
        value: Value = self.cache[key]
        return value

    @property
    def time(self) -> FloatArray:
        """Clock of the solved motion, s."""
        return np.asarray(self.solved["time"].values)

    @property
    def rate(self) -> float:
        """The lower rate of markers and, where there are any, forces, Hz."""
        return lower_rate(self.prepared.attrs)

    @property
    def fitted(self) -> bool:
        """True if motion and forces were fitted together."""
        return bool(self.consistent.attrs["motion"] == FITTED)

    @property
    def study_motion(self) -> MotionSource:
        """The motion under the study's own settings."""
        motion = Motion(*(self.consistent[name].values for name in ("q", "u", "udot")))
        return MotionSource(motion, self.final, fit_values(self.consistent))

    def observed(self, study: Study) -> ObservedParts:
        """Observed parts of the body, the same under all specifications."""
        return self.cached_value(
            "observed",
            lambda: ObservedParts(read_observed(self.solved), self.final, study.model_map),
        )


def loose_sources(study: Study, participant_id: str) -> dict[str, MotionSource]:
    """Motions of a participant's fitted trials with a third of the weight on forces, by trial."""
    manifest, settings = study.read_manifest(participant_id, "inverse_dynamics"), study.settings
    names = [entry["trial_id"] for entry in manifest["trials"] if entry.get("motion") == FITTED]
    if not (names and settings.multiverse.enabled and "loose" in settings.multiverse.consistency):
        return {}
    skeleton = load_skeleton(ParticipantModel.of(study, participant_id).table)
    trials = [SolvedTrial.read(study, participant_id, name) for name in names]
    folder = study.folder(participant_id, "inverse_dynamics")
    fitted = {name: read_some(folder / f"{name}.nc", ["q"]) for name in names}
    starts = {name: (dataset["q"].values, fit_values(dataset)) for name, dataset in fitted.items()}
    stances = static_stances(study, participant_id, skeleton)
    session = prepare_session(study, skeleton, trials, stances)
    return {
        name: MotionSource(motion, laboratory_skeleton(session.runner, values), values)
        for name, (motion, values) in session.refit_loosely(starts).items()
    }


def specified_trial(
    study: Study, participant_id: str, cached: CachedTrial, specification: Specification
) -> tuple[xr.Dataset, tuple[Step, ...]]:
    """Compute one trial under one specification: dataset as of contributions, steps."""
    source = motion_source(cached, specification)
    skeleton = body_of(study, participant_id, source.skeleton, specification.body)
    kinematics = cached.cached_value(  # kinematics do not depend on masses
        ("kinematics", motion_key(cached, specification)), lambda: source_kinematics(source)
    )
    loads, contacts = specified_loads(study, cached, specification, source.parameters)
    steps = trial_steps(contacts, cached.time)
    height = Alignment.of(source.parameters).surface(float(cached.prepared.attrs["surface_height"]))
    return _dataset(study, cached, skeleton, kinematics, loads, height), steps


# motion and body --------------------------------------------------------------------------------


def motion_source(cached: CachedTrial, specification: Specification) -> MotionSource:
    """The motion of a specification.

    The cut-off acts on a plain motion; a fitted one keeps its splines, and the cut-off acts on the
    forces only. A trial that stays plain among fitted ones stays plain under looser weights too,
    with the body of the session; the specification ``off`` takes that body away as well.
    """
    way = specification.consistency
    if way == "default" and cached.fitted:
        return cached.study_motion
    if way == "loose" and cached.fitted:
        if cached.loose is None:
            raise AqbioError(
                "the fit with looser weights is not there for this trial.",
                rule="specification-unavailable",
                fix="see the findings of stage inverse_dynamics.",
            )
        return cached.loose
    key = motion_key(cached, specification)
    return cached.cached_value(key, lambda: _plain_source(cached, specification))


def motion_key(cached: CachedTrial, specification: Specification) -> tuple[str, float]:
    """Key of the motion of a specification; the cut-off of a plain one only."""
    fitted = cached.fitted and specification.consistency != "off"
    return specification.consistency, 0.0 if fitted else specification.cutoff_hz


def _plain_source(cached: CachedTrial, specification: Specification) -> MotionSource:
    off = specification.consistency == "off"
    skeleton, values = (cached.scaled, {}) if off else (cached.final, fit_values(cached.consistent))
    rate = float(cached.prepared.attrs["marker_rate"])
    smooth = low_pass(cached.solved["q_unfiltered"].values, rate, specification.cutoff_hz)
    return MotionSource(spline_motion(skeleton, cached.time, smooth), skeleton, values)


def source_kinematics(source: MotionSource) -> SegmentKinematics:
    """Kinematics of the segments of a motion."""
    motion = source.motion
    return segment_kinematics(source.skeleton, motion.q, motion.u, motion.udot)


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
    with_table = dumas_limbs if table == "dumas" else de_leva_body
    return with_table(skeleton, person.sex, person.height_m)


def _dataset(
    study: Study,
    cached: CachedTrial,
    skeleton: Skeleton,
    kinematics: SegmentKinematics,
    feet: Sequence[ExternalLoad],
    height: float,
) -> xr.Dataset:
    """Momentum, forces and moments, NaN where parts of the body were not observed."""
    groups, parts = tuple(study.model_map.groups), cached.observed(study)
    loads = loads_with_toes(study.model_map, skeleton, kinematics, feet, height)
    mechanics = compute_mechanics(skeleton, kinematics, loads, height)
    motion, balance = mechanics.motion, mechanics.balance
    root = skeleton.bodies.index(study.model_map.pelvis.body)
    matrix = membership(study.model_map.groups, skeleton.bodies)
    pelvis = matrix[groups.index("pelvis")] * motion.mass
    hub = np.einsum("b,tbi->ti", pelvis / pelvis.sum(), motion.acceleration)
    shares = force_shares(motion, matrix, hub, skeleton.gravity)
    momentum = group_sum(balance.momentum, matrix)
    external = (balance.moment_of_force + balance.free_moment).sum(axis=1)
    if cached.prepared.attrs["free_moment"] != MEASURED:
        external[:, 1] = np.nan
    turn = rotation_about_vertical(-float(cached.contributions.attrs["heading"])).T
    by_group, centre = parts.along("group", groups)[..., None], parts.centre[:, None]
    vectors = {
        "group_angular_momentum": ("group", np.where(by_group, momentum @ turn, np.nan)),
        "relative_force": ("group", np.where(by_group, shares.relative @ turn, np.nan)),
        "com": ("", np.where(centre, balance.com @ turn, np.nan)),
        "com_velocity": ("", np.where(centre, balance.com_velocity @ turn, np.nan)),
        "pelvis_velocity": (
            "",
            np.where(parts.pelvis[:, None], motion.velocity[:, root] @ turn, np.nan),
        ),
        "ground_force": ("foot", balance.force @ turn),
        "external_moment": ("", np.where(parts.whole_body[:, None], external @ turn, np.nan)),
    }
    moments = np.where(parts.along("coordinate", skeleton.coordinates), mechanics.forces, np.nan)
    return xr.Dataset(
        {
            name: (("time", *dimension.split(), "axis"), values)
            for name, (dimension, values) in vectors.items()
        }
        | {"joint_moment_coordinate": (("time", "coordinate"), moments)},
        coords={
            "time": cached.time,
            "group": list(groups),
            "coordinate": list(skeleton.coordinates),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={"belt_speed": float(cached.prepared.attrs["belt_speed"])},
    ).assign({name: cached.prepared[name].variable for name in BELT if name in cached.prepared})


# loads and contacts -----------------------------------------------------------------------------


def specified_loads(
    study: Study, cached: CachedTrial, specification: Specification, parameters: Mapping[str, float]
) -> tuple[tuple[ExternalLoad, ...], list[Contact]]:
    """Loads of the left and the right foot at a threshold and cut-off, and the contacts.

    `parameters` are the fit's of clock and plates. A trial without plates keeps its contacts,
    which are kinematic, and has no loads; so does one whose forces are not used.
    """
    prepared, prepare = cached.prepared, study.settings.prepare
    feet = [getattr(study.model_map.feet, side) for side in SIDES]
    unused = bool(cached.consistent.attrs.get(FORCES_NOT_USED))
    if prepared.attrs["events"] != "plates" or not prepared.sizes["plate"] or unused:
        no_load = np.full((len(cached.time), 3), np.nan)
        loads = tuple(ExternalLoad(foot, no_load, no_load, np.zeros(3)) for foot in feet)
        return loads, list(trial_contacts(cached.consistent))
    rules = EventRules(
        threshold=specification.threshold_n or float(prepared.attrs["event_threshold"]),
        event_cutoff=prepare.event_cutoff_hz,
        cutoff=specification.cutoff_hz,
    )
    force, moment, contacts = cached.cached_value(
        ("loads", rules), lambda: _feet_loads(study, cached, rules)
    )
    loads = tuple(
        ExternalLoad(foot, force[:, index], moment[:, index], np.zeros(3))
        for index, foot in enumerate(feet)
    )
    if parameters:
        placed = loads_on_plates(loads, prepared, cached.time, parameters)
        loads = adjusted_loads(placed, cached.time, parameters)
    clock = parameters.get(CLOCK, 0.0)
    error = contact_time_error(
        float(prepared.attrs["force_rate"]),
        prepare.event_cutoff_hz,
        float(prepared.attrs.get("contact_lengthening_s", 0.0)),
        float(prepared.attrs.get("contact_shortening_s", 0.0)),
    )
    return loads, [
        Contact(
            side="left" if contact.foot == 0 else "right",
            touchdown=contact.touchdown - clock * np.isfinite(contact.peak),
            toe_off=contact.toe_off - clock * np.isfinite(contact.peak),
            complete=contact.complete,
            edge_distance=contact.edge_distance,
            shared=contact.shared,
            broken=contact.broken,
            time_error=error if np.isfinite(contact.peak) else np.nan,
        )
        for contact in contacts
        if contact.foot != NO_FOOT
    ]


def _feet_loads(
    study: Study, cached: CachedTrial, rules: EventRules
) -> tuple[FloatArray, FloatArray, tuple[FootContact, ...]]:
    """Force and moment of both feet on the frames of the motion, and contacts, as recorded."""
    prepared = cached.prepared
    plates, feet = cached.cached_value(
        "plates", lambda: (_recorded_plates(prepared), _foot_markers(study, cached))
    )
    frames = prepared["time"].values
    sharp = cached.cached_value("sharp", lambda: plate_event_force(plates, rules.event_cutoff))
    nan = float("nan")
    unmeasured = tuple(
        FootContact(
            SIDES.index(contact.side),
            contact.touchdown,
            contact.toe_off,
            (),
            contact.complete,
            nan,
            nan,
        )
        for contact, peak in zip(
            trial_contacts(prepared), prepared["contact_peak"].values, strict=True
        )
        if np.isnan(peak)
    )
    loads = replace(feet_loads(plates, feet, frames, rules, sharp), unmeasured=unmeasured)
    force, moment = loads_on_frames(loads, plates, frames, rules.cutoff)
    solved = np.isin(frames, cached.time)
    return force[solved], moment[solved], (*loads.contacts, *unmeasured)


def _foot_markers(study: Study, cached: CachedTrial) -> FloatArray:
    """(T, 2, K, 3): markers of the left and of the right foot, NaN where one is missing."""
    prepared = cached.prepared
    from_model = bool(cached.solved.attrs.get("from_coordinates"))
    marker_set = (
        model_marker_set(cached.scaled, study.model_map) if from_model else study.marker_set
    )
    labels = [str(name) for name in prepared["marker"].values]
    return foot_markers(labels, prepared["marker_raw"].values, marker_set)


def _recorded_plates(prepared: xr.Dataset) -> Plates:
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
    """The foot of a plate that only one foot used, for frames without foot markers."""
    feet = {
        str(foot)
        for foot, plates in zip(
            prepared["contact_foot"].values, prepared["contact_plates"].values, strict=True
        )
        if str(number) in str(plates).split(",")
    }
    return SIDES.index(feet.pop()) if len(feet) == 1 else NO_FOOT
