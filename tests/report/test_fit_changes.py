"""What the fit moved: the largest parts, their medians over trials, bars of their length."""

from __future__ import annotations

import pandas as pd
import pytest

from aqbio.pages.fit import BAR, MOST, fit_changes


def moved(**parts: tuple[float, ...]) -> pd.DataFrame:
    """Changes of joint angles (degrees) by part, trial after trial."""
    return pd.DataFrame(
        {"trial_id": f"t{number}", "quantity": "joint_angle", "part": part, "axis": None,
         "statistic": "rms_change", "after": value, "unit": "degrees"}
        for part, values in parts.items()
        for number, value in enumerate(values, start=1)
    )  # fmt: skip


def test_parts_stand_by_their_median_with_the_trial_of_the_largest():
    [found] = fit_changes(moved(hip_flexion_r=(1.0, 2.0, 9.0), knee_angle_r=(3.0, 3.5, 4.0)))
    assert [one.part for one in found.parts] == ["knee angle r", "hip flexion r"]
    assert [one.median for one in found.parts] == [3.5, 2.0]
    assert [one.largest for one in found.parts] == [4.0, 9.0]
    assert [one.trial_id for one in found.parts] == ["t3", "t3"]


def test_the_longest_bar_is_the_largest_change():
    [found] = fit_changes(moved(hip=(1.0, 9.0), knee=(3.0, 4.0)))
    assert max(one.largest_bar for one in found.parts) == pytest.approx(BAR)
    assert found.parts[0].median_bar == pytest.approx(BAR * 5.0 / 9.0)


@pytest.mark.parametrize(("count", "others"), [(MOST, 0), (MOST + 1, 1)])
def test_only_the_largest_are_shown(count, others):
    [found] = fit_changes(moved(**{f"q{n}": (float(n + 1),) for n in range(count)}))
    assert (len(found.parts), found.others) == (MOST, others)


def test_the_body_as_a_whole_and_other_units_do_not_count():
    whole = moved(whole=(5.0,)).assign(part="whole body")
    metres = moved(pelvis_tx=(5.0,)).assign(unit="m")
    assert fit_changes(pd.concat([whole, metres])) == []


def test_metres_are_told_in_millimetres():
    table = moved(torso=(0.013,)).assign(quantity="centre_of_mass", unit="m")
    [found] = fit_changes(table)
    assert (found.unit, found.parts[0].largest) == ("mm", pytest.approx(13.0))


def test_a_study_without_a_fit_has_no_changes():
    assert fit_changes(moved(hip=(1.0,)).iloc[:0]) == []
