"""Replays, pairs and bones show what the files say: by the packed numbers, and in a browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.records import ParticipantModel
from aqbio.gait.steps import rotation_about_vertical
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import load_study
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.pages import bones
from aqbio.pages.replay import MAX_BYTES, replay_script
from aqbio.pages.stage import pages_participant, trial_replay, trials_folder
from aqbio.report.stage import report_study
from tests.io.test_meshes import KINDS, MODEL
from tests.pages import QUESTIONS, RESTRICTED, answered
from tests.report.test_packed import ball
from tests.small_study import replace as in_file
from tests.unpacked import unpack
from tests.virtual.made_study import PEOPLE
from tests.virtual.runners import RUNNER

POSITION, MOMENTUM = 1e-3, 0.1
"""What a replay may be off by: m, kg m²/s."""

TRIAL = "run2"
BODIES = ("femur_r", "femur_l", "tibia_r")


def _script(finished, trial: str) -> dict:
    text = (trials_folder(finished, RUNNER.name) / f"{trial}.js").read_text(encoding="utf-8")
    assert len(text) <= MAX_BYTES
    return json.loads(text.removeprefix("globalThis.REPLAY=").removesuffix(";\n"))


@pytest.fixture(scope="module")
def script(finished) -> dict:
    return _script(finished, TRIAL)


@pytest.fixture(scope="module")
def truth(finished) -> dict:
    """Centres of mass, markers, momenta and forces from the files of the stages, in run axes."""
    contributions, motion = (
        read_dataset(finished.folder(RUNNER.name, stage) / f"{TRIAL}.nc")
        for stage in ("contributions", "inverse_dynamics")
    )
    skeleton = load_skeleton(ParticipantModel.of(finished, RUNNER.name).table)
    poses = segment_poses(skeleton, motion["q"].values)
    turn = rotation_about_vertical(-float(contributions.attrs["heading"]))
    bodies = np.arange(len(skeleton.bodies))
    return {
        "segments": skeleton.bodies,
        "centres": station_positions(poses, bodies, skeleton.com) @ turn.T,
        "markers": station_positions(poses, skeleton.marker_body, skeleton.marker_position)
        @ turn.T,
        "names": skeleton.markers,
        "com": contributions["com"].values,
        "momentum": contributions["group_angular_momentum"].values,
        "total": contributions["angular_momentum"].sum("segment").values,
        "force": contributions["ground_force"].values,
        "time": contributions["time"].values,
    }


def test_positions_and_momenta_are_those_of_the_files(script, truth):
    numbers = unpack(script["packed"])
    assert [segment["name"] for segment in script["segments"]] == list(truth["segments"])
    centres = numbers["centre"] + numbers["place"][:, None]
    assert np.abs(centres - truth["centres"]).max() < POSITION
    assert np.abs(numbers["place"] - truth["com"]).max() < POSITION
    assert np.abs(numbers["momentum"] - truth["momentum"]).max() < MOMENTUM
    assert np.nanmax(np.abs(numbers["force"] - truth["force"])) <= 0.25 * (1 + 1e-9)
    time = script["start"] + script["step"] * np.arange(len(centres))
    assert np.abs(time - truth["time"]).max() < 1e-4


def test_unknown_plates_and_toe_offs_are_not_drawn(finished):
    """Files of forces alone do not say where their plates lie; a contact may have no end."""
    replayed, _ = trial_replay(finished, RUNNER.name, TRIAL)
    first, *later_contacts = replayed.contacts
    corners = replayed.plates.copy()
    corners[0] = np.nan
    cut = replace(
        replayed, plates=corners, contacts=({**first, "toe_off": float("nan")}, *later_contacts)
    )
    script = json.loads(json.dumps(replay_script(cut), allow_nan=False))
    assert len(script["plates"]) == len(corners) - 1
    assert script["contacts"] == [dict(contact) for contact in later_contacts]


@pytest.fixture(scope="module")
def view(finished) -> Iterator:
    from tests.chromium import beyond, chromium, heard

    path = finished.root / "report" / "trials" / RUNNER.name / f"{TRIAL}.html"
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        messages, addresses = heard(page)
        page.goto(path.as_uri())
        page.wait_for_selector("#replay[data-ready]", timeout=60_000)
        yield page
        assert messages == []
        assert beyond(finished.root / "report", addresses) == []
        assert sum((path.parent / Path(address).name).exists() for address in addresses) >= 2


@pytest.mark.browser
def test_replay_drawings_and_sentences_match_the_files(view, script, truth):
    """Solids where the segments are; both sides about the vertical at an instant of a contact."""
    for frame in (0, 40, 101):
        view.evaluate("frame => aqbio.replay.go(frame)", frame)
        drawn_centres = np.array(view.evaluate("aqbio.replay.scene.centres()"))
        assert np.abs(drawn_centres - truth["centres"][frame]).max() < POSITION
    contact = script["contacts"][1]
    frame = int(np.searchsorted(truth["time"], contact["touchdown"] + 0.05))
    sentence = view.evaluate("frame => aqbio.replay.telling(frame)", frame).replace("−", "-")
    assert f"{contact['foot']} foot on the ground" in sentence
    weights = script["roles"][contact["foot"]]
    for role in ("push_side", "swing_side"):
        value = np.dot(weights[role], truth["momentum"][frame, :, 1])
        number = float(sentence.split(f"{role.replace('_', ' ')} ")[1].split()[0].rstrip(","))
        assert number == pytest.approx(value, abs=0.02)


@pytest.fixture(scope="module")
def pair(view, finished) -> Iterator:
    """The left step of a run, mirrored, beside the right one of another."""
    fragment = f"a={RUNNER.name}/run1@left&b={RUNNER.name}/{TRIAL}@right&mirror=a"
    page = view.context.browser.new_page(viewport={"width": 1000, "height": 1200})
    page.goto(f"{(finished.root / 'report' / 'compare.html').as_uri()}#{fragment}")
    page.wait_for_selector("#compare[data-ready]", timeout=60_000)
    yield page
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    "question", [question_of for question_of in QUESTIONS if question_of != RESTRICTED]
)
def test_a_question_of_the_virtual_study_is_answered(pair, finished, question):
    with closing(pair.context.browser.new_page(viewport={"width": 1200, "height": 900})) as page:
        answered(page, finished.root / "report", question)


@pytest.fixture(scope="module")
def boned(finished, tmp_path_factory):
    """The finished study again, as if three bones lay beside the model of its first participant."""
    folder, source = tmp_path_factory.mktemp("boned"), finished.file.parent
    shutil.copytree(source, folder, dirs_exist_ok=True)
    in_file(folder / "study.yaml", str(source), str(folder))
    study = load_study(folder / "study.yaml")
    with pytest.MonkeyPatch.context() as patch:
        meshes = dict.fromkeys(BODIES, ball(0.05, 12))
        patch.setattr(bones, "model_bones", lambda *_: (meshes, []))
        pages_participant(study, RUNNER.name, lambda _: None)
    report_study(study, lambda _: None)
    return study


def test_a_surface_has_the_size_that_the_model_gives_it(tmp_path, monkeypatch):
    """And a damaged one is a warning, which leaves the others."""
    model, folder = tmp_path / "made.osim", tmp_path / "Geometry"
    model.write_text(MODEL, encoding="utf-8")
    folder.mkdir()
    (folder / "thigh.vtp").write_bytes(KINDS["text.vtp"])
    (folder / "shank.stl").write_bytes(KINDS["binary.STL"][:150])
    monkeypatch.setattr(bones, "final_model", lambda *_: SimpleNamespace(osim=model))
    meshes, [damaged] = bones.model_bones(SimpleNamespace(model_file=lambda _: model), "S01")
    assert set(meshes) == {"femur_r"}
    np.testing.assert_allclose(np.ptp(meshes["femur_r"].points, axis=0), [0.1, 0.4, 0.9], atol=1e-9)
    assert (damaged.rule, damaged.severity) == ("file-damaged", "warning")
    assert (damaged.participant, damaged.file.rpartition("/")[2]) == ("S01", "shank.stl")


def test_pages_load_bones_where_there_are_some(boned):
    """All trials of an athlete load one file, within the size of a trial; other athletes none."""
    folder = boned.root / "report" / "trials"
    for participant in PEOPLE:
        pages = sorted((folder / participant).glob("*.html"))
        assert len(pages) == 2
        assert (folder / participant / bones.BONES).exists() == (participant == RUNNER.name)
        for page in pages:
            text = page.read_text(encoding="utf-8")
            for words in (f'<script src="{bones.BONES}">', 'name="bones"'):
                assert (words in text) == (participant == RUNNER.name)
    sizes = [(folder / RUNNER.name / x).stat().st_size for x in ("run2.js", "run2.html")]
    bytes_of_bones = (folder / RUNNER.name / bones.BONES).stat().st_size
    assert bytes_of_bones <= bones.MAX_BYTES + 30
    assert sum(sizes) + bytes_of_bones < 300_000


@pytest.mark.browser
def test_pages_are_accessible_and_fit_a_phone(view, pair, boned):
    """In the dark what depends on colours is tried again."""
    from tests.chromium import LOOK_RULES, axe

    bony = (boned.root / "report" / "trials" / RUNNER.name / "run2.html").as_uri()
    for address, ready in ((view.url, "replay"), (bony, "replay"), (pair.url, "compare")):
        size = {"width": 390, "height": 844}
        with closing(view.context.browser.new_page(viewport=size)) as phone:
            phone.goto(address)
            phone.wait_for_selector(f"#{ready}[data-ready]", timeout=60_000)
            opened = "all => all.forEach(one => { one.open = true; })"
            phone.eval_on_selector_all("details", opened)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 390
            audit = axe.Axe().run(phone, options={"preload": False})
            assert audit.violations_count == 0, audit.generate_report()
            phone.emulate_media(color_scheme="dark")
            audit = axe.Axe().run(phone, options={"preload": False, "runOnly": LOOK_RULES})
            assert audit.violations_count == 0, audit.generate_report()
            assert audit.response["passes"]
