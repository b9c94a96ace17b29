"""Coverage of numbers, differences and slopes: ``python -m validation.joint_coverage``.

Virtual sprinters whose bodies are not the model's: masses, centres and sizes of segments differ by
a draw of what the tables are stated to be off, and the legs differ from each other by 3 per cent of
their mass. Each is recorded in two sessions, with markers put on and calibrated again and other
plates and clocks, at two speeds and with restricted arms. For every stance mean of angular
momentum, and every difference that a user asks about, the error is compared with its standard
deviation over worlds. All numbers of an athlete have the errors of one body: shares have an
interval over athletes. ``--case`` plants more: an asymmetric gait, plates that are misaligned, or
soft tissue on springs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import Rotation

from aqbio.body.draws import (
    AVERAGED_FRAMES,
    DRAWN_BODIES,
    DRAWN_SHAPES,
    BodySpread,
    drawn_skeleton,
    inertia_draws,
    inertia_spread,
    inertial_parameters,
    twins,
)
from aqbio.body.shape import Template, TemplateMarkers
from aqbio.intervals.sources import BODY, CENTRES, INERTIA, MOTION
from aqbio.intervals.worlds import WORLDS, slope, weights
from aqbio.inverse_dynamics.fit import TrialFit, group_momentum
from aqbio.inverse_dynamics.parameters import PLATE_ROTATION_SD_RAD, Weights
from aqbio.inverse_dynamics.posterior_states import (
    PosteriorStates,
    body_states,
    inertia_states,
    motion_states,
    shape_states,
)
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray, cross, rotate
from aqbio.virtual.demo import SPRINTERS, GaitName
from aqbio.virtual.disturbances import Skin
from benchmarks.consistency_truth import CUTOFFS, SLOW_CUTOFF, true_momentum
from validation.gaits.individual import Asymmetry, individual_gait
from validation.recordings.known_run import (
    BodyError,
    KnownRun,
    drawn_errors,
    known_observations,
    known_run,
    known_runner,
    sprint_map,
)
from validation.recordings.springs import Springs

ATHLETES, SEED, SAMPLES = 12, 1, 40
PLACEMENT_M = 0.005
"""Standard deviation of a marker's place in a session, each axis, m."""
LEG_ASYMMETRY = 0.03
"""Mass of the right leg over that of the left one, less 1, in truth; 0 in the model."""
STANCE_FRAMES = 8
INSIDE = 1.96
RESAMPLES = 2000
"""Samples of athletes for the interval of a share."""
FEET = ("foot_l", "foot_r")
RUNS = {"fast": ("normal", 3), "slow": ("normal", 1), "restricted": ("restricted_arms", 3)}
"""Condition and speed of the runs of a session."""

ROLES = {
    "push leg": ("push",), "swing leg": ("swing",), "arms": ("arms",), "torso": ("torso",),
    "push side": ("push", "arms", "torso", "pelvis"),
    "total": ("push", "swing", "arms", "torso", "pelvis"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """Further deviations of truth from what the method assumes."""

    asymmetry: Asymmetry | None = None
    tissue: Skin | Springs = field(default_factory=Skin)
    plate_turn_rad: float = 0.0
    """Standard deviation of the rotation of all plates against the cameras about each axis."""


CASES = {
    "usual": Case(),
    "asymmetric": Case(asymmetry=Asymmetry(swing=0.05, arms=0.08)),
    "misaligned": Case(plate_turn_rad=PLATE_ROTATION_SD_RAD),
    "springs": Case(tissue=Springs()),
}


@dataclass(frozen=True, slots=True)
class Means:
    """Vertical stance means of the roles of one run, mean over the contacts of each foot."""

    speed: float
    error: dict[str, FloatArray]
    """Estimate less truth, (R,) by foot."""
    draws: dict[str, FloatArray]
    """(K, R) by foot."""


def model_of(runner: Skeleton, random: np.random.Generator) -> Skeleton:
    """The model of a runner: off as the tables are, with equal legs."""
    twin = twins(runner.bodies, sprint_map().groups)
    parameters = inertia_draws(runner, inertia_spread(runner, FEET), twin, 1, random)[0]
    model = drawn_skeleton(runner, parameters)
    factor = np.ones(len(runner.bodies))
    for side, sign in (("leg_left", 1.0), ("leg_right", -1.0)):
        members = [runner.bodies.index(name) for name in sprint_map().groups[side]]
        factor[members] = 1.0 + 0.5 * sign * LEG_ASYMMETRY
    return replace(model, mass=model.mass * factor, inertia=model.inertia * factor[:, None, None])


def calibrated(run: KnownRun) -> Skeleton:
    """The model of a run with its markers where they are on average on its segments.

    As a calibration on a session's recordings has them: where the bones are beneath them remains
    as uncertain as their places (`placed_body`), but residuals do not show it once more.
    """
    model, every = run.model, np.arange(len(run.model.markers))
    poses = segment_poses(model, inverse_kinematics(model, run.markers, every, np.ones(len(every))))
    inverse = poses.rotation[:, model.marker_body].swapaxes(-1, -2)
    position = rotate(inverse, run.markers - poses.origin[:, model.marker_body])
    return replace(model, marker_position=position.mean(axis=0))


def placed_body(run: KnownRun) -> BodySpread:
    """The model of a run, whose markers are as far off as in a session, and nothing else is."""
    model = run.model
    markers = TemplateMarkers(model.markers, model.marker_body, model.marker_position)
    template = Template.of(model, sprint_map(), markers)
    variance = np.zeros(sum(template.sizes))
    first = template.sizes[0]
    variance[first : first + template.sizes[1]] = PLACEMENT_M**2
    return BodySpread(template, np.diag(variance), np.zeros(len(model.markers)), 0.0)


def turned_plates(run: KnownRun, turn: FloatArray) -> KnownRun:
    """Rotate the plates by a vector, rad, about their middle."""
    rotation = Rotation.from_rotvec(turn).as_matrix()
    middle = run.laboratory.plates.centres().mean(axis=0)
    force = run.force @ rotation.T
    moment = (run.moment - cross(middle, run.force)) @ rotation.T + cross(middle, force)
    return replace(run, force=force, moment=moment)


def recorded_session(
    name: str, model_seed: int, session: int, case: Case, seed: int = SEED
) -> tuple[dict[str, KnownRun], dict[str, TrialFit]]:
    """Recordings of a session of one athlete, and their joint fit."""
    random = np.random.default_rng([model_seed, session, seed])
    usual = replace(drawn_errors(1.0, random, case.tissue), body=BodyError(), joint_m=0.0)
    usual = replace(usual, placement_m=0.0)
    turn = case.plate_turn_rad * random.standard_normal(3)
    placement: FloatArray | None = None
    runs = {}
    for run, (condition, level) in RUNS.items():
        if session and run != "fast":
            continue
        gait_name = GaitName(name, condition, level)
        gait = individual_gait(gait_name, asymmetry=case.asymmetry).gait
        recorded = known_run(gait, usual, random)
        if placement is None:
            placement = PLACEMENT_M * random.standard_normal(gait.skeleton.marker_position.shape)
        recording = recorded.run.recording
        moved = rotate(recording.rotation[:, recording.marker_body], placement)
        model = model_of(gait.skeleton, np.random.default_rng([model_seed, seed]))
        recorded = replace(recorded, model=model, markers=recorded.markers + moved)
        runs[run] = turned_plates(recorded, turn)
    body = calibrated(runs["fast"])
    runs = {run: replace(recorded, model=body) for run, recorded in runs.items()}
    observations = {
        run: known_observations(recorded, CUTOFFS.get(RUNS[run][1], SLOW_CUTOFF))
        for run, recorded in runs.items()
    }
    fast, start = runs["fast"], observations["fast"].start
    sampled = start[:: max(1, len(start) // AVERAGED_FRAMES)]
    weight = np.ones(len(fast.model.markers))
    centres = placed_body(fast).com_posterior_covariance(sampled, weight)
    runner = replace(known_runner(fast), com_posterior_covariance=centres)
    fitted = Session(
        runner, observations, dict.fromkeys(observations, Weights()), runner.parameters
    )
    fitted.fit_single_trials()
    fitted.fit_together((SAMPLES, 1))
    return runs, fitted.fits


def role_means(momentum: FloatArray, groups: list[str], side: str) -> FloatArray:
    """(..., R) vertical momentum of the roles of a stance, canonical, from groups (..., G, 3)."""
    opposite = {"left": "right", "right": "left"}[side]
    members = {
        "push": (f"leg_{side}",), "swing": (f"leg_{opposite}",), "torso": ("torso",),
        "arms": ("arm_left", "arm_right"), "pelvis": ("pelvis",),
    }  # fmt: skip
    sign = 1.0 if side == "right" else -1.0
    table = np.array(
        [
            [float(any(group in members[part] for part in parts)) for group in groups]
            for parts in ROLES.values()
        ]
    )
    means: FloatArray = sign * momentum[..., : len(groups), 1] @ table.T
    return means


def run_means(recorded: KnownRun, fit: TrialFit, person: str, session: str, run: str) -> Means:
    """Errors of a run's means and their draws."""
    groups, truth = list(fit.runner.groups), true_momentum(recorded).momentum
    estimate = _momentum(fit, fit.motion.q, fit.motion.u, fit.motion.udot, fit.skeleton)
    frames = [
        np.flatnonzero((recorded.time >= first) & (recorded.time <= end))
        for first, end in recorded.contacts
    ]
    sides = ["left" if number % 2 else "right" for number in recorded.run.contacts_on_plates]
    thinned = [chosen[:: max(1, len(chosen) // STANCE_FRAMES)] for chosen in frames]
    draws = {side: np.zeros((WORLDS, len(ROLES))) for side in ("left", "right")}
    solver = fit.linearised()
    all_frames = np.concatenate(thinned)
    assert fit.draws is not None
    states = {
        INERTIA: inertia_states(fit, solver, all_frames, DRAWN_BODIES, 1),
        CENTRES: body_states(fit, fit.draws, all_frames, DRAWN_BODIES, 1),
        MOTION: motion_states(fit, fit.draws, all_frames, SAMPLES),
    }
    deviations = {
        source: _state_momentum(fit, state, all_frames) - estimate[all_frames]
        for source, state in states.items()
    }
    spread = placed_body(recorded)
    fitted = replace(spread, template=replace(spread.template, skeleton=fit.skeleton))
    every_marker = np.ones(len(fit.skeleton.markers))
    bodies = shape_states(fit, solver, all_frames, fitted, every_marker, DRAWN_SHAPES, 1)
    deviations[BODY] = (
        _state_momentum(fit, bodies.states, all_frames, bodies.skeletons) - estimate[all_frames]
    )
    bearers = {MOTION: f"{person} {session} {run}", BODY: f"{person} {session}"}
    cuts = np.cumsum([len(chosen) for chosen in thinned])[:-1]
    for source, off in deviations.items():
        parts = np.split(off, cuts, axis=1)
        weighted = weights(len(off), 1, source, bearers.get(source, person))
        for side in draws:
            means = [
                role_means(part.mean(axis=1), groups, side)
                for part, foot in zip(parts, sides, strict=True)
                if foot == side
            ]
            draws[side] += weighted @ np.mean(means, axis=0)
    solver.release()
    error = {
        side: np.mean(
            [
                role_means((estimate - truth)[chosen].mean(axis=0), groups, side)
                for chosen, foot in zip(frames, sides, strict=True)
                if foot == side
            ],
            axis=0,
        )
        for side in draws
    }
    speed = float(recorded.run.truth.com_velocity[:, 0].mean())
    return Means(speed, error, draws)


def _momentum(
    fit: TrialFit, q: FloatArray, u: FloatArray, udot: FloatArray, body: Skeleton
) -> FloatArray:
    """(T, G, 3) angular momentum of the groups."""
    return group_momentum(fit, segment_kinematics(body, q, u, udot), body)[0][:, :-1]


def _state_momentum(
    fit: TrialFit, state: PosteriorStates, frames: IntArray, bodies: Sequence[Skeleton] = ()
) -> FloatArray:
    """(J, F, G, 3) angular momentum of the groups in every state, of bodies or of the fit's."""
    base = inertial_parameters(fit.skeleton)
    momenta = []
    for number, off in enumerate(state.inertia):
        q, u, udot = (
            getattr(fit.motion, name)[frames] + getattr(state.motion, name)[number]
            for name in ("q", "u", "udot")
        )
        skeleton = bodies[number] if bodies else fit.skeleton
        momenta.append(_momentum(fit, q, u, udot, drawn_skeleton(skeleton, base + off)))
    return np.stack(momenta)


def questions(
    means: Mapping[tuple[int, str], Means],
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Errors (R,) of numbers and of their differences, and their draws (K, R)."""
    fast, repeat = means[0, "fast"], means[1, "fast"]
    for run in means.values():
        for side in run.error:
            yield "number", run.error[side], run.draws[side]
        error, draws = (x["right"] - x["left"] for x in (run.error, run.draws))
        yield "right - left", error, draws
    for side in fast.error:
        for compared, words in ((means[0, "restricted"], "condition"), (repeat, "session")):
            yield (
                f"{words} - reference",
                compared.error[side] - fast.error[side],
                compared.draws[side] - fast.draws[side],
            )
        runs = [means[0, "slow"], fast]
        speeds = np.array([run.speed for run in runs])
        errors = np.stack([run.error[side] for run in runs], axis=1)
        stacked = np.stack([run.draws[side] for run in runs], axis=2)
        yield "slope on speed", slope(speeds, errors), slope(speeds, stacked)


@dataclass(frozen=True, slots=True)
class Answer:
    """Error of a number or a difference of an athlete, and its standard deviation over worlds."""

    athlete: int
    role: str
    error: float
    sd: float

    @property
    def is_inside(self) -> bool:
        """True where the 95 % interval holds the truth."""
        return abs(self.error) <= INSIDE * self.sd


def share_interval(answers: Sequence[Answer]) -> tuple[float, float]:
    """95 % interval of the share inside their intervals, over athletes drawn again and again.

    All answers of an athlete have the errors of one body: eight athletes are eight observations.
    """
    athletes = np.unique([answer.athlete for answer in answers])
    shares = np.array(
        [np.mean([x.is_inside for x in answers if x.athlete == athlete]) for athlete in athletes]
    )
    drawn = np.random.default_rng(0).integers(0, len(shares), (RESAMPLES, len(shares)))
    low, high = np.quantile(shares[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def row(question: str, role: str, answers: Sequence[Answer]) -> str:
    """Line of the table."""
    error, sd = (
        np.sqrt(np.mean(np.square([getattr(x, name) for x in answers]))) for name in ("error", "sd")
    )
    low, high = share_interval(answers)
    inside = np.mean([answer.is_inside for answer in answers])
    return (
        f"{question:24s} {role:10s} n {len(answers):3d}  inside {inside:.3f} ({low:.2f} to "
        f"{high:.2f})  error {error:.3f}  sd {sd:.3f}\n"
    )


def main(athletes: int, case: Case, seed: int) -> None:
    """Print coverage of 95 % intervals, and error and standard deviation, by question."""
    by_question = dict[str, list[Answer]]()
    for number in range(athletes):
        name = SPRINTERS[number % len(SPRINTERS)].athlete.name
        means = {}
        for session in (0, 1):
            runs, fits = recorded_session(name, number, session, case, seed)
            for run, fit in fits.items():
                means[session, run] = run_means(runs[run], fit, str(number), str(session), run)
        for question, error, draws in questions(means):
            by_question.setdefault(question, []).extend(
                Answer(number, *answer)
                for answer in zip(ROLES, error.tolist(), draws.std(axis=0).tolist(), strict=True)
            )
        sys.stderr.write(f"{name}: done\n")
    for question, answers in sorted(by_question.items()):
        for role in ROLES:
            sys.stdout.write(row(question, role, [x for x in answers if x.role == role]))
        sys.stdout.write(row(question, "all", answers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=ATHLETES)
    parser.add_argument("--case", choices=CASES, default="usual")
    parser.add_argument("--seed", type=int, default=SEED, help="other bodies and errors")
    arguments = parser.parse_args()
    main(arguments.athletes, CASES[arguments.case], arguments.seed)
