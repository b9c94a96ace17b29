"""Labels that the calibrated body contradicts: what is said of them, and which the motion lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aqbio.body.fit import BodyFit
from aqbio.errors import Finding

MILLIMETRES = 1e3

OFF_WEIGHT = 0.35
"""A label is off where its median Student weight in a trial is below this: its error is twice the
skin's deviation."""

OFTEN = 0.2
"""... of a label that is seen in at least this share of the fitted frames: others are ghosts."""

STILL_MM = 100.0
"""Labels of a static trial that are farther off are wrong there, mm: raised or turned arms move
shoulders by 52 mm at most in the recordings at hand."""

STILL = (
    " Shoulders, head and wrists of raised or turned arms, and a foot that bears weight, are not "
    "where movement has them either."
)

MISPLACED = 20.0
"""χ² of three axes from which a label is elsewhere on its segment in all trials: one in six
thousand. Of the labels of five sound sessions the largest is 15.9."""

OFF_LEFT_OUT = "They hardly count for the body there, and are left out of the pose."


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


def labels_left_out(fit: BodyFit, trials: Sequence[str]) -> dict[str, list[str]]:
    """Labels that are off by trial, for the stages that read markers.

    What hardly counts for the body may not pull its motion with full weight. Of standing persons it
    may, unless it is off by far.
    """
    left_out = {
        trials[trial]: [name for name, far in off.items() if far > _allowed(fit, trial)]
        for trial, off in off_labels(fit).items()
    }
    return {trial: names for trial, names in left_out.items() if names}


def _allowed(fit: BodyFit, trial: int) -> float:
    """How far labels of a trial may be off without being left out, mm."""
    frames = fit.problem.frames
    return STILL_MM if frames.still[frames.trial == trial].all() else 0.0


def label_findings(fit: BodyFit, trials: Sequence[str], participant_id: str) -> Iterator[Finding]:
    """Name the labels that have lost most of their weight in a calibrated trial."""
    for trial, off in off_labels(fit).items():
        excused = max(off.values()) <= _allowed(fit, trial)
        far = ", ".join(f"{name} by {distance:.0f} mm" for name, distance in off.items())
        yield Finding(
            rule="labels-off",
            severity="info" if excused else "warning",
            what=f"markers are not where the body has them: {far}. "
            + (f"They hardly count there.{STILL}" if excused else OFF_LEFT_OUT),
            trial=trials[trial],
            participant=participant_id,
            number=max(off.values()),
            unit="mm",
            fix="look at these labels, and whether the markers were put on again between trials.",
            label=", ".join(off),
        )
    yield from _misplaced(fit, participant_id)


def _misplaced(fit: BodyFit, participant_id: str) -> Iterator[Finding]:
    """Name the labels whose calibrated place is far from their landmark."""
    template, size = fit.problem.template, fit.problem.template.sizes[0]
    places = slice(size, size + template.sizes[1])
    moved = fit.state.theta[places].reshape(-1, 3)
    precision = np.diagonal(fit.problem.priors.precision)[places].reshape(-1, 3)
    for one in np.flatnonzero((moved**2 * precision).sum(axis=1) > MISPLACED):
        label, body = template.markers.labels[one], template.markers.body[one]
        far = MILLIMETRES * float(np.linalg.norm(moved[one]))
        yield Finding(
            rule="landmark-misplaced",
            severity="warning",
            what=f"label {label} sits {far:.0f} mm from its landmark on "
            f"{template.skeleton.bodies[body]} in all trials; the body is drawn along.",
            participant=participant_id,
            number=far,
            unit="mm",
            fix=f"give {label} its landmark in markers.yaml, or make it `tracking: true` there if "
            "the model has none at its place.",
            label=label,
        )
