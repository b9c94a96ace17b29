"""The files of one trial together: clock, units, labels, and what is possible."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.io.mot import write_storage
from aqbio.io.recording import (
    FARTHEST,
    STRONGEST,
    Recording,
    kept_labels,
    length_unit,
    possible_positions,
    refuse_impossible,
    sampling_rate,
)
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from tests.io.made_c3d import write_c3d
from tests.refusal import refused

POSITIONS = np.random.default_rng(0).uniform(1, 2, (50, 2, 3))
COLUMNS = [f"ground_force_v{axis}" for axis in "xyz"]


@pytest.fixture
def forces(tmp_path):
    path = tmp_path / "a.mot"
    write_storage(path, COLUMNS, np.arange(200) / 1e3, np.full((200, 3), 700.0), in_degrees=False)
    return path


def test_both_files_share_a_clock(tmp_path, forces):
    """A TRC file that starts at 0.004 s beside forces that start at 0 s."""
    trc = tmp_path / "a.trc"
    write_trc(trc, ("A", "B"), POSITIONS, 250.0)
    lines = trc.read_text(encoding="utf-8").splitlines()
    for row in range(6, len(lines)):
        cells = lines[row].split("\t")
        cells[1] = f"{float(cells[1]) + 0.004:.6f}"
        lines[row] = "\t".join(cells)
    trc.write_text("\n".join(lines), encoding="utf-8")
    recording = read_recording(trc, forces)
    assert recording.forces.start == pytest.approx(-0.004)
    assert recording.rate == 250.0


def test_force_file_beside_a_c3d_file(tmp_path, forces):
    write_c3d(tmp_path / "a.c3d", ["A", "B"], 1e3 * POSITIONS)
    recording = read_recording(tmp_path / "a.c3d", forces)
    assert recording.labels == ("A", "B")
    assert recording.forces.names == ("ground_force_vx",)


def test_other_formats_are_refused(tmp_path):
    with refused("file-format", r"C3D or a TRC file, not “\.csv”"):
        read_recording(tmp_path / "a.csv")


def test_recording_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="for 3 labels"):
        Recording(("A", "B", "C"), POSITIONS, 250.0)
    with pytest.raises(ValueError, match="repeat"):
        Recording(("A", "A"), POSITIONS, 250.0)


@pytest.mark.parametrize(("scale", "unit"), [(1.0, 1.0), (1000.0, 0.001)])
def test_unit_that_the_file_does_not_say_is_told_by_size(scale, unit):
    assert length_unit("", "auto", scale * POSITIONS, "a.c3d") == unit


def test_rate_of_rounded_times():
    time = np.round(np.arange(300) / 120.0, 3)
    assert sampling_rate(time, "a.trc", 120.0) == 120.0
    for declared in (None, 60.0):  # a wrong header is told by the reader; the column is used
        assert sampling_rate(time, "a.trc", declared) == pytest.approx(120.0, rel=1e-3)


@pytest.mark.parametrize(
    "time",
    [
        np.zeros(5),
        np.array([0.0]),
        np.array([0.0, 0.004, 0.004, 0.02]),
        np.array([0.16, 0.15, 0.16]),  # where it ends as it began, at 6e16 Hz
    ],
)
def test_time_that_stands_still_is_refused(time):
    with pytest.raises(AqbioError, match="not uniform"):
        sampling_rate(time, "a.trc")


@pytest.mark.parametrize(
    ("unit", "size", "fits"),
    [("milliseconds", 1e-3, True), ("microseconds", 1e-6, True), ("minutes", 60.0, False)],
)
@pytest.mark.parametrize("rate", [100.0, 250.0, 1000.0])
def test_time_in_another_unit_is_named(unit, size, fits, rate):
    """The header's rate names the unit; without it, no movement is recorded at such a rate."""
    time = np.arange(300) / rate / size
    with pytest.raises(AqbioError, match=f"in {unit}, where the rate is {rate:g} Hz, as the head"):
        sampling_rate(time, "a.trc", rate)
    if fits:  # 100 Hz in minutes are 6000 Hz in seconds, as plates may have
        with pytest.raises(AqbioError, match=f"in {unit}, where the rate is {rate:g} Hz"):
            sampling_rate(time, "a.mot")


@pytest.mark.parametrize(("share", "named"), [(0.019, True), (0.021, False)])
def test_a_header_names_a_unit_when_its_rate_agrees(share, named):
    """Minutes at 100 Hz are 6000 Hz in seconds, which plates may have: the header alone decides."""
    time = np.arange(300) / 100.0 / 60.0
    if named:
        with pytest.raises(AqbioError, match="in minutes, where the rate is 100 Hz, as the header"):
            sampling_rate(time, "a.trc", 100.0 / (1.0 + share))
    else:
        assert sampling_rate(time, "a.trc", 100.0 / (1.0 + share)) == pytest.approx(6000.0)


def test_milliseconds_without_digits_are_not_called_dropped_rows():
    with refused("time-unit", "milliseconds"):
        sampling_rate(np.round(np.arange(300) / 0.12), "a.mot")


@pytest.mark.parametrize("rate", [1083.0, 1500.0, 2000.0, 2400.0])
@pytest.mark.parametrize("start", [0.0, 0.23, 12.347])
def test_times_that_repeat_because_they_have_three_digits(rate, start):
    """Half a millisecond of rounding is uniform; a dropped row moves all that follow."""
    time = np.round(start + np.arange(1900) / rate, 3)
    assert sampling_rate(time, "grf.mot") == rate
    for gone in (1, 2, 5):
        with pytest.raises(AqbioError, match="not uniform"):
            sampling_rate(np.delete(time, slice(900, 900 + gone)), "grf.mot")


@pytest.mark.parametrize("suffix", ["trc", "c3d"])
@pytest.mark.parametrize("still", [True, False])
def test_held_positions_of_a_moving_body_are_taken_as_missing(tmp_path, suffix, still):
    """A marker that is held for ten frames of a run at 5 m/s, and of quiet standing."""
    random = np.random.default_rng(6)
    speed = 0.0 if still else 5.0
    way = np.outer(speed * np.arange(100) / 250.0, [1.0, 0.0, 0.0])[:, None]
    positions = way + random.uniform(1, 2, (1, 6, 3)) + random.normal(0.0, 2e-4, (100, 6, 3))
    positions[40:50, 2] = positions[39, 2]
    path = tmp_path / f"a.{suffix}"
    if suffix == "trc":
        write_trc(path, tuple("ABCDEF"), positions, 250.0)
    else:
        write_c3d(path, list("ABCDEF"), 1e3 * positions)
    found = read_recording(path)
    missing = np.argwhere(np.isnan(found.positions).all(axis=2)).tolist()
    assert missing == ([] if still else [[frame, 2] for frame in range(39, 50)])
    assert [(one.rule, one.label) for one in found.findings] == [("marker-held", "C")] * (not still)


def test_markers_with_the_same_label_are_named_as_the_capture_software_counts():
    """From 1; none of them is used, since nobody can say which is which."""
    kept, labels, [found] = kept_labels(["LASI", "RASI", "T10", "RASI"], frozenset(), "a.c3d")
    assert (kept, labels) == ([0, 2], ("LASI", "T10"))
    assert (found.rule, found.number, found.where) == ("markers-twice", 2, "markers 2, 4")


@pytest.mark.parametrize(("place", "kept"), [(0.999 * FARTHEST, True), (1.001 * FARTHEST, False)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_marker_farther_than_the_limit_is_missing(place, sign, kept):
    positions = np.ones((50, 2, 3))
    positions[7, 1, 2] = sign * place
    found, findings = possible_positions(positions, ("A", "B"), "a.c3d")
    assert np.isfinite(found[7, 1]).all() == kept
    assert np.isfinite(found).sum() == positions.size - (0 if kept else 3)
    assert [one.label for one in findings] == ([] if kept else ["B"])
    for one in findings:
        assert (one.number, one.limit, one.where) == (place, FARTHEST, "from frame 8 on")


@pytest.mark.parametrize(("count", "findings"), [(5, 1), (6, 0)])
def test_many_markers_beyond_the_limit_have_another_unit(count, findings):
    """Of 100 positions: millimetres taken for metres are left to the check of the body's size."""
    positions = np.ones((100, 1, 3))
    positions[:count] = 2.0 * FARTHEST
    found, noted = possible_positions(positions, ("A",), "a.c3d")
    assert [one.rule for one in noted] == ["marker-impossible"] * findings
    assert np.isfinite(found).all() != bool(findings)


@pytest.mark.parametrize(("size", "wrong"), [(0.999, False), (1.001, True)])
def test_a_force_that_nobody_pushes_with_is_refused(size, wrong):
    force = np.zeros((10, 3))
    force[3, 1] = -size * STRONGEST
    if wrong:
        with refused("force-impossible", "weight of 100 kg") as caught:
            refuse_impossible(force, "plate 1", "a.mot")
        assert caught.value.where == "sample 4"
    else:
        refuse_impossible(force, "plate 1", "a.mot")
