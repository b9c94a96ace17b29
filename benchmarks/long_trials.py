"""``python -m benchmarks.long_trials STUDY.yaml PARTICIPANT TRIAL``: the fit of a longer trial.

The trial runs to its end, back in time to its beginning, and so on: accelerations, forces and
places are the same both ways, so that motion and forces belong together as they did.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.body.participant_model import ParticipantModel
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.observations import GroundWrench, Observations
from aqbio.consistency.parameters import Parameter, centre_parameters
from aqbio.consistency.runner import Runner
from aqbio.consistency.session_centres import open_centres
from aqbio.consistency.session_observed import observations
from aqbio.consistency.session_priors import parameters, trial_weights
from aqbio.consistency.weights import Weights
from aqbio.inverse_kinematics.solved_trial import SolvedTrial
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import load_study
from aqbio.multibody.motion import Motion

FRAMES = (400, 1250, 2500, 5000, 7500)
"""7,500 frames are 30 s at 250 Hz."""

LONGEST = (20_000, 40_000)
"""Beside these, in the table of growth."""


def there_and_back(count: int, frames: int) -> np.ndarray:
    """(frames,) int: samples of a recording of ``count`` that runs to and fro.

    Examples
    --------
    >>> there_and_back(3, 7)
    array([0, 1, 2, 1, 0, 1, 2])
    """
    way = np.arange(frames) % max(2 * (count - 1), 1)
    return np.minimum(way, 2 * (count - 1) - way)


def lengthened(trial: Observations, frames: int) -> Observations:
    """A trial that runs to and fro for so many frames."""
    rate, wrench = trial.rate, trial.wrench
    own = there_and_back(len(trial.time), frames)
    sampled = (len(wrench.time) - 1) / (wrench.time[-1] - wrench.time[0])
    inside = (wrench.time >= trial.time[0] - 1e-9) & (wrench.time <= trial.time[-1] + 1e-9)
    force, moment = wrench.force[inside], wrench.moment[inside]
    forces = there_and_back(len(force), int((frames - 1) / rate * sampled) + 1)
    plain = Motion(*(part[own] for part in (trial.plain.q, trial.plain.u, trial.plain.udot)))
    return replace(
        trial,
        time=trial.time[0] + np.arange(frames) / rate,
        markers=trial.markers[own],
        wrench=GroundWrench(
            trial.time[0] + np.arange(len(forces)) / sampled, force[forces], moment[forces]
        ),
        measured=trial.measured[own],
        start=trial.start[own],
        plain=plain,
        **_contacts(trial, frames),
    )


def _contacts(trial: Observations, frames: int) -> dict[str, Any]:
    """Contacts of so many frames to and fro, and whether they are the left foot's."""
    begin, length = trial.time[0], trial.time[-1] - trial.time[0]
    spans, left = [], []
    for way in range(int(np.ceil((frames - 1) / (len(trial.time) - 1)))):
        since = trial.contacts - begin
        since, feet = (
            (length - since[::-1, ::-1], trial.left[::-1]) if way % 2 else (since, trial.left)
        )
        spans.append(begin + way * length + since)
        left.append(feet)
    every, feet = np.concatenate(spans), np.concatenate(left)
    inside = every[:, 1] <= begin + (frames - 1) / trial.rate
    return {"contacts": every[inside], "left": feet[inside]}


@dataclass(frozen=True)
class OneTrial:
    """A trial of a study as its fit takes it."""

    runner: Runner
    seen: Observations
    weights: Weights
    parameters: tuple[Parameter, ...]


def one_trial(file: Path, participant: str, name: str) -> OneTrial:
    """Read a trial that was solved."""
    study = load_study(file)
    skeleton = load_skeleton(ParticipantModel.of(study, participant).table)
    trial = SolvedTrial.read(study, participant, name)
    groups = study.model_map.groups
    seen = observations(skeleton, trial, groups, study.settings.prepare.edge_distance_m)
    if isinstance(seen, str):
        raise SystemExit(f"{name} cannot be fitted: {seen}.")
    runner = Runner(skeleton, groups, open_centres(study, participant, skeleton, [trial]))
    settings = study.settings.consistency
    chosen = (*parameters(settings.parameters), *centre_parameters(len(runner.centres)))
    weights = replace(trial_weights(settings, trial, None), learnt_skin=settings.skin == "learnt")
    return OneTrial(runner, seen, weights, chosen)


def fitted(file: Path, participant: str, name: str, frames: int) -> tuple[float, float]:
    """CPU seconds of the fit of one long trial, and the most memory of this process, MB."""
    one = one_trial(file, participant, name)
    long = lengthened(one.seen, frames)
    start = time.process_time()
    fit_trial(one.runner, long, one.weights, one.parameters)
    return time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def fitted_apart(file: Path, participant: str, name: str, frames: int) -> tuple[float, float]:
    """As :func:`fitted`, in a process of its own, so that memory is its own."""
    command = [sys.executable, "-m", "benchmarks.long_trials", str(file), participant, name]
    command += ["--frames", str(frames)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def main() -> None:
    """Every length in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_trials", description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("participant")
    parser.add_argument("trial")
    parser.add_argument("--frames", type=int, help="only this length, in this process")
    options = parser.parse_args()
    trial = options.study, options.participant, options.trial
    if options.frames:
        print(*fitted(*trial, options.frames))
        return
    print("| frames | CPU s | CPU ms a frame | most memory, MB |\n| --- | --- | --- | --- |")
    for frames in FRAMES + LONGEST:
        seconds, memory = fitted_apart(*trial, frames)
        print(f"| {frames} | {seconds:.2f} | {1e3 * seconds / frames:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
