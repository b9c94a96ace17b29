"""A sprint as a laboratory sees it, as arrays, beside what is true about it.

The material on which dynamic consistency is judged. Truth is a gait of the generator, whose curves
are no splines; everything between it and the arrays is a stated error: skin, clock, plates, body.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from aqbio.config import ModelMap, read_yaml
from aqbio.filters import low_pass
from aqbio.inverse_dynamics.observations import GroundWrench, Observations
from aqbio.inverse_dynamics.parameters import Runner
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.motion import spline_motion
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray, FloatArray, cross, rotate
from aqbio.virtual.athlete import coarse_segment
from aqbio.virtual.demo import DATA
from aqbio.virtual.disturbances import Skin, tissue_motion
from aqbio.virtual.gait import Gait
from aqbio.virtual.recording import Laboratory, RecordedRun, RunPlan, recorded_run
from validation.recordings.springs import Springs, Wobbling, sprung_tissue, wobbling

LEAK = 0.025
"""How far a filtered force reaches beyond its contact, s (20 Hz)."""
SOFT_FOLLOWS = 0.5
"""Soft masses move half as far as the skin over them: nothing at the bone and at the muscle's
ends, 2/3 on average over the depth if it grows evenly, 0.64 along a half wave, 1 at the skin."""
FLIGHT = 0.060
"""Most of a flight before the first and after the last contact that is used, s."""


LEG = ("femur", "tibia", "foot", "toes")
"""Segments of a leg, without the side."""


@dataclass(frozen=True, slots=True)
class BodyError:
    """Changes that make the model's body the runner's."""

    mass: float = 0.0
    """Relative change of the whole body's mass."""
    leg_share: float = 0.0
    pelvis_share: float = 0.0
    """leg_share, pelvis_share: Relative change of the mass of every leg segment and of the pelvis;
    the torso gives it."""
    torso_com_x: float = 0.0
    torso_com_y: float = 0.0
    torso_com_z: float = 0.0
    """torso_com_x, torso_com_y, torso_com_z: m. Shift of the torso's centre of mass, torso axes."""


def model_of(runner: Skeleton, error: BodyError) -> Skeleton:
    """The model of a runner that is wrong by a known error.

    With leg share l, pelvis share p and mass error m: ``leg = runner's / ((1 + l)(1 + m))``, the
    pelvis likewise, the torso what is missing to the runner's mass over ``1 + m``. A segment's
    inertia goes with its mass.
    """
    torso = np.array([coarse_segment(name) == "torso" for name in runner.bodies])
    factor = np.ones(len(runner.bodies))
    factor[_legs(runner)] = 1.0 / (1.0 + error.leg_share)
    factor[runner.bodies.index("pelvis")] = 1.0 / (1.0 + error.pelvis_share)
    factor[torso] += (1.0 - factor) @ runner.mass / runner.mass[torso].sum()
    if (factor[torso] <= 0.0).any():
        raise ValueError(f"nothing of the torso is left: {error}.")
    factor /= 1.0 + error.mass
    com = runner.com.copy()
    com[torso] -= [error.torso_com_x, error.torso_com_y, error.torso_com_z]
    return replace(
        runner, mass=runner.mass * factor, inertia=runner.inertia * factor[:, None, None], com=com
    )


def with_joints_apart(model: Skeleton, spread: float, random: np.random.Generator) -> Skeleton:
    """A model whose joint centres are elsewhere in both segments, but at the pelvis's root."""
    moves = spread * random.standard_normal(model.parent_position.shape)
    moves[model.parent == GROUND] = 0.0
    return replace(
        model,
        parent_position=model.parent_position + moves,
        child_position=model.child_position - moves,
    )


def with_centres_apart(model: Skeleton, spread: float, random: np.random.Generator) -> Skeleton:
    """Give a model whose segments' centres of mass are elsewhere, each side for itself."""
    return replace(model, com=model.com + spread * random.standard_normal(model.com.shape))


def _legs(skeleton: Skeleton) -> BoolArray:
    return np.array([name.rsplit("_", 1)[0] in LEG for name in skeleton.bodies])


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors between the arrays and the truth, one draw."""

    skin: Skin | Springs = field(default_factory=Skin)
    """Motion of markers against the bone: waves, or masses on springs."""
    placement_m: float = 0.0
    """Standard deviation of every marker's constant offset, each axis."""
    marker_noise_m: float = 0.0
    clock_offset_s: float = 0.0
    """The forces are this much late."""
    gain: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """(3,) tuple. Relative error of the plates along each axis."""
    cop_x: float = 0.0
    cop_z: float = 0.0
    """cop_x, cop_z: m. The plates are this far ahead and right of where the file says."""
    own_gain: float = 0.0
    own_cop_m: float = 0.0
    """own_gain, own_cop_m: Standard deviation of the same, each plate for itself."""
    force_noise_n: float = 0.0
    moment_noise_nm: float = 0.0
    """force_noise_n, moment_noise_nm: Standard deviation after the low-pass."""
    body: BodyError = field(default_factory=BodyError)
    joint_m: float = 0.0
    """Standard deviation of the model's joint centres, each axis."""
    centre_m: float = 0.0
    """Standard deviation of the model's segments' centres of mass, each axis; beside the body's."""
    soft_follows: float = 0.0
    """How far soft masses move, of what the markers of their segment have in common."""
    crosstalk: float = 0.0
    """Standard deviation of what each force channel of a plate shows of each other one."""
    wandering_cop_m: float = 0.0
    """Root mean square error of the centre of pressure along each axis that varies with its place
    on the plate."""


def drawn_errors(
    size: float, random: np.random.Generator, skin: Skin | Springs | None = None
) -> Errors:
    """Draw what a good laboratory suffers from.

    Standard deviations at size 1: legs 8 %, pelvis 10 %, torso 15, 20 and 6 mm (sideways 5 between
    ten people), body mass 0.5 %, clock 3 ms, gains 0.5 % and centre of pressure 3 mm (of all plates
    and, half of the variance, of each), plates 3 N and 2 N m, joint centres 5 mm, markers 5 mm in
    place and 0.3 mm from frame to frame.
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
            torso_com_z=0.006 * float(normal[11]),
        ),
        joint_m=size * 0.005,
        soft_follows=SOFT_FOLLOWS,
        crosstalk=size * 0.005,
        wandering_cop_m=size * 0.002,
    )


@dataclass(frozen=True, eq=False)
class KnownRun:
    """A recording as arrays, and the truth."""

    model: Skeleton
    """Wrong by the errors' body."""
    markers: FloatArray
    """(T, M, 3) array, m, ground. Every marker of the model."""
    force: FloatArray
    moment: FloatArray
    """force, moment: (N, 3) arrays, N and N m, ground. Of all plates together, at the plates' rate,
    moments about the ground's origin; unfiltered."""
    run: RecordedRun
    """The truth at the markers' frames, with the runner's own body."""
    laboratory: Laboratory
    errors: Errors
    soft: Wobbling
    """What the mass of soft tissue adds to the truth."""

    @cached_property
    def time(self) -> FloatArray:
        """(T,) array, s: of the markers, from the first frame."""
        return np.arange(len(self.markers)) / self.laboratory.marker_rate

    @property
    def contacts(self) -> FloatArray:
        """(N, 2) array, s: touchdown and toe-off of the contacts on the plates, markers' clock."""
        line = self.run.truth.gait.timeline
        intervals = []
        for number in self.run.contacts_on_plates:
            period, step = divmod(number, len(line))
            begin = period * line.period + float(line.touchdown[step]) - self.run.start
            intervals.append((begin, begin + float(line.contact[step])))
        return np.array(intervals)

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


def known_run(
    gait: Gait, errors: Errors, random: np.random.Generator, laboratory: Laboratory | None = None
) -> KnownRun:
    """Record a gait with stated errors."""
    laboratory_used = laboratory or Laboratory()
    plan = RunPlan(first_contact=0, clock_offset_s=errors.clock_offset_s)
    run = recorded_run(gait, plan, laboratory_used)
    recording, runner = run.recording, gait.skeleton
    placement = errors.placement_m * random.standard_normal(runner.marker_position.shape)
    skin, common = _tissue(run, errors.skin, random)
    soft = wobbling(run, errors.soft_follows * common)
    markers = recording.markers + skin + soft.markers
    markers += rotate(recording.rotation[:, recording.marker_body], placement)
    markers += errors.marker_noise_m * random.standard_normal(markers.shape)
    force, moment = _plates(run, errors, laboratory_used, random)
    model = with_joints_apart(model_of(runner, errors.body), errors.joint_m, random)
    model = with_centres_apart(model, errors.centre_m, random)
    return KnownRun(model, markers, force, moment, run, laboratory_used, errors, soft)


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
    run: RecordedRun, errors: Errors, laboratory: Laboratory, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Total load about the ground's origin, with the plates' errors.

    Noise is drawn at the plates' rate so that a 20 Hz low-pass leaves the stated deviation; that of
    forces acts below the runner.
    """
    centres = laboratory.plates.centres()
    gain = 1.0 + np.array(errors.gain) + errors.own_gain * random.standard_normal(centres.shape)
    shift = np.array([errors.cop_x, 0.0, errors.cop_z]) * np.ones_like(centres)
    shift[:, [0, 2]] += errors.own_cop_m * random.standard_normal((len(centres), 2))
    extra, wandering = plate_errors(
        run.recording.force, run.recording.moment, errors.crosstalk, errors.wandering_cop_m, random
    )
    plates = run.recording.force * gain + extra
    plate_moment = run.recording.moment * gain[:, 1:2] + wandering
    force = plates.sum(axis=1)
    moment = (plate_moment + cross((centres - shift)[None], plates)).sum(axis=1)
    noise = np.stack([_noise(force.shape, laboratory, random) for _ in range(2)])
    below = run.force_truth.com + run.shift
    below[:, 1] = 0.0
    force += errors.force_noise_n * noise[0]
    moment += errors.force_noise_n * cross(below, noise[0]) + errors.moment_noise_nm * noise[1]
    return force, moment


def _noise(
    shape: tuple[int, ...], laboratory: Laboratory, random: np.random.Generator
) -> FloatArray:
    """White noise that a 20 Hz low-pass brings to a deviation of 1."""
    noise: FloatArray = random.standard_normal(shape) * np.sqrt(laboratory.force_rate / 2.0 / 20.0)
    return noise


# force plates -------------------------------------------------------------------------------------


LOADED = 20.0
"""Below this vertical force the centre of pressure has no place, N."""
WAVELENGTH = 0.6
"""Over which the error of the centre of pressure repeats along a plate, m. With 2 mm its slope is
at most 3 %; the linear terms of a maker's own correction are 4 to 11 % before the cubic ones take
some of it back (manual of Kistler's type 9287C, 9281E)."""


def plate_errors(
    force: FloatArray,
    moment: FloatArray,
    crosstalk: float,
    wandering_cop_m: float,
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Force and moment that plates show too much.

    Returns force, moment (T, P, 3): what crosstalk adds acts at the centre of pressure; that is
    shown ``e`` too far back and left, ``sqrt(2) size sin(2π x / WAVELENGTH + phase)`` along each
    axis. Sizes: four plates as installed erred by 2.3, 2.6, 11.8 and 14 mm on average over their
    surface (Cappello et al. 2011); makers promise crosstalk of 0.5 to 2 % (recalled).
    """
    generator = random.spawn(1)[0]
    count = force.shape[1]
    mixing = crosstalk * generator.standard_normal((count, 3, 3))
    mixing[:, range(3), range(3)] = 0.0
    phase = generator.uniform(0.0, 2.0 * np.pi, (2, count))
    vertical = force[..., 1]
    loaded = vertical > LOADED
    safe = np.where(loaded, vertical, np.inf)
    point = np.zeros_like(force)
    point[..., 0], point[..., 2] = moment[..., 2] / safe, -moment[..., 0] / safe
    displaced = np.zeros_like(force)
    for axis, turn in zip((0, 2), phase, strict=True):
        wave = np.sin(2.0 * np.pi * point[..., 0] / WAVELENGTH + turn)
        displaced[..., axis] = np.sqrt(2.0) * wandering_cop_m * wave
    extra = np.einsum("pij,tpj->tpi", mixing, force)
    return extra, cross(point, extra) - cross(displaced, force)


# observations -------------------------------------------------------------------------------------


MAP = DATA.parents[1] / "models" / "sprint" / "map.yaml"


@lru_cache(maxsize=1)
def sprint_map() -> ModelMap:
    """The map of the sprint model, which all virtual athletes have."""
    return read_yaml(MAP, ModelMap)


def known_runner(recorded: KnownRun) -> Runner:
    """The (wrong) model of a known run with its groups."""
    return Runner(recorded.model, sprint_map().groups)


def known_observations(recorded: KnownRun, cutoff: float) -> Observations:
    """Input of the fit: low-passed markers and forces, inverse kinematics."""
    model, rate = recorded.model, recorded.laboratory.marker_rate
    index = np.arange(len(model.markers))
    q = inverse_kinematics(model, recorded.markers, index, np.ones(len(index)))
    plain, plates = low_pass(q, rate, cutoff), recorded.laboratory.force_rate
    force, moment = (low_pass(part, plates, cutoff) for part in (recorded.force, recorded.moment))
    return Observations(
        time=recorded.time,
        marker_index=index,
        markers=low_pass(recorded.markers, rate, cutoff),
        wrench=GroundWrench(np.arange(len(force)) / plates, force, moment),
        measured=recorded.measured,
        start=plain,
        plain=spline_motion(model, recorded.time, plain),
        cutoff=cutoff,
        contacts=recorded.contacts,
        left=np.array(recorded.run.contacts_on_plates) % 2 == 1,
    )
