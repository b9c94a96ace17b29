"""Set-ups that are written are what was asked for, in the words of OpenSim's format."""

from __future__ import annotations

from xml.etree import ElementTree

from aqbio.io.mot_forces import read_external_loads
from aqbio.io.opensim_xml import LoadColumns, write_external_loads, write_inverse_dynamics_setup


def test_loads_are_read_as_they_were_written(tmp_path):
    (tmp_path / "run_grf.mot").touch()
    loads = [LoadColumns("ground", "r", "calcn_r"), LoadColumns("ground", "l", "calcn_l")]
    write_external_loads(tmp_path / "run.xml", "run_grf.mot", loads)
    found = read_external_loads(tmp_path / "run.xml")
    assert found.data == tmp_path / "run_grf.mot"
    assert [one.foot for one in found.loads] == ["right", "left"]
    columns = [name for one in loads for name in one.columns]
    groups = found.groups(columns)
    assert [(*one.force, *one.point, *one.moment) for one in groups] == [x.columns for x in loads]


def test_the_set_up_filters_nothing(tmp_path):
    names = {"model": "a.osim", "motion": "b.mot", "loads": "c.xml", "output": "d.sto"}
    write_inverse_dynamics_setup(tmp_path / "setup.xml", **names, span=(0.1, 0.3))
    tool = ElementTree.parse(tmp_path / "setup.xml").find("InverseDynamicsTool")
    assert tool.findtext("time_range") == "0.1 0.3"
    assert float(tool.findtext("lowpass_cutoff_frequency_for_coordinates")) < 0.0
    assert set(names.values()) <= {child.text for child in tool}
