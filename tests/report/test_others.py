"""The drawings of an athlete beside other people show what an outsider computes from the rows."""

from __future__ import annotations

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from aqbio.pages.address import plain
from aqbio.pages.others import SHOWN_PARTS, beside_others

SCALE_KGM = 120.0
"""Mass times stature of the athlete."""

SPEEDS = np.arange(2.0, 9.5, 1.0)
"""Speeds at which everyone of the reference ran."""

PIXEL = 0.11
"""Coordinates have one decimal."""


def _people(count: int, sign: float) -> pd.DataFrame:
    """Lines over speed, ``a + b speed`` of each person and part; `sign`: of all numbers, or 0."""
    random, rows = np.random.default_rng(3), []
    for person in range(count):
        for part in SHOWN_PARTS:
            a, b = random.uniform(1.0, 9.0), random.uniform(0.1, 0.9)
            factor = sign or random.choice([-1.0, 1.0])
            rows += [
                {"study": "other", "person": f"P{person}", "part": part, "axis": "y", "a": a,
                 "b": b, "speed_mps": v, "scaled": factor * (a + b * v), "published": "Doe (2013)",
                 "surface": "treadmill", "sex": "male", "laboratory": None, "sign": factor}
                for v in SPEEDS
            ]  # fmt: skip
    return pd.DataFrame(rows)


def _steps(speeds: tuple[float, ...], sign: float) -> pd.DataFrame:
    """Three steps on the left foot and one on the right at each speed; some errors unknown."""
    random, rows = np.random.default_rng(4), []
    for trial, speed in enumerate(speeds):
        for number, side in enumerate(("left", "left", "right", "left")):
            row = {"participant_id": "A", "trial_id": f"run{trial}", "step": number, "side": side,
                   "condition": "normal", "status": "ok",
                   "step_flags": None, "step_frequency_hz": 3.0,
                   "speed_mps": speed + 0.04 * (side == "right")}  # fmt: skip
            for part in SHOWN_PARTS:
                factor = sign or (1.0 if part == "arms" else -1.0)
                row[f"H_{part}_y_stance_mean_kgm2ps"] = factor * random.uniform(0.5, 6.0)
                error = np.nan if part == "torso" else random.uniform(0.05, 0.6)
                row[f"H_{part}_y_stance_mean_sd_kgm2ps"] = error
            rows.append(row)
    return pd.DataFrame(rows)


CASES = {
    "both signs": (7, 0.0, (3.1, 4.6, 6.2)),
    "above": (6, 1.0, (2.6, 8.4)),
    "below and small": (5, -0.01, (3.7, 5.4)),
    "few others": (4, 0.0, (4.1, 6.6)),
    "nobody": (0, 0.0, (3.6, 5.2)),
}
"""Other people, sign of every number (0: any), and the athlete's speeds."""


def _section(monkeypatch, steps: pd.DataFrame, people: pd.DataFrame, scale: float = SCALE_KGM):
    """Section of the page of one athlete."""
    monkeypatch.setattr("aqbio.pages.others.body_scale", lambda *_: scale)
    monkeypatch.setattr("aqbio.pages.others.read_reference", lambda _: people)
    participant = SimpleNamespace(person="", participant_id="A")
    study = SimpleNamespace(
        settings=SimpleNamespace(name="made"), participant=lambda _: participant
    )
    return beside_others(study, "A", steps)


@pytest.fixture(params=CASES)
def section_drawn(request, monkeypatch):
    """Section of the page, its panels by part, the other people and the steps."""
    count, sign, speeds = CASES[request.param]
    steps = _steps(speeds, sign)
    people = _people(max(count, 1), sign)
    people = people if count else people.iloc[:0]
    section = _section(monkeypatch, steps, people)
    panels = ElementTree.fromstring(f"<all>{section.drawing}</all>").findall("svg")
    return section, dict(zip(SHOWN_PARTS, panels, strict=True)), people, steps


def _number(words: str) -> float:
    return float(words.replace("−", "-"))


def _points(path: str) -> np.ndarray:
    return np.array([pair.split() for pair in re.split("[MLZ]", path) if pair], dtype=float)


def _bars(panel: ElementTree.Element) -> np.ndarray:
    """Place across and both ends of every interval of the athlete."""
    bars = [path.get("d") for path in panel.findall("path") if path.get("class") == "own"]
    return np.array([re.split("[ V]", bar[1:]) for bar in bars], dtype=float)


def _ticks(panel: ElementTree.Element, anchor: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers beside an axis, and where they stand: text is 4 below the middle of its line."""
    texts = [text for text in panel.findall("text") if text.get("text-anchor") == anchor]
    positions = [
        float(text.get("x")) if anchor == "middle" else float(text.get("y")) - 4.0 for text in texts
    ]
    return np.array([_number(text.text) for text in texts]), np.array(positions)


def _scales(panel: ElementTree.Element):
    """From speed and scaled momentum to places, by the labelled ticks alone."""
    ways = []
    for anchor in ("middle", "end"):
        numbers, positions = _ticks(panel, anchor)
        slope, start = np.polyfit(numbers, positions, 1)
        np.testing.assert_allclose(start + slope * numbers, positions, atol=PIXEL)
        ways.append(lambda value, slope=slope, start=start: start + slope * np.asarray(value))
    return ways


def _own_means(steps: pd.DataFrame, part: str) -> pd.DataFrame:
    """Speed, mean and half interval of a part in thousandths by trial, each foot weighing alike."""
    mean, error = (f"H_{part}_y_stance_mean_{end}" for end in ("kgm2ps", "sd_kgm2ps"))
    feet = steps.groupby(["trial_id", "side"])[["speed_mps", mean]].mean()
    means = feet.groupby("trial_id").mean()
    means.columns = ["speed", "mean"]
    means["half"] = norm.ppf(0.975) * steps.groupby("trial_id")[error].mean().fillna(0.0)
    unit = SCALE_KGM * means["speed"] / 1000.0
    return means.assign(mean=means["mean"] / unit, half=means["half"] / unit)


def test_own_means_and_their_intervals_stand_where_the_scales_say(section_drawn):
    _, panels, _, steps = section_drawn
    for part, panel in panels.items():
        x, y = _scales(panel)
        means = _own_means(steps, part)
        circles = [circle for circle in panel.findall("circle") if circle.get("class") == "own"]
        centres = np.array(
            [[float(circle.get("cx")), float(circle.get("cy"))] for circle in circles]
        )
        expected = np.column_stack((x(means["speed"]), y(means["mean"])))
        np.testing.assert_allclose(centres, expected, atol=4 * PIXEL)
        low, high = y(means["mean"] - means["half"]), y(means["mean"] + means["half"])
        expected = np.column_stack((x(means["speed"]), low, high))
        np.testing.assert_allclose(_bars(panel), expected, atol=4 * PIXEL)


def test_the_band_is_mean_and_standard_deviation_of_the_others_at_each_speed(section_drawn):
    """By pandas; everyone's numbers lie on a line over speed, so that any speed is known."""
    _, panels, people, steps = section_drawn
    low, high = steps["speed_mps"].min(), steps["speed_mps"].max()
    for part, panel in panels.items():
        x, y = _scales(panel)
        bands = [path.get("d") for path in panel.findall("path") if path.get("class") == "band"]
        lines = [path.get("d") for path in panel.findall("path") if path.get("class") == "others"]
        is_band = people["person"].nunique() >= 5
        assert len(bands) == len(lines) == int(is_band)
        rings = [circle for circle in panel.findall("circle") if circle.get("class") == "others"]
        at_two = people[people["part"] == part].drop_duplicates("person")
        at = [
            at_two["sign"] * (at_two["a"] + at_two["b"] * v)
            for v in _own_means(steps, part)["speed"]
        ]
        assert len(rings) == (0 if is_band else sum(map(len, at)))
        for ring, value in zip(rings, np.concatenate(at or [[]]), strict=False):
            assert float(ring.get("cy")) == pytest.approx(y(value), abs=4 * PIXEL)
        if not is_band:
            continue
        middle, outline = _points(lines[0]), _points(bands[0])
        speeds = (middle[:, 0] - x(0.0)) / (x(1.0) - x(0.0))
        assert speeds[0] < max(low, 2.0)
        assert speeds[-1] > min(high, 9.0)
        assert np.diff(speeds).max() < 0.15
        lined = pd.DataFrame([at_two["sign"] * (at_two["a"] + at_two["b"] * v) for v in speeds])
        mean, sd = lined.mean(axis=1), lined.std(axis=1)
        np.testing.assert_allclose(middle[:, 1], y(mean), atol=4 * PIXEL)
        edge = np.concatenate((mean + sd, (mean - sd)[::-1]))
        np.testing.assert_allclose(outline[:, 1], y(edge), atol=4 * PIXEL)
        np.testing.assert_allclose(outline[:, 0], [*middle[:, 0], *middle[::-1, 0]])


def test_all_panels_have_one_scale_that_holds_everything_and_round_ticks(section_drawn):
    _, panels, _, _ = section_drawn
    all_points, ticks = [], set()
    for panel in panels.values():
        _, _, width, height = map(float, panel.get("viewBox").split())
        numbers, positions = _ticks(panel, "end")
        speeds, across = _ticks(panel, "middle")
        ticks.add((*numbers, *positions, *speeds, *across))
        drawn_points = [
            *(
                _points(path.get("d"))
                for path in panel.findall("path")
                if path.get("class") == "band"
            ),
            *(
                [[float(circle.get("cx")), float(circle.get("cy"))]]
                for circle in panel.findall("circle")
            ),
            *_bars(panel)[:, :2, None].transpose(2, 0, 1),
            *_bars(panel)[:, ::2, None].transpose(2, 0, 1),
        ]
        all_points += [*np.concatenate(drawn_points)]
        zero = next(path for path in panel.findall("path") if path.get("class") == "zero")
        start, at, end = (float(number) for number in re.split("[ H]", zero.get("d")[1:]))
        assert at == pytest.approx(positions[list(numbers).index(0.0)], abs=PIXEL)
        assert start < min(across) < max(across) <= end < width
        assert 2 <= len(speeds) <= 5
        [step] = set(np.diff(speeds))
        assert (speeds == np.round(speeds)).all()
        to_x, _ = _scales(panel)
        assert to_x(speeds[0] - step) < start <= end < to_x(speeds[-1] + step)
        labels = [text for text in panel.findall("text") if text.get("text-anchor") == "end"]
        assert all(float(text.get("x")) < start for text in labels)
        assert all(0.0 < float(text.get("y")) < height for text in panel.findall("text"))
    assert len(ticks) == 1
    x, y = np.array(all_points).T
    assert start <= x.min() < x.max() <= end
    assert 14.0 < y.min() < y.max() < height - 14.0
    assert max(y.max(), at) - min(y.min(), at) > 0.6 * height
    _, to_y = _scales(panel)
    for extreme in (y.min(), y.max()):
        value = (extreme - to_y(0.0)) / (to_y(1.0) - to_y(0.0))
        same_side = [tick for tick in numbers if tick * value > 0.0]
        assert not same_side or max(map(abs, same_side)) > 0.45 * abs(value)


def test_a_panel_is_told_in_the_words_of_the_table(section_drawn):
    """Speed, own mean and its error in kg m²/s, for who does not see the drawing."""
    section, panels, _, steps = section_drawn
    assert plain(section.sentence).startswith(f"At {steps['speed_mps'].max():.1f} m/s ")
    for part, panel in panels.items():
        spoken = re.findall(r"([\d.]+) m/s: (−?[\d.]+)(?: ± ([\d.]+))?", panel.get("aria-label"))
        means = _own_means(steps, part)
        unit = SCALE_KGM * means["speed"] / 1000.0
        expected = np.column_stack((means["speed"], means["mean"] * unit, means["half"] * unit))
        read = np.array([[_number(cell or "0") for cell in row] for row in spoken])
        np.testing.assert_allclose(read, expected, atol=0.051, rtol=5e-3)
        table_parts = [
            part_of_speed
            for speed in section.speeds
            for part_of_speed in speed.parts
            if part_of_speed.part == part
        ]
        assert [f"{row[1]} ± {row[2]}" if row[2] else row[1] for row in spoken] == [
            plain(part_of_speed.text) for part_of_speed in table_parts
        ]


def test_only_usual_steps_at_a_known_speed_of_a_known_body_are_compared(monkeypatch):
    """Other numbers of other conditions and of a trial without a speed change nothing."""
    steps, people = _steps((4.0, 6.0), 0.0), _people(6, 0.0)
    section = _section(monkeypatch, steps, people)
    assert _section(monkeypatch, steps, people, np.nan) is None
    restricted = steps.assign(trial_id=steps["trial_id"] + "b", condition="restricted_arms")
    nowhere = steps[:4].assign(trial_id="c", speed_mps=np.nan)
    for column in [name for name in steps if name.endswith("mean_kgm2ps")]:
        restricted[column] = nowhere[column] = 50.0
    with_restricted = _section(monkeypatch, pd.concat([restricted, steps, nowhere]), people)
    assert (with_restricted.sentence, with_restricted.drawing) == (
        section.sentence,
        section.drawing,
    )
    assert _section(monkeypatch, restricted, people) is None
    assert _section(monkeypatch, nowhere, people) is None


def test_steps_that_turn_are_compared_with_nobody(monkeypatch):
    """The others ran on a straight: a turn carries the angular momentum of turning."""
    steps, people = _steps((4.0, 6.0), 0.0), _people(6, 0.0)
    section = _section(monkeypatch, steps, people)
    turning = steps.assign(trial_id="cut", step_flags="heading_change")
    assert _section(monkeypatch, turning, people) is None
    both = _section(monkeypatch, pd.concat([steps, turning]), people)
    assert (both.sentence, both.drawing) == (section.sentence, section.drawing)
    speeding = _section(monkeypatch, steps.assign(step_flags="accelerating"), people)
    assert plain(speeding.sentence).startswith(plain(section.sentence))
    assert "those of the others do not" in speeding.sentence
