"""Two trials side by side, in a browser: equal phase, the mirror image, keys."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aqbio.io.netcdf import read_dataset
from tests.virtual.runners import RUNNER

pytestmark = pytest.mark.browser

MOMENTUM = 0.02
"""What a number on the page may be off by, kg m²/s."""

TRIAL = "run2"


@pytest.fixture(scope="module")
def pair(finished) -> Iterator:
    """The left step of a run, mirrored, beside the right one of another."""
    from tests.chromium import beyond, chromium, heard

    place = f"a={RUNNER.name}/run1@left&b={RUNNER.name}/{TRIAL}@right&mirror=a"
    path = finished.root / "report" / "compare.html"
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1200})
        messages, addresses = heard(page)
        page.goto(f"{path.as_uri()}#{place}")
        page.wait_for_selector("#compare[data-ready]", timeout=60_000)
        yield page
        assert messages == []
        assert beyond(finished.root / "report", addresses) == []


def _contacts_of(finished, trial: str) -> list[dict]:
    folder = finished.folder(RUNNER.name, "pages") / "trials" / RUNNER.name
    text = (folder / f"{trial}.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("globalThis.REPLAY=").removesuffix(";\n"))["contacts"]


def test_equal_phase_is_the_same_share_of_contact_and_flight(pair, finished):
    for number, (trial, foot) in enumerate((("run1", "left"), (TRIAL, "right"))):
        contacts = _contacts_of(finished, trial)
        first = next(place for place, one in enumerate(contacts) if one["foot"] == foot)
        one, following = contacts[first], contacts[first + 1]
        for phase, begin, end, share in (
            (0.0, one["touchdown"], one["toe_off"], 0.0),
            (0.2, one["touchdown"], one["toe_off"], 0.4),
            (0.5, one["touchdown"], one["toe_off"], 1.0),
            (0.9, one["toe_off"], following["touchdown"], 0.8),
            (1.0, one["toe_off"], following["touchdown"], 1.0),
        ):
            asked = f"aqbio.instant(aqbio.compare.state.shown[{number}].knots, {phase})"
            assert pair.evaluate(asked) == pytest.approx(begin + share * (end - begin), abs=1e-9)


def test_a_mirrored_step_turns_the_other_way(pair, finished):
    """About the vertical and the forward axis; about the sideways axis it turns as it does."""
    found = read_dataset(finished.folder(RUNNER.name, "contributions") / "run1.nc")
    contact = next(one for one in _contacts_of(finished, "run1") if one["foot"] == "left")
    instant = 0.6 * contact["touchdown"] + 0.4 * contact["toe_off"]
    swing = found["group_angular_momentum"].sel(group="leg_right").interp(time=instant)
    for axis, sign in (("y", -1.0), ("x", -1.0), ("z", 1.0)):
        pair.locator("[name=axis]").select_option(axis)
        shown = pair.evaluate("aqbio.compare.side(aqbio.compare.state.shown[0], 'swing_side', 0.2)")
        assert shown == pytest.approx(sign * float(swing.sel(axis=axis)), abs=MOMENTUM)
    pair.locator("[name=axis]").select_option("y")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_side_by_side_is_accessible_and_fits_a_phone(pair, width, scheme):
    from tests.chromium import axe

    size = {"width": width, "height": 844}
    other = pair.context.browser.new_page(viewport=size, color_scheme=scheme)
    other.goto(pair.url)
    other.wait_for_selector("#compare[data-ready]", timeout=60_000)
    assert other.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(other)
    assert found.violations_count == 0, found.generate_report()
    other.close()
