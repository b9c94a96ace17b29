"""TRC files, tidy and untidy, as exports, editors and Excel leave them."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.trc import read_trc, write_trc
from aqbio.io.trial_files import read_recording
from tests.refusal import refused

LABELS = ("R.ASIS", "LASI")
KEYS = (
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame"
    "\tOrigNumFrames"
)


def made(header, rows, *, labels="R.ASIS\t\t\tLASI\t\t", first="PathFileType\t4\t(X/Y/Z)\tx.trc"):
    numbers = "\t\tX1\tY1\tZ1\tX2\tY2\tZ2"
    return "\n".join([first, KEYS, header, "Frame#\tTime\t" + labels, numbers, "", *rows]) + "\n"


ROWS = [
    "1\t0.23\t100\t200\t300\t400\t500\t600",
    "2\t0.24\t101\t201\t301\t\t\t",
    "3\t0.25\t102\t202\t302\t0\t0\t0",
]


HEADER = "100\t100\t3\t2\tmm\t100\t1\t3"


def read(tmp_path, text):
    path = tmp_path / "made.trc"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_trc(path)


def test_round_trip(tmp_path):
    rng = np.random.default_rng(4)
    positions = rng.uniform(-10, 10, (30, 2, 3))
    positions[5:9, 1] = np.nan
    path = tmp_path / "a.trc"
    write_trc(path, LABELS, positions, 240.0)
    found = read_trc(path)
    assert found.labels == LABELS
    assert found.rate == 240.0
    assert found.first_time == 0.0
    assert not found.findings
    np.testing.assert_allclose(found.positions, positions, atol=0.5e-7)


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        "  100.0\t\t  100.0\t\t    3\t\t     2\t\t mm\t  100.0\t      1\t    3",  # double tabs
        "100\t100\t3\t2\t     mm\t100\t1\t3" + "\t" * 300,
    ],
)
def test_unit_is_read_however_the_header_is_padded(tmp_path, header):
    found = read(tmp_path, made(header, ROWS))
    np.testing.assert_allclose(found.positions[0], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    assert found.rate == 100.0
    assert found.first_time == 0.23


def test_empty_cells_and_the_origin_are_missing_markers(tmp_path):
    found = read(tmp_path, made(HEADER, ROWS))
    assert np.isnan(found.positions[1:, 1]).all()
    assert np.isfinite(found.positions[:, 0]).all()


def test_unknown_unit_is_refused(tmp_path):
    with refused("marker-unit", "“furlong”") as caught:
        read(tmp_path, made(HEADER.replace("mm", "furlong"), ROWS))
    assert "laboratory.marker_unit" in caught.value.fix


def test_shuffled_prefixed_and_unlabelled_columns(tmp_path):
    text = made(HEADER, ROWS, labels="Jane Doe:LASI\t\t\t*7\t\t")
    found = read(tmp_path, text)
    assert found.labels == ("LASI",)
    assert found.positions.shape == (3, 1, 3)
    assert "Jane" not in repr(found)


def test_header_that_promises_more_is_noted(tmp_path):
    found = read(tmp_path, made("100\t100\t9\t2\tmm\t100\t1\t9", ROWS))
    [finding] = found.findings
    assert (finding.rule, finding.number, finding.limit) == ("trc-count", 3, 9)


def test_damaged_number_is_refused_with_its_line(tmp_path):
    rows = [ROWS[0], ROWS[1].replace("201", "2o1"), ROWS[2]]
    with refused("trc-number", "a cell is no number") as caught:
        read(tmp_path, made(HEADER, rows))
    assert caught.value.where == "line 8"


def test_a_file_that_is_missing_or_may_not_be_read(tmp_path):
    """The rule and what to do are those of a file that is not there, and of one that is."""
    for name, rule in (("absent.trc", "file-missing"), (".", "file-unreadable")):
        with refused(rule, "cannot be read"):
            read_trc(tmp_path / name)


def test_labels_carry_no_signs_of_control(tmp_path):
    """They go to terminals, pages and files of others."""
    labels = "RA\x1b[31mSI\t\t\tL\u202eASI\t\t"
    found = read(tmp_path, made(HEADER, ROWS, labels=labels))
    assert found.labels == ("RA [31mSI", "L ASI")


BLANKS = {
    "one blank": lambda line: line.replace("\t", " "),
    "columns": lambda line: "".join(f"{cell:>14} " for cell in line.split("\t")),
    "blanks in rows": lambda line: line if "ASIS" in line else line.replace("\t", "  "),
    "blanks in labels": lambda line: line.replace("\t", " ") if "ASIS" in line else line,
    "some tabs": lambda line: line.replace("\t", " ", 3),
}


def _between_blanks(tmp_path, rows, form):
    """What is read between tabs, and between blanks."""
    count = len(rows)
    lines = made(f"100\t100\t{count}\t2\tmm\t100\t1\t{count}", rows).splitlines()
    blank = [*lines[:3], *map(BLANKS[form], lines[3:])]
    return read(tmp_path, "\n".join(lines)), read(tmp_path, "\n".join(blank))


@pytest.mark.parametrize("form", BLANKS)
def test_columns_between_blanks_are_read(tmp_path, form):
    expected, found = _between_blanks(tmp_path, [ROWS[0], ROWS[2].replace("25", "24", 1)], form)
    assert (found.labels, found.rate, found.findings) == (LABELS, expected.rate, ())
    np.testing.assert_array_equal(found.positions, expected.positions)


@pytest.mark.parametrize("form", ["one blank", "columns"])
def test_empty_cells_between_blanks_are_refused(tmp_path, form):
    with refused("trc-blanks", "separated by blanks, not by tabs, and there are 5 numbers"):
        _between_blanks(tmp_path, ROWS, form)


@pytest.mark.parametrize("form", ["Vec3", "_1 _2 _3", "_x _y _z"])
def test_tables_of_markers_of_opensim(tmp_path, form):
    """What its adapters write: vectors in cells, or flattened with either kind of ends."""
    rng = np.random.default_rng(5)
    positions = rng.uniform(-3.0, 3.0, (30, 2, 3))
    positions[3, 1] = np.nan
    ends, between = (["_", "_", "_"], ",") if form == "Vec3" else (form.split(), "\t")
    names = LABELS if form == "Vec3" else [label + end for label in LABELS for end in ends]
    lines = ["DataRate=250", "Units=mm", f"DataType={'Vec3' if form == 'Vec3' else 'double'}"]
    lines += ["version=3", "endheader", "\t".join(("time", *names))]
    for frame, row in enumerate(1e3 * positions):
        cells = (between.join(map(repr, place)) for place in row.tolist())
        lines.append("\t".join((f"{2.0 + frame / 250.0:.3f}", *cells)))
    path = tmp_path / "made.sto"
    path.write_text("\n".join(lines))
    found = read_recording(path)
    assert (found.labels, found.rate, found.first_time) == (LABELS, 250.0, 2.0)
    np.testing.assert_allclose(found.positions, positions, atol=1e-12)


@pytest.fixture
def text(tmp_path):
    write_trc(tmp_path / "a.trc", LABELS, np.arange(60.0).reshape(10, 2, 3) / 7.0, 250.0)
    return (tmp_path / "a.trc").read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path, text, encoding, newline):
    expected = read(tmp_path, text)
    written = text.replace("a.trc", "Läufer.trc").replace("\n", newline)
    found = read(tmp_path, written.encode(encoding))
    assert found.labels == expected.labels
    np.testing.assert_array_equal(found.positions, expected.positions)


def test_decimal_commas_of_markers(tmp_path, text):
    expected, found = read(tmp_path, text), read(tmp_path, text.replace(".", ","))
    np.testing.assert_array_equal(found.positions, expected.positions)
    assert found.rate == expected.rate


def test_commas_beside_points_are_refused(tmp_path, text):
    """1,234.5 may be a thousand and more, or two numbers."""
    with refused("trc-number", "a cell is no number"):
        read(tmp_path, text.replace("1.4285714", "1,428.5714"))


def test_header_and_time_column_of_different_rates(tmp_path, text):
    found = read(tmp_path, text.replace("\n250", "\n100", 1))
    assert found.rate == 250.0
    [finding] = [one for one in found.findings if one.rule == "trc-rate"]
    assert "the header says 100 Hz, the time column 250 Hz" in finding.what
