"""The product's doors, one per format: how a file is read, and what must not come through."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import aqbio
from aqbio.config import MarkerSet, ModelMap, Participant, read_yaml
from aqbio.io.c3d import read_c3d
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.opensim_xml import bone_scales, model_markers, model_mass, model_names
from aqbio.io.recording import (
    MAX_COORDINATE_M,
    MAX_DAMAGED_SHARE,
    MAX_FORCE_N,
    ForceRecording,
    Recording,
    sampling_rate,
)
from aqbio.io.skeleton import load_skeleton, save_skeleton
from aqbio.io.strength import read_strength
from aqbio.io.study import load_study
from aqbio.io.tables import read_table
from aqbio.io.trc import read_trc, write_trc
from aqbio.io.trial_files import read_forces
from aqbio.stats.registry import DEFAULT, read_registry
from aqbio.virtual.recording import Laboratory, PlateRow, VirtualRecording
from aqbio.virtual.study import write_c3d

MODELS = Path(aqbio.__file__).parents[1] / "models"

FRAMES = 30


@dataclass(frozen=True)
class Door:
    """A format and its reader."""

    file: str
    read: Callable[[Path], str]
    """Reads a file; names nonsense in what was accepted."""
    share: float = 1.0
    """Of the files that are asked for: slow readers get fewer."""


def _positions(positions: np.ndarray, rate: float) -> str:
    finite = positions[np.isfinite(positions)]
    # more are another unit, which stage prepare contradicts by the size of the body
    if finite.size and 0.0 < np.mean(np.abs(finite) > MAX_COORDINATE_M) <= MAX_DAMAGED_SHARE / 3.0:
        return f"a marker farther than {MAX_COORDINATE_M:g} m"
    return "" if 20.0 <= rate <= 50_000.0 else "a rate that nothing is sampled with"


def _forces(forces: ForceRecording | None) -> str:
    if forces is None:
        return ""
    force = forces.wrench.force
    if not np.isfinite(force).all():
        return "a force that is no number"
    if (
        force.size and np.abs(force).max() > 1000.0 * MAX_FORCE_N
    ):  # in a wrong unit: stage prepare corrects it
        return f"a force of more than {1000.0 * MAX_FORCE_N:g} N"
    return ""


def _c3d(path: Path) -> str:
    recording: Recording = read_c3d(path)
    return _positions(recording.positions, recording.rate) or _forces(recording.forces)


def _trc(path: Path) -> str:
    recording = read_trc(path)
    return _positions(recording.positions, recording.rate)


def _storage(path: Path) -> str:
    storage = read_storage(path)
    rate = sampling_rate(storage.time, path.name)
    return "" if 20.0 <= rate <= 50_000.0 else "a rate that nothing is sampled with"


def _loads(path: Path) -> str:
    return _forces(read_forces(path, 0.0)[0])


def _study(path: Path) -> str:
    study = load_study(path.parent / "study.yaml")
    for person in study.participants:
        study.trials_of(person.participant_id)
    return ""


def _yaml(model: type) -> Callable[[Path], str]:
    def read(path: Path) -> str:
        read_yaml(path, model)
        return ""

    return read


def _registry(path: Path) -> str:
    read_registry(path)
    return ""


def _strength(path: Path) -> str:
    rows = read_strength(path, [Participant(participant_id=name) for name in ("P1", "P2")])
    return "" if all(np.isfinite(test.si[0]) for test in rows) else "a strength that is no number"


def _osim(path: Path) -> str:
    model_markers(path), model_names(path), bone_scales(path)
    mass = model_mass(path)
    return "" if 0.0 <= mass < 1000.0 else "a body of no possible mass"


def _skeleton(path: Path) -> str:
    load_skeleton(path)
    return ""


def _table(path: Path) -> str:
    read_table(path)
    return ""


DOORS = {
    "study.yaml": Door("study.yaml", _study, 0.05),
    "participants.tsv": Door("participants.tsv", _study, 1),
    "trials.tsv": Door("trials.tsv", _study, 0.5),
    "strength.tsv": Door("strength.tsv", _strength, 1.5),
    "model map": Door("map.yaml", _yaml(ModelMap), 0.2),
    "marker set": Door("markers.yaml", _yaml(MarkerSet), 0.1),
    "registry": Door("hypotheses.yaml", _registry, 0.02),
    "TRC": Door("run.trc", _trc, 2),
    "MOT, any": Door("any.mot", _storage, 1.5),
    "MOT, forces": Door("forces.mot", _loads, 1.5),
    "external loads": Door("loads.xml", _loads, 1.5),
    "OSIM": Door("model.osim", _osim, 0.1),
    "C3D": Door("run.c3d", _c3d, 0.1),
    "skeleton": Door("body.skeleton.npz", _skeleton, 0.5),
    "table of results": Door("table.tsv", _table, 0.5),
}

STUDY = "name: small\nresults: results\nfiles: {data: data}\nsolve: {marker_max_m: 0.04}\n"
PEOPLE = (
    "participant_id\tsex\tmass_kg\theight_m\tstatic_trial\n"
    "P1\tfemale\t60.5\t1.70\tstanding\nP2\tmale\tn/a\tn/a\tn/a\n"
)
TRIALS = (
    "participant_id\ttrial_id\ttask\tcondition\tfile\tforce_file\tstart_s\n"
    "P1\tstanding\tstatic\tnormal\tP1_standing.c3d\tn/a\tn/a\n"
    "P1\tfast\trun\tnormal\tP1_fast.c3d\tn/a\t0.25\nP2\tfast\trun\tnormal\tP2.trc\tP2.mot\tn/a\n"
)
STRENGTH = (
    "participant_id\tside\tmovement\tcontraction\tvalue\tunit\n"
    "P1\tleft\tknee_extension\tisometric\t210.5\tN m\n"
    "P2\tleft\tknee_extension\tisometric\t190\tN m\n"
)
LOADS = """<?xml version="1.0" encoding="UTF-8" ?>
<OpenSimDocument Version="40000"><ExternalLoads name="loads"><objects>
<ExternalForce name="r"><applied_to_body>calcn_r</applied_to_body>
<force_identifier>ground_force_r_v</force_identifier><point_identifier>ground_force_r_p</point_identifier>
<torque_identifier>ground_torque_r_</torque_identifier></ExternalForce></objects>
<datafile>forces.mot</datafile></ExternalLoads></OpenSimDocument>
"""


def sound_files(folder: Path) -> dict[str, bytes]:
    """Write a sound file of every format, and give their contents."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("study.yaml", STUDY), ("participants.tsv", PEOPLE), ("trials.tsv", TRIALS),
        ("strength.tsv", STRENGTH), ("loads.xml", LOADS), ("table.tsv", PEOPLE),
    ):  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("map.yaml", "markers.yaml"):
        shutil.copy(MODELS / "sprint" / name, folder / name)
    shutil.copy(MODELS / "sprint" / "sprint_male.osim", folder / "model.osim")
    shutil.copy(DEFAULT, folder / "hypotheses.yaml")
    _recordings(folder)
    _results(folder)
    return {name: (folder / door.file).read_bytes() for name, door in DOORS.items()}


def _recordings(folder: Path) -> None:
    time = np.arange(FRAMES) / 100.0
    positions = 1.0 + 0.1 * np.random.default_rng(1).random((FRAMES, 3, 3))
    positions[4, 1] = np.nan
    write_trc(folder / "run.trc", ("A", "B", "C"), positions, 100.0)
    columns = [f"ground_force_r_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    columns += [f"ground_torque_r_{axis}" for axis in "xyz"]
    values = np.tile([10.0, 900.0, 5.0, 0.1, 0.0, 0.2, 0.0, 1.0, 0.0], (FRAMES, 1))
    for name in ("forces.mot", "any.mot"):
        write_storage(folder / name, columns, time, values, in_degrees=False)
    write_sound_c3d(folder / "run.c3d", positions)


def write_sound_c3d(
    path: Path, positions: np.ndarray, labels: tuple[str, ...] = ("A", "B", "C")
) -> None:
    """Write a C3D file with one loaded plate."""
    frames = len(positions)
    force = np.tile([10.0, 900.0, 5.0], (10 * frames, 1, 1)).reshape(-1, 1, 3)
    no_bodies = np.zeros(0, dtype=int)
    plates = PlateRow()
    recording = VirtualRecording(
        labels=labels,
        markers=positions,
        marker_rate=100.0,
        force_rate=1000.0,
        force=force,
        moment=np.zeros_like(force),
        corners=plates.corners()[:1],
        marker_body=no_bodies,
        bodies=(),
        rotation=np.zeros((frames, 0, 3, 3)),
        phase=np.zeros(frames),
    )
    write_c3d(path, recording, Laboratory(marker_rate=100.0, plates=plates))


def _results(folder: Path) -> None:
    from aqbio.opensim.skeleton import read_skeleton

    save_skeleton(read_skeleton(folder / "model.osim"), folder / "body.skeleton.npz")
