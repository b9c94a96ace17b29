"""Two participants, one broken trial: the rest is done and the reason is said."""

from __future__ import annotations

import shutil

import pytest

from tests.one_each import ONE_EACH
from tests.pages import pages_text
from tests.real.conftest import ROOT, run_undrawn

pytestmark = [
    pytest.mark.real,
    pytest.mark.opensim,
    pytest.mark.xdist_group("broken"),
]

PARTICIPANTS = """participant_id\tsex\tmass_kg\theight_m\tstatic_trial
JA1\tmale\tn/a\tn/a\tstatic
JA2\tmale\tn/a\tn/a\tstatic
"""

TRIALS = """participant_id\ttrial_id\ttask\tfile
JA1\tstatic\tstatic\tJA1Static05.c3d
JA1\tsprint\trun\tJA1Gait35.c3d
JA2\tstatic\tstatic\tJA1Static05.c3d
JA2\tcut\trun\tcut.c3d
JA2\tabsent\trun\tabsent.c3d
"""

STUDY = f"""name: broken
files: {{data: data}}
model: {{markers: markers.yaml}}
consistency: off
contributions: {{draws: 0}}
{ONE_EACH}"""


@pytest.fixture(scope="module")
def broken(tmp_path_factory, realdata):
    directory = tmp_path_factory.mktemp("broken")
    study = directory / "study"
    (study / "data").mkdir(parents=True)
    recordings = realdata / "ja1_dorn2012" / "c3d"
    for name in ("JA1Static05.c3d", "JA1Gait35.c3d"):
        shutil.copy(recordings / name, study / "data" / name)
    whole = (recordings / "JA1Gait35.c3d").read_bytes()
    (study / "data" / "cut.c3d").write_bytes(whole[: len(whole) // 3])
    shutil.copy(ROOT / "tests" / "real" / "ja1_sprint" / "markers.yaml", study / "markers.yaml")
    (study / "participants.tsv").write_text(PARTICIPANTS, encoding="utf-8")
    (study / "trials.tsv").write_text(TRIALS, encoding="utf-8")
    (study / "study.yaml").write_text(STUDY, encoding="utf-8")
    return run_undrawn(study / "study.yaml", directory)


def test_the_others_have_results(broken):
    trials = broken.table("trials.tsv").set_index(["participant_id", "trial_id"])
    assert trials.loc[("JA1", "sprint"), "status"] == "ok"
    assert len(broken.table("steps.tsv")) == 4


@pytest.mark.parametrize("trial", ["cut", "absent"])
def test_the_reason_is_recorded(broken, trial):
    trials = broken.table("trials.tsv").set_index(["participant_id", "trial_id"])
    assert trials.loc[("JA2", trial), "status"] == "failed"
    assert trials.loc[("JA2", trial), "reason"].startswith("prepare: ")
    findings = broken.table("findings.tsv")
    found = findings[(findings["participant_id"] == "JA2") & (findings["trial_id"] == trial)]
    assert (found["severity"] == "error").any()
    assert (found["file"] == f"file of JA2 {trial}").any()  # names of files may be persons'
    assert found["fix"].notna().any()


def test_the_page_says_it(broken):
    page = pages_text(broken.results)
    assert "absent" in page
    assert "cut" in page
