"""External loads of OpenSim: which force file, and whose foot."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.io.mot import write_storage
from aqbio.io.trial_files import read_forces

XML = """<?xml version="1.0" encoding="UTF-8" ?>
<OpenSimDocument Version="30000"><ExternalLoads name="grf"><objects>
<ExternalForce name="one"><applied_to_body>calcn_l</applied_to_body>
<force_identifier>1_ground_force_v</force_identifier></ExternalForce>
<ExternalForce name="two"><applied_to_body>calcn_r</applied_to_body>
<force_identifier>ground_force_v</force_identifier></ExternalForce>
</objects><datafile>{}</datafile></ExternalLoads></OpenSimDocument>
"""


@pytest.fixture
def folder(tmp_path):
    """A force file with columns per plate."""
    names = [
        f"{plate}ground_force_{part}{axis}"
        for plate in ("", "1_")
        for part in "vp"
        for axis in "xyz"
    ]
    values = np.ones((50, len(names)))
    time = np.arange(50) / 1000.0
    write_storage(tmp_path / "grf.mot", names, time, values, in_degrees=False)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def write(path, said):
    path.write_text(XML.format(said), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("said", "moved"),
    [
        ("grf.mot", False),
        ("elsewhere/../grf.mot", False),
        ("../ExpData/grf.mot", True),
        ("D:\\laboratory\\data\\grf.mot", True),
        ("/laboratory/grf.mot", True),
    ],
)
def test_force_file_is_found_wherever_the_path_pointed(folder, said, moved):
    forces, findings = read_forces(write(folder / "loads.xml", said), 0.0)
    assert forces.feet == ("right", "left")
    rules = [finding.rule for finding in findings]
    assert ("external-loads-moved" in rules) == moved


def test_force_file_that_is_nowhere_is_named(folder):
    with pytest.raises(AqbioError, match=r"names \.\./run\.mot, which is not here") as caught:
        read_forces(write(folder / "loads.xml", "../run.mot"), 0.0)
    assert caught.value.rule == "external-loads"
    assert "column force_file" in caught.value.fix


@pytest.mark.parametrize("text", ["no xml", "<OpenSimDocument/>"])
def test_other_files_are_refused(folder, text):
    path = folder / "loads.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AqbioError, match="external loads"):
        read_forces(path, 0.0)
