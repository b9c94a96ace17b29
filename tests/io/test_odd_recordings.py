"""Recordings that no laboratory means to make: each is read with a finding, or refused in words."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from aqbio.config import Participant
from aqbio.errors import AqbioError
from aqbio.io.strength import checked_strength
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from tests.io.made_c3d import MadePlate, write_c3d
from tests.recorded_study import recorded_figure
from tests.refusal import refused

LABELS, POSITIONS = recorded_figure(moving=True)
CORNERS = np.array([[0.0, 0, 0], [600, 0, 0], [600, 400, 0], [0, 400, 0]])
ORIGIN = np.array([0.0, 0.0, -40.0])


def recorded(folder: Path, corners: np.ndarray = CORNERS, origin: np.ndarray = ORIGIN) -> Path:
    """A run with one plate."""
    channels = np.random.default_rng(1).normal(0.0, 1.0, (400, 6))
    plate = MadePlate(2, corners, origin, channels, ("N",) * 3 + ("Nmm",) * 3)
    path = folder / "run.c3d"
    return write_c3d(path, list(LABELS), POSITIONS * 1e3, (100.0, 1000.0), (plate,))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("at", ["corners", "origin"])
def test_a_plate_without_a_place_is_left_out(value, at, tmp_path):
    geometry = {"corners": CORNERS.copy(), "origin": ORIGIN.copy()}
    geometry[at].flat[0] = value
    recording = read_recording(recorded(tmp_path, **geometry))
    (finding,) = [finding for finding in recording.findings if finding.rule == "plate-unusable"]
    assert "hold values that are no numbers" in finding.what
    assert recording.forces is None


@pytest.mark.parametrize("rate", [250.0, 50.0])
def test_two_rates_in_one_file_are_said(rate, tmp_path):
    path = recorded(tmp_path)
    content = bytearray(path.read_bytes())
    assert not [f for f in read_recording(path).findings if f.rule == "c3d-rate"]
    content[20:24] = struct.pack("<f", rate)
    path.write_bytes(bytes(content))
    recording = read_recording(path)
    (finding,) = [finding for finding in recording.findings if finding.rule == "c3d-rate"]
    assert f"the header says {rate:g} Hz, POINT:RATE 100 Hz, which is used" in finding.what
    assert recording.rate == pytest.approx(100.0)


def test_more_labels_than_people_wear_are_refused_before_memory_is_asked_for(tmp_path):
    path, count = tmp_path / "crowd.trc", 333_333
    names = "\t\t\t".join(f"m{number}" for number in range(count))
    numbers = "\t".join(["1"] * (3 * count))
    head = "PathFileType\t4\t(X/Y/Z)\tcrowd.trc\nDataRate\tUnits\n100\tmm\n"
    path.write_text(f"{head}Frame#\tTime\t{names}\n\n\n1\t0\t{numbers}\n", encoding="utf-8")
    with refused("markers-crowd", "333333 markers"):
        read_recording(path)
    names = [f"m{number}" for number in range(5001)]
    with refused("markers-crowd", "5001 markers"):
        read_recording(write_c3d(tmp_path / "crowd.c3d", names, np.ones((2, 5001, 3))))


def _trc(before: str, after: str):
    def write(folder: Path) -> Path:
        path = folder / "run.trc"
        write_trc(path, LABELS, POSITIONS, 100.0)
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        return path

    return write


def _byte(at: int, form: str, value: float):
    def write(folder: Path) -> Path:
        path = recorded(folder)
        content = bytearray(path.read_bytes())
        content[at : at + struct.calcsize(form)] = struct.pack(form, value)
        path.write_bytes(bytes(content))
        return path

    return write


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "run.trc")
    return folder / "run.trc"


def _link(folder: Path) -> Path:
    (folder / "run.trc").symlink_to(folder / "run.trc")
    return folder / "run.trc"


ATTACKS = {
    "a header that promises points": _byte(2, "<H", 65535),
    "parameters beyond the end": _byte(0, "<B", 200),
    "a rate that is no number": _byte(20, "<f", np.nan),
    "a first frame behind the last": _byte(6, "<H", 60000),
    "no scale": _byte(12, "<f", 0.0),
    "three samples a frame": _byte(18, "<H", 3),
    "an instant at the end of time": _trc("\n2\t0.01", "\n2\t1e308"),
    "an instant that is none": _trc("\n2\t0.01", "\n2\tnan"),
    "a label with a zero byte": _trc("RASI", "RA\0SI"),
    "a label that turns the line": _trc("RASI", "\u202eISAR"),
    "a unit of stars": _trc("\tm\t", "\tparsec\t"),
    "a marker beyond the sky": _trc("-0.1000000", "1e300"),
    "no rate": _trc("100\t100", "0\t0"),
    "a pipe": _pipe,
    "a link to itself": _link,
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_odd_recording_is_read_or_refused_in_words(name, tmp_path):
    path = ATTACKS[name](tmp_path)
    refusal, recording = None, None
    try:
        recording = read_recording(path)
    except AqbioError as error:
        refusal = error
    if recording is None:
        assert refusal.fix
        assert refusal.file
    else:
        assert np.abs(recording.positions[np.isfinite(recording.positions)]).max() < 100.0
        assert recording.rate == pytest.approx(100.0)


SPACE = "xl/_rels/workbook.xml.rels"
BOOK = {
    "xl/workbook.xml": '<w xmlns:r="r"><sheets><sheet name="a" r:id="1"/></sheets></w>',
    SPACE: '<R><Relationship Id="1" Target="s.xml"/></R>',
}
ENTITIES = "".join(
    f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)
)  # fmt: skip
SHEETS = {
    "no worksheet": {"xl/workbook.xml": "<w/>"},
    "a worksheet that is not there": BOOK,
    "a text that is not there": BOOK | {"xl/s.xml": '<w><row><c t="s"><v>99</v></c></row></w>'},
    "a column beyond the last": BOOK | {"xl/s.xml": '<w><row><c r="ZZZZ1"><v>9</v></c></row></w>'},
    "entities of entities": BOOK | {
        "xl/s.xml": f'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">{ENTITIES}]>'
        '<w><row><c t="str"><v>&j;</v></c></row></w>'
    },
    "a file of the machine": BOOK | {
        "xl/s.xml": '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        '<w><row><c t="str"><v>&x;</v></c></row></w>'
    },
    "blanks without end": BOOK | {"xl/s.xml": "<w>" + " " * 20_000_000 + "</w>"},
    "columns without end": BOOK | {"xl/s.xml": '<w><row><c r="XFD1"><v>1</v></c></row></w>'},
    "a day before all days": BOOK | {
        "xl/styles.xml": '<s><cellXfs><xf numFmtId="14"/></cellXfs></s>',
        "xl/s.xml": '<w><row><c s="0"><v>-1e9</v></c></row></w>',
    },
    "no archive": {},
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_an_odd_workbook_is_refused_in_words(name, tmp_path):
    path = tmp_path / "strength.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in SHEETS[name].items():
            archive.writestr(part, text)
    if not SHEETS[name]:
        path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(AqbioError) as raised:
        checked_strength(path, [Participant(participant_id="P1")])
    assert raised.value.fix
    assert "root:" not in str(raised.value)
