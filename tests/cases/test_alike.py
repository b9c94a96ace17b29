"""`aqbio new`, `check`, `run` and `look` say alike of every case: what is first, and what is used.

Of `run` stage prepare is enough: what it says stands in the manifest from which later stages go on.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from aqbio.errors import AqbioError, Finding, causes
from aqbio.intake import dry_run
from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.io.study import Study, load_study
from aqbio.look.inputs import read_model_in_motion
from aqbio.prepare.stage import prepare_participant
from tests.cases.conftest import with_results
from tests.real.staged import write_study

pytestmark = [pytest.mark.case, pytest.mark.opensim]

CASES = (
    "c3d_drift_plates", "c3d_duplicate_label_split", "c3d_markers_held_in_gaps",
    "c3d_moments_Nm_labelled_Nmm", "c3d_one_plate_dead", "c3d_plates_not_declared",
    "c3d_side_only_in_prefix", "c3d_split_markers_forces", "grf_mot_free_moment_sign",
    "grf_mot_lateral_sign", "grf_mot_lowpass_10Hz", "grf_mot_own_clock",
    "grf_mot_percent_bodyweight", "grf_sto_f1_1_columns", "opencap_labels", "pose2sim_labels",
    "pose2sim_raw_and_filtered", "pose2sim_two_people", "pub_addbio_expert1",
    "pub_cmu_waist_labels", "trc_header_mm_values_m", "trc_legs_switch_some_frames",
    "trc_lowpass_6Hz_no_forces", "trc_mirrored_left_handed", "trc_pig_bone_axes_as_markers",
    "trc_spaces_instead_of_tabs", "trc_static_one_frame", "trc_time_irregular",
    "trc_twin_with_fewer_labels", "trc_units_empty_mm", "look_forces_in_foot_frame",
    "look_last_row_twice", "look_motion_lacks_a_knee", "look_motion_of_five_rows",
    "look_motion_trimmed_to_one_stance",
)  # fmt: skip
"""Cases of which `aqbio new` makes a study."""

USABLE = ("pub_addbio_expert1",)
"""Cases of one person in which no recording is refused, whatever the trunk does in it."""

REFUSED = {
    "trc_planar_2d": ("lie in one plane (lateral spread 0 mm): made from one video", "n/a"),
    "grf_mot_own_clock": ("share no time", "sprint.mot"),
}
"""Cases with files that `aqbio new` leaves out: its words, and the file of forces."""

ON_THE_SHEET = ("mass-unknown", "mass-missing", "sex-missing")
"""Rules about what only a person can write into the sheet."""


@dataclass
class Said:
    """What a command says of a recording, or of all of them together."""

    usable: bool = True
    reasons: list[str] = field(default_factory=list)

    @property
    def first(self) -> tuple[bool, str]:
        """Whether it is used, and what is said first."""
        return self.usable, next(iter(self.reasons), "")


Report = dict[str, Said]
"""What is said, by participant and trial; of a participant's recordings together without one."""


def without_labels(what: str) -> str:
    """A sentence without the labels before its colon: those of no segment have a number."""
    return re.sub(r"^[\w ,.-]+: (?=\d)", "", what)


def said_by_new(summary: str) -> Report:
    """What the summary of `aqbio new` says in its part on trials."""
    report: Report = {}
    said = Said()
    for line in summary.partition("\nTrials\n")[2].partition("\n\n")[0].splitlines():
        if trial := re.match(r"  (\S+ \S+) \(", line):
            said = report.setdefault(trial[1], Said())
        elif refused := re.match(r"    \w+: not usable yet: (.*)", line):
            said.usable, said.reasons = False, [refused[1]]
        elif re.match(r"    look: proposed in column fix: ", line):
            continue  # check and run say that it is undone
        elif (look := re.match(r"    look: (.*)", line)) and said.usable:
            said.reasons.append(re.sub(r" \(\d+ such findings; .*", "", look[1]))
        elif doubt := re.match(r"  look: (\w+): (.*?) To settle it, ", line):
            report.setdefault(f"{doubt[1]} ", Said()).reasons.append(doubt[2])
    return report


def said_in(findings: Iterable[Finding]) -> Report:
    """What findings say, those alike once."""
    report: Report = {}
    told = [x for x in findings if x.severity != "info" and x.rule not in ON_THE_SHEET]
    for finding in told:
        said = report.setdefault(f"{finding.participant} {finding.trial}", Said())
        said.usable &= finding.severity != "error"
    for name, said in report.items():
        of_trial = [x for x in told if f"{x.participant} {x.trial}" == name]
        said.reasons = [x.first.what for x in causes(of_trial)]
    return report


def said_by_run(study: Study) -> Report:
    """What stage prepare writes down."""
    for person in study.participants:
        name = person.participant_id
        prepare_participant(study.recorded_with(name), name, lambda _: None)
    return written_down(study)


def written_down(study: Study) -> Report:
    """What stage prepare has written down."""
    findings = []
    for person in study.participants:
        name = person.participant_id
        findings += list(dry_run._noted(study.read_manifest(name, "prepare"), name))
    return said_in(findings)


@pytest.fixture
def prepared_only(monkeypatch):
    """Let `aqbio check` end with stage prepare."""
    monkeypatch.setattr(dry_run, "_participant", lambda *_: ())


def together(report: Report) -> Report:
    """A report with the reason for which a trial is left out as one of the whole session."""
    return {name: replace(x, reasons=[without_labels(y) for y in x.reasons])
            for name, x in report.items() if x.reasons}  # fmt: skip


@pytest.mark.usefixtures("prepared_only")
@pytest.mark.parametrize("case", CASES)
def test_new_check_and_run_say_the_same_first_and_use_the_same(
    new_study, prepared_study, tmp_path, case
):
    (new_folder, summary), (folder, _) = new_study(case), prepared_study(case)
    checked = together(said_in(study_problems(with_results(new_folder, tmp_path))))
    run = together(written_down(load_study(folder / "study.yaml")))
    assert {name: x.first for name, x in checked.items()} == {
        name: x.first for name, x in run.items()
    }
    new = together(said_by_new(summary))
    left_out = {x.reasons[0] for name, x in run.items() if not x.usable}
    doubted = {reason for name, x in new.items() if name.endswith(" ") for reason in x.reasons}
    for name in {*new, *run} - {x for x in new if x.endswith(" ")}:
        used, reason = run.get(name, Said()).first
        if reason not in doubted:
            assert new.get(name, Said()).first == (used, reason), name
    assert doubted <= left_out | {y for x in run.values() for y in x.reasons}
    assert "internal error" not in f"{summary}{checked}{run}"
    assert case not in USABLE or all(x.usable for x in run.values())


@pytest.mark.usefixtures("prepared_only")
@pytest.mark.parametrize("case", REFUSED)
def test_what_new_leaves_out_check_and_run_refuse_where_the_sheet_names_it(cases, tmp_path, case):
    """With the words of `aqbio new`."""
    words, forces = REFUSED[case]
    folder, data = tmp_path / "study", cases / case / "recordings"
    file = write_study(
        folder,
        ["S01\tmale\t75.9\tn/a\tstatic"],
        ["S01\tstatic\tstatic\tstatic.trc\tn/a", f"S01\tsprint\trun\tsprint.trc\t{forces}"],
        data=str(data),
    )
    checked, run = together(said_in(study_problems(file))), together(said_by_run(load_study(file)))
    assert not checked["S01 sprint"].usable
    assert checked["S01 sprint"].first == run["S01 sprint"].first
    assert words in checked["S01 sprint"].first[1]
    try:
        left_out = new_study_from(tmp_path / "new", data, None, lambda _: None)
    except AqbioError as error:
        left_out = error.what
    assert words in left_out


def test_forces_of_a_recording_that_cannot_be_read_are_said_to_be_its_own(cases, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(cases / "trc_static_one_frame" / "recordings", data)
    shutil.copy(cases / "trc_planar_2d" / "recordings" / "sprint.trc", data)
    summary = new_study_from(tmp_path / "study", data, None, lambda _: None)
    assert "sprint_grf.mot: sprint.trc, which has their name, cannot be read" in summary


LOOK = {
    "look_last_row_twice": ("motion.sto", "forces.mot"),
    "look_motion_lacks_a_knee": ("motion.mot", "forces.mot"),
    "look_motion_of_five_rows": ("motion.mot", "forces.mot"),
    "look_motion_trimmed_to_one_stance": ("motion.mot", "forces.mot"),
}

NOT_MEASURED = "stay at one value in the file"
"""`aqbio look` takes toes and wrists that a file holds as locked; to a study they are not
measured."""


@pytest.mark.parametrize("case", LOOK)
def test_look_says_of_a_motion_what_a_study_says(cases, prepared_study, case):
    """Before the motion is solved; later findings of both are of other stages."""
    data = cases / case / "recordings"
    folder, _ = prepared_study(case)
    told = written_down(load_study(folder / "study.yaml")).values()
    said = [y for x in told for y in x.reasons if NOT_MEASURED not in y]
    try:
        moving = read_model_in_motion(data / "model.osim", *(data / name for name in LOOK[case]))
        looked = [x.what for x in moving.findings if x.severity != "info"]
    except AqbioError as error:
        looked = [error.what]
    assert said == looked[: len(said)]
