"""A doubt costs nothing: sound recordings are used; doubts are proposed or remarked."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, filtfilt

from aqbio.intake.new import new_study_from
from aqbio.io.study import Study, load_study
from aqbio.io.trc import read_trc, write_trc
from aqbio.prepare.stage import prepare_participant
from aqbio.study.manifest import OK
from tests.real.staged import fill, run_stages, write_study

pytestmark = [pytest.mark.real]

RUNNERS = ("RBDS001", "RBDS03", "RBDS021", "RBDS023")
"""Two with a fault of labels, one who lands at the edge of the belt, one beside a broken plate."""

MASS_SHARE = 0.07
"""Largest difference between the mass by whole strides and that of the sheet."""

SECONDS = 4.0


@pytest.fixture(scope="module")
def fukuchi(tmp_path_factory, realdata) -> Study:
    """Four runners of a laboratory that no scale was tuned on, prepared as `aqbio new` proposes."""
    folder = tmp_path_factory.mktemp("fukuchi")
    for part in (1, 2):
        with tarfile.open(realdata / "fukuchi" / f"recordings_{part}.tar.xz") as file:
            members = [x for x in file.getmembers() if {*Path(x.name).parts} & {*RUNNERS}]
            file.extractall(folder / "recordings", members=members, filter="data")
    new_study_from(folder / "study", folder / "recordings", None, lambda line: None)
    fill(folder / "study" / "participants.tsv", sex="male")
    fill(folder / "study" / "trials.tsv", end_s=str(SECONDS))
    with (folder / "study" / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"results: {(folder / 'results').as_posix()}\n")
    study = load_study(folder / "study" / "study.yaml")
    for participant in study.participants:
        prepare_participant(study, participant.participant_id, lambda line: None)
    return study


def entries(study: Study) -> dict[str, dict]:
    """Entries of the manifests of stage prepare, by participant and trial."""
    return {
        f"{person.participant_id} {entry['trial_id']}": entry
        for person in study.participants
        for entry in study.read_manifest(person.participant_id, "prepare")["trials"]
    }


def test_every_runner_of_a_new_laboratory_is_used_with_forces(fukuchi, realdata):
    """The mass by whole strides is that of the publication."""
    text = (realdata / "fukuchi" / "strength.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    masses = {row[0]: float(row[rows[0].index("mass_kg")]) for row in rows[1:]}
    runs = {name: x for name, x in entries(fukuchi).items() if "run" in name}
    assert {name.split()[0] for name in runs} == {*RUNNERS}
    for name, entry in runs.items():
        assert (entry["status"], entry["events"]) == (OK, "plates"), name
        person = name.split()[0]
        kilograms = float(np.median(entry["stride_masses_kg"]))
        assert abs(kilograms / masses[person] - 1.0) < MASS_SHARE, name
        rules = {finding["rule"] for finding in entry["findings"]}
        assert not {x for x in rules if x.startswith(("forces-", "force-"))}, name


def test_labels_that_the_publishers_exchanged_are_named_and_proposed(fukuchi):
    rows = {f"{x.participant_id} {x.trial_id}": x for x in fukuchi.trials}
    assert rows["RBDS001 runT35"].fix == "swap R.MT1 and R.MT5"
    assert [name for name, row in rows.items() if row.fix] == ["RBDS001 runT35"]
    rules = {x["rule"]: x["label"] for x in entries(fukuchi)["RBDS03 runT25"]["findings"]}
    assert rules["labels-moved"] == "R.MT5"


@pytest.fixture(scope="module")
def sprinter(tmp_path_factory, realdata):
    """Give a function that prepares JA1 with altered markers, and gives entries and events."""
    data = realdata / "ja1_dorn2012" / "trc_mot"

    def prepared(name: str, alter=None, static=None, mass: str = "75.9") -> Study:
        folder = tmp_path_factory.mktemp(name)
        for file in ("sprint", "jog", "static"):
            trc = read_trc(data / f"{file}.trc")
            change = static if file == "static" else alter
            positions = trc.positions if change is None else change(trc.positions, trc.rate)
            write_trc(folder / f"{file}.trc", trc.labels, positions, trc.rate)
            if file != "static":
                (folder / f"{file}_grf.mot").write_bytes((data / f"{file}_grf.mot").read_bytes())
        trials = [f"JA1\t{x}\trun\t{x}.trc\t{x}_grf.mot" for x in ("sprint", "jog")]
        file = write_study(
            folder / "study", [f"JA1\tmale\t{mass}\t1.83\tstatic"],
            ["JA1\tstatic\tstatic\tstatic.trc\tn/a", *trials], data=folder.as_posix(),
        )  # fmt: skip
        return run_stages(file, until="prepare")

    return prepared


def low_passed(cutoff: float):
    def altered(positions: np.ndarray, rate: float) -> np.ndarray:
        b, a = butter(2, cutoff, fs=rate)
        filled = np.where(np.isfinite(positions), positions, 0.0)
        smooth = filtfilt(b, a, filled, axis=0)
        return np.where(np.isfinite(positions), smooth, np.nan)

    return altered


def moved(metres: float):
    def altered(positions: np.ndarray, _: float) -> np.ndarray:
        random = np.random.default_rng(1)
        step = random.normal(size=positions.shape[1:])
        return positions + metres * step / np.linalg.norm(step, axis=1, keepdims=True)

    return altered


ALTERED = {
    **{f"low{hertz}": {"alter": low_passed(hertz)} for hertz in (6.0, 7.0, 8.0, 10.0, 12.0)},
    **{f"static{mm}": {"static": moved(1e-3 * mm)} for mm in (4, 8, 12, 16)},
    **{f"mass{share}": {"mass": f"{75.9 * (1.0 + 0.01 * share):.1f}"} for share in (2, 4, 6, 8)},
    "frames": {"alter": lambda positions, _: positions[:-3]},
}
"""What changes little about a sprinter's recordings."""


@pytest.mark.parametrize("name", ALTERED)
def test_what_changes_little_changes_no_state(name, sprinter):
    """No trial, contact or force is lost for a measure that passes a limit."""
    study = sprinter(name.replace(".", "_"), **ALTERED[name])
    for entry in study.read_manifest("JA1", "prepare")["trials"]:
        assert entry["status"] == OK, (entry["trial_id"], entry["reason"])
        if entry["task"] == "run":
            assert entry["events"] == "plates", entry["trial_id"]
            assert entry["contacts"] >= 4
            proposed = [x["proposal"] for x in entry["findings"] if x.get("proposal")]
            assert proposed == []
