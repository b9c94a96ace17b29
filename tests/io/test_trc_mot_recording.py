"""Markers and storages as text: all forms of exports, and findings about odd files."""

from __future__ import annotations

import io
from contextlib import nullcontext
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aqbio.force_plates.forces import PlateWrench
from aqbio.io.mot import Storage, read_storage, write_storage
from aqbio.io.points import named_points
from aqbio.io.recording import (
    MAX_COORDINATE_M,
    MAX_RATE_HZ,
    ForceRecording,
    Recording,
    length_unit,
    possible_positions,
    sampling_rate,
)
from aqbio.io.trc import read_trc, write_trc
from aqbio.io.trial_files import read_recording, standing_recording
from tests.golden import differences
from tests.io.made_c3d import write_c3d
from tests.outcome_lines import outcome_lines, texts
from tests.refusal import refused

LABELS = ("R.ASIS", "LASI")
SEEDS = st.integers(0, 2**31)
RATES = st.sampled_from([100.0, 120.0, 250.0, 300.0, 1000.0])


def random_positions(seed: int, frames: int = 30) -> np.ndarray:
    """Positions (T, 2, 3), m, of which some are missing."""
    rng = np.random.default_rng(seed)
    positions = rng.uniform(-10.0, 10.0, (frames, 2, 3))
    positions[rng.random((frames, 2)) < 0.1] = np.nan
    return positions


@settings(max_examples=20)
@given(SEEDS, RATES)
def test_markers_come_back_and_pandas_reads_the_same(tmp_path_factory, seed, rate):
    path = tmp_path_factory.mktemp("trc") / "a.trc"
    write_trc(path, LABELS, positions := random_positions(seed), rate)
    recording = read_trc(path)
    assert (recording.labels, recording.rate, recording.first_time, recording.findings) == (
        LABELS,
        rate,
        0.0,
        (),
    )
    np.testing.assert_allclose(recording.positions, positions, atol=0.5e-7)
    table = pd.read_csv(path, sep="\t", skiprows=5, header=None)
    np.testing.assert_array_equal(table.to_numpy()[:, 2:].reshape(30, 2, 3), recording.positions)
    np.testing.assert_allclose(table[1], np.arange(30) / rate, atol=0.5e-8)


@settings(max_examples=20)
@given(SEEDS, st.booleans(), st.floats(-1e300, 1e300))
def test_storages_keep_every_digit_and_pandas_reads_the_same(
    tmp_path_factory, seed, degrees, extreme
):
    path = tmp_path_factory.mktemp("mot") / "a.mot"
    rng = np.random.default_rng(seed)
    time, values = rng.uniform(-9, 9) + np.arange(50) / 250.0, rng.normal(0, 1e3, (50, 4))
    values[rng.random(values.shape) < 0.1], values[3, 2] = np.nan, extreme
    write_storage(path, list("abcd"), time, values, in_degrees=degrees, name="walk")
    storage = read_storage(path)
    assert (storage.columns, storage.in_degrees, storage.name) == (tuple("abcd"), degrees, "walk")
    np.testing.assert_array_equal(
        np.column_stack((storage.time, storage.values)), np.c_[time, values]
    )
    np.testing.assert_array_equal(storage.column("c"), values[:, 2])
    table = pd.read_csv(path, sep="\t", skiprows=6)
    assert list(table) == ["time", *"abcd"]
    np.testing.assert_allclose(table, np.c_[time, values], rtol=1e-15)


FORMS = {
    "as written": lambda line: line,
    "one blank": lambda line: line.replace("\t", " "),
    "columns": lambda line: "".join(f"{cell:>14} " for cell in line.split("\t")),
    "blanks in rows": lambda line: line if "ASIS" in line else line.replace("\t", "  "),
    "blanks in labels": lambda line: line.replace("\t", " ") if "ASIS" in line else line,
    "some tabs": lambda line: line.replace("\t", " ", 3),
    "semicolons": lambda line: line.replace("\t", ";"),
    "commas": lambda line: line.replace("\t", ","),
    "many tabs at the end": lambda line: line + "\t" * 30,
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "latin-1"]


@settings(max_examples=60)
@given(
    st.sampled_from(list(FORMS)), st.sampled_from(ENCODINGS), st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(), st.sampled_from([("m", 1.0), ("mm", 1e3), ("cm", 1e2), ("Inches", 1 / 0.0254)]),
    st.sampled_from([0.0, 0.23, 12.3]),
)  # fmt: skip
def test_a_trc_is_the_same_however_it_is_written(
    tmp_path_factory, form, encoding, newline, comma, unit, start
):
    """Separators, encodings, ends of lines, decimal commas, units and clocks of exports."""
    path = tmp_path_factory.mktemp("trc") / "a.trc"
    positions = np.random.default_rng(1).uniform(0.5, 9.0, (10, 2, 3))
    assume(form not in ("columns", "commas") or not comma)
    head = "PathFileType\t4\t(X/Y/Z)\tLäufer.trc"
    keys = "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits"
    lines = [f"250\t250\t10\t2\t{unit[0]}", "Frame#\tTime\tR.ASIS\t\t\tLASI\t\t", "\t\tX1\tY1\tZ1"]
    rows = [
        "\t".join([f"{frame + 1}", *(f"{x:.9f}" for x in (start + frame / 250.0, *row))])
        for frame, row in enumerate(unit[1] * positions.reshape(10, 6))
    ]
    rows = [row.replace(".", ",") for row in rows] if comma else rows
    text = newline.join([head, keys, *map(FORMS[form], [*lines, "", *rows])])
    path.write_bytes(text.encode(encoding))
    recording = read_recording(path)
    assert (recording.labels, recording.rate, recording.findings) == (LABELS, 250.0, ())
    assert recording.first_time == pytest.approx(start)
    assert recording.length_unit == pytest.approx(1.0 / unit[1])
    np.testing.assert_allclose(recording.positions, positions, atol=1e-8)


@pytest.mark.parametrize("form", ["Vec3", "_1 _2 _3", "_x _y _z"])
def test_tables_of_markers_of_opensim(tmp_path, form):
    """Tables of its adapters: vectors in cells, or flattened with either kind of suffix."""
    positions = random_positions(5)
    ends, between = (["_", "_", "_"], ",") if form == "Vec3" else (form.split(), "\t")
    names = LABELS if form == "Vec3" else [label + end for label in LABELS for end in ends]
    lines = ["DataRate=250", "Units=mm", f"DataType={'Vec3' if form == 'Vec3' else 'double'}"]
    lines += ["version=3", "endheader", "\t".join(("time", *names))]
    for frame, row in enumerate(1e3 * positions):
        cells = (between.join(map(repr, position)) for position in row.tolist())
        lines.append("\t".join((f"{2.0 + frame / 250.0:.3f}", *cells)))
    (tmp_path / "made.sto").write_text("\n".join(lines))
    recording = read_recording(tmp_path / "made.sto")
    assert (recording.labels, recording.rate, recording.first_time) == (LABELS, 250.0, 2.0)
    np.testing.assert_allclose(recording.positions, positions, atol=1e-12)


FILES = texts(Path(__file__).with_name("odd_files.txt"))


@pytest.mark.parametrize(
    ("name", "suffix", "files", "read"),
    [
        ("trc", "trc", FILES["trc"], read_recording),
        ("storages", "mot", FILES["storage"], read_storage),
    ],
)
def test_golden_words_of_odd_files(tmp_path, name, suffix, files, read):
    lines = []
    for case, text in files.items():
        path = tmp_path / f"made.{suffix}"
        path.write_text(text, encoding="utf-8")
        lines += outcome_lines(case, lambda path=path: read(path), tmp_path)
    path.unlink()
    lines += outcome_lines("absent", lambda: read(path), tmp_path)
    lines += (
        outcome_lines("a folder", lambda: read(tmp_path), tmp_path) if name == "storages" else []
    )
    assert "Jane" not in "".join(lines)
    assert differences(f"io/{name}", lines) == []


def test_other_formats_are_refused(tmp_path):
    with refused("file-format", r"C3D, TRC or TSV file \(of QTM\), not “\.csv”"):
        read_recording(tmp_path / "a.csv")
    write_storage(
        tmp_path / "a.sto", ["a", "b", "c"], np.arange(9.0), np.ones((9, 3)), in_degrees=0
    )
    with refused("file-format", "columns are not three of each marker"):
        read_recording(tmp_path / "a.sto")


@given(
    st.sampled_from([100.0, 120.0, 199.0, 250.0, 1000.0, 1083.0, 1500.0, 2000.0, 2400.0]),
    st.sampled_from([0.0, 0.23, 12.347]), st.sampled_from([2, 3, 4, 9]), st.booleans(),
    st.integers(1, 5), st.integers(100, 1800),
)  # fmt: skip
def test_the_rate_of_rounded_times(rate, start, digits, declared, dropped, first_dropped):
    """Rounding is uniform, however few digits there are; a dropped row moves all that follow."""
    time = np.round(start + np.arange(1900) / rate, digits)
    estimated = sampling_rate(time, "a.mot", rate if declared else None)
    assert estimated == rate if declared or digits == 9 else abs(estimated / rate - 1.0) < 1e-3
    if digits > 2 or rate == 100.0:
        with refused("time-not-uniform", "not uniform"):
            sampling_rate(np.delete(time, slice(first_dropped, first_dropped + dropped)), "a.mot")


UNITS = {"milliseconds": 1e-3, "microseconds": 1e-6, "minutes": 60.0}


@pytest.mark.parametrize(("unit", "rate"), [*product(UNITS, [100.0, 250.0, 1000.0])])
def test_time_in_another_unit_is_named(unit, rate):
    """The header's rate names the unit; without it, no movement is recorded at such a rate."""
    time = np.arange(300) / rate / UNITS[unit]
    for share, by_header in ((0.0, True), (0.019, True), (0.0205, False)):
        word = ", as the header" if by_header else ""
        is_refused = by_header or 60.0 * rate > MAX_RATE_HZ or unit != "minutes"
        match = f"in {unit}, where the rate is {rate:g} Hz{word}"
        with refused("time-unit", match) if is_refused else nullcontext():
            sampling_rate(time, "a.trc", rate / (1.0 + share))
    if unit != "minutes":  # plates may have 6000 Hz
        with refused("time-unit", f"in {unit}, where"):
            sampling_rate(np.round(time), "a.mot")


@given(
    st.sampled_from([0.999, 1.001]), st.sampled_from([-1.0, 1.0]), st.integers(0, 2),
    st.integers(1, 8),
)  # fmt: skip
def test_markers_beyond_the_limit_are_missing_unless_there_are_many(size, sign, axis, count):
    """Up to 5 of 100 positions; more have another unit, which the body's size contradicts."""
    positions = np.ones((50, 2, 3))
    positions[7 : 7 + count, 1, axis] = coordinate = sign * size * MAX_COORDINATE_M
    cleaned, findings = possible_positions(positions, ("A", "B"), "a.c3d")
    is_removed = size > 1.0 and count <= 5
    expected = positions.copy()
    expected[7 : 7 + count, 1] = np.where(is_removed, np.nan, expected[7 : 7 + count, 1])
    np.testing.assert_array_equal(cleaned, expected)
    assert [
        (finding.label, finding.number, finding.limit, finding.where) for finding in findings
    ] == [("B", abs(coordinate), MAX_COORDINATE_M, "from frame 8 on")] * is_removed


def test_both_files_share_a_clock(tmp_path):
    """A TRC file that starts at 0.004 s, or a C3D, beside forces that start at 0 s."""
    positions = np.random.default_rng(0).uniform(1, 2, (50, 2, 3))
    columns = [f"ground_force_v{axis}" for axis in "xyz"]
    forces = tmp_path / "a.mot"
    write_storage(forces, columns, np.arange(200) / 1e3, np.full((200, 3), 7e2), in_degrees=False)
    write_trc(tmp_path / "a.trc", ("A", "B"), positions, 250.0)
    table = pd.read_csv(tmp_path / "a.trc", sep="\t", skiprows=5, header=None)
    table[1] += 0.004
    head = "\n".join((tmp_path / "a.trc").read_text().splitlines()[:6])
    buffer = io.StringIO()
    table.to_csv(buffer, sep="\t", header=False, index=False)
    (tmp_path / "a.trc").write_text(f"{head}\n{buffer.getvalue()}")
    assert read_recording(tmp_path / "a.trc", forces).forces.start == pytest.approx(-0.004)
    write_c3d(tmp_path / "a.c3d", ["A", "B"], 1e3 * positions)
    recording = read_recording(tmp_path / "a.c3d", forces)
    assert (recording.labels, recording.forces.names) == (("A", "B"), ("ground_force_vx",))
    assert recording.forces.start == 0.0


def test_the_unit_of_the_study_comes_first_and_shapes_must_fit():
    assert length_unit("mm", "cm", np.ones(3), "a.c3d") == (0.01, [])
    points = named_points(["A", "angle", "*1", "B"], frozenset({"angle"}), "a.c3d")
    assert (points.index, points.labels) == ((0, 3), ("A", "B"))
    wrench = PlateWrench(*np.zeros((2, 9, 1, 3)), np.zeros((1, 3)))
    for wrong in (
        lambda: Recording(("A", "B", "C"), np.ones((5, 2, 3)), 250.0),
        lambda: Recording(("A", "A"), np.ones((5, 2, 3)), 250.0),
        lambda: Storage(("a", "b"), np.zeros(3), np.zeros((3, 1))),
        lambda: ForceRecording(wrench, np.zeros((2, 4, 3)), 1.0, 0.0, ("",), (1,), ("",)),
        lambda: ForceRecording(wrench, np.zeros((1, 4, 3)), 1.0, 0.0, ("", ""), (1,), ("",)),
    ):
        with pytest.raises(ValueError, match=r"3 labels|repeat|expected|2 entries"):
            wrong()


STANDING = np.random.default_rng(3).uniform(-0.3, 0.3, (20, 12, 3)) + np.array([1, 0, 0.9])
"""A cloud of markers of a body's size, m."""


@pytest.mark.parametrize("declared", ["", "-", "unknown"])
@pytest.mark.parametrize(("unit", "size"), [("mm", 1e3), ("cm", 1e2), ("m", 1.0)])
def test_without_a_unit_the_size_of_the_body_tells_it(declared, unit, size):
    """Wherever the body is, and with missing markers written as zeros."""
    positions = size * (STANDING + np.array([40.0, 0.0, 0.0]))
    positions[:, 3] = 0.0
    scale, [finding] = length_unit(declared, "auto", positions, "a.trc")
    assert scale == pytest.approx(1.0 / size)
    assert finding.what.endswith(f": {unit} by the size of the body.")


@pytest.mark.parametrize("declared", ["MM", "[mm]", " mm. ", "Millimeters"])
def test_a_unit_is_read_however_it_is_written(declared):
    assert length_unit(declared, "auto", STANDING, "a.trc") == (0.001, [])


@pytest.mark.parametrize("size", [1e-3, 1e5])
def test_an_odd_unit_of_what_is_no_body_in_any_is_refused_with_a_way_out(size):
    with refused("marker-unit", "is “px”, which is no unit of length"):
        length_unit("px", "auto", size * STANDING, "a.trc")


HEADERS = {
    "empty cell": ("{keys}", "250\t250\t20\t12\t\t250\t1\t20"),
    "no cell": ("{keys}", "250 250 20 12 250 1 20"),
    "end": ("{keys}", "250\t250\t20\t12"),
    "no key": ("DataRate\tCameraRate\tNumFrames\tNumMarkers", "250\t250\t20\t12"),
    "capitals": ("DATARATE\tNUMFRAMES\tUNITS\tNUMMARKERS", "250\t20\t\t12"),
}


@pytest.mark.parametrize("form", HEADERS)
def test_a_trc_file_without_its_unit_is_read_by_the_size_of_the_body(tmp_path, form):
    labels = tuple(f"M{number}" for number in range(12))
    write_trc(tmp_path / "a.trc", labels, 1e3 * STANDING, 250.0)
    lines = (tmp_path / "a.trc").read_text().splitlines()
    keys, values = HEADERS[form]
    lines[1:3] = [keys.format(keys=lines[1]), values]
    (tmp_path / "a.trc").write_text("\n".join(lines) + "\n")
    recording = read_recording(tmp_path / "a.trc")
    np.testing.assert_allclose(recording.positions, STANDING, atol=1e-9)
    assert recording.rate == 250.0
    assert [finding.rule for finding in recording.findings] == ["marker-unit"]


@pytest.mark.parametrize("suffix", ["trc", "sto", "c3d"])
def test_one_frame_is_a_pose(tmp_path, suffix):
    """Of which the quiet is not seen, also where no rate is written."""
    labels, path = [f"M{number}" for number in range(12)], tmp_path / f"static.{suffix}"
    if suffix == "trc":
        write_trc(path, tuple(labels), STANDING[:1], 250.0)
        path.write_text(path.read_text().replace("\n250\t", "\n\t"))
    elif suffix == "sto":
        columns = [f"{label}_{axis}" for label in labels for axis in (1, 2, 3)]
        write_storage(path, columns, np.zeros(1), STANDING[:1].reshape(1, -1), in_degrees=False)
    else:
        write_c3d(path, labels, 1e3 * STANDING[:1])
    recording = read_recording(path)
    np.testing.assert_allclose(recording.positions, STANDING[:1], atol=1e-4)
    standing = standing_recording(recording, path.name)
    np.testing.assert_array_equal(standing.positions, recording.positions)
    assert [finding.rule for finding in standing.findings][-1] == "static-pose"
