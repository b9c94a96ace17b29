"""Fifty attacks at whole commands, drawn by a seed: each is refused in words or does no harm."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import ezc3d
import numpy as np
import pytest
from typer import BadParameter

from aqbio.cli import app
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.recording import MAX_COORDINATE_M
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from tests.small_study import write_small_study

SEED = 1
SECONDS = 30.0
LABELS = ("RASI", "LASI", "RKNE", "LKNE", "RHEE", "LHEE")

Attack = Callable[[Path, np.random.Generator], None]

CELLS = (
    "７５", "−75", "75.5.5", "7 5", "1e400", "NaN", "١٢٣", "0x4B", "75 stone", "+-75", "1/2", "½",
    "75\u00a0kg", "75;80", "$(id)", "=1+1", "\ufeff75", "seventy", "1e-320", "∞",
)  # fmt: skip
NAMES = (
    "CON", "..", "-rf", "a/b", "a\\b", "P1\u200b", "\u202e1P", "P1 ", "😀", "n" * 300, "%s", "{x}",
    "~root", "P1;P2", "é", "e\u0301", "*", "null", "true", "1e3",
)  # fmt: skip
SETTINGS = (
    "prepare: {cutoff_hz: .nan}", "prepare: {cutoff_hz: 1e999}", "prepare: {cutoff_hz: [20]}",
    "prepare: {cutoff_hz: '２０'}", "prepare: !!int 3", "results: /dev/full", "results: /proc/self",
    "results: ''", "results: 'a\\0b'", "results: ..", "files: {data: /dev/zero}", "files: null",
    "files: {trials: trials.tsv/trials.tsv}", "model: {file: /etc/passwd}", "? {a: b} : c",
    "hypotheses: {file: study.yaml}", "contributions: {draws: 1e12}", "2026-02-30: x",
    "report: {title: '\u202e'}", "consistency: {samples: -1}",
)  # fmt: skip


def _sheet(column: str, choices: tuple[str, ...]) -> Attack:
    def attack(folder: Path, random: np.random.Generator) -> None:
        text = str(random.choice(choices))
        path = folder / "participants.tsv"
        header, first, *rest = path.read_text("utf-8").splitlines()
        cells = first.split("\t")
        cells[header.split("\t").index(column)] = text
        path.write_text("\n".join([header, "\t".join(cells), *rest]) + "\n", "utf-8")
        app(["check", str(folder)], standalone_mode=False)

    return attack


def _settings(folder: Path, random: np.random.Generator) -> None:
    path = folder / "study.yaml"
    path.write_text(path.read_text("utf-8") + f"\n{random.choice(SETTINGS)}\n", "utf-8")
    app(["check", str(folder)], standalone_mode=False)


def _read(path: Path) -> None:
    recording = read_recording(path, None)
    finite = recording.positions[np.isfinite(recording.positions)]
    assert np.abs(finite).max(initial=0.0) <= MAX_COORDINATE_M
    assert 20.0 <= recording.rate <= 50_000.0


def _trc_text(folder: Path, random: np.random.Generator) -> Path:
    path = folder / "run.trc"
    write_trc(path, LABELS, random.normal(size=(60, len(LABELS), 3)), 100.0)
    return path


def _trc(folder: Path, random: np.random.Generator) -> None:
    path = _trc_text(folder, random)
    lines = path.read_text("utf-8").split("\n")
    at = int(random.integers(0, len(lines)))
    cells = lines[at].split("\t")
    cells[int(random.integers(0, len(cells)))] = str(random.choice((*CELLS, "", "1e30", "\x1b[2J")))
    lines[at] = "\t".join(cells)
    encoding = str(random.choice(("utf-8", "utf-16", "utf-32", "utf-8-sig", "utf-16-be")))
    path.write_bytes("\n".join(lines).encode(encoding, "replace"))
    _read(path)


def _c3d(folder: Path, random: np.random.Generator) -> None:
    path, points = folder / "run.c3d", random.normal(size=(4, len(LABELS), 60))
    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = list(LABELS)
    c3d["data"]["points"] = points
    c3d.write(str(path))
    content = bytearray(path.read_bytes())
    for at in random.integers(0, 1200, size=int(random.integers(1, 6))):
        content[at] = int(random.integers(0, 256))
    path.write_bytes(bytes(content))
    _read(path)


def _file_system(folder: Path, random: np.random.Generator) -> None:
    data = folder / "recordings"
    data.mkdir()
    name = data / f"run{random.choice(('.trc', '.c3d', '.mot'))}"
    kinds: dict[str, Callable[[], object]] = {
        "folder": name.mkdir,
        "pipe": lambda: os.mkfifo(name),
        "dangling": lambda: name.symlink_to("nowhere"),
        "endless": lambda: name.symlink_to("/dev/zero"),
        "full": lambda: name.symlink_to("/dev/full"),
        "loop": lambda: (data / "deep").symlink_to(data),
        "sparse": lambda: os.truncate(os.open(name, os.O_CREAT | os.O_RDWR), 2**40),
        "empty": name.touch,
    }
    kinds[str(random.choice(list(kinds)))]()
    app(["new", str(folder / "made"), "--from", str(data)], standalone_mode=False)


def _command(folder: Path, random: np.random.Generator) -> None:
    trc = str(_trc_text(folder, random))
    commands = (
        ["look", trc, trc], ["look", "m.osim", trc, "--cutoff", "nan"],
        ["look", str(folder), str(folder)], ["look", "m.osim", "q.mot", "--out", trc],
        ["new", trc, "--from", str(folder)], ["new", str(folder)], ["new", "/proc/x"],
        ["new", f"{folder}/a\nb", "--from", str(folder)], ["check", trc], ["check", "/dev/null"],
        ["plan", str(folder), "--outcome", "x", "--delta", "nan"], ["verify", str(folder)],
        ["prepare", str(folder), "--participant", "../P1"], ["rows", str(folder)],
        ["tables", str(folder), "--cores", "0"], ["settings", trc], ["fetch", str(folder)],
    )  # fmt: skip
    app(commands[int(random.integers(0, len(commands)))], standalone_mode=False)


SURFACES: dict[str, Attack] = {
    "a cell of a number": _sheet("mass_kg", CELLS),
    "a cell of a name": _sheet("participant_id", NAMES),
    "a setting": _settings,
    "a cell of a TRC": _trc,
    "bytes of a C3D": _c3d,
    "what is no file": _file_system,
    "arguments": _command,
}
ATTACKS = [(name, number) for number in range(8) for name in SURFACES][:50]


@pytest.mark.parametrize(("name", "number"), ATTACKS)
def test_an_attack_is_refused_in_words_or_does_no_harm(name, number, tmp_path, monkeypatch):
    (tmp_path / "study").mkdir()
    folder = write_small_study(tmp_path / "study").parent
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng([SEED, number, *name.encode()])
    begin = time.monotonic()
    refusal = None
    try:
        SURFACES[name](folder, random)
    except (AqbioError, RunStoppedError) as error:
        refusal = error
    except (SystemExit, BadParameter):  # what check and Typer end with
        refusal = None
    assert refusal is None or refusal.what.strip()
    assert "internal error" not in str(refusal)
    assert time.monotonic() - begin < SECONDS
    assert {path.name for path in tmp_path.iterdir()} <= {"study", "results", "a\nb"}
