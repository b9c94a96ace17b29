"""How often the 95 % intervals hold the truth: run as ``python -m benchmarks.interval_coverage``.

A virtual sprinter's stance, its motion and ground forces known exactly. Intervals are drawn around
the model's body (de Leva's table); the truth is another body: drawn from the same prior (a check of
the code), with limbs from Dumas's table, or with every parameter two standard deviations away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import aqbio
from aqbio.body.draws import (
    InertiaSpread,
    drawn_skeleton,
    inertia_draws,
    twins,
)
from aqbio.body.sprint_body import dumas_limbs
from aqbio.consistency.data_errors import LoadSpread
from aqbio.contributions.files import model_anatomy
from aqbio.contributions.levels import Anatomy
from aqbio.gait.roles import membership
from aqbio.intervals.sources import (
    UNDISTURBED,
    States,
    drawn_loads,
    inertia_sources,
    load_errors,
    plate_states,
    source_sds,
)
from aqbio.intervals.step_uncertainty import NORMAL_95
from aqbio.intervals.trial_draws import Run, state_causes
from aqbio.intervals.uncertainty import (
    DrawnOutcomes,
    Parts,
    Spread,
    body_outcomes,
    joined_outcomes,
    state_outcomes,
)
from aqbio.io.atomic import write_text
from aqbio.multibody.dynamics import ExternalLoad, pelvis_hub
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.truth import run_truth
from benchmarks.table import page_table
from validation.gaits.generator import generated_gait
from validation.gaits.parameters import interpolated, presets, reference_speed, steady

Array = NDArray[np.float64]
Seed = int | np.random.Generator

DRAWS, TRUTHS, FEWER = 500, 500, 200
RESULT = Path(__file__).parent / "results" / "interval_coverage.md"
EXACT = InertiaSpread(0.0, 0.0, 0.0, 0.0)
OUTCOMES = (
    "momentum", "rate", "joint_moment", "hub_moment", "residual_moment", "relative_force",
)  # fmt: skip

PAGE = """\
# Coverage of the 95 % intervals

Written by `python -m benchmarks.interval_coverage` on {date}, aqbio {version}.
[What is drawn](../../docs/levels.md).

Share of stance means inside their interval, over all parts of the body and axes. A virtual
sprinter's right stance at 9.5 m/s, motion known exactly; {draws} draws, {truths} truths each
({fewer} for level C: what the joints cause, C2). Markers are not drawn here. The first row checks
the code and should say 0.95; the others say what the intervals are worth where the truth comes
from elsewhere.
"""


class TwoAway(np.random.Generator):
    """Every normal number is two, up or down with equal chance."""

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        """Twice the signs of normal numbers."""
        return 2.0 * np.sign(super().standard_normal(size, dtype, out))


@dataclass(frozen=True, eq=False)
class Recorded:
    """A stance as the intervals see it: motion and forces known, the body not."""

    skeleton: Skeleton
    moves: SegmentKinematics
    loads: tuple[ExternalLoad, ...]
    anatomy: Anatomy
    parts: Parts

    def drawn(self, body: Skeleton, spread: Spread, count: int, seed: Seed) -> tuple[Array, Any]:
        """Inertia parameters of drawn bodies, and errors of plates."""
        generator = np.random.default_rng(seed) if isinstance(seed, int) else seed
        parameters = inertia_draws(body, spread.inertia, self.parts.twin, count, generator)
        return parameters, load_errors(spread.loads, len(self.loads), count, generator)

    def truths(self, body: Skeleton, spread: Spread, count: int, seed: Seed) -> dict[str, Array]:
        """Stance means of every outcome for drawn bodies and plates, (count, items, 3)."""
        drawn = self.drawn(body, spread, count, seed)
        return _means(body_outcomes(body, self.moves, self.loads, self.parts, *drawn))

    def intervals(self, spread: Spread) -> dict[str, tuple[Array, Array]]:
        """Intervals of these as stage contributions makes them."""
        states = plate_states(self.skeleton, self.moves, self.loads, spread.loads)
        inertia = inertia_sources(self.skeleton, spread.inertia, self.parts.twin, DRAWS, 1)
        outcomes = [
            body_outcomes(self.skeleton, self.moves, self.loads, self.parts, drawn)
            for drawn in inertia.values()
        ]
        every = joined_outcomes([state_outcomes(states, self.parts), *outcomes])
        sources = [*states.sources, *(one for one in inertia for _ in range(DRAWS))]
        return _intervals(_means(every), sources)

    def run(self, body: Skeleton) -> Run:
        """Every fifth frame."""
        some = slice(2, None, 5)
        held = np.stack([np.abs(load.force[some]).max(axis=1) > 0 for load in self.loads], axis=1)
        loads = [load.frames(some) for load in self.loads]
        return Run(body, self.moves.frames(some), loads, held, self.anatomy)

    def true_causes(
        self, body: Skeleton, spread: Spread, count: int, seed: Seed
    ) -> dict[str, Array]:
        """Stance means of level C (C2) for drawn bodies and plates; joints only."""
        parameters, errors = self.drawn(body, spread, count, seed)
        run = self.run(body)
        loads = drawn_loads(run.loads, np.zeros_like(run.kinematics.origin[:, 0]), *errors)
        force, moment = (np.moveaxis(one, 2, 1) for one in (loads.force, loads.moment))
        every = [
            States(
                (UNDISTURBED,), drawn_skeleton(body, parameters[n]), run.kinematics,
                tuple(
                    ExternalLoad(name, *pair, np.zeros(3))
                    for name, *pair in zip(loads.bodies, force[n], moment[n], strict=True)
                ),
            )
            for n in range(count)
        ]  # fmt: skip
        return self._caused(every, run)

    def cause_intervals(self, spread: Spread) -> dict[str, tuple[Array, Array]]:
        """Intervals of these as stage contributions makes them, of more draws."""
        run = self.run(self.skeleton)
        plates = plate_states(self.skeleton, run.kinematics, run.loads, spread.loads)
        drawn = inertia_sources(self.skeleton, spread.inertia, self.parts.twin, DRAWS, 1)
        inertia = [
            States((name,), drawn_skeleton(self.skeleton, one), run.kinematics, tuple(run.loads))
            for name, own in drawn.items()
            for one in own
        ]
        states = [plates, *inertia]
        sources = [source for one in states for source in one.sources]
        return _intervals(self._caused(states, run), sources)

    def _caused(self, states: list[States], run: Run) -> dict[str, Array]:
        found = state_causes(states, run)["C2"]
        joints = [found.sources.index(joint) for joint in self.anatomy.joints]
        rate = found.group_rate[:, :, joints].mean(axis=1)
        return {
            "caused force": found.ground_force[:, :, joints].mean(axis=1),
            "caused rotation": rate.reshape(len(rate), -1, 3),
            "caused turn of the pelvis": found.pelvis_acceleration[:, :, joints].mean(axis=1),
        }


def _means(drawn: DrawnOutcomes) -> dict[str, Array]:
    return {name: getattr(drawn, name).mean(axis=1) for name in OUTCOMES}


def _intervals(drawn: dict[str, Array], sources: list[str]) -> dict[str, tuple[Array, Array]]:
    base = sources.index(UNDISTURBED)
    half = {
        name: NORMAL_95 * np.sqrt((source_sds(values, sources) ** 2).sum(axis=0))
        for name, values in drawn.items()
    }
    return {
        name: (drawn[name][base] - half[name], drawn[name][base] + half[name]) for name in drawn
    }


def recorded(athlete: Athlete) -> Recorded:
    """Right stance of a steady run at 9.5 m/s, 60 instants."""
    step = interpolated(presets(), reference_speed(athlete, 9.5))
    gait = generated_gait(steady(athlete, 9.5, step)).gait
    times = np.linspace(0.0, 2 * float(gait.timeline.step[:2].mean()), 601)
    held = times[gait.stance_foot(times)[0] > 0]
    truth = run_truth(gait, np.linspace(held[1], held[-2], 60))
    skeleton = athlete_skeleton(athlete)
    moves = segment_kinematics(skeleton, truth.motion.q, truth.motion.u, truth.motion.udot)
    anatomy = model_anatomy("sprint")
    joints = [skeleton.joints.index(joint) for joint in anatomy.joints.values()]
    parts = Parts(
        groups=membership(anatomy.groups, skeleton.bodies),
        hub=pelvis_hub(skeleton, anatomy.groups),
        joints=np.array(joints),
        twin=twins(skeleton.bodies, anatomy.groups),
    )
    return Recorded(skeleton, moves, tuple(truth.loads.external()), anatomy, parts)


def covered(intervals: dict[str, tuple[Array, Array]], truth: dict[str, Array]) -> dict[str, float]:
    """Share of stance means inside their interval, by outcome.

    What no truth changes (a force that a swing joint never causes) is left out: it has no interval.
    """
    share = {}
    for name, (low, high) in intervals.items():
        wide = high - low > 1e-9 * np.abs(high).max()
        inside = (truth[name] >= low) & (truth[name] <= high)
        share[name] = float(inside[:, wide].mean())
    return share


def coverage() -> dict[str, dict[str, float]]:
    """Coverage by kind of truth and outcome."""
    athlete, spread = Athlete("runner", "male", 75.0, 1.80), Spread()
    run = recorded(athlete)
    intervals = run.intervals(spread) | run.cause_intervals(spread)
    plates = replace(spread, inertia=EXACT)
    other = dumas_limbs(run.skeleton, athlete.sex, athlete.stature)
    truths: dict[str, tuple[Skeleton, Spread, Callable[[int], Seed]]] = {
        "bodies and plates from the same prior": (run.skeleton, spread, int),
        "limbs of Dumas's table": (other, plates, int),
        "every parameter two SD away": (
            run.skeleton,
            spread,
            lambda n: TwoAway(np.random.PCG64(n)),
        ),
        "body known, plates off": (run.skeleton, Spread(EXACT, LoadSpread()), int),
    }
    return {
        name: covered(
            intervals,
            run.truths(body, how, TRUTHS, seed(2)) | run.true_causes(body, how, FEWER, seed(3)),
        )
        for name, (body, how, seed) in truths.items()
    }


def main() -> None:
    """Print the page and write it to benchmarks/results."""
    table = coverage()
    names = list(next(iter(table.values())))
    heads = ["truth", *(name.replace("_", " ") for name in names)]
    rows = [[name, *(f"{share[key]:.3f}" for key in names)] for name, share in table.items()]
    text = PAGE.format(
        date=time.strftime("%Y-%m-%d"),
        version=aqbio.__version__,
        draws=DRAWS,
        truths=TRUTHS,
        fewer=FEWER,
    )
    text += "\n" + page_table(heads, rows) + "\n"
    print(text)
    write_text(RESULT, text)


if __name__ == "__main__":
    main()
