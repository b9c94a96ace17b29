"""Ground forces: one trial, both feet, contacts with their plates."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from aqbio.figures.captions import ground_forces_alternative_text
from aqbio.figures.ground_forces import (
    _AROUND_S,
    FORCE_COLUMNS,
    DrawnContact,
    GroundForces,
    _within,
    ground_force_numbers,
    ground_forces_figure,
    trial_ground_forces,
)
from aqbio.figures.style import journal_style
from tests.figures.made_results import prepared_trial
from tests.figures.made_study import MASS_KG, WEIGHT_N, made_steps


@pytest.fixture(scope="module")
def forces() -> GroundForces:
    sprint = [step for step in made_steps() if step.trial == "sprint"]
    return trial_ground_forces(prepared_trial(sprint), MASS_KG)


def test_forces_are_in_body_weights(forces: GroundForces) -> None:
    sprint = [step for step in made_steps() if step.trial == "sprint"]
    newtons = trial_ground_forces(prepared_trial(sprint), None)
    assert (forces.unit, newtons.unit) == ("BW", "N")
    np.testing.assert_allclose(forces.force * WEIGHT_N, newtons.force, rtol=1e-12)


def test_contacts_follow_the_recording(forces: GroundForces) -> None:
    assert [contact.foot for contact in forces.contacts] == ["right", "left", "right", "left"]
    assert [contact.plates for contact in forces.contacts] == ["2", "4,5", "7", "7"]
    assert [contact.complete for contact in forces.contacts] == [True, True, True, False]


@pytest.mark.parametrize("width_mm", [85.0, 180.0])
def test_figure_names_axes_units_and_plates(forces: GroundForces, width_mm: float) -> None:
    figure = ground_forces_figure(forces, width_mm)
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == ["plate", "vertical\n(BW)", "forward\n(BW)", "rightward\n(BW)"]
    assert figure.axes[-1].get_xlabel() == "time (s)"
    assert [text.get_text() for text in figure.axes[0].texts] == ["2", "4+5", "7", "7"]
    hatched = [patch.get_hatch() is not None for patch in figure.axes[0].patches]
    assert hatched == [False, False, False, True]
    canvas = FigureCanvasAgg(figure)
    with journal_style():
        canvas.draw()
    legend = figure.legends[0].get_window_extent(canvas.get_renderer())
    assert legend.x0 >= 0
    assert legend.x1 <= canvas.get_width_height()[0]
    assert not any(legend.overlaps(axes.bbox) for axes in figure.axes)


def test_table_holds_the_drawn_forces(forces: GroundForces) -> None:
    table = ground_force_numbers(forces)
    assert list(table.columns) == list(FORCE_COLUMNS)
    right = table[table["foot"] == "right"]
    assert right["y"].max() == forces.force[:, 1, 1].max()


def test_alternative_text_gives_contacts_and_peaks(forces: GroundForces) -> None:
    text = ground_forces_alternative_text(forces)
    assert text.startswith(
        "Ground reaction forces over time with 4 contacts: right foot on plate 2"
    )
    contact = forces.contacts[0]
    within = (forces.event_time >= contact.touchdown_s) & (forces.event_time <= contact.toe_off_s)
    peak = forces.event_force[within, 1].max()
    assert f"from 0.353 to 0.472 s, peak {peak:.2f} BW;" in text
    assert text.endswith("(cut by the recording).")


def test_shapes_that_do_not_fit_are_refused() -> None:
    time = np.arange(3.0)
    with pytest.raises(ValueError, match="force has shape"):
        GroundForces(time, np.zeros((2, 2, 3)), time, np.zeros((3, 2)), (), "N")
    with pytest.raises(ValueError, match="event_force has shape"):
        GroundForces(time, np.zeros((3, 2, 3)), time, np.zeros((2, 2)), (), "N")


def test_the_force_is_drawn_to_both_ends_of_the_margin() -> None:
    """A sample that is exactly 50 ms before touchdown or after toe-off belongs to the contact."""
    contact = DrawnContact("left", 0.5, 0.75, "1", complete=True)
    first, last = contact.touchdown_s - _AROUND_S, contact.toe_off_s + _AROUND_S
    time = np.array([np.nextafter(first, 0.0), first, 0.6, last, np.nextafter(last, 9.0)])
    assert _within(time, contact).tolist() == [False, True, True, True, False]
