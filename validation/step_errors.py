"""Errors from step to step: ``python -m validation.step_errors STUDY``.

What a fit leaves open of a step's mean angular momentum, by its posterior samples: its standard
deviation, how it correlates between steps of a foot in a trial, and the part that is new in every
step, beside the scatter of these steps. What is new in every step cannot exceed the scatter; what
repeats does not average out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aqbio.intervals.study_draws import study_draws
from aqbio.intervals.worlds import TRIAL
from aqbio.io.study import Study, load_study
from aqbio.names import AXES

ROLES = ("total", "push_side", "push_leg", "swing_leg", "arms", "torso")
MIN_STEPS = 3


def foot_rows(study: Study, participant: str) -> Iterator[tuple[str, float, float, float, float]]:
    """Role, speed, scatter of steps, standard deviation and correlation, of each foot and trial."""
    data = study_draws(study, [participant], ("A",), [TRIAL], ["momentum_mean"])
    trial, side = data["trial_id"].values, data["side"].values
    for role in ROLES:
        chosen = int(np.flatnonzero(data["source"].values == role)[0])
        value = data["value"].values[:, chosen, AXES.index("y")]
        deviations = data["deviation"].values[:, :, chosen, AXES.index("y")].astype(float)
        for name in dict.fromkeys(trial.tolist()):
            for foot in ("left", "right"):
                of_foot = (trial == name) & (side == foot)
                if of_foot.sum() < MIN_STEPS or not np.isfinite(deviations[:, of_foot]).all():
                    continue
                covariance = np.cov(deviations[:, of_foot].T)
                variance = float(np.diagonal(covariance).mean())
                count = len(covariance)
                shared = float((covariance.sum() - count * variance) / (count * (count - 1)))
                speed = float(data["speed_mps"].values[of_foot].mean())
                yield (
                    role,
                    speed,
                    float(value[of_foot].std(ddof=1)),
                    variance**0.5,
                    shared / variance,
                )


def main(study: Path) -> None:
    """Print root mean squares by role and speed, m/s rounded."""
    opened = load_study(study)
    rows_by_speed: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
    for participant in opened.participants:
        for role, speed, scatter, sd, correlation in foot_rows(opened, participant.participant_id):
            rows_by_speed.setdefault((role, round(speed)), []).append((scatter, sd, correlation))
    for (role, speed), rows in sorted(rows_by_speed.items()):
        scatter, sd, correlation = np.array(rows).T
        new = sd * np.sqrt(np.clip(1.0 - correlation, 0.0, None))
        sizes = [np.sqrt((x**2).mean()) for x in (scatter, sd, new)]
        sys.stdout.write(
            f"{role:10s} {speed} m/s  n {len(rows):3d}  scatter {sizes[0]:.3f}  "
            f"sd {sizes[1]:.3f}  correlation {correlation.mean():.2f}  new {sizes[2]:.3f}\n"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    main(parser.parse_args().study)
