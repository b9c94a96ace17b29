"""What repositories read: a Data Package of the tables, an RO-Crate of an archive, BIDS motion."""

from __future__ import annotations

import csv
import json
import re
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from aqbio.cli import app
from aqbio.io.netcdf import read_dataset
from aqbio.study.archive import write_archive
from aqbio.study.deposit import CRATE, PACKAGE, _labels
from tests.refusal import refused

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]
CELLS = {
    "number": re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?"),
    "integer": re.compile(r"-?\d+"),
    "boolean": re.compile(r"True|False"),
    "string": re.compile(r".*", re.DOTALL),
}
"""What a type of Table Schema may look like."""
MOTION = re.compile(r"sub-[a-zA-Z0-9]+_task-[a-zA-Z0-9]+_tracksys-[a-zA-Z0-9]+_motion\.tsv")


def test_every_cell_is_what_the_data_package_says(finished):
    folder = finished.root / "tables"
    package = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))
    assert {one["path"] for one in package["resources"]} == {p.name for p in folder.glob("*.tsv")}
    for resource in package["resources"]:
        schema = resource["schema"]
        with (folder / resource["path"]).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, delimiter=resource["dialect"]["delimiter"])
        assert [one["name"] for one in schema["fields"]] == header
        assert all(one["description"] for one in schema["fields"])
        for number, field in enumerate(schema["fields"]):
            cells = {row[number] for row in rows} - set(schema["missingValues"])
            wrong = [one for one in cells if not CELLS[field["type"]].fullmatch(one)]
            assert not wrong, (resource["path"], field["name"], wrong[:3])


def test_an_archive_is_a_crate_that_names_each_of_its_files(finished, tmp_path):
    write_archive(finished, tmp_path / "made.zip")
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        names = set(archive.namelist()) - {CRATE}
        graph = json.loads(archive.read(CRATE))["@graph"]
    by_id = {one["@id"]: one for one in graph}
    assert len(by_id) == len(graph)
    assert {one["@id"] for one in by_id["./"]["hasPart"]} == names
    assert by_id[CRATE]["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license"} <= set(by_id["./"])
    for one in graph:
        for value in one.values():
            if isinstance(value, dict) and not value["@id"].startswith("https:"):
                assert value["@id"] in by_id


def test_markers_become_motion_of_bids(finished, tmp_path):
    """Names, channels and positions; a folder of a study passes the validator of BIDS."""
    done = CliRunner().invoke(app, ["export", str(finished.file), "--bids", str(tmp_path)])
    files = sorted(tmp_path.rglob("*_tracksys-markers_motion.tsv"))
    assert done.output.strip().endswith(f"{len(files)} recordings.")
    assert len(files) == sum(
        len(finished.trials_of(one.participant_id)) for one in finished.participants
    )
    assert all(MOTION.fullmatch(one.name) for one in files)
    file = next(one for one in files if "task-run2" in one.name)
    who = next(
        one.participant_id for one in finished.participants if one.participant_id in file.name
    )
    stem = file.name.removesuffix("_motion.tsv")
    said = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    channels = file.with_name(f"{stem}_channels.tsv").read_text(encoding="utf-8").splitlines()[1:]
    positions = np.genfromtxt(file, delimiter="\t", missing_values="n/a")
    data = read_dataset(finished.folder(who, "prepare") / "run2.nc")
    assert positions.shape[1] == len(channels) == said["MotionChannelCount"]
    assert said["SamplingFrequency"] == data.attrs["marker_rate"]
    column = [line.split("\t")[0] for line in channels].index(f"{data['marker'].values[1]}_y")
    np.testing.assert_allclose(
        positions[:, column], data["marker_raw"].isel(marker=1).sel(axis="y"), atol=1e-6
    )
    plates = file.with_name(file.name.replace("markers", "plates"))
    said = json.loads(plates.with_suffix(".json").read_text(encoding="utf-8"))
    assert said["SamplingFrequency"] == data.attrs["force_rate"]
    table = plates.with_name(plates.name.replace("_motion", "_channels"))
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    assert {row[2] for row in rows} == {"MISC"}
    loads = np.genfromtxt(plates, delimiter="\t", missing_values="n/a")
    assert loads.shape[1] == len(rows) == said["MISCChannelCount"]
    number = data["plate"].values[-1]
    for name in ("force", "moment"):
        column = [row[0] for row in rows].index(f"plate{number}_{name}_z")
        written = data[f"plate_{name}_raw"].isel(plate=-1).sel(axis="z")
        np.testing.assert_allclose(loads[:, column], written, atol=1e-6)


def test_names_that_bids_cannot_tell_apart_are_refused():
    with refused("bids-names", "are both task-run1"):
        _labels("task", ["run-1", "run1"])
