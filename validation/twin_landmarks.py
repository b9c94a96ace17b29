"""Likeness of a person's left and right landmarks.

``python -m validation.twin_landmarks STUDY [PARTICIPANT ...]`` prints, for the calibrated bodies of
a finished study, the correlation between displacements of markers from the model's landmarks on one
side and their mirror image on the other. It is about 0, not about the mean of all people: what the
hand and the model do to both sides of everybody counts. The calibrations should not assume the
likeness themselves (`aqbio.body.priors.TWIN_CORRELATION`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from aqbio.body.draws import twins
from aqbio.body.priors import MIRRORED, expected_positions, landmark_twins
from aqbio.body.records import posterior_path
from aqbio.body.shape import body_parts
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, finished_study
from aqbio.opensim.skeleton import read_skeleton
from aqbio.scale.calibration import labels_on_model
from aqbio.vectors import FloatArray


def twin_displacements(study: Study, participant_id: str) -> FloatArray:
    """(N, 2, 3) m: displacements of N pairs of landmarks, the second one mirrored."""
    study = study.recorded_with(participant_id)
    generic = read_skeleton(study.model_file(participant_id))
    placed = labels_on_model(study.marker_set, generic, study.model_map.joints.by_name())
    data = read_dataset(posterior_path(study, participant_id))
    labels = {name: placed[name] for name in map(str, data["label"].values)}
    markers, sds = expected_positions(generic, body_parts(generic, study.model_map), labels)
    twin = twins(generic.bodies, study.model_map.groups)
    names = [[f"offset:{label}:{axis}" for axis in "xyz"] for label in labels]
    offsets = np.array([data["mean"].sel(unknown=axes).values for axes in names])
    pairs = np.array(landmark_twins(markers, twin, sds, range(len(labels)))).reshape(-1, 2)
    displacements: FloatArray = offsets[pairs.astype(int)]
    displacements[:, 1] *= MIRRORED
    return displacements


def likeness(displacements: FloatArray) -> float:
    """Correlation of both sides about 0."""
    first, second = displacements[:, 0], displacements[:, 1]
    return float(2.0 * (first * second).sum() / (first**2 + second**2).sum())


def main() -> None:
    """Print the correlation of every person, and of all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="study.yaml of a finished study")
    parser.add_argument("participant", nargs="*")
    arguments = parser.parse_args()
    study = finished_study(arguments.study)
    names = arguments.participant or [person.participant_id for person in study.participants]
    by_person = {name: twin_displacements(study, name) for name in names}
    for name, displacements in by_person.items():
        print(f"{name}: {likeness(displacements):.2f} of {len(displacements)} pairs")
    print(f"all: {likeness(np.concatenate(list(by_person.values()))):.2f}")


if __name__ == "__main__":
    main()
