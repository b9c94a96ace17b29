"""Bones of a model in a replay: from files beside the model to what a browser shows."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.io.study import load_study
from aqbio.pages import bones
from aqbio.pages.bones import BONES, MOST_BYTES
from aqbio.pages.stage import report_study
from aqbio.pages.stage_participant import pages_participant
from tests.io.test_meshes import KINDS, MODEL
from tests.report.test_packed import ball
from tests.virtual.finished import PEOPLE
from tests.virtual.runners import RUNNER

BUDGET = 300_000
"""Of a trial: page, numbers and bones, bytes."""

BODIES = ("femur_r", "femur_l", "tibia_r")


def _silent(_: str) -> None:
    pass


@pytest.fixture
def model_with_files(tmp_path, monkeypatch):
    """A participant whose model names surfaces, of which two lie beside it; one is damaged."""
    model = tmp_path / "made.osim"
    model.write_text(MODEL, encoding="utf-8")
    folder = tmp_path / "Geometry"
    folder.mkdir()
    (folder / "thigh.vtp").write_bytes(KINDS["text.vtp"])
    (folder / "shank.stl").write_bytes(KINDS["binary.STL"][:150])
    monkeypatch.setattr(bones, "final_model", lambda *_: SimpleNamespace(osim=model))
    return SimpleNamespace(model_file=lambda _: model)


def test_a_surface_has_the_size_that_the_model_gives_it(model_with_files):
    """And a damaged one is a warning, which leaves the others."""
    found, findings = bones.model_bones(model_with_files, "S01")
    assert set(found) == {"femur_r"}
    np.testing.assert_allclose(np.ptp(found["femur_r"].points, axis=0), [0.1, 0.4, 0.9], atol=1e-9)
    [damaged] = findings
    assert (damaged.rule, damaged.severity, damaged.participant) == (
        "file-damaged", "warning", "S01",
    )  # fmt: skip
    assert damaged.file.endswith("shank.stl")


@pytest.fixture(scope="module")
def boned(finished, tmp_path_factory):
    """The finished study again, as if three bones lay beside the model of its first participant."""
    folder = tmp_path_factory.mktemp("boned")
    shutil.copytree(finished.file.parent, folder, dirs_exist_ok=True)
    settings = folder / "study.yaml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace(str(finished.file.parent), str(folder))
    settings.write_text(text, encoding="utf-8")
    study = load_study(settings)
    with pytest.MonkeyPatch.context() as patch:
        given = dict.fromkeys(BODIES, ball(0.05, 12))
        patch.setattr(bones, "model_bones", lambda *_: (given, []))
        pages_participant(study, RUNNER.name, _silent)
    report_study(study, _silent)
    return study


def test_pages_load_bones_where_there_are_some(boned):
    """All trials of an athlete the same file, within the room of a trial; nobody else's."""
    folder = boned.root / "report" / "trials"
    first, other = PEOPLE
    assert (folder / first / BONES).stat().st_size <= MOST_BYTES + 30
    assert not (folder / other / BONES).exists()
    for who in PEOPLE:
        pages = sorted((folder / who).glob("*.html"))
        assert len(pages) == 2
        for page in pages:
            text = page.read_text(encoding="utf-8")
            assert (f'<script src="{BONES}">' in text) == (who == first)
            assert ('name="bones"' in text) == (who == first)
    numbers = (
        folder / first / "run2.js",
        folder / first / "run2.html",
        folder / first / BONES,
    )
    assert sum(path.stat().st_size for path in numbers) < BUDGET


@pytest.mark.browser
def test_a_browser_shows_bones_or_solids(boned):
    from tests.chromium import axe, beyond, chromium, heard

    path = boned.root / "report" / "trials" / RUNNER.name / "run2.html"
    with chromium() as browser:
        view = browser.new_page(viewport={"width": 1000, "height": 900})
        messages, addresses = heard(view)
        view.goto(path.as_uri())
        view.wait_for_selector("#replay[data-ready]", timeout=60_000)
        shown, pictures = [], []
        for _ in range(2):
            shown.append(view.evaluate("aqbio.replay.scene.bones()"))
            pictures.append(view.locator(".stage canvas").screenshot())
            view.locator("[name=bones]").focus()
            view.keyboard.press("Space")
        assert shown == [len(BODIES), 0]
        assert pictures[0] != pictures[1]
        found = axe.Axe().run(view, options={"preload": False})
        assert found.violations_count == 0, found.generate_report()
        assert messages == []
        assert beyond(boned.root / "report", addresses) == []
