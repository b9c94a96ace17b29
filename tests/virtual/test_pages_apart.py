"""A trial more or less redraws one athlete's page: everybody else's stays, byte by byte."""

from __future__ import annotations

import shutil

from aqbio.io.study import load_study
from aqbio.stage_table import PARTICIPANT_STAGES
from tests.jobs import run_jobs
from tests.virtual.finished import PEOPLE

GONE = "run2"


def test_a_trial_changes_the_page_of_its_athlete_only(finished, tmp_path):
    shutil.copytree(finished.file.parent, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "study.yaml"
    text = settings.read_text(encoding="utf-8")
    assert str(finished.file.parent) in text
    settings.write_text(text.replace(str(finished.file.parent), str(tmp_path)), encoding="utf-8")
    other, changed = PEOPLE
    sheet = tmp_path / "trials.tsv"
    lines = sheet.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [one for one in lines if not one.startswith(f"{changed}\t{GONE}\t")]
    assert len(kept) == len(lines) - 1
    sheet.write_text("".join(kept), encoding="utf-8")
    study = load_study(settings)

    def pages(name):
        return [
            path.read_bytes()
            for path in (
                study.folder(name, "pages") / "athletes" / f"{name}.html",
                study.root / "report" / "athletes" / f"{name}.html",
            )
        ]

    before = {name: pages(name) for name in PEOPLE}
    assert GONE.encode() in before[changed][0]
    run_jobs(study, (*PARTICIPANT_STAGES, "report"))
    assert pages(other) == before[other]
    for was, now in zip(before[changed], pages(changed), strict=True):
        assert was != now
    assert GONE.encode() not in pages(changed)[1]
