"""Kinds of study: what a laboratory hands over of one person, from files with plates to angles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.io.mot import write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.trc import write_trc
from aqbio.virtual.recording import VirtualRecording
from aqbio.virtual.study import write_c3d
from tests.lacking.alterations import ALTERATIONS, STATIC, Recordings
from tests.lacking.outcome import PERSON, Outcome
from tests.lacking.recordings import whole_frames

LOADED_N = 20.0
"""A centre of pressure is written where a plate bears more than this."""

PARTS = ("", "both arms", "left arm", "trunk", "all but pelvis and legs")
PLATES = ("", "all plates but one", "plates")
STANDING = ("", "static trial")
FILES = ("c3d", "trc and mot", "trc")
"""What a drawn study may lack, and its files."""


@dataclass(frozen=True)
class Kind:
    """A kind of study."""

    files: str
    """One of `FILES`, or "angles and mot", "angles"."""
    lacking: tuple[str, ...] = ()
    """Names of `ALTERATIONS`."""
    mass: bool = False
    """Whether the sheet states the mass."""

    def __str__(self) -> str:
        """Give the name of the kind."""
        return ", without ".join([self.files, *self.lacking])

    def altered(self, recordings: Recordings) -> Recordings:
        """Take away what a study of this kind lacks."""
        for name in self.lacking:
            recordings = ALTERATIONS[name].lacking(recordings)
        return recordings

    def write(self, data: Path, recordings: Recordings, sound: Outcome) -> Recordings:
        """Write the files of the person, and give what they hold."""
        altered = self.altered(recordings)
        folder = data / PERSON
        folder.mkdir(parents=True)
        for name, take in altered.takes.items():
            if self.files.startswith("angles"):
                if name == STATIC:
                    continue
                _write_angles(folder, name, sound)
            elif self.files == "c3d":
                write_c3d(folder / f"{name}.c3d", whole_frames(take), altered.laboratory)
            else:
                write_trc(folder / f"{name}.trc", take.labels, take.markers, take.marker_rate)
            if self.files.endswith("mot") and len(take.corners):
                write_forces(folder / f"{name}_grf.mot", take)
        return altered


def write_forces(path: Path, take: VirtualRecording) -> None:
    """Write force, centre of pressure and free moment of every plate, as OpenSim reads them."""
    names = ("ground_force_v{}", "ground_force_p{}", "ground_torque_{}")
    count = len(take.corners)
    columns = [
        f"{plate + 1}_{name.format(axis)}"
        for plate in range(count)
        for name in names
        for axis in "xyz"
    ]
    point = np.broadcast_to(take.corners.mean(axis=1), take.force.shape).copy()
    vertical = take.force[..., 1]
    loaded = vertical > LOADED_N
    upward = np.where(loaded, vertical, np.inf)
    arm = np.stack(
        [take.moment[..., 2] / upward, 0.0 * upward.clip(0, 1), -take.moment[..., 0] / upward],
        axis=-1,
    )
    point += arm
    free = take.moment - np.cross(arm, take.force)
    free[~loaded] = 0.0
    table = np.stack([np.where(loaded[..., None], take.force, 0.0), point, free], axis=2)
    values = table.reshape(len(take.force), -1)
    time = np.arange(len(values)) / take.force_rate
    write_storage(path, columns, time, values, in_degrees=False)


def _write_angles(folder: Path, trial: str, sound: Outcome) -> None:
    """Write joint angles before any filter, and the model, as inverse kinematics found them."""
    results = next((sound.results / "participants").iterdir())
    model = results / "model" / f"{results.name}.osim"
    (folder / f"{PERSON}_scaled.osim").write_bytes(model.read_bytes())
    skeleton = load_skeleton(model.with_suffix(".skeleton.npz"))
    solved = read_dataset(results / "solved" / f"{trial}.nc")
    angles = solved["q_unfiltered"].values.copy()
    turned = skeleton.coordinate_is_rotation
    angles[:, turned] = np.degrees(angles[:, turned])
    time = solved["time"].values
    write_storage(folder / f"{trial}_ik.mot", skeleton.coordinates, time, angles, in_degrees=True)


def late_forces(seconds: float) -> Callable[[Recordings], Recordings]:
    """Delay the forces of every run."""

    def late(take: VirtualRecording) -> VirtualRecording:
        samples = round(seconds * take.force_rate)
        force, moment = (np.roll(array, samples, axis=0) for array in (take.force, take.moment))
        return take.changed(force=force, moment=moment)

    return lambda recordings: recordings.of_moving(late)


def loose_marker(sd_m: float) -> Callable[[Recordings], Recordings]:
    """Let one marker of every run shake, with white noise of ``sd_m``."""

    def shaking(take: VirtualRecording) -> VirtualRecording:
        markers = take.markers.copy()
        noise = np.random.default_rng(0).normal(0.0, sd_m, markers[:, 0].shape)
        markers[:, take.labels.index(LOOSE_LABEL)] += noise
        return take.changed(markers=markers)

    return lambda recordings: recordings.of_moving(shaking)


LATE_FORCES_S = (0.013, 0.019)
"""Delays of forces that no plate's own signal tells, and the body does."""

LOOSE_LABEL = "RSH1"

LOOSE_MARKER_M = (0.015, 0.025)
"""Noise of a loose marker: more than a fit may ignore, less than hides the limb."""


COMMON_KINDS = (
    Kind("angles and mot"),
    Kind("angles"),
    Kind("c3d", ("plates",), mass=True),
    Kind("c3d", ("all plates but one",)),
    Kind("trc", mass=True),
)
"""Kinds that every laboratory has seen."""


def drawn_kinds(seed: int, count: int) -> tuple[Kind, ...]:
    """Other kinds, drawn by a seed."""
    random, kinds = np.random.default_rng(seed), dict[Kind, None]()

    def choose(among: tuple[str, ...]) -> str:
        return str(random.choice(among))

    while len(kinds) < count:
        files = choose(FILES)
        lacking = (choose(PARTS), choose(PLATES) if files != "trc" else "", choose(STANDING))
        kind = Kind(files, tuple(filter(None, lacking)), mass=files == "trc" or "plates" in lacking)
        if kind not in COMMON_KINDS:
            kinds[kind] = None
    return tuple(kinds)
