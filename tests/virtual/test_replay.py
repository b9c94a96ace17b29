"""The replay shows what the files say: read back from the packed numbers, and from a browser."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.body.records import ParticipantModel
from aqbio.gait.steps import rotation_about_vertical
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.pages.replay import MOST_BYTES, replay_script
from aqbio.pages.stage_participant import trial_replay, trials_folder
from tests.unpacked import unpack
from tests.virtual.runners import RUNNER

POSITION, MOMENTUM = 1e-3, 0.1
"""What a replay may be off by: m, kg m²/s."""

TRIAL = "run2"
START = "globalThis.REPLAY="


@pytest.fixture(scope="module")
def script(finished) -> dict:
    path = trials_folder(finished, RUNNER.name) / f"{TRIAL}.js"
    text = path.read_text(encoding="utf-8")
    assert len(text) <= MOST_BYTES
    return json.loads(text.removeprefix(START).removesuffix(";\n"))


@pytest.fixture(scope="module")
def truth(finished) -> dict:
    """Centres of mass, markers, momenta and forces from the files of the stages, in run axes."""
    found, motion = (
        read_dataset(finished.folder(RUNNER.name, stage) / f"{TRIAL}.nc")
        for stage in ("contributions", "inverse_dynamics")
    )
    skeleton = load_skeleton(ParticipantModel.of(finished, RUNNER.name).table)
    poses = segment_poses(skeleton, motion["q"].values)
    turn = rotation_about_vertical(-float(found.attrs["heading"]))
    bodies = np.arange(len(skeleton.bodies))
    return {
        "segments": skeleton.bodies,
        "centres": station_positions(poses, bodies, skeleton.com) @ turn.T,
        "markers": station_positions(poses, skeleton.marker_body, skeleton.marker_position)
        @ turn.T,
        "names": skeleton.markers,
        "com": found["com"].values,
        "momentum": found["group_angular_momentum"].values,
        "total": found["angular_momentum"].sum("segment").values,
        "force": found["ground_force"].values,
        "time": found["time"].values,
    }


def test_positions_and_momenta_are_those_of_the_files(script, truth):
    numbers = unpack(script["packed"])
    assert [one["name"] for one in script["segments"]] == list(truth["segments"])
    centres = numbers["centre"] + numbers["place"][:, None]
    assert np.abs(centres - truth["centres"]).max() < POSITION
    assert np.abs(numbers["place"] - truth["com"]).max() < POSITION
    assert np.abs(numbers["momentum"] - truth["momentum"]).max() < MOMENTUM
    assert np.nanmax(np.abs(numbers["force"] - truth["force"])) <= 0.25 * (1 + 1e-9)
    time = script["start"] + script["step"] * np.arange(len(centres))
    assert np.abs(time - truth["time"]).max() < 1e-4


def test_turns_put_markers_where_the_model_has_them(script, truth):
    """Quaternions and places within segments, as the page uses them."""
    from scipy.spatial.transform import Rotation

    numbers = unpack(script["packed"])
    centres = numbers["centre"] + numbers["place"][:, None]
    assert script["markers"]
    for one in script["markers"]:
        turn = Rotation.from_quat(numbers["turn"][:, one["segment"]])
        arm = np.array(one["place"]) - script["segments"][one["segment"]]["com"]
        found = centres[:, one["segment"]] + turn.apply(arm)
        expected = truth["markers"][:, truth["names"].index(one["name"])]
        assert np.abs(found - expected).max() < POSITION, one["name"]


def test_sides_add_up_to_the_whole(script, truth):
    """Roles of the page: push side and swing side are the body, on either foot."""
    numbers = unpack(script["packed"])
    for weights in script["roles"].values():
        both = np.array(weights["push_side"]) + np.array(weights["swing_side"])
        whole = np.einsum("g,tgi->ti", both, numbers["momentum"])
        assert np.abs(whole - truth["total"]).max() < MOMENTUM


def test_what_is_not_known_is_not_drawn(finished):
    """Files of forces alone do not say where their plates lie; a contact may have no end."""
    replayed, _ = trial_replay(finished, RUNNER.name, TRIAL)
    first, *others = replayed.contacts
    corners = replayed.plates.copy()
    corners[0] = np.nan
    cut = replace(replayed, plates=corners, contacts=({**first, "toe_off": float("nan")}, *others))
    made = json.loads(json.dumps(replay_script(cut), allow_nan=False))
    assert len(made["plates"]) == len(corners) - 1
    assert made["contacts"] == [dict(one) for one in others]


# in a browser ----------------------------------------------------------------------------------


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
        assert sum((path.parent / Path(one).name).exists() for one in addresses) >= 2


@pytest.mark.browser
def test_the_browser_unpacks_the_same_numbers(view, script):
    numbers = unpack(script["packed"])
    for name, values in numbers.items():
        count = view.evaluate("name => aqbio.replay.channels[name].values.length", name)
        assert count == values.size
        found = view.evaluate(
            "name => Array.from(aqbio.replay.channels[name].values,"
            " one => Number.isNaN(one) ? null : one)",
            name,
        )
        flat = np.moveaxis(values, 0, -1).ravel()
        got = np.array([np.nan if one is None else one for one in found])
        np.testing.assert_allclose(got, flat, rtol=1e-6, atol=1e-6)


@pytest.mark.browser
@pytest.mark.parametrize("frame", [0, 40, 101])
def test_solids_are_drawn_where_the_segments_are(view, truth, frame):
    view.evaluate("frame => aqbio.replay.go(frame)", frame)
    drawn = np.array(view.evaluate("aqbio.replay.scene.centres()"))
    assert np.abs(drawn - truth["centres"][frame]).max() < POSITION


@pytest.mark.browser
def test_what_is_told_is_what_the_files_say(view, script, truth):
    """Both sides about the vertical at an instant of a contact."""
    contact = script["contacts"][1]
    frame = int(np.searchsorted(truth["time"], contact["touchdown"] + 0.05))
    told = view.evaluate("frame => aqbio.replay.telling(frame)", frame).replace("−", "-")
    assert f"{contact['foot']} foot on the ground" in told
    weights = script["roles"][contact["foot"]]
    for role in ("push_side", "swing_side"):
        value = np.dot(weights[role], truth["momentum"][frame, :, 1])
        number = float(told.split(f"{role.replace('_', ' ')} ")[1].split()[0].rstrip(","))
        assert number == pytest.approx(value, abs=0.02)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_trial_is_accessible_on_a_phone(view, scheme):
    from tests.chromium import axe

    size = {"width": 390, "height": 844}
    phone = view.context.browser.new_page(viewport=size, color_scheme=scheme)
    phone.goto(view.url)
    phone.wait_for_selector("#replay[data-ready]", timeout=60_000)
    phone.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    found = axe.Axe().run(phone, options={"preload": False})
    assert found.violations_count == 0, found.generate_report()
    phone.close()


@pytest.mark.browser
@pytest.mark.parametrize("share", [0.0, 0.5, 1.4])
def test_pictures_show_the_right_limbs_where_the_files_have_them(view, script, truth, share):
    """Touchdown, middle of contact and flight: seen from the right, nothing hides them."""
    one = script["contacts"][1]
    instant = one["touchdown"] + share * (one["toe_off"] - one["touchdown"])
    frame = int(np.searchsorted(truth["time"], instant))
    limbs = [n for n, of in enumerate(script["segments"]) if of["group"].endswith("_right")]
    view.locator("[name=colour]").select_option("anatomy")
    view.locator("[name=momenta]").select_option("none")
    view.locator("[name=forces]").uncheck()
    view.locator("[name=view]").select_option("side")
    view.evaluate("frame => aqbio.replay.go(frame)", frame)
    picture = _pixels(view.locator(".stage canvas").screenshot())
    assert all(_right(view, picture, truth["centres"][frame, limb]) for limb in limbs)
    later = frame + round(0.1 / script["step"])
    moved = truth["centres"][later] - truth["com"][later] + truth["com"][frame]
    assert not all(_right(view, picture, moved[limb]) for limb in limbs)  # the danger is there
    view.locator("[name=colour]").select_option("roles")
    view.locator("[name=momenta]").select_option("parts")
    view.locator("[name=forces]").check()


def _pixels(screenshot: bytes) -> np.ndarray:
    """Red, green and blue of a picture, (H, W, 3)."""
    from matplotlib.image import imread

    return imread(io.BytesIO(screenshot))[..., :3]


def _right(view, picture: np.ndarray, place: np.ndarray) -> bool:
    """Whether a picture has the colour of the right side, purple, where a point is."""
    across, down = view.evaluate("place => aqbio.replay.scene.seenAt(place)", place.tolist())
    height, width, _ = picture.shape
    red, green, blue = picture[int(down * height), int(across * width)]
    return bool(min(red, blue) - green > 0.1)
