"""A study of one participant in memory: what is altered before it is written to files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from aqbio.io.mot import Storage, write_storage
from aqbio.virtual.files import write_c3d
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.recording import VirtualRecording
from validation.recordings.trc_and_mot import write_trc_and_mot

STATIC, RUN = "static", "run"
PERSON = "P1"


@dataclass
class MemoryStudy:
    """Sheets, settings and recordings of one participant.

    Attributes
    ----------
    name : str
    person : dict
        Cells of participants.tsv.
    rows : dict from trial_id to dict
        Cells of trials.tsv.
    takes : dict from trial_id to VirtualRecording
        Ground axes, m, N; a trial without forces has no plates.
    laboratory : Laboratory
        Axes and unit in which recordings are written.
    form : {"c3d", "trc", "angles"}
    settings : dict
        Of study.yaml.
    bodies : dict from label to body
        Of the marker set; ``landmarks`` are those that scale the model, ``twins`` the model's own
        markers for labels.
    marker_set : str or None
        Text of the study's own marker set.
    model_file : Path or None
    angles : Storage or None
        Degrees and metres.
    edits : dict from file name to function
        Applied to the text of files after they were written.
    """

    name: str
    person: dict[str, str]
    rows: dict[str, dict[str, str]]
    takes: dict[str, VirtualRecording]
    laboratory: Laboratory
    form: str
    settings: dict[str, Any]
    bodies: dict[str, str] = field(default_factory=dict)
    landmarks: tuple[str, ...] = ()
    twins: dict[str, str] = field(default_factory=dict)
    marker_set: str | None = None
    model_file: Path | None = None
    angles: Storage | None = None
    edits: dict[str, Callable[[str], str]] = field(default_factory=dict)

    def copy(self) -> MemoryStudy:
        """A study that can be altered without altering this one."""
        return deepcopy(self)

    @property
    def run(self) -> VirtualRecording:
        """The recording of the run."""
        return self.takes[RUN]

    def change(self, trial: str, **arrays: Any) -> None:
        """Exchange arrays of one recording."""
        self.takes[trial] = self.takes[trial].changed(**arrays)

    def write(self, folder: Path) -> Path:
        """Write all files and give study.yaml."""
        data = folder / "data"
        shutil.rmtree(folder, ignore_errors=True)
        data.mkdir(parents=True)
        for trial, take in self.takes.items():
            self._write_take(data, trial, take)
        if self.angles is not None:
            angles = self.angles
            path = data / "angles.mot"
            write_storage(path, angles.columns, angles.time, angles.values, in_degrees=True)
        if self.marker_set is not None:
            (folder / "markers.yaml").write_text(self.marker_set, encoding="utf-8")
        if self.model_file is not None:
            shutil.copy(self.model_file, data / f"{PERSON}.osim")
        for name, edit in self.edits.items():
            path = data / name
            path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
        return self._write_sheets(folder)

    def _write_take(self, data: Path, trial: str, take: VirtualRecording) -> None:
        if self.form == "c3d":
            write_c3d(data / f"{trial}.c3d", whole_frames(take), self.laboratory)
        else:
            markers, forces = data / f"{trial}.trc", data / f"{trial}_forces.mot"
            write_trc_and_mot(markers, forces, take, self.laboratory)
            if not take.force.any():
                forces.unlink()
            if self.form == "angles":
                markers.unlink()

    def _write_sheets(self, folder: Path) -> Path:
        settings = {"name": "altered", "results": str(folder / "results")} | self.settings
        path = folder / "study.yaml"
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        _write_sheet(folder / "participants.tsv", [self.person])
        _write_sheet(folder / "trials.tsv", list(self.rows.values()))
        return path


def whole_frames(take: VirtualRecording) -> VirtualRecording:
    """As many samples of the plates as a C3D file needs; the last ones again where they lack."""
    samples = round(len(take.markers) * take.force_rate / take.marker_rate)
    places = np.minimum(np.arange(samples), len(take.force) - 1)
    return take.changed(force=take.force[places], moment=take.moment[places])


def _write_sheet(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows that need not have the same cells."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(names), *("\t".join(row.get(n, "n/a") for n in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def trial_row(trial: str, form: str, *, forces: bool = True) -> dict[str, str]:
    """Cells of a trial whose files are called after it."""
    row = {"participant_id": PERSON, "trial_id": trial, "task": RUN if trial != STATIC else STATIC}
    if form == "angles":
        row["coordinates_file"] = "angles.mot"
    else:
        row["file"] = f"{trial}.{form}"
    if form != "c3d" and forces:
        row["force_file"] = f"{trial}_forces.mot"
    return row


def part_of(take: VirtualRecording, start: float, stop: float) -> VirtualRecording:
    """What lies between two instants, s from the first frame."""
    first, last = round(start * take.marker_rate), round(stop * take.marker_rate)
    ratio = take.force_rate / take.marker_rate
    samples = slice(round(first * ratio), round(last * ratio))
    return take.changed(
        markers=take.markers[first:last],
        rotation=take.rotation[first:last],
        phase=take.phase[first:last],
        force=take.force[samples],
        moment=take.moment[samples],
    )
