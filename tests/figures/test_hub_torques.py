"""Torques on the pelvis: parts add up, and the odd one out is the one that opposes two."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.figures.curve_figures import hub_torques_grid
from aqbio.figures.curves import phase_grid_figure


@pytest.fixture(scope="module")
def grid(steps, columns):
    return hub_torques_grid(steps, columns)


def _mean(grid, key, line):
    row = next(row for row in grid.rows if row.key == key)
    return next(curve for curve in row.panels[0] if curve.name == line).mean


def test_joint_moment_and_joint_force_add_up(grid):
    for chain in ("leg_push", "leg_swing", "upper_body"):
        parts = sum(_mean(grid, f"joint_{part}_y", chain) for part in ("moment", "force"))
        np.testing.assert_allclose(parts, _mean(grid, "torque_y", chain), atol=1e-4)


def test_exactly_one_of_three_is_the_odd_one_out(grid):
    """The signs of three torques that cancel are two against one, at every instant."""
    shares = {
        chain: _mean(grid, "odd_one_out_y", chain)
        for chain in ("leg_push", "leg_swing", "upper_body")
    }
    total = sum(shares.values())
    whole = np.isclose(total, 100.0)
    assert whole.mean() > 0.8  # Around changes of sign the residual lets three agree.
    # Where each step has one torque opposed to the other two, it is opposed in the mean as well.
    torque = {chain: _mean(grid, "torque_y", chain) for chain in shares}
    for chain, share in shares.items():
        others = [torque[other] for other in shares if other != chain]
        opposed = (share == 100.0) & whole
        assert (np.sign(torque[chain]) == -np.sign(others[0]))[opposed].all()
        assert (np.sign(torque[chain]) == -np.sign(others[1]))[opposed].all()


def test_drawn_in_both_widths(grid):
    wide, narrow = phase_grid_figure(grid, 180), phase_grid_figure(grid, 85)
    assert len(wide.axes) == len(grid.rows) * len(grid.columns)
    assert len(narrow.axes) == 2 * len(grid.columns)
    strip = wide.axes[len(grid.columns)]
    assert strip.get_ylim() == (0, 100)
