"""Whether numbers jump where limits used to be, in trials of people and of virtual sprinters.

``python -m validation.former_limits STUDY [STUDY ...]``: the studies were run. For each of twenty
trials, drawn by a seed in equal parts, and for each size at which a rule used to act on a fit, an
error of a device is planted in the prepared trial half a per cent below and half a per cent above
that size, and both are fitted; clocks together with another trial of the person, the rest alone.
The table has the largest change of any number of any contact over its 95 % interval: mean moments
of hip, knee and ankle of the standing leg, and momentum of both sides about the vertical; where it
is more than 2 %, also that of an equal step beside the limit: an error that moves a number that far
everywhere makes no jump.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.body.records import ParticipantModel
from aqbio.inverse_dynamics.balance import adjusted_loads, loads_on_plates
from aqbio.inverse_dynamics.fit import TrialFit, body_kinematics, group_momentum
from aqbio.inverse_dynamics.session_inputs import fitted_session, static_stances
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.multibody.dynamics import joint_wrenches
from aqbio.names import AXES, SIDES
from aqbio.prepare.prepared import foot_loads
from validation.planted_devices import (
    JOINTS,
    LOADS,
    SIDES_OF_BODY,
    Trials,
    late,
    multiplied,
    numbers,
    plate_elsewhere,
    tilted,
)

TRIALS, SEED = 20, 81
SAMPLES = 101
"""Of a contact."""
STEP = 0.005
"""Below and above a limit, relative."""
MAX_SHARE = 0.02
"""Of its interval by which a number may change."""


Plant = Callable[[SolvedTrial, float], SolvedTrial]


def on_prepared(
    change: Callable[[Trials, float], Trials], trial: SolvedTrial, size: float
) -> SolvedTrial:
    """A trial with an error in what was prepared of it."""
    return replace(trial, prepared=change({trial.trial_id: trial.prepared}, size)[trial.trial_id])


def larger_markers(trial: SolvedTrial, size: float) -> SolvedTrial:
    """Markers of the run are too far apart, those of the body are not."""
    markers = {"marker_position": (1.0 + size) * trial.solved["marker_position"]}
    return replace(trial, solved=trial.solved.assign(markers))


def heavier(trials: Trials, size: float) -> Trials:
    """The stated mass is too large."""
    return multiplied(trials, 1.0 / (1.0 + size), LOADS)


def plate_along(trials: Trials, size: float) -> Trials:
    """One plate lies elsewhere along the run."""
    return plate_elsewhere(trials, "along", size)


CLOCK = "clock of the trial, s"
LIMITS: tuple[tuple[str, float, Plant], ...] = (
    (CLOCK, 0.004, partial(on_prepared, late)),
    (CLOCK, 0.005, partial(on_prepared, late)),
    (CLOCK, 0.025, partial(on_prepared, late)),
    ("mass, relative", 0.03, partial(on_prepared, heavier)),
    ("place of a plate, m", 0.008, partial(on_prepared, plate_along)),
    ("turn of all plates, rad", 0.02, partial(on_prepared, tilted)),
    ("markers, relative", 0.01, larger_markers),
)
"""What is off, the size at which a rule used to act, and what plants it."""


@dataclass(frozen=True)
class Drawn:
    """A trial with another one of the same person."""

    study: Study
    person: str
    trials: tuple[SolvedTrial, ...]
    """The drawn one first."""

    @property
    def words(self) -> str:
        """Study, person and trial."""
        return f"{self.study.settings.name} {self.person} {self.trials[0].trial_id}"


def drawn_trials(studies: list[Study], count: int) -> Iterator[Drawn]:
    """Trials with whole contacts on plates, the same number of each study, by a seed."""
    random = np.random.default_rng(SEED)
    for study in studies:
        offered = [
            (person.participant_id, trial.stem)
            for person in study.participants
            for trial in sorted(study.folder(person.participant_id, "inverse_kinematics").glob("*"))
            if trial.suffix == ".nc"
        ]
        yielded = 0
        for at in random.permutation(len(offered)):
            person, name = offered[at]
            others = [other for owner, other in offered if owner == person and other != name]
            there = study.recorded_with(person)
            pair = [SolvedTrial.read(there, person, x) for x in (name, *others)]
            if pair[0].prepared.attrs["events"] != "plates":
                continue
            pair[1:] = [x for x in pair[1:] if x.prepared.attrs["events"] == "plates"][:1]
            yield Drawn(there, person, tuple(pair))
            yielded += 1
            if yielded == count:
                break


def contact_numbers(
    drawn: Drawn, fit: TrialFit, trial: SolvedTrial, late_s: float
) -> dict[tuple[int, str], float]:
    """Means over every measured contact, by contact and source; forces were made late, s."""
    prepared, time, names = trial.prepared, trial.time, drawn.study.model_map.joints.by_name()
    moves, body = body_kinematics(fit, fit.motion, fit.values)
    recorded = foot_loads(drawn.study.model_map, prepared)
    placed = loads_on_plates(recorded, prepared, time, fit.values)
    wrenches = joint_wrenches(body, moves, adjusted_loads(placed, time, fit.values))
    momentum = dict(zip(fit.runner.groups, group_momentum(fit, moves, body)[0].T[1], strict=False))
    total, rows = sum(momentum.values()), dict[tuple[int, str], float]()
    ends = drawn.trials[0].prepared if trial.trial_id == drawn.trials[0].trial_id else prepared
    clock = fit.clock.estimate - late_s
    for number, foot in enumerate(ends["contact_foot"].values.astype(str).tolist()):
        first, last = (
            float(ends[f"contact_{end}"].values[number]) - clock for end in ("touchdown", "toe_off")
        )
        at = np.linspace(first, last, SAMPLES)
        inside = (time >= first) & (time <= last)
        if not inside.any() or not fit.measured[inside].all():
            continue
        other = SIDES[1 - SIDES.index(foot)]
        swing = momentum[f"leg_{other}"]
        curves = dict(zip(SIDES_OF_BODY, (total - swing, swing), strict=True))
        for joint in JOINTS:
            place = body.joints.index(names[joint.replace("push", foot)])
            curves[joint] = wrenches.moment[:, place, AXES.index("z")]
        for source, curve in curves.items():
            rows[number, source] = float(np.interp(at, time, curve).mean())
    return rows


def planted_numbers(
    drawn: Drawn, words: str, plant: Plant, size: float
) -> tuple[dict[tuple[int, str], float], str]:
    """Numbers of the drawn trial with an error of a size, and which motion is used."""
    first, *others = drawn.trials
    trials = [plant(first, size), *(others if words == CLOCK else ())]
    skeleton = load_skeleton(ParticipantModel.of(drawn.study, drawn.person).table)
    postures = static_stances(drawn.study, drawn.person, skeleton)
    session = fitted_session(drawn.study, skeleton, trials, postures)
    if first.trial_id not in session.fits:
        return {}, session.plain[first.trial_id]
    fit = session.fits[first.trial_id]
    used = "fitted" if first.trial_id in session.accepted else "plain"
    late_s = size if words == CLOCK else 0.0
    return contact_numbers(drawn, fit, trials[0], late_s), used


def jumps(drawn: Drawn) -> Iterator[dict[str, object]]:
    """Largest change at every limit over the interval of the number that changed."""
    stated = numbers(drawn.study, drawn.person)
    stated = stated[stated.index.get_level_values("trial_id") == drawn.trials[0].trial_id]
    widths = (2.0 * stated["half"]).groupby("source").median()
    for words, limit, plant in LIMITS:
        (below, used_below), (above, used_above) = (
            planted_numbers(drawn, words, plant, (1.0 + side) * limit) for side in (-STEP, STEP)
        )
        shares = _shares(below, above, widths)
        largest = max(shares, key=lambda key: shares[key], default=(-1, ""))
        beside = float("nan")
        if shares.get(largest, 0.0) > MAX_SHARE:
            before, _ = planted_numbers(drawn, words, plant, (1.0 - 3.0 * STEP) * limit)
            beside = _shares(before, below, widths)[largest]
        yield {
            "trial": drawn.words,
            "limit": f"{words} {limit:g}",
            "numbers": len(shares),
            "largest_share": shares.get(largest, float("nan")),
            "beside": beside,
            "of": largest[1],
            "used": used_below if used_below == used_above else f"{used_below}, {used_above}",
        }


def _shares(
    before: dict[tuple[int, str], float], after: dict[tuple[int, str], float], widths: pd.Series
) -> dict[tuple[int, str], float]:
    """Changes of numbers over the widths of their intervals by source."""
    return {
        key: abs(after[key] - value) / float(widths[key[1]])
        for key, value in before.items()
        if key in after and np.isfinite(widths.get(key[1], np.nan))
    }


def main() -> None:
    """Print the table and how many changes are larger than they may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", type=Path)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--table", type=Path, help="file for the rows")
    options = parser.parse_args()
    studies = [load_study(file) for file in options.studies]
    rows, text = list[dict[str, object]](), ""
    for drawn in drawn_trials(studies, options.trials // len(studies)):
        rows += jumps(drawn)
        text = pd.DataFrame(rows).round(5).to_csv(sep="\t", index=False)
        if options.table:
            options.table.write_text(text, encoding="utf-8")
    table = pd.DataFrame(rows)
    excess = table["largest_share"] - table["beside"].fillna(0.0)
    jumps_of_all = int((excess > MAX_SHARE).sum())
    sys.stdout.write(f"{text}\n{len(rows)} crossings, {jumps_of_all} jumps\n")


if __name__ == "__main__":
    main()
