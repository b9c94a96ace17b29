"""Devices planted in forces, and what names them: ``planted_structure STUDY PERSON TRIAL ...``.

``python -m validation.planted_structure data/public_runners/study.yaml HD01 run4``, of a study that
was solved (``aqbio run STUDY -- --until inverse_kinematics``). All plates of all trials are tilted,
as if gravity had another direction, or those of the named trials, whose forces get other gains,
too. One line a device: what the session's findings say of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import xarray as xr
from scipy.spatial.transform import Rotation

from aqbio.inverse_dynamics.changes import legs_of
from aqbio.inverse_dynamics.findings import session_findings
from aqbio.inverse_dynamics.stage import participant_session
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study, load_study
from aqbio.vectors import FloatArray

GAINS = (1.01, 1.02, 1.03, 1.05)
DEGREES = (0.5, 1.0, 2.0)
TILTS = {"pitched": (0.0, 0.0, 1.0), "rolled": (1.0, 0.0, 0.0)}
LOADS = ("foot_force", "foot_moment")
NAMING = ("residual-structure", "residual-undecided", "parameter-far", "plates-misaligned")


def devices(trials: Sequence[str]) -> Iterator[tuple[str, FloatArray, Sequence[str]]]:
    """Name, matrix (3, 3) of the forces, and the trials in which it is; none named are all."""
    yield "nothing", np.eye(3), ()
    for chosen, words in (((), "all trials"), (trials, " and ".join(trials))):
        for tilted, axis in TILTS.items():
            for degrees in DEGREES:
                matrix = Rotation.from_rotvec(np.radians(degrees) * np.array(axis)).as_matrix()
                yield f"{tilted} by {degrees} degrees in {words}", matrix, chosen
    for gain in GAINS:
        yield f"gain {gain} in {' and '.join(trials)}", gain * np.eye(3), trials


def planted(prepared: xr.Dataset, matrix: FloatArray) -> xr.Dataset:
    """The trial with other forces on its feet."""
    return prepared.assign(
        {name: prepared[name].copy(data=prepared[name].values @ matrix.T) for name in LOADS}
    )


def named(study: Study, person: str, matrix: FloatArray, trials: Sequence[str]) -> list[str]:
    """Findings on devices with forces of some trials, or of all, changed by a matrix."""
    read = SolvedTrial.read

    def changed(study: Study, person: str, name: str) -> SolvedTrial:
        trial = read(study, person, name)
        if trials and name not in trials:
            return trial
        return replace(trial, prepared=planted(trial.prepared, matrix))

    with patch.object(SolvedTrial, "read", changed):
        fitted = participant_session(study, person).fitted
    findings = session_findings(person, fitted, legs_of(study))
    return [f"{finding.rule}: {finding.what}" for finding in findings if finding.rule in NAMING]


def main() -> None:
    """Print what is named of each planted device."""
    file, person, *trials = sys.argv[1:]
    study = load_study(Path(file))
    for words, matrix, chosen in devices(trials):
        sys.stdout.write(f"{words}\n")
        for finding in named(study, person, matrix, chosen):
            sys.stdout.write(f"    {finding}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
