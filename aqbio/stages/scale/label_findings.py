"""What is said of labels that the calibrated body contradicts, and what later stages leave out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from aqbio.errors import Finding
from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.hypothesis import LabelHypothesis

MILLIMETRES = 1e3

OFF_WEIGHT = 0.35
"""A label is off where its median Student weight in a trial is below this: its error is twice the
skin's deviation."""

OFTEN = 0.2
"""... of a label that is seen in at least this share of the fitted frames: others are ghosts."""

STILL = (
    " Shoulders, head and wrists of raised or turned arms, and a foot that bears weight, are not "
    "where movement has them either."
)

OFF_LEFT_OUT = "They hardly count for the body there, and are left out of the motion."

ACCEPTED = "They are exchanged, as the sheet accepts."
FOLLOWED = "Body and motion follow it where it is."
LEFT_OUT = (
    "It is left out there, of the body and of the motion.",
    "The body is calibrated with them exchanged, the motion of these trials solved without them.",
)
"""What follows of one label, and of two that are exchanged."""

RULES = {
    "exchanged": "labels-exchanged",
    "moved": "marker-moved",
    "displaced": "landmark-misplaced",
    "elsewhere": "label-misplaced",
    "nowhere": "label-nowhere",
}


def wrong_labels(
    taken: Sequence[LabelHypothesis], fit: BodyFit, trials: Sequence[str]
) -> list[dict[str, Any]]:
    """Labels that are not what they say, ready for JSON, for the stages that read markers.

    Those that are off in a trial that moves are among them: what hardly counts for the body, for
    whatever cause, may not pull its motion with full weight.
    """
    labels, frames = fit.problem.template.markers.labels, fit.problem.frames
    moving = set(np.unique(frames.trial[~frames.still]).tolist())
    off = [
        {"kind": "off", "labels": list(names), "trials": [trials[trial]]}
        for trial, names in off_labels(fit).items()
        if trial in moving
    ]
    return [
        {
            "kind": one.kind,
            "labels": [labels[index] for index in one.labels],
            "trials": [trials[index] for index in one.trials],
            "part": one.part,
        }
        for one in taken
        if one.kind != "displaced"
    ] + off


def label_findings(
    taken: Sequence[LabelHypothesis],
    fit: BodyFit,
    trials: Sequence[str],
    participant_id: str,
    accepted: Collection[str] = (),
) -> Iterator[Finding]:
    """Say of each label that the body contradicts what it is, in which trials, and why.

    Parameters
    ----------
    trials : sequence of str
        Those that were calibrated.
    accepted : collection of str
        Trials whose row lets labels be exchanged.
    """
    labels, skeleton = fit.problem.template.markers.labels, fit.problem.template.skeleton
    for one in taken:
        names = tuple(labels[index] for index in one.labels)
        body = skeleton.bodies[one.body] if one.body >= 0 else ""
        where = listed_trials(one.trials, trials)
        settled = one.kind == "exchanged" and {trials[at] for at in one.trials} <= set(accepted)
        then = ACCEPTED if settled else LEFT_OUT[one.kind == "exchanged"]
        then = FOLLOWED if one.kind == "displaced" else then
        yield Finding(
            rule=RULES[one.kind],
            severity="info" if settled else "warning",
            what=f"{_what(one, names, body, where)}. {then}{_tie(one, trials)}",
            trial=trials[one.trials[0]] if len(one.trials) == 1 else "",
            participant=participant_id,
            number=one.gain,
            fix="" if settled else _fix(one, names),
            label=", ".join(names),
        )
    yield from _off(fit, trials, participant_id)


def _what(one: LabelHypothesis, names: Sequence[str], body: str, where: str) -> str:
    if one.part:
        # forces and contacts went to the feet by these labels: they change sides too
        half = len(names) // 2
        left, right = ", ".join(names[:half]), ", ".join(names[: half - 1 : -1])
        return (
            f"all labels from the {one.part} outwards changed sides in {where}: {left} sit on the "
            f"markers of {right}"
        )
    both = " and ".join(names)
    apart = " and ".join(f"{MILLIMETRES * distance:.0f}" for distance in one.apart)
    far = f"{apart} mm from where the body has {'them' if len(names) > 1 else 'it'}"
    if one.kind == "exchanged":
        return f"labels {both} sit on each other's markers in {where}: they are {far}"
    if one.kind == "moved":
        return f"marker {both} sits elsewhere on {body} in {where} than otherwise, {far}"
    if one.kind == "displaced":
        return f"label {both} is elsewhere on {body} than its landmark in {where}, {far}"
    moves = f"with {body}" if body else "with no segment"
    return f"label {both} moves {moves} in {where}, {far}"


def _tie(one: LabelHypothesis, trials: Sequence[str]) -> str:
    others = " or ".join(listed_trials(tied, trials) for tied in one.tied)
    return f" That it is so in {others} instead explains the recordings as well." if others else ""


def _fix(one: LabelHypothesis, names: Sequence[str]) -> str:
    if one.kind == "exchanged":
        return (
            "write swap into the column fix of these trials in trials.tsv to exchange them, or "
            "correct the labels in the capture software or, if it is so in all trials, in "
            "markers.yaml."
        )
    if one.kind == "displaced":
        return (
            f"give {names[0]} its landmark in markers.yaml, or make it `tracking: true` there if "
            "the model has none at its place."
        )
    if one.kind == "moved":
        return "if the marker was put on again, give a static trial that was recorded after it."
    return f"look at {names[0]} in the capture software, and at its body in markers.yaml."


def listed_trials(chosen: Sequence[int], trials: Sequence[str]) -> str:
    """Name trials.

    Examples
    --------
    >>> listed_trials((0, 2), ("static", "jog", "sprint"))
    'static and sprint'
    >>> listed_trials((0, 1), ("static", "jog"))
    'all trials'
    """
    if len(chosen) == len(trials) > 1:
        return "all trials"
    return " and ".join(trials[index] for index in chosen)


def off_labels(fit: BodyFit) -> dict[int, dict[str, float]]:
    """Labels that have lost most of their weight in a trial, and by how far, mm, by trial."""
    frames, seen = fit.problem.frames, fit.problem.visible
    labels, distance = fit.problem.template.markers.labels, np.linalg.norm(fit.error, axis=2)
    found: dict[int, dict[str, float]] = {}
    for trial in np.unique(frames.trial):
        rows = frames.trial == trial
        for label in np.flatnonzero(seen[rows].mean(axis=0) >= OFTEN):
            own = rows & seen[:, label]
            if np.median(fit.weights[own, label]) < OFF_WEIGHT:
                far = MILLIMETRES * float(np.median(distance[own, label]))
                found.setdefault(int(trial), {})[labels[label]] = far
    return found


def _off(fit: BodyFit, trials: Sequence[str], participant_id: str) -> Iterator[Finding]:
    """Labels that have lost most of their weight in a trial, and nothing explains why."""
    frames = fit.problem.frames
    for trial, off in off_labels(fit).items():
        still = bool(frames.still[frames.trial == trial].all())
        told = ", ".join(f"{name} by {far:.0f} mm" for name, far in off.items())
        yield Finding(
            rule="labels-off",
            severity="info" if still else "warning",
            what=f"markers are not where the body has them: {told}. "
            + (f"They hardly count there.{STILL}" if still else OFF_LEFT_OUT),
            trial=trials[trial],
            participant=participant_id,
            number=max(off.values()),
            unit="mm",
            fix="look at these labels, and whether the markers were put on again between trials.",
            label=", ".join(off),
        )
