"""A referee who knows OpenSim and docs/levels.md alone finds the product's levels A, B and C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.opensim_levels import ROWS, Instant, Referee

pytestmark = [
    pytest.mark.real,
    pytest.mark.workflow,
    pytest.mark.opensim,
    pytest.mark.xdist_group("ja1"),
]

MODELS = Path(__file__).parents[2] / "models"
MAPS = {"ja1": "rajagopal2016", "ja1_sprint": "sprint"}
INSTANTS = (0.2, 0.4, 0.6, 0.8)
"""Of every contact."""

LIMITS = {"momentum": 1e-6, "hub": 1e-4, "caused rate": 2e-3, "caused force": 4e-3}
"""kg m²/s, N m, N m and N: what files are rounded to, once (`precision` of the dictionary)."""


@pytest.fixture(scope="module", params=MAPS)
def study(request, run_study):
    """The name of a study, and the folder of its participant."""
    return request.param, run_study(request.param).results / "participants" / "JA1"


def instants(folder: Path, trial: str):
    """Four instants of every contact: index of the frame, side, and what was measured."""
    with xr.open_dataset(folder / "consistent" / f"{trial}.nc") as opened:
        data = opened.load()
    names = [str(one) for one in data["coordinate"].values]
    time = data["time"].values
    feet = [str(one) for one in data["foot"].values]
    for contact in range(data.sizes["contact"]):
        start, stop = (float(data[f"contact_{one}"][contact]) for one in ("touchdown", "toe_off"))
        for share in INSTANTS:
            frame = int(np.abs(time - start - share * (stop - start)).argmin())
            told = {
                variable: dict(zip(names, data[variable].values[frame].tolist(), strict=True))
                for variable in ("q", "u", "udot")
            }
            loads = {
                name: dict(zip(feet, data[f"foot_{name}"].values[frame], strict=True))
                for name in ("force", "moment")
            }
            height = float(data.attrs["surface_height"])
            yield (
                frame,
                str(data["contact_foot"].values[contact]),
                Instant(**told, **loads, height=height),
            )


@pytest.mark.parametrize("trial", ["jog", "sprint"])
def test_levels(study, trial):
    name, folder = study
    referee = Referee(folder / "consistent" / "JA1.osim", MODELS / MAPS[name] / "map.yaml")
    with xr.open_dataset(folder / "contributions" / f"{trial}.nc") as opened:
        data = opened.load()
    angle = float(data.attrs["heading"])
    turn = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    worst = dict.fromkeys(LIMITS, 0.0)

    def compare(what: str, ours: np.ndarray, theirs: np.ndarray) -> None:
        worst[what] = max(worst[what], float(np.abs(ours - turn @ theirs).max()))

    checked, borne = 0, 0.0
    for frame, side, now in instants(folder, trial):
        product = data.isel(time=frame)
        if not bool(product["foot_held"].sel(foot=side)):
            continue
        checked += 1
        referee.set(now)
        borne = max(borne, referee.pressure(side)[1])
        for group, value in referee.momentum().items():
            own = product["group_angular_momentum"].sel(group=group).values
            compare("momentum", own, value)
        for chain, value in referee.on_the_pelvis().items():
            parts = (product[one].sel(chain=chain) for one in ("hub_moment", "hub_force_moment"))
            compare("hub", sum(one.values for one in parts), value)
        for model, sources in referee.caused(side).items():
            for source, (force, rates) in sources.items():
                place = {"contact_model": model, "source": source}
                own = product["induced_ground_force"].sel(foot=side, **place).values
                compare("caused force", own, force)
                for group, rate in rates.items():
                    own = product["induced_momentum_rate"].sel(group=group, **place).values
                    compare("caused rate", own, rate)
    assert checked >= 4 * len(INSTANTS) - 2
    assert borne > 0.9  # else C4 and C2 would be alike
    assert set(ROWS) == {str(one) for one in data["contact_model"].values}
    for what, found in worst.items():
        assert found < LIMITS[what], worst
