"""Whether trials say as surely what they say: ``python -m benchmarks.trials_agree STUDY PERSON``.

Every trial of a participant whose study was run is fitted alone. What it says of the common
parameters (clock, plates, masses, where segments' mass sits) is held against what all others let
expect. A frame is no independent observation (`aqbio.mechanics.consistency.parameters`): if frames
counted for too much, trials would contradict each other; if for too little, agree too well.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.mechanics.consistency.fit import fit_trial
from aqbio.mechanics.consistency.parameters import Parameter
from aqbio.mechanics.consistency.trial_fit import TrialFit
from aqbio.mechanics.vectors import FloatArray
from aqbio.records.participant_model import ParticipantModel
from aqbio.records.solved_trial import SolvedTrial
from aqbio.session.fit import open_session

TOLD = 0.3
"""Information of a direction, over the prior's, from which a trial says something of it."""


@dataclass(frozen=True, eq=False)
class Said:
    """What a trial says of the parameters, in standard deviations of their priors."""

    about: FloatArray
    """(P, P) array. Information."""
    right: FloatArray
    """(P,) array. Information times the trial's own values, less the prior's."""


def said(fit: TrialFit, parameters: Sequence[Parameter]) -> Said:
    """What a trial that was fitted alone says."""
    on = [one for one in parameters if one.on]
    sd = np.array([one.prior_sd for one in on])
    known = fit.information
    about = known.about / known.discount
    right = about @ (known.theta - [one.prior for one in on]) + known.pull / known.discount
    return Said(sd[:, None] * about * sd, sd * right)


def surprise(one: Said, others: Sequence[Said], times: float = 1.0) -> tuple[float, int]:
    """How far a trial is from what the others let expect: chi square, and its directions.

    Parameters
    ----------
    times : float
        As if every frame counted for so much more; the directions stay the same.

    Notes
    -----
    With θ and C of priors and others, ``b − A θ`` has the covariance ``A + A C A`` if information
    is what it is called; in directions of which the trial says something.
    """
    matrix = np.eye(len(one.right)) + times * sum(other.about for other in others)
    covariance = np.linalg.inv(matrix)
    expected_right = times * one.about @ covariance @ sum(other.right for other in others)
    off = times * (one.right - expected_right)
    expected = times * one.about + times**2 * one.about @ covariance @ one.about
    values, directions = np.linalg.eigh(one.about)
    told = directions[:, values > TOLD]
    part = told.T @ off
    return float(part @ np.linalg.solve(told.T @ expected @ told, part)), told.shape[1]


def surprises(
    study: Study, participant: str, names: Sequence[str], times: float
) -> dict[str, tuple[float, int]]:
    """Of every trial, or of those that are named."""
    skeleton = load_skeleton(ParticipantModel.of(study, participant).table)
    moving = [one.trial_id for one in study.moving_of(participant)]
    trials = [
        SolvedTrial.read(study, participant, one) for one in moving if one in names or not names
    ]
    opened = open_session(study, skeleton, trials)
    every = {
        name: said(fit_trial(opened.runner, seen, opened.weights[name], opened.parameters),
                   opened.parameters)
        for name, seen in opened.seen.items()
    }  # fmt: skip
    return {
        name: surprise(own, [other for key, other in every.items() if key != name], times)
        for name, own in every.items()
    }


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("participant")
    parser.add_argument("trials", nargs="*")
    parser.add_argument("--times", type=float, default=1.0, help="as if frames counted for more")
    asked = parser.parse_args()
    found = surprises(load_study(asked.study), asked.participant, asked.trials, asked.times)
    print("| trial | directions | chi square a direction |\n| --- | --- | --- |")
    for name, (square, directions) in found.items():
        print(f"| {name} | {directions} | {square / directions:.2f} |")
    square, directions = np.sum(list(found.values()), axis=0)
    print(f"| all | {directions:.0f} | {square / directions:.2f} |")


if __name__ == "__main__":
    main()
