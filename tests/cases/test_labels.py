"""Labels of video systems, of CMU and of computed bone axes, from the folder to their places."""

from __future__ import annotations

import pytest
import yaml

from aqbio.intake import study as intake_study
from aqbio.intake.new import new_study_from
from aqbio.intake.study import gathered_study
from aqbio.io.tables import read_table
from tests.golden import differences
from tests.one_each import ONE_EACH
from tests.real.staged import run_stages

pytestmark = [pytest.mark.real, pytest.mark.opensim]


CASES = (
    "opencap_labels", "pose2sim_labels", "pose2sim_two_people", "pub_cmu_waist_labels",
    "trc_pig_bone_axes_as_markers",
)  # fmt: skip


def test_marker_sets_of_the_cases(cases, monkeypatch):
    """Landmarks before the video that they come from, hips for spines, and no axes of bones."""
    monkeypatch.setattr(intake_study, "_previews", lambda *_: {})
    lines = []
    for case in CASES:
        data = cases / case / "recordings"
        found = gathered_study("case", data, None, lambda line: None).markers
        assert found.missing == (), case
        lines += [f"{case} | {line}" for line in found.text.splitlines()]
    assert differences("labels_of_cases", lines) == []


def test_two_points_on_a_head_do_not_lose_the_trunk(cases, tmp_path):
    """From the folder to momenta of all parts: those two leave the neck locked."""
    study = tmp_path / "study"
    new_study_from(study, cases / "pose2sim_labels" / "recordings", None, lambda _: None)
    sheet = study / "participants.tsv"
    header, row = (line.split("\t") for line in sheet.read_text("utf-8").splitlines())
    cells = dict(zip(header, row, strict=True)) | {"sex": "male", "mass_kg": "75"}
    sheet.write_text("\t".join(header) + "\n" + "\t".join(cells.values()) + "\n", "utf-8")
    file = study / "study.yaml"
    content = yaml.safe_load(file.read_text("utf-8")) | yaml.safe_load(ONE_EACH)
    content |= {"contributions": {"draws": 0}, "results": str(tmp_path / "results")}
    file.write_text(yaml.safe_dump(content | {"consistency": {"enabled": False}}))
    steps = read_table(run_stages(file).table("steps.tsv"))
    kept = steps[steps["status"] == "ok"]
    assert len(kept) > 10
    for part in ("torso", "push_side", "swing_side", "total"):
        assert kept[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part
