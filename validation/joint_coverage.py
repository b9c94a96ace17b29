"""Coverage of numbers, differences and slopes: ``python -m validation.joint_coverage``.

Virtual sprinters whose bodies are not the model's: masses, centres and sizes of segments differ by
a draw of what the tables are stated to be off, and the legs differ from each other by 3 per cent of
their mass. Each is recorded in two sessions, with markers put on again and other plates and clocks,
at two speeds and with restricted arms. For every stance mean of angular momentum, and every
difference that a user asks about, the error is compared with its standard deviation over worlds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.draws import (
    DRAWN_BODIES,
    drawn_skeleton,
    inertia_draws,
    inertia_spread,
    inertial_parameters,
    twins,
)
from aqbio.intervals.sources import CENTRES, INERTIA, MOTION
from aqbio.intervals.worlds import WORLDS, slope, weights
from aqbio.inverse_dynamics.fit import TrialFit, group_momentum
from aqbio.inverse_dynamics.parameters import Runner, Weights
from aqbio.inverse_dynamics.posterior_states import (
    PosteriorStates,
    body_states,
    inertia_states,
    motion_states,
)
from aqbio.inverse_dynamics.session import Session
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray
from aqbio.virtual.demo import SPRINTERS, GaitName
from aqbio.virtual.disturbances import Skin
from benchmarks.consistency_truth import CUTOFFS, SLOW_CUTOFF, true_momentum
from validation.gaits.individual import individual_gait
from validation.recordings.known_run import (
    BodyError,
    KnownRun,
    drawn_errors,
    known_observations,
    known_run,
    known_runner,
    sprint_map,
)

ATHLETES, SEED, SAMPLES = 8, 20261127, 40
LEG_ASYMMETRY = 0.03
"""Mass of the right leg over that of the left one, less 1, in truth; 0 in the model."""
STANCE_FRAMES = 8
INSIDE = 1.96
FEET = ("foot_l", "foot_r")
RUNS = {"fast": ("normal", 3), "slow": ("normal", 1), "restricted": ("restricted_arms", 3)}
"""Condition and speed of the runs of a session."""

ROLES = {
    "push leg": ("push",), "swing leg": ("swing",), "arms": ("arms",), "torso": ("torso",),
    "push side": ("push", "arms", "torso", "pelvis"),
    "total": ("push", "swing", "arms", "torso", "pelvis"),
}  # fmt: skip


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


def placed_runner(known: KnownRun) -> Runner:
    """The model of a run; centres are as unsure against the markers as these are placed.

    The mean of a segment's markers, each with the error that known runs have.
    """
    skeleton = known.model
    count = np.bincount(skeleton.marker_body, minlength=len(skeleton.bodies))
    variance = known.errors.placement_m**2 / np.maximum(count, 1)
    return replace(known_runner(known), com_posterior_covariance=np.diag(np.repeat(variance, 3)))


def recorded_session(
    name: str, model_seed: int, session: int
) -> tuple[dict[str, KnownRun], dict[str, TrialFit]]:
    """Recordings of a session of one athlete, and their joint fit."""
    random = np.random.default_rng([model_seed, session, SEED])
    usual = replace(drawn_errors(1.0, random, Skin()), body=BodyError(), joint_m=0.0)
    made = {}
    for run, (condition, level) in RUNS.items():
        if session and run != "fast":
            continue
        gait = individual_gait(GaitName(name, condition, level)).gait
        known = known_run(gait, usual, random)
        model = model_of(gait.skeleton, np.random.default_rng([model_seed, SEED]))
        made[run] = replace(known, model=model)
    runner = placed_runner(made["fast"])
    observations = {
        run: known_observations(known, CUTOFFS.get(RUNS[run][1], SLOW_CUTOFF))
        for run, known in made.items()
    }
    fitted = Session(
        runner, observations, dict.fromkeys(observations, Weights()), runner.parameters
    )
    fitted.fit_single_trials()
    fitted.fit_together(fitted.single_fits, draws=(SAMPLES, 1))
    return made, fitted.fits


def role_means(momentum: FloatArray, groups: list[str], side: str) -> FloatArray:
    """(..., R) vertical momentum of the roles of a stance, canonical, from groups (..., G, 3)."""
    other = {"left": "right", "right": "left"}[side]
    members = {
        "push": (f"leg_{side}",), "swing": (f"leg_{other}",), "torso": ("torso",),
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


def run_means(known: KnownRun, fit: TrialFit, person: str, session: str, run: str) -> Means:
    """Errors of a run's means and their draws."""
    groups, truth = list(fit.runner.groups), true_momentum(known).momentum
    estimate = _momentum(fit, fit.motion.q, fit.motion.u, fit.motion.udot, fit.skeleton)
    frames = [
        np.flatnonzero((known.time >= first) & (known.time <= end)) for first, end in known.contacts
    ]
    sides = ["left" if number % 2 else "right" for number in known.run.contacts_on_plates]
    few = [chosen[:: max(1, len(chosen) // STANCE_FRAMES)] for chosen in frames]
    draws = {side: np.zeros((WORLDS, len(ROLES))) for side in ("left", "right")}
    solver = fit.linearised()
    everything = np.concatenate(few)
    assert fit.draws is not None
    states = {
        INERTIA: inertia_states(fit, solver, everything, FEET, DRAWN_BODIES, 1),
        CENTRES: body_states(fit, fit.draws, everything, DRAWN_BODIES, 1),
        MOTION: motion_states(fit, fit.draws, everything, SAMPLES),
    }
    bearers = {MOTION: f"{person} {session} {run}"}
    cuts = np.cumsum([len(chosen) for chosen in few])[:-1]
    for source, state in states.items():
        off = _state_momentum(fit, state, everything) - estimate[everything][None]
        parts = np.split(off, cuts, axis=1)
        drawn = weights(len(off), 1, source, bearers.get(source, person))
        for side in draws:
            means = [
                role_means(part.mean(axis=1), groups, side)
                for part, own in zip(parts, sides, strict=True)
                if own == side
            ]
            draws[side] += drawn @ np.mean(means, axis=0)
    solver.release()
    error = {
        side: np.mean(
            [
                role_means((estimate - truth)[chosen].mean(axis=0), groups, side)
                for chosen, own in zip(frames, sides, strict=True)
                if own == side
            ],
            axis=0,
        )
        for side in draws
    }
    speed = float(known.run.truth.com_velocity[:, 0].mean())
    return Means(speed, error, draws)


def _momentum(
    fit: TrialFit, q: FloatArray, u: FloatArray, udot: FloatArray, body: Skeleton
) -> FloatArray:
    """(T, G, 3) angular momentum of the groups."""
    return group_momentum(fit, segment_kinematics(body, q, u, udot), body)[0][:, :-1]


def _state_momentum(fit: TrialFit, state: PosteriorStates, frames: IntArray) -> FloatArray:
    """(J, F, G, 3) angular momentum of the groups in every state."""
    base = inertial_parameters(fit.skeleton)
    momenta = []
    for number, off in enumerate(state.inertia):
        q, u, udot = (
            getattr(fit.motion, name)[frames] + getattr(state.motion, name)[number]
            for name in ("q", "u", "udot")
        )
        momenta.append(_momentum(fit, q, u, udot, drawn_skeleton(fit.skeleton, base + off)))
    return np.stack(momenta)


def questions(
    means: Mapping[tuple[int, str], Means],
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Errors (R,) of numbers and of their differences, and their draws (K, R)."""
    fast, again = means[0, "fast"], means[1, "fast"]
    for run in means.values():
        for side in run.error:
            yield "number", run.error[side], run.draws[side]
        error, draws = (x["right"] - x["left"] for x in (run.error, run.draws))
        yield "right - left", error, draws
    for side in fast.error:
        for other, words in ((means[0, "restricted"], "condition"), (again, "session")):
            yield (
                f"{words} - reference",
                other.error[side] - fast.error[side],
                other.draws[side] - fast.draws[side],
            )
        runs = [means[0, "slow"], fast]
        speeds = np.array([run.speed for run in runs])
        errors = np.stack([run.error[side] for run in runs], axis=1)
        stacked = np.stack([run.draws[side] for run in runs], axis=2)
        yield "slope on speed", slope(speeds, errors), slope(speeds, stacked)


def main(athletes: int) -> None:
    """Print coverage of 95 % intervals, and error over standard deviation, by question."""
    by_question: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for number in range(athletes):
        name = SPRINTERS[number % len(SPRINTERS)].athlete.name
        means = {}
        for session in (0, 1):
            made, fits = recorded_session(name, number, session)
            for run, fit in fits.items():
                means[session, run] = run_means(made[run], fit, str(number), str(session), run)
        for question, error, draws in questions(means):
            for role, off, sd in zip(ROLES, error, draws.std(axis=0), strict=True):
                by_question.setdefault((question, role), []).append((float(off), float(sd)))
        sys.stderr.write(f"{name}: done\n")
    for (question, role), pairs in sorted(by_question.items()):
        off, sd = np.array(pairs).T
        inside = np.abs(off) <= INSIDE * sd
        sys.stdout.write(
            f"{question:24s} {role:10s} n {len(off):3d}  inside {inside.mean():.2f}  "
            f"error {np.sqrt((off**2).mean()):.3f}  sd {np.sqrt((sd**2).mean()):.3f}\n"
        )
    for question in dict.fromkeys(question for question, _ in by_question):
        numbers_of_roles = (numbers for key, numbers in by_question.items() if key[0] == question)
        off, sd = np.array([pair for numbers in numbers_of_roles for pair in numbers]).T
        inside = np.abs(off) <= INSIDE * sd
        sys.stdout.write(f"{question:24s} all        n {len(off):3d}  inside {inside.mean():.3f}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=ATHLETES)
    main(parser.parse_args().athletes)
