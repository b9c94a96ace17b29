"""The first page of a new study: what is in one recording, seconds after it is given."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

from aqbio.intake.new import new_study_from
from aqbio.intake.outlook import ContactBar, _turn
from tests.lacking.recordings import virtual_take
from tests.markerless import PEOPLE, video_points, write_points


@pytest.fixture(scope="module")
def outlook(tmp_path_factory):
    """A run of a virtual sprinter as points of video, without plates or a static trial."""
    folder = tmp_path_factory.mktemp("outlook")
    take = virtual_take(PEOPLE[0].sprinter, 3, 0)[1]
    points = video_points(take.labels, take.markers, added=False)
    write_points(folder / "data" / "run.trc", points, 0.0)
    new_study_from(folder / "mine", folder / "data", None, lambda _: None)
    return folder / "mine" / "outlook.html"


def test_the_page_says_what_found_txt_says(outlook):
    """Every line of the outlook, and a bar for every contact that its sentence counts."""
    page, text = outlook.read_text("utf-8"), outlook.with_name("found.txt").read_text("utf-8")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).casefold()
    lines = text.partition("What comes of it\n")[2].partition("\n\n")[0].splitlines()
    assert lines
    for line in lines:
        assert line.strip().casefold().replace("'", "&#39;") in words, line
    counted = int(re.search(r"(\d+) contacts", page)[1])
    assert counted == page.count('class="left') + page.count('class="right') > 1
    assert " 0 with forces" in page


def test_the_speed_is_that_of_the_runner(outlook):
    """Within 3 % of the gait's."""
    speed = float(re.search(r"1 run at ([\d.]+) m/s", outlook.read_text("utf-8"))[1])
    take = virtual_take(PEOPLE[0].sprinter, 3, 0)[1]
    sacrum = take.markers[:, take.labels.index("SACR")]
    true = abs(sacrum[-1, 0] - sacrum[0, 0]) * take.marker_rate / (len(sacrum) - 1)
    assert speed == pytest.approx(true, rel=0.03)


@pytest.mark.parametrize(("degrees", "said"), [(0, 0), (10, 0), (30, 30), (-120, -120)])
def test_a_turn_is_told_from_the_sway_of_a_straight_run(degrees, said):
    """A pelvis that turns between two contacts, to the right, beside a sway of 2 cm a step."""
    rate, time = 200.0, np.arange(200) / 200.0
    heading = np.radians(degrees) * np.clip((time - 0.4) / 0.2, 0.0, 1.0)
    ahead, right = np.cumsum(5.0 / rate * np.stack([np.cos(heading), np.sin(heading)]), axis=1)
    sway = 0.02 * np.sin(2.0 * np.pi * 1.5 * time)
    path = np.stack([ahead - sway * np.sin(heading), right + sway * np.cos(heading)], axis=1)
    bars = [ContactBar("left", 0.1, 0.3, True), ContactBar("right", 0.65, 0.9, True)]
    assert _turn(path, rate, bars) == pytest.approx(said, abs=6.0 if said else 0.0)


@pytest.mark.real
@pytest.mark.opensim
def test_a_side_step_is_said_to_turn(tmp_path, realdata):
    new_study_from(tmp_path / "mine", realdata / "side_step", None, lambda _: None)
    page = (tmp_path / "mine" / "outlook.html").read_text("utf-8")
    assert "2.4 m/s, turning to the right by 31 degrees, overground" in page


@pytest.mark.real
@pytest.mark.opensim
def test_places_of_bars_are_times(real_sprint):
    """JA1's contacts: share of the recording's length, to the page's two decimals."""
    page = real_sprint.read_text("utf-8")
    bars = re.findall(r'class="(left|right)" style="left:([\d.]+)%;width:([\d.]+)%', page)
    sides = [side for side, *_ in bars]
    assert sides == ["left", "left", "right", "right"]
    seconds = 323 / 250.0
    times = {"right": (0.354, 0.818), "left": (0.584, 1.040)}
    for side, expected in times.items():
        starts = [float(left) * seconds / 100.0 for name, left, _ in bars if name == side]
        assert starts == pytest.approx(expected, abs=0.006)
    assert "<polyline" in page
    assert "4 with forces" in page
    assert "turning" not in page


@pytest.fixture
def real_sprint(tmp_path, realdata):
    (tmp_path / "data").mkdir()
    shutil.copy(realdata / "ja1_dorn2012" / "c3d" / "JA1Gait35.c3d", tmp_path / "data")
    new_study_from(tmp_path / "mine", tmp_path / "data", None, lambda _: None)
    return tmp_path / "mine" / "outlook.html"


@pytest.mark.browser
def test_the_page_fits_and_asks_for_nothing(outlook):
    from tests.chromium import axe, beyond, chromium, heard

    with chromium() as browser:
        for width in (1280, 390):
            view = browser.new_page(viewport={"width": width, "height": 900})
            messages, addresses = heard(view)
            view.goto(outlook.as_uri())
            assert view.evaluate("document.documentElement.scrollWidth") <= width
            assert view.locator(".timeline").bounding_box()["width"] > 0.5 * min(width, 900)
            assert axe.Axe().run(view).response["violations"] == []
            assert messages == []
            assert beyond(outlook.parent, addresses) == []
