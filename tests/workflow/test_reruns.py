"""What runs again after a change: exactly what depends on it."""

from __future__ import annotations

import os
import shutil

import pytest

from aqbio.stage_table import PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.stats.registry import DEFAULT
from tests.small_study import replace
from tests.workflow.conftest import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

VERDICTS = ("hypotheses", "figures", "report")
LAST = ("contributions", "steps", "evidence", "replay", "athlete", *STUDY_STAGES)


def _jobs(*stages, participants=("P1", "P2")):
    jobs = [f"{s} {p}" for s in stages if s in PARTICIPANT_STAGES for p in participants]
    return sorted(jobs + [s for s in stages if s in STUDY_STAGES])


ALL = _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES)


def test_everything_once_and_then_nothing(small):
    assert small.ran() == ALL
    assert small.ran() == []
    logs = {path.name for path in (small.root / "logs").glob("*.log")}
    expected = {f"participants-{p}.log" for p in ("P1", "P2")}
    assert logs == expected | {f"{stage}.log" for stage in STUDY_STAGES}
    told = (small.root / "logs" / "participants-P1.log").read_text().splitlines()
    assert told == [f"12:00:00 {stage} P1" for stage in PARTICIPANT_STAGES]
    assert (small.root / "logs" / "participants-P1.tsv").read_text().startswith("s\t")


@pytest.mark.parametrize(
    ("section", "stages"),
    [
        ("contributions: {align_heading: false}", LAST),
        ("steps: {maximum_flight_s: 0.2}", LAST),
        ("multiverse: {cutoffs_hz: [15]}", ("evidence", "athlete", *STUDY_STAGES)),
        ("hypotheses: {speed_gap: 0.05}", ("steps", "replay", "athlete", *STUDY_STAGES)),
        ("figures: {widths_mm: [90]}", ("athlete", "figures", "report")),
        ("report: {title: Ours}", ("report",)),
        ("solve: {accuracy: 1.0e-7}", ("solve", "consistency", *LAST)),
        ("consistency: {sigma_force_n: 100}", ("consistency", *LAST)),
        ("consistency: off", ("consistency", *LAST)),
        ("laboratory: {surface: overground}", (*PARTICIPANT_STAGES, *STUDY_STAGES)),
    ],
)
def test_a_setting_reruns_the_stages_that_read_it(finished, section, stages):
    replace(finished.file, "files:", f"{section}\nfiles:")
    assert finished.ran() == _jobs(*stages)


def test_a_registry_reruns_steps_and_verdicts_and_capacities_the_verdicts_only(finished):
    """Limits of the quality table follow the registry's smallest effects."""
    registry = DEFAULT.read_text(encoding="utf-8")
    (finished.folder / "hypotheses.yaml").write_text(registry, encoding="utf-8")
    assert finished.ran() == _jobs("steps", "replay", "athlete", *STUDY_STAGES)
    header = "participant_id\tmeasure\tside\tvalue\tunit\n"
    (finished.folder / "capacities.tsv").write_text(header)
    assert finished.ran() == _jobs(*VERDICTS)


def test_published_curves_draw_the_figures_again_and_nothing_else(finished):
    header = "quantity\tjoint\tside\tphase\tpercent\tmean\tsd\tsource\n"
    (finished.folder / "published_curves.tsv").write_text(header)
    assert finished.ran() == _jobs("figures", "report")


def test_a_copy_has_nothing_to_do(finished):
    """What the tests below start from."""
    assert finished.ran() == []


def test_a_setting_at_its_default_and_a_comment_change_nothing(finished):
    """Content counts, not the file: nobody reruns a study for a comment."""
    replace(finished.file, "files:", "# a comment\nsteps: {reject_turns: false}\nfiles:")
    assert finished.ran() == []


def test_a_participants_row_reruns_that_participant_only(finished):
    replace(finished.folder / "participants.tsv", "60.5", "61.5")
    assert finished.ran() == _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P1",))


def test_sessions_of_one_person_rerun_the_body_that_they_share(small):
    """And no other stage before it; a session that leaves takes its recordings along."""
    people = small.folder / "participants.tsv"
    replace(people, "P2\tmale", "P2\tfemale")
    alone = people.read_text()
    header, *rows = alone.splitlines()
    shared = [f"{header}\tperson", *(f"{row}\tX" for row in rows)]
    people.write_text("\n".join(shared) + "\n")
    assert small.ran() == ALL
    replace(people, "60.5", "61.5")
    after = [stage for stage in PARTICIPANT_STAGES if stage != "prepare"]
    both = [*_jobs(*PARTICIPANT_STAGES, participants=("P1",)), *_jobs(*after, participants=("P2",))]
    assert small.ran() == sorted([*both, *STUDY_STAGES])
    people.write_text(alone.replace("60.5", "61.5"))
    assert small.ran() == ALL


def test_a_trials_row_reruns_its_participant_only(finished):
    replace(
        finished.folder / "trials.tsv", "P2\tfast\trun\tnormal", "P2\tfast\trun\trestricted_arms"
    )
    assert finished.ran() == _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P2",))


def test_a_new_version_of_a_recording_reruns_its_participant_only(finished):
    (finished.folder / "data" / "P1_slow.mot").write_text("exported again")
    assert finished.ran() == _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P1",))


def test_a_marker_set_and_a_model_rerun_whoever_reads_them(small):
    """Content counts here too. The model is read from stage scale on, the marker set by prepare."""
    sprint = ROOT / "models" / "sprint"
    for source, name in (("markers.yaml", "own.yaml"), ("sprint_male.osim", "own.osim")):
        shutil.copy(sprint / source, small.folder / name)
    replace(small.file, "files:", "model: {file: own.osim, map: sprint, markers: own.yaml}\nfiles:")
    assert small.ran() == ALL
    for name, first in (("own.osim", 1), ("own.yaml", 0)):
        with (small.folder / name).open("a") as file:
            file.write("\n")
        assert small.ran() == _jobs(*PARTICIPANT_STAGES[first:], *STUDY_STAGES), name


def test_a_new_participant_leaves_the_others_as_they_are(finished):
    with (finished.folder / "participants.tsv").open("a") as sheet:
        sheet.write("P3\tfemale\t55\t1.6\tn/a\n")
    with (finished.folder / "trials.tsv").open("a") as sheet:
        sheet.write("P3\tfast\trun\tnormal\tP1_fast.c3d\tn/a\n")
    assert finished.ran() == _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P3",))


def test_a_participant_that_leaves_the_study_leaves_the_tables(finished):
    for name in ("participants.tsv", "trials.tsv"):
        sheet = finished.folder / name
        lines = [line for line in sheet.read_text().splitlines() if not line.startswith("P2")]
        sheet.write_text("\n".join(lines) + "\n")
    assert finished.ran() == sorted(STUDY_STAGES)


def test_a_missing_recording_does_not_stop_the_study(small):
    """Stage prepare says which one is missing; the DAG must not."""
    (small.folder / "data" / "P1_fast.c3d").unlink()
    assert small.ran() == ALL


def test_a_recording_that_comes_later_is_taken_in(small):
    late = small.folder / "data" / "P1_fast.c3d"
    late.unlink()
    small.ran()
    late.touch()
    assert small.ran() == _jobs(*PARTICIPANT_STAGES, *STUDY_STAGES, participants=("P1",))


HURTS = {
    "deleted": lambda path: path.unlink(),
    "emptied": lambda path: path.write_text(""),
    "changed": lambda path: path.write_text(path.read_text().swapcase()),
}


HURT = (
    {
        "participants/P1/solved/result.txt": "solve P1",
        "participants/P2/prepare.json": "prepare P2",
        "tables/trials.tsv": "tables",
        "figures/figure.svg": "figures",
    },
    {
        "participants/P1/evidence/result.txt": "evidence P1",
        "tables/verdicts.tsv": "hypotheses",
        "report/index.html": "report",
    },
    {"hypotheses.json": "hypotheses"},
)
"""Files that are hurt together, and what makes each: never a stage and the next one."""


@pytest.mark.parametrize("hurt", HURTS)
@pytest.mark.parametrize("files", HURT, ids=lambda files: "+".join(files.values()))
def test_what_is_missing_or_damaged_is_made_again_alone(finished, files, hurt):
    """What is made again is what it was: nothing that was computed from it is touched."""
    before = {finished.root / file: (finished.root / file).read_bytes() for file in files}
    for path in before:
        HURTS[hurt](path)
    assert finished.ran() == sorted(files.values())
    assert {path: path.read_bytes() for path in before} == before
    assert finished.ran() == []


def test_a_copy_elsewhere_has_nothing_to_do(finished, tmp_path_factory):
    """Without snakemake's notes, and with times of files in any order."""
    folder = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(finished.folder, folder, copy_function=shutil.copyfile,
                    ignore=shutil.ignore_patterns(".snakemake"))  # fmt: skip
    (folder / "bin" / "aqbio").chmod(0o755)
    copied = Workflow(folder)
    for age, path in enumerate(sorted(copied.folder.rglob("*.*"), reverse=True)):
        os.utime(path, (10**9 + 60 * age,) * 2)
    assert copied.ran() == []


def test_times_of_files_decide_nothing(finished):
    for path in (finished.folder / "data").iterdir():
        os.utime(path)
    os.utime(finished.file)
    assert finished.ran() == []


def test_a_crash_does_not_stop_the_others_and_the_next_run_goes_on_from_there(small, monkeypatch):
    """The profile keeps going; the other participant is finished up to the study's tables."""
    monkeypatch.setenv("AQBIO_BREAKS", "scale P1")
    done = small.snakemake("--cores", "2")
    assert done.returncode != 0
    calls = (small.folder / "calls.txt").read_text().split("\n")
    assert "contributions P2" in calls
    assert "prepare P1" in calls
    assert "solve P1" not in calls
    assert not (small.root / "tables").exists()
    monkeypatch.delenv("AQBIO_BREAKS")
    assert small.ran() == _jobs(*PARTICIPANT_STAGES[1:], *STUDY_STAGES, participants=("P1",))


def test_problems_of_the_study_come_without_a_traceback(small):
    replace(small.file, "files:", "solv: {}\nfiles:")
    done = small.snakemake("--cores", "1", "--dry-run")
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert "setting solv is unknown." in output
    assert "did you mean solve?" in output
    assert "Traceback" not in output
