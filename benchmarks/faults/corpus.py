"""Broken studies, built by code: what people, programs and disks make of a sound one.

Each case breaks one thing and names words of the message that it must give. The table of all cases
with their messages is printed by ``python -m benchmarks.faults corpus``.
"""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from aqbio.errors import Finding, causes
from aqbio.intake.check import written_problems
from benchmarks.faults.doors import FRAMES, MODELS, write_sound_c3d

SPRINT = MODELS / "sprint"

Break = Callable[[Path], None]

STUDY = "name: small\nresults: results\nfiles: {data: data}\nmodel: {markers: markers.yaml}\n"
PEOPLE = "participant_id\tsex\tmass_kg\theight_m\tstatic_trial\nP1\tfemale\t60.5\t1.70\tstanding\n"
TRIALS = (
    "participant_id\ttrial_id\ttask\tcondition\tfile\tforce_file\n"
    "P1\tstanding\tstatic\tnormal\tstanding.c3d\tn/a\n"
    "P1\tfast\trun\tnormal\tfast.c3d\tn/a\nP1\tslow\trun\tnormal\tslow.trc\tslow.mot\n"
)
LABELS = ("RASI", "LASI", "SACR", "RHEE", "LHEE", "RTOE", "LTOE", "C7")
"""Of the marker set that comes with the sprint model."""


def sound_study(folder: Path) -> Path:
    """Write a study in which nothing is damaged; gives its study.yaml."""
    from aqbio.io.mot import write_storage
    from aqbio.io.trc import write_trc

    data = folder / "data"
    data.mkdir(parents=True)
    for name, text in (("study.yaml", STUDY), ("participants.tsv", PEOPLE), ("trials.tsv", TRIALS)):
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(SPRINT / "markers.yaml", folder / "markers.yaml")
    write_sound_c3d(data / "standing.c3d", marker_paths(0.0), LABELS)
    write_sound_c3d(data / "fast.c3d", marker_paths(5.0), LABELS)
    write_trc(data / "slow.trc", LABELS, marker_paths(4.0), 100.0)
    columns = [f"ground_force_r_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    columns += [f"ground_torque_r_{axis}" for axis in "xyz"]
    values = np.tile([10.0, 900.0, 5.0, 0.1, 0.0, 0.2, 0.0, 1.0, 0.0], (FRAMES, 1))
    write_storage(data / "slow.mot", columns, np.arange(FRAMES) / 100.0, values, in_degrees=False)
    return folder / "study.yaml"


def marker_paths(speed: float) -> np.ndarray:
    """Eight markers of a person who moves forward as one body, (FRAMES, 8, 3), m."""
    body = np.array([
        (0.1, 1.0, 0.1), (0.1, 1.0, -0.1), (-0.1, 1.0, 0.0), (-0.1, 0.05, 0.1), (-0.1, 0.05, -0.1),
        (0.1, 0.05, 0.1), (0.1, 0.05, -0.1), (-0.1, 1.5, 0.0),
    ])  # fmt: skip
    moved = np.tile(body, (FRAMES, 1, 1)) + 1e-4 * np.random.default_rng(1).random((FRAMES, 8, 3))
    moved[..., 0] += speed * np.arange(FRAMES)[:, None] / 100.0
    return moved


def text(name: str, content: str | bytes) -> Break:
    """Another content of a file."""

    def change(folder: Path) -> None:
        raw = content if isinstance(content, bytes) else content.encode("utf-8")
        (folder / name).write_bytes(raw)

    return change


def edited(name: str, before: str, after: str) -> Break:
    """A text that is there, exchanged."""

    def change(folder: Path) -> None:
        raw = (folder / name).read_bytes()
        if before.encode() not in raw:
            raise ValueError(f"{before!r} is not in {name}.")
        (folder / name).write_bytes(raw.replace(before.encode(), after.encode(), 1))

    return change


def cut(name: str, share: float) -> Break:
    """Only the first part of a file, as a full disk or a broken copy leaves it."""

    def change(folder: Path) -> None:
        raw = (folder / name).read_bytes()
        (folder / name).write_bytes(raw[: int(share * len(raw))])

    return change


def removed(name: str) -> Break:
    """A file that is not there."""
    return lambda folder: (folder / name).unlink()


def instead(name: str, make: Callable[[Path], object]) -> Break:
    """Something else under a file's name."""

    def change(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return change


def bytes_at(name: str, offset: int, raw: bytes) -> Break:
    """Some bytes of a file overwritten."""

    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[offset : offset + len(raw)] = raw
        (folder / name).write_bytes(bytes(content))

    return change


def study(*lines: str) -> Break:
    """Further lines of study.yaml."""
    return text("study.yaml", STUDY + "\n".join(lines) + "\n")


def far(folder: Path) -> None:
    """One marker at five kilometres in one frame."""
    positions = marker_paths(5.0)
    positions[7, 1] = 5000.0
    write_sound_c3d(folder / "data" / "fast.c3d", positions, LABELS)


def unseen(folder: Path) -> None:
    """No marker in any frame."""
    write_sound_c3d(folder / "data" / "fast.c3d", np.full((FRAMES, 8, 3), np.nan), LABELS)


def point_rate(rate: float) -> Break:
    """Another rate in the header and in the parameters of a C3D file."""

    def change(folder: Path) -> None:
        path = folder / "data" / "fast.c3d"
        raw, old = path.read_bytes(), struct.pack("<f", 100.0)
        path.write_bytes(raw.replace(old, struct.pack("<f", rate)))

    return change


def model(name: str, change: Break) -> Break:
    """An own model, then broken."""

    def write_and_change(folder: Path) -> None:
        shutil.copy(SPRINT / "sprint_male.osim", folder / name)
        edited("study.yaml", "{markers: markers.yaml}", f"{{file: {name}, map: sprint}}")(folder)
        change(folder)

    return write_and_change


def external(content: str | bytes) -> Break:
    """Forces by a file of external loads."""

    def change(folder: Path) -> None:
        edited("trials.tsv", "slow.mot", "slow.xml")(folder)
        text("data/slow.xml", content)(folder)

    return change


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
)
ENTITIES = '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)
LONG = "x" * 140_000
MOT = "data/slow.mot"
TRC = "data/slow.trc"
C3D = "data/fast.c3d"


def problems(file: Path) -> list[Finding]:
    """Findings of ``aqbio check`` about files, before any stage is tried."""
    return written_problems(file)[0]


def warnings_of(file: Path) -> list[Finding]:
    """Warnings and errors of a study: one finding per cause, the gravest first."""
    firsts = [cause.first for cause in causes(problems(file))]
    return [finding for finding in firsts if finding.severity != "info"]


@cache
def sound_findings() -> frozenset[tuple[str, str]]:
    """Rules and words of what is said of the study in which nothing is damaged."""
    with tempfile.TemporaryDirectory() as folder:
        findings = warnings_of(sound_study(Path(folder) / "sound"))
    return frozenset((finding.rule, finding.what) for finding in findings)


def answers(case: Break, folder: Path) -> Iterator[Finding]:
    """Findings of a broken study that the sound one does not have."""
    sound = sound_findings()
    file = sound_study(folder / "broken")
    case(folder / "broken")
    for finding in warnings_of(file):
        if (finding.rule, finding.what) not in sound:
            yield finding


def pipe(path: Path) -> None:
    """A pipe without a writer."""
    os.mkfifo(path)
