"""A sprint as a laboratory sees it, as arrays, beside what is true about it.

The material on which dynamic consistency is judged. Truth is a gait of the generator, whose curves
are no splines; everything between it and the arrays is a stated error: skin, clock, plates, body.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from aqbio.config import ModelMap, read_yaml
from aqbio.consistency.observations import GroundWrench, Observations
from aqbio.consistency.parameters import Runner
from aqbio.gait.roles import group_sum
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.signals import low_pass
from aqbio.vectors import BoolArray, FloatArray, cross, rotate
from aqbio.virtual.disturbances import Skin, tissue_motion
from aqbio.virtual.gait import Gait
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.library import DATA
from aqbio.virtual.recording import RecordedRun, RunPlan, recorded_run
from validation.recordings.crosstalk import plate_errors
from validation.recordings.springs import Springs, Wobbling, sprung_tissue, wobbling
from validation.recordings.wrong_body import (
    BodyError,
    model_of,
    with_centres_apart,
    with_joints_apart,
)

LEAK = 0.025
"""How far a filtered force reaches beyond its contact, s (20 Hz)."""
SOFT_FOLLOWS = 0.5
"""Soft masses move half as far as the skin over them: nothing at the bone and at the muscle's
ends, 2/3 on average over the depth if it grows evenly, 0.64 along a half wave, 1 at the skin."""
FLIGHT = 0.060
"""Most of a flight before the first and after the last contact that is used, s."""


@dataclass(frozen=True, slots=True)
class Errors:
    """What separates the arrays from the truth, one draw.

    Attributes
    ----------
    skin : Skin or Springs
        Motion of markers against the bone: waves, or masses on springs.
    placement_m : float
        Standard deviation of every marker's constant offset, each axis.
    marker_noise_m : float
    clock_offset_s : float
        The forces are this much late.
    gain : (3,) tuple
        Relative error of the plates along each axis.
    cop_x, cop_z : float, m
        The plates are this far ahead and right of where the file says.
    own_gain, own_cop_m : float
        Standard deviation of the same, each plate for itself.
    force_noise_n, moment_noise_nm : float
        Standard deviation after the low-pass.
    body : BodyError
    joint_m : float
        Standard deviation of the model's joint centres, each axis.
    centre_m : float
        Standard deviation of the model's segments' centres of mass, each axis; beside the body's.
    soft_follows : float
        How far soft masses move, of what the markers of their segment have in common.
    crosstalk : float
        Standard deviation of what each force channel of a plate shows of each other one.
    wandering_cop_m : float
        Root mean square error of the centre of pressure along each axis that varies with its place
        on the plate.
    """

    skin: Skin | Springs = field(default_factory=Skin)
    placement_m: float = 0.0
    marker_noise_m: float = 0.0
    clock_offset_s: float = 0.0
    gain: tuple[float, float, float] = (0.0, 0.0, 0.0)
    cop_x: float = 0.0
    cop_z: float = 0.0
    own_gain: float = 0.0
    own_cop_m: float = 0.0
    force_noise_n: float = 0.0
    moment_noise_nm: float = 0.0
    body: BodyError = field(default_factory=BodyError)
    joint_m: float = 0.0
    centre_m: float = 0.0
    soft_follows: float = 0.0
    crosstalk: float = 0.0
    wandering_cop_m: float = 0.0

    def parameters(self) -> dict[str, float]:
        """The true values of what a fit may estimate, by its names."""
        known = {"clock_offset": self.clock_offset_s}
        return known | {"cop_offset_x": self.cop_x, "cop_offset_z": self.cop_z} | asdict(self.body)


def drawn_errors(
    size: float, random: np.random.Generator, skin: Skin | Springs | None = None
) -> Errors:
    """Draw what a good laboratory suffers from.

    Standard deviations at size 1: legs 8 %, pelvis 10 %, torso 15, 20 and 10 mm, body mass 0.5 %,
    clock 3 ms, gains 0.5 % and centre of pressure 3 mm (of all plates and, half of the variance, of
    each), plates 3 N and 2 N m, joint centres 5 mm, markers 5 mm in place and 0.3 mm from frame to
    frame.
    """
    normal = size * random.standard_normal(12)
    half = np.sqrt(0.5)
    usual = skin or Skin()
    return Errors(
        skin=_sized(usual, size),
        placement_m=size * 0.005,
        marker_noise_m=size * 0.0003,
        clock_offset_s=0.003 * float(normal[0]),
        gain=tuple((half * 0.005 * normal[1:4]).tolist()),
        cop_x=half * 0.003 * float(normal[4]),
        cop_z=half * 0.003 * float(normal[5]),
        own_gain=half * size * 0.005,
        own_cop_m=half * size * 0.003,
        force_noise_n=size * 3.0,
        moment_noise_nm=size * 2.0,
        body=BodyError(
            mass=0.005 * float(normal[6]),
            leg_share=0.08 * float(normal[7]),
            pelvis_share=0.10 * float(normal[8]),
            torso_com_x=0.015 * float(normal[9]),
            torso_com_y=0.020 * float(normal[10]),
            torso_com_z=0.010 * float(normal[11]),
        ),
        joint_m=size * 0.005,
        soft_follows=SOFT_FOLLOWS,
        crosstalk=size * 0.005,
        wandering_cop_m=size * 0.002,
    )


@dataclass(frozen=True, eq=False)
class KnownRun:
    """A recording as arrays, and the truth.

    Attributes
    ----------
    model : Skeleton
        Wrong by the errors' body.
    markers : (T, M, 3) array, m, ground
        Every marker of the model.
    force, moment : (N, 3) arrays, N and N m, ground
        Of all plates together, at the plates' rate, moments about the ground's origin; unfiltered.
    run : RecordedRun
        The truth at the markers' frames, with the runner's own body.
    laboratory : Laboratory
    errors : Errors
    soft : Wobbling
        What the mass of soft tissue adds to the truth.
    """

    model: Skeleton
    markers: FloatArray
    force: FloatArray
    moment: FloatArray
    run: RecordedRun
    laboratory: Laboratory
    errors: Errors
    soft: Wobbling

    @cached_property
    def time(self) -> FloatArray:
        """(T,) array, s: of the markers, from the first frame."""
        return np.arange(len(self.markers)) / self.laboratory.marker_rate

    @property
    def contacts(self) -> FloatArray:
        """(N, 2) array, s: touchdown and toe-off of the contacts on the plates, markers' clock."""
        line = self.run.truth.gait.timeline
        found = []
        for number in self.run.contacts_on_plates:
            period, step = divmod(number, len(line))
            begin = period * line.period + float(line.touchdown[step]) - self.run.start
            found.append((begin, begin + float(line.contact[step])))
        return np.array(found)

    @property
    def window(self) -> BoolArray:
        """(T,) bool: from the first touchdown to the last toe-off, where errors are counted."""
        contacts = self.contacts
        inside: BoolArray = (self.time >= contacts[0, 0]) & (self.time <= contacts[-1, 1])
        return inside

    @property
    def measured(self) -> BoolArray:
        """(T,) bool: frames whose whole ground reaction force was measured."""
        line, contacts = self.run.truth.gait.timeline, self.contacts
        first, last = self.run.contacts_on_plates[0], self.run.contacts_on_plates[-1]
        before = float(line.flight[(first - 1) % len(line)])
        after = float(line.flight[last % len(line)])
        begin = contacts[0, 0] - min(FLIGHT, before - LEAK)
        end = contacts[-1, 1] + min(FLIGHT, after - LEAK)
        inside: BoolArray = (self.time >= begin) & (self.time <= end)
        return inside

    def filtered(self, cutoff: float) -> tuple[FloatArray, FloatArray]:
        """Low-passed force and moment at the markers' frames, (T, 3) each."""
        rate = self.laboratory.force_rate
        ratio = round(rate / self.laboratory.marker_rate)
        force, moment = (
            low_pass(part, rate, cutoff)[::ratio] for part in (self.force, self.moment)
        )
        return force, moment


def known_run(
    gait: Gait, errors: Errors, random: np.random.Generator, laboratory: Laboratory | None = None
) -> KnownRun:
    """Record a gait with stated errors."""
    where = laboratory or Laboratory()
    plan = RunPlan(first_contact=0, clock_offset_s=errors.clock_offset_s)
    run = recorded_run(gait, plan, where)
    recording, runner = run.recording, gait.skeleton
    placement = errors.placement_m * random.standard_normal(runner.marker_position.shape)
    skin, common = _tissue(run, errors.skin, random)
    soft = wobbling(run, errors.soft_follows * common)
    markers = recording.markers + skin + soft.markers
    markers += rotate(recording.rotation[:, recording.marker_body], placement)
    markers += errors.marker_noise_m * random.standard_normal(markers.shape)
    force, moment = _plates(run, errors, where, random)
    model = with_joints_apart(model_of(runner, errors.body), errors.joint_m, random)
    model = with_centres_apart(model, errors.centre_m, random)
    return KnownRun(model, markers, force, moment, run, where, errors, soft)


def _sized(skin: Skin | Springs, size: float) -> Skin | Springs:
    """Skin that moves so many times as far."""
    if isinstance(skin, Springs):
        return replace(skin, size=size * skin.size)
    return replace(skin, thigh_m=size * skin.thigh_m)


def _tissue(
    run: RecordedRun, skin: Skin | Springs, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Displacements of the markers and, in common, of each segment's, m, ground."""
    if isinstance(skin, Springs):
        return sprung_tissue(run, skin, random)
    return tissue_motion(run.recording, skin, random)


def _plates(
    run: RecordedRun, errors: Errors, where: Laboratory, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Total load about the ground's origin, with the plates' errors.

    Noise is drawn at the plates' rate so that a 20 Hz low-pass leaves the stated deviation; that of
    forces acts below the runner.
    """
    centres = where.plates.centres()
    gain = 1.0 + np.array(errors.gain) + errors.own_gain * random.standard_normal(centres.shape)
    place = np.array([errors.cop_x, 0.0, errors.cop_z]) * np.ones_like(centres)
    place[:, [0, 2]] += errors.own_cop_m * random.standard_normal((len(centres), 2))
    more, wandering = plate_errors(run.recording.force, run.recording.moment, errors, random)
    plates = run.recording.force * gain + more
    own = run.recording.moment * gain[:, 1:2] + wandering
    force = plates.sum(axis=1)
    moment = (own + cross((centres - place)[None], plates)).sum(axis=1)
    noise = np.stack([_noise(force.shape, where, random) for _ in range(2)])
    below = run.force_truth.com + run.shift
    below[:, 1] = 0.0
    force += errors.force_noise_n * noise[0]
    moment += errors.force_noise_n * cross(below, noise[0]) + errors.moment_noise_nm * noise[1]
    return force, moment


def _noise(shape: tuple[int, ...], where: Laboratory, random: np.random.Generator) -> FloatArray:
    """White noise that a 20 Hz low-pass brings to a deviation of 1."""
    noise: FloatArray = random.standard_normal(shape) * np.sqrt(where.force_rate / 2.0 / 20.0)
    return noise


# observations -------------------------------------------------------------------------------------


MAP = DATA.parents[1] / "models" / "sprint" / "map.yaml"


@lru_cache(maxsize=1)
def sprint_map() -> ModelMap:
    """The map of the sprint model, which all virtual athletes have."""
    return read_yaml(MAP, ModelMap)


@dataclass(frozen=True, eq=False)
class GroupMomentum:
    """Angular momentum of groups about the whole body's centre of mass, and its rate.

    Attributes
    ----------
    momentum, rate : (T, G, 3) arrays, kg m²/s and N m, ground
        Groups in the order of the runner's.
    """

    momentum: FloatArray
    rate: FloatArray


def known_runner(made: KnownRun) -> Runner:
    """The (wrong) model of a known run with its groups."""
    return Runner(made.model, sprint_map().groups)


def known_observations(made: KnownRun, cutoff: float) -> Observations:
    """What the fit reads: low-passed markers and forces, inverse kinematics."""
    model, rate = made.model, made.laboratory.marker_rate
    index = np.arange(len(model.markers))
    q = inverse_kinematics(model, made.markers, index, np.ones(len(index))).q
    plain, plates = low_pass(q, rate, cutoff), made.laboratory.force_rate
    force, moment = (low_pass(part, plates, cutoff) for part in (made.force, made.moment))
    return Observations(
        time=made.time,
        marker_index=index,
        markers=low_pass(made.markers, rate, cutoff),
        wrench=GroundWrench(np.arange(len(force)) / plates, force, moment),
        measured=made.measured,
        start=plain,
        plain=spline_motion(model, made.time, plain),
        cutoff=cutoff,
        contacts=made.contacts,
        left=np.array(made.run.contacts_on_plates) % 2 == 0,
    )


def true_momentum(made: KnownRun) -> GroupMomentum:
    """The truth of a known run: groups with all their mass, the soft one too."""
    truth, soft, grouping = made.run.truth, made.soft, known_runner(made).grouping
    return GroupMomentum(
        group_sum(truth.momentum + soft.momentum, grouping),
        group_sum(truth.momentum_rate + soft.rate, grouping),
    )


def motion_momentum(skeleton: Skeleton, motion: Motion, grouping: FloatArray) -> GroupMomentum:
    """The same of a motion of some body."""
    segments = segment_motion(
        skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    )
    com, velocity, acceleration = centre_of_mass(segments)
    return GroupMomentum(
        group_sum(angular_momentum(segments, com, velocity), grouping),
        group_sum(angular_momentum_rate(segments, com, acceleration), grouping),
    )
