"""Two runs without force plates, at 5.2 and 7.0 m/s: level A by step, nothing that needs force."""

from __future__ import annotations

import shutil
from itertools import pairwise

import numpy as np
import pytest

from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_columns
from tests.one_each import ONE_EACH
from tests.pages import pages_text
from tests.real.conftest import ROOT, run_undrawn

pytestmark = [
    pytest.mark.real,
    pytest.mark.opensim,
    pytest.mark.xdist_group("no_forces"),
]

TRIALS = """participant_id\ttrial_id\ttask\tfile
JA1\tstatic\tstatic\tc3d/JA1Static05.c3d
JA1\trun5\trun\ttrc_mot/run0500cms.trc
JA1\trun7\trun\ttrc_mot/run0700cms.trc
JA1\tsprint\trun\tc3d/JA1Gait35.c3d
"""

STUDY = f"""name: field
files: {{data: "${{AQBIO_REALDATA}}/ja1_dorn2012"}}
model: {{markers: markers.yaml}}
contributions: {{draws: 0}}
{ONE_EACH}"""

CONTACT = {"run5": (0.17, 0.22), "run7": (0.13, 0.17)}
"""Between 0.242 s at 3.6 m/s and 0.118 s at 9.5 m/s, which plates measured of this runner, s."""

SPEED = {"run5": 5.19, "run7": 6.97}


@pytest.fixture(scope="module")
def field(tmp_path_factory, realdata):
    directory = tmp_path_factory.mktemp("field")
    study = directory / "study"
    study.mkdir()
    source = ROOT / "tests" / "real" / "ja1_sprint"
    for name in ("markers.yaml", "participants.tsv"):
        shutil.copy(source / name, study / name)
    (study / "trials.tsv").write_text(TRIALS, encoding="utf-8")
    (study / "study.yaml").write_text(STUDY, encoding="utf-8")
    return run_undrawn(study / "study.yaml", directory)


@pytest.mark.parametrize("trial", SPEED)
def test_steps_alternate_at_the_speed_of_the_runner(field, trial):
    steps = field.table("steps.tsv")
    found = steps[steps["trial_id"] == trial]
    sides = list(found["side"])
    assert all(one != two for one, two in pairwise(sides))
    assert (found["events"] == "kinematic").all()
    whole = found[found["status"] == "ok"]
    assert len(whole) >= 4
    assert whole["speed_mps"].mean() == pytest.approx(SPEED[trial], rel=0.02)
    low, high = CONTACT[trial]
    assert whole["contact_s"].between(low, high).all()
    # one runner at one speed: less than the two frames that either event may be off
    assert whole["contact_s"].std() < 0.008


@pytest.mark.parametrize("trial", SPEED)
def test_level_a_is_there_and_kinetics_are_not(field, trial):
    steps = field.table("steps.tsv")
    whole = steps[(steps["trial_id"] == trial) & (steps["status"] == "ok")]
    momentum = [n for n in steps.columns if n.startswith("H_") and "_sd_" not in n]
    assert np.isfinite(whole[momentum].to_numpy()).all()
    forces = ["peak_vertical_force_bw", "mean_vertical_force_bw", "lateral_force_bw"]
    forces += [name for name in steps.columns if name.startswith("M_residual")]
    assert whole[forces].isna().to_numpy().all()
    rows = read_columns(field.results / "participants" / "JA1" / "steps" / "contributions.nc")
    rows = rows[rows["trial_id"] == trial]
    assert not rows.loc[rows["level"] == "A", "value"].isna().all()
    causes = rows[rows["level"].str.startswith(("B", "C", "joint"))]
    assert causes["value"].isna().all()


def test_trend_with_speed_joins_the_trial_on_plates(field):
    """Contact time falls and the swing leg's momentum grows from 5 over 7 to 9.5 m/s."""
    steps = field.table("steps.tsv")
    mean = steps[steps["status"] == "ok"].groupby("trial_id").mean(numeric_only=True)
    ordered = mean.loc[["run5", "run7", "sprint"]]
    assert ordered["contact_s"].is_monotonic_decreasing
    assert ordered["H_swing_leg_z_stance_mean_kgm2ps"].is_monotonic_increasing


def test_error_of_the_events_is_printed(field):
    """What the participant's own trial on plates says about events from markers."""
    findings = field.table("findings.tsv")
    assert set(findings.loc[findings["rule"] == "events-kinematic", "trial_id"]) == set(SPEED)
    [own] = findings.loc[findings["rule"] == "events-kinematic-error", "what"]
    assert "over 4 contacts of this participant: touchdown -1.9 ± 0.5 ms" in own
    page = pages_text(field.results)
    assert "come from the foot markers" in page


def test_results_say_where_the_events_come_from(field):
    folder = field.results / "participants" / "JA1" / "contributions"
    assert read_dataset(folder / "run5.nc").attrs["events"] == "kinematic"
    assert read_dataset(folder / "sprint.nc").attrs["events"] == "plates"


def test_page_names_no_causes_where_there_were_no_forces(field):
    """Only the speed of the trial on plates has words about joints, and no sum of nothing."""
    page = pages_text(field.results)
    section = page[page.index('<section id="driven"') :]
    section = section[: section.index("</section>")]
    assert "9.5 m/s" in section
    assert "5.2 m/s" not in section
    assert "n/a" not in section
