"""Text files as exports, editors and Excel leave them."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.io.trc import read_trc, write_trc


@pytest.fixture
def trc(tmp_path):
    path = tmp_path / "run.trc"
    places = np.arange(60.0).reshape(10, 2, 3) / 7.0
    write_trc(path, ("RASI", "LASI"), places, 250.0)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(trc, encoding, newline):
    expected = read_trc(trc)
    text = trc.read_text(encoding="utf-8").replace("run.trc", "Läufer.trc")
    trc.write_bytes(text.replace("\n", newline).encode(encoding))
    found = read_trc(trc)
    assert found.labels == expected.labels
    np.testing.assert_array_equal(found.positions, expected.positions)


def test_decimal_commas_of_markers(trc):
    expected = read_trc(trc)
    trc.write_text(trc.read_text(encoding="utf-8").replace(".", ","), encoding="utf-8")
    found = read_trc(trc)
    np.testing.assert_array_equal(found.positions, expected.positions)
    assert found.rate == expected.rate


def test_commas_beside_points_are_refused(trc):
    """1,234.5 may be a thousand and more, or two numbers."""
    text = trc.read_text(encoding="utf-8")
    trc.write_text(text.replace("1.4285714", "1,428.5714"), encoding="utf-8")
    with pytest.raises(AqbioError, match="a cell is no number"):
        read_trc(trc)


def test_header_and_time_column_of_different_rates(trc):
    lines = trc.read_text(encoding="utf-8").split("\n")
    lines[2] = lines[2].replace("250", "100", 1)
    trc.write_text("\n".join(lines), encoding="utf-8")
    found = read_trc(trc)
    assert found.rate == 250.0
    [finding] = [one for one in found.findings if one.rule == "trc-rate"]
    assert "the header says 100 Hz, the time column 250 Hz" in finding.what


def test_a_file_that_may_not_be_read_is_not_called_missing(tmp_path):
    """Its rule and what to do are those of a file that is there."""
    folder = tmp_path / "folder.trc"
    folder.mkdir()
    with pytest.raises(AqbioError) as said:
        read_trc(folder)
    assert said.value.rule == "file-unreadable"
