"""A small study of which every stage is done: what it was, and what others make of its files.

Every column of steps.tsv, quality.tsv and the contributions, computed again by an outsider
(`tests.outsider` imports nothing of the program); the library on results; an archive, what
repositories read of it, and another clone against it. Fitted trials: `test_consistency_stage`.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import aqbio
from aqbio.cli import app
from aqbio.faults import RunStoppedError
from aqbio.gait.step_files import step_file
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import load_study
from aqbio.io.tables import read_columns, read_table
from aqbio.pages.filters import with_study_links
from aqbio.study.archive import FACTS_FILE, MAX_RELATIVE_DIFFERENCE, compared, write_archive
from aqbio.study.deposit import CRATE, PACKAGE, _labels
from aqbio.virtual.demo import demo_run
from tests.golden import differences, told_rows
from tests.outsider import check
from tests.outsider.signals import Results
from tests.planted import NAME, files_with
from tests.reference_values import check_quantities
from tests.refusal import refused
from tests.small_study import replace, write_small_study
from tests.virtual.made_study import PEOPLE, SPEEDS
from tests.virtual.runners import RUNNER
from tests.virtual.sizes import hypothesis_quantities

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]

OUTCOME = ["level", "source", "target", "axis", "phase", "statistic", "unit"]
PERSON, TRIAL = PEOPLE[0], "run2"


def test_words_of_a_finished_study(finished):
    """Findings, trials, quality and verdicts, without the fit."""
    tables = {name: read_table(finished.table(f"{name}.tsv")) for name in WORDS}
    lines = [
        line for name, columns in WORDS.items() for line in told_rows(name, tables[name], *columns)
    ]
    assert differences("finished", list(dict.fromkeys(lines))) == []


WORDS = {
    "findings": ("stage", "severity", "rule", "what"),
    "trials": ("trial_id", "status", "state", "reason", "motion_reason"),
    "quality": ("measure", "unit", "verdict", "note"),
    "verdicts": ("hypothesis", "verdict", "found", "reason"),
}  # fmt: skip


def test_the_speed_of_a_trial_lies_within_those_of_its_whole_steps(finished):
    """Contacts at the end of a file, whose step is not known, change it not."""
    steps, trials = (read_table(finished.table(f"{name}.tsv")) for name in ("steps", "trials"))
    assert (steps["status"] == "incomplete").any()
    key = ["participant_id", "trial_id"]
    means = steps[steps["status"] == "ok"].groupby(key)["speed_mps"].mean()
    assert len(means) > 1
    written = trials.set_index(key)["speed_mps"]
    np.testing.assert_allclose(written[means.index], means, rtol=1e-6)


def test_a_persons_pages_link_only_to_what_exists_before_the_study_has_pages(finished):
    for participant in finished.participants:
        folder = finished.folder(participant.participant_id, "pages")
        pages = list(folder.rglob("*.html"))
        assert len(pages) > 1
        for page in pages:
            text = page.read_text(encoding="utf-8")
            addresses = re.findall(r'\s(?:href|src)="([^"#]+)[^"]*"', text)
            assert len(addresses) > 3
            for address in addresses:
                target = page.parent / unquote(address)
                assert address.startswith("data:") or target.is_file(), (page, address)
            assert with_study_links(text) == (
                finished.root / "report" / page.relative_to(folder)
            ).read_text("utf-8")


def test_reference_values_of_hypotheses(finished):
    check_quantities("hypotheses", hypothesis_quantities(finished, TRIAL))


DRAWN_COLUMNS = {("differences", "low"), ("differences", "high"), ("step_means", "sd")}
"""Ends of intervals and errors over worlds, which are drawn for each person."""


@pytest.mark.parametrize("folder", ["tables", "figures"])
def test_two_who_run_alike_have_the_same_numbers(finished, folder):
    """In every table and every figure; only their names differ."""
    compared = 0
    for path in sorted(finished.root.glob(f"{folder}/*.tsv")):
        table = read_table(path)
        if "participant_id" not in table:
            continue
        first, second = (table[table["participant_id"] == name] for name in PEOPLE[:2])
        numbers = table.select_dtypes("number").columns
        assert len(first) == len(second), path.name
        for name in numbers:
            if (path.stem, name.rpartition("_")[2]) in DRAWN_COLUMNS:
                continue
            size = np.abs(first[name]).fillna(0.0).max() if len(first) else 0.0
            np.testing.assert_allclose(
                second[name],
                first[name],
                rtol=1e-6,
                atol=1e-6 * size,
                err_msg=f"{path.name} {name}",
            )
        compared += len(first)
    assert compared > 20


def _table(study, name: str, trial: str = "") -> pd.DataFrame:
    rows = pd.read_csv(study.table(f"{name}.tsv"), sep="\t", na_values="n/a", keep_default_na=False)
    of_runner = rows[rows["participant_id"] == RUNNER.name]
    return (of_runner[of_runner["trial_id"] == trial] if trial else of_runner).reset_index(
        drop=True
    )


@pytest.mark.parametrize("name", SPEEDS)
def test_every_number_of_steps_is_an_outsiders(finished, name):
    trial = Results(finished.root / "participants" / RUNNER.name, name)
    steps = _table(finished, "steps", name)
    rows = read_columns(step_file(finished, RUNNER.name, "contributions"))
    rows = rows[rows["trial_id"] == name]
    assert set(steps["side"]) == {"left", "right"}
    assert set(steps["status"]) == {"ok", "incomplete"}
    check.check_events(trial, steps)
    sheet = pd.Series({"condition": finished.trial(RUNNER.name, name).condition})
    check.check_words(trial, steps, sheet, finished.settings)
    check.check_steps(trial, steps, set(rows["step"]))
    check.check_quality(trial, _table(finished, "quality", name), steps)
    check.check_files_of_tests()
    assert set(rows["phase"]) == {"stance", "flight", "braking", "propulsion"}
    for number, rows_of_step in rows.groupby("step"):
        check.check_contributions(
            trial, trial.step(steps.set_index("step").loc[number]), rows_of_step
        )


def test_differences_between_feet_are_an_outsiders(finished):
    """Least squares on foot and trial by NumPy; without draws there is no row of momentum."""
    steps = _table(finished, "steps")
    complete_steps = steps[steps["status"] == "ok"]
    rows = _table(finished, "differences")
    rows = rows[rows["comparison"] == "feet"]
    assert {"contact_s", "step_length_m", "peak_vertical_force_bw"} <= set(rows["source"])
    assert set(rows["level"]) == {"steps"}
    speed = complete_steps["speed_mps"].groupby(complete_steps["trial_id"]).transform("mean")
    for row in rows.to_dict("records"):
        near = complete_steps[(speed - row["speed_mps"]).abs() < 0.5]
        foot = np.where(near["side"] == "right", 0.5, -0.5)
        trials = pd.get_dummies(near["trial_id"]).to_numpy(dtype=float)
        design = np.column_stack([foot, trials])
        fitted = np.linalg.lstsq(design, near[row["source"]].to_numpy(), rcond=None)[0]
        assert row["value"] == pytest.approx(fitted[0], rel=1e-4, abs=1e-6)
        counts = row["first_steps"], row["second_steps"]
        assert counts == ((foot > 0).sum(), (foot < 0).sum())
        assert (row["low"] == row["low"]) == (min(counts) >= 3)


def test_means_of_contributions(finished):
    """The table that people read, of the rows that machines keep."""
    rows = read_columns(step_file(finished, RUNNER.name, "contributions"))
    sides = _table(finished, "steps")[["trial_id", "step", "side", "condition"]]
    rows = rows.astype({"trial_id": object}).merge(sides, on=["trial_id", "step"])
    means = _table(finished, "contribution_means").set_index(["condition", "side", *OUTCOME])
    by = rows.astype(dict.fromkeys(OUTCOME, object)).groupby(["condition", "side", *OUTCOME])
    assert len(means) == len(by)
    expected = pd.DataFrame(
        {"mean": by["value"].mean(), "sd": by["value"].std(), "low": by["low"].mean(),
         "high": by["high"].mean(), "steps": by["value"].count()}
    ).loc[means.index]  # fmt: skip
    for name in expected:
        np.testing.assert_allclose(means[name], expected[name], rtol=1e-4, atol=1e-12, err_msg=name)


@pytest.fixture(scope="module")
def opened(finished):
    return aqbio.open_study(finished.file.parent)


def _balance(opened, run):
    loads = aqbio.ground_reactions(run.feet, run.force, run.cop, run.free_moment)
    kinematics = aqbio.segment_kinematics(run.skeleton, run.q, run.u, run.udot)
    levels = aqbio.levels(run.skeleton, kinematics, loads, run.on_ground, opened.anatomy)
    return levels.mechanics.balance


def test_the_library_computes_from_results_what_they_hold(opened, monkeypatch):
    """Force, centre of pressure and free moment are the wrench that the stage computed with, but
    moments of feet in the air; forces that were not measured stay unknown."""
    run, trial = opened.run(PERSON, TRIAL), opened.trial(PERSON, TRIAL)
    balance, parts = _balance(opened, run), opened.anatomy.groups
    momentum = aqbio.group_sum(balance.momentum, aqbio.membership(parts, run.skeleton.bodies))
    for name, values, tolerance in (
        ("group_angular_momentum", momentum, 2e-6),
        ("residual_moment", balance.residual_moment, 0.1),
    ):
        written = trial[name].sel(axis="y").values
        finite = np.isfinite(written)
        assert finite.mean() > 0.9
        np.testing.assert_allclose(values[..., 1][finite], written[finite], atol=tolerance)
    data, on_ground = opened.motion(PERSON, TRIAL), int(run.on_ground[:, 0].argmax())
    data["foot_force"][on_ground, 0] = np.nan
    monkeypatch.setattr(type(opened), "motion", lambda *_: data)
    run = opened.run(PERSON, TRIAL)
    assert np.isnan(run.force[on_ground, 0]).all()
    unknown = np.isnan(_balance(opened, run).residual_moment).any(axis=1)
    assert np.flatnonzero(unknown).tolist() == [on_ground]


def test_missing_trials_and_results_are_refused(opened, tmp_path):
    with refused("results-trial", "has no trial run9"):
        opened.trial(PERSON, "run9")
    with refused("participant-unknown", "did you mean"):
        opened.model(PERSON + "s")
    with refused("results-missing", "no results yet"):
        aqbio.open_study(write_small_study(tmp_path / "small"))
    for gait in (("V99", 3, "normal"), ("V06", 0, "restricted_arms")):
        with refused("demo-gait", "the demo study has no gait") as caught:
            demo_run(*gait)
        assert "V06" in caught.value.fix


@pytest.fixture(scope="module")
def archive(finished, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "made.zip"
    write_archive(finished, path)
    return path


@pytest.fixture
def elsewhere(finished, tmp_path):
    """The same study and its results in another folder, with recordings of other names."""
    folder = tmp_path / "clone"
    shutil.copytree(finished.file.parent, folder)
    replace(folder / "study.yaml", finished.file.parent.as_posix(), folder.as_posix())
    return load_study(folder / "study.yaml")


def test_no_file_of_the_results_holds_the_name(finished):
    """It is in names of files and folders, labels, headers, models and notes of this study."""
    study_files = [path for path in finished.file.parent.iterdir() if path.name != "results"]
    assert len([file for path in study_files for file in files_with(path, NAME)]) >= 7
    assert len([path for path in finished.root.rglob("*") if path.is_file()]) > 100
    assert files_with(finished.root, NAME) == []


def test_it_holds_numbers_and_no_recordings_and_no_names(archive, finished, tmp_path):
    """It is a crate that names each of its files."""
    with zipfile.ZipFile(archive) as content:
        names = set(content.namelist())
        content.extractall(tmp_path / "unpacked")
        facts, crate = (json.loads(content.read(name)) for name in (FACTS_FILE, CRATE))
    assert {"tables/verdicts.tsv", "tables/steps.tsv", "hypotheses.json"} <= names
    assert not [name for name in names if name.endswith((".nc", ".c3d", ".osim", ".html"))]
    assert files_with(tmp_path / "unpacked", NAME) == []
    assert str(finished.root.parent) not in json.dumps(facts)
    record = finished.read_manifest("runner", "prepare")
    assert facts["results"]["runner prepare"] == record["files"]
    assert set(json.loads(record["provenance"]["inputs"])) >= {"file of runner run1"}
    assert "file of runner run1" in facts["inputs"]
    by_id = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(by_id) == len(crate["@graph"])
    assert {part["@id"] for part in by_id["./"]["hasPart"]} == names - {CRATE}
    assert by_id[CRATE]["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license"} <= set(by_id["./"])
    for entity in crate["@graph"]:
        for value in entity.values():
            if isinstance(value, dict) and not value["@id"].startswith("https:"):
                assert value["@id"] in by_id


def _with_number(study, factor):
    """Add a share of its largest number to a cell of a table."""
    path = study.table("steps.tsv")
    header, row, *rows = path.read_text().splitlines()
    at = header.split("\t").index("speed_mps")
    cells = row.split("\t")
    largest = max(float(line.split("\t")[at]) for line in [row, *rows])
    cells[at] = repr(float(cells[at]) + factor * largest)
    path.write_text("\n".join([header, "\t".join(cells), *rows]) + "\n")


def test_another_clone_reproduces_every_number(archive, elsewhere):
    """Within a tolerance, and what is beyond it is named with column, row and reason."""
    comparison = compared(elsewhere, archive)
    assert comparison.identical_tables > 20
    assert (comparison.close, comparison.different, comparison.reasons) == ((), (), ())
    assert comparison.identical_figures == comparison.figures > 10
    _with_number(elsewhere, 0.9 * MAX_RELATIVE_DIFFERENCE)
    comparison = compared(elsewhere, archive)
    assert comparison.different == ()
    assert [line.startswith("tables/steps.tsv (9e-07") for line in comparison.close] == [True]
    _with_number(elsewhere, 0.3 * MAX_RELATIVE_DIFFERENCE)
    with elsewhere.file.open("a") as settings:
        settings.write("prepare: {cutoff_hz: 18}\n")
    comparison = compared(load_study(elsewhere.file), archive)
    [line], [reason] = comparison.different, comparison.reasons
    assert line.startswith("tables/steps.tsv: 1 of ")
    assert "cells of speed_mps, most in row 1: " in line
    assert reason.startswith("settings.prepare.cutoff_hz: 18.0, ")


def test_an_archive_whose_table_was_edited_is_refused(archive, elsewhere, tmp_path):
    path = tmp_path / "edited.zip"
    with zipfile.ZipFile(archive) as content, zipfile.ZipFile(path, "w") as edited:
        for name in content.namelist():
            text = content.read(name)
            edited.writestr(name, text + b"\n" if name == "tables/verdicts.tsv" else text)
    with refused("archive-altered", r"tables/verdicts\.tsv of the archive"):
        compared(elsewhere, path)


def test_comparison_lists_differing_words_rows_and_files(archive, elsewhere, tmp_path):
    """Damaged results are not archived."""
    (elsewhere.table("findings.tsv")).unlink()
    path = elsewhere.table("verdicts.tsv")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    trials = elsewhere.table("trials.tsv")
    trials.write_text(trials.read_text().replace("\tok\t", "\tfailed\t", 1))
    differences = compared(elsewhere, archive).different
    assert "tables/findings.tsv: only in the archive" in differences
    assert (
        f"tables/verdicts.tsv: {len(lines) - 2} rows, {len(lines) - 1} in the archive"
        in differences
    )
    assert any(line.startswith("tables/trials.tsv: 1 of 4 cells of status") for line in differences)
    sentence = r"results are not what they should be, .*missing"
    with refused("archive-unsound", sentence, RunStoppedError):
        write_archive(elsewhere, tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", ("../../outside.txt", "x"), (FACTS_FILE, "[]"), (FACTS_FILE, "{")],
)
def test_files_that_are_no_archive_are_refused(finished, tmp_path, content):
    path, packed = tmp_path / "other.zip", isinstance(content, tuple)
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(*content)
    else:
        path.write_bytes(content)
    with refused("archive-format" if packed else "file-damaged", "archive of aqbio"):
        compared(finished, path)


CELLS = {"number": r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", "integer": r"-?\d+",
         "boolean": "True|False", "string": "(?s:.*)"}  # fmt: skip
"""What a type of Table Schema may look like."""
MOTION = re.compile(r"sub-[a-zA-Z0-9]+_task-[a-zA-Z0-9]+_tracksys-[a-zA-Z0-9]+_motion\.tsv")


def test_every_cell_is_what_the_data_package_says(finished):
    folder = finished.root / "tables"
    package = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))
    assert {resource_of["path"] for resource_of in package["resources"]} == {
        p.name for p in folder.glob("*.tsv")
    }
    for resource in package["resources"]:
        schema = resource["schema"]
        with (folder / resource["path"]).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, delimiter=resource["dialect"]["delimiter"])
        assert [field_of["name"] for field_of in schema["fields"]] == header
        assert all(field_of["description"] for field_of in schema["fields"])
        for number, field in enumerate(schema["fields"]):
            cells = {row[number] for row in rows} - set(schema["missingValues"])
            wrong = [cell for cell in cells if not re.fullmatch(CELLS[field["type"]], cell)]
            assert not wrong, (resource["path"], field["name"], wrong[:3])


def test_markers_and_plates_become_motion_of_bids(finished, tmp_path):
    """Names, channels and values; a folder of a study passes the validator of BIDS."""
    export = CliRunner().invoke(app, ["export", str(finished.file), "--bids", str(tmp_path)])
    files = sorted(tmp_path.rglob("*_tracksys-markers_motion.tsv"))
    assert export.output.strip().endswith(f"{len(files)} recordings.")
    assert len(files) == sum(len(finished.trials_of(name)) for name in PEOPLE)
    assert all(MOTION.fullmatch(file_of.name) for file_of in files)
    [file] = [
        file_of for file_of in files if "task-run2" in file_of.name and PEOPLE[0] in file_of.name
    ]
    data = read_dataset(finished.folder(PEOPLE[0], "prepare") / "run2.nc")
    marker, plate = data["marker"].values[1], data["plate"].values[-1]
    for system, rate, kind, column, values in (
        ("markers", "marker_rate", "Motion", f"{marker}_y", data["marker_raw"].sel(marker=marker)),
        ("plates", "force_rate", "MISC", f"plate{plate}_force_y", data["plate_force_raw"][:, -1]),
        ("plates", "force_rate", "MISC", f"plate{plate}_moment_y", data["plate_moment_raw"][:, -1]),
    ):
        motion = file.with_name(file.name.replace("markers", system))
        channels = pd.read_csv(str(motion).replace("_motion.tsv", "_channels.tsv"), sep="\t")
        sidecar = json.loads(motion.with_suffix(".json").read_text(encoding="utf-8"))
        written = np.genfromtxt(motion, delimiter="\t", missing_values="n/a")
        assert written.shape[1] == len(channels) == sidecar[f"{kind}ChannelCount"]
        assert sidecar["SamplingFrequency"] == data.attrs[rate]
        assert (set(channels.iloc[:, 2]) == {"MISC"}) == (system == "plates")
        channel = channels.iloc[:, 0].tolist().index(column)
        np.testing.assert_allclose(written[:, channel], values.sel(axis="y"), atol=1e-6)
    with refused("bids-names", "are both task-run1"):
        _labels("task", ["run-1", "run1"])
