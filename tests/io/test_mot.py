"""Storage files with every header that was seen."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.mot import Storage, read_storage, write_storage
from tests.refusal import refused

TABLE = "0.0\t1.5\t-2\n0.1\t2.5\t-3\n"


def read(tmp_path, text):
    path = tmp_path / "made.mot"
    path.write_text(text, encoding="utf-8")
    return read_storage(path)


@pytest.mark.parametrize("in_degrees", [True, False])
def test_round_trip_keeps_every_digit(tmp_path, in_degrees):
    rng = np.random.default_rng(0)
    time, values = np.arange(50) / 250.0, rng.normal(0, 1e3, (50, 4))
    path = tmp_path / "a.mot"
    write_storage(path, ["a", "b", "c", "d"], time, values, in_degrees=in_degrees)
    found = read_storage(path)
    np.testing.assert_array_equal(found.time, time)
    np.testing.assert_array_equal(found.values, values)
    assert found.in_degrees is in_degrees
    assert found.columns == ("a", "b", "c", "d")


@pytest.mark.parametrize("gap", ["nan", "NaN", "-nan"])
def test_gaps_are_told_in_words(tmp_path, gap):
    found = read(tmp_path, "endheader\ntime\ta\tb\n" + TABLE.replace("2.5", gap))
    np.testing.assert_array_equal(found.column("a"), [1.5, np.nan])


@pytest.mark.parametrize(
    ("header", "in_degrees"),
    [
        ("motion\nversion=1\nnRows=2\nnColumns=3\ninDegrees=yes\nendheader\n", True),
        ("motion\nversion=1\nnRows=2\nnColumns=3\ninDegrees=no\nendheader\n", False),
        ("name run.mot\t\t\ndatacolumns 3\ndatarows 2\nrange 0 0.1\nendheader\n", None),
        ('"motion"\n"version=1"\n"inDegrees = yes"\n"endheader"\n', True),
        ("\n\nmotion\nendheader\n\n", None),
        ("", None),
    ],
)
def test_header_variants(tmp_path, header, in_degrees):
    found = read(tmp_path, header + "time\tknee angle\t  hip  \n" + TABLE)
    assert found.columns == ("knee angle", "hip")
    assert found.in_degrees is in_degrees
    np.testing.assert_array_equal(found.time, [0.0, 0.1])
    np.testing.assert_array_equal(found.column("hip"), [-2.0, -3.0])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("endheader\na\tb\tc\n" + TABLE, "storage-format"),
        ("endheader\ntime\ta\n" + TABLE, "storage-columns"),
        ("endheader\ntime\ta\tb\n", "storage-columns"),
        ("endheader\ntime\ta\tb\n" + TABLE.replace("2.5", "2..5"), "storage-number"),
        ("endheader\ntime\ta\tb\n" + TABLE + "0.2\t1\n", "storage-number"),
        ("endheader\ntime\ta\tb\n" + TABLE + "0.2\t\t3\n", "storage-number"),
        ("endheader\ntime\ta\tb\n" + TABLE + '0.2\t"4"\t3\n', "storage-number"),
        ("endheader\ntime\ta\tb\n" + TABLE + "0.2\t1\t2\t3\n", "storage-number"),
    ],
)
def test_damaged_files_are_refused(tmp_path, text, rule):
    with refused(rule) as caught:
        read(tmp_path, text)
    assert caught.value.file == "made.mot"


def test_columns_and_values_must_fit():
    with pytest.raises(ValueError, match="expected"):
        Storage(("a", "b"), np.zeros(3), np.zeros((3, 1)))
