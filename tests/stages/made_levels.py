"""A made-up trial with levels B and C, for tests of stages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
import yaml

from aqbio.config import ModelMap
from aqbio.contributions.dataset import frames_in_contact, levels_dataset, trial_levels
from aqbio.gait.steps import Contact, Step, rotation_about_vertical
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.names import AXES, SIDES
from tests.mechanics.levels_case import MAPS

RIGHT = Contact("right", 0.010, 0.045, complete=True, edge_distance=0.2)
STEP = Step(1, "right", 0.010, 0.045, 0.059, "ok", "")


def _model_map() -> ModelMap:
    text = (MAPS / "sprint" / "map.yaml").read_text(encoding="utf-8")
    return ModelMap.model_validate(yaml.safe_load(text))


def levels_trial(case, time, contacts, heading=0.0):
    """Levels of a case and their dataset, with the ground force of level A beside them."""
    moves = segment_kinematics(case.skeleton, *case.motion)
    touching = frames_in_contact(time, contacts)
    found = trial_levels(case.skeleton, moves, case.loads, touching, _model_map())
    dataset = levels_dataset(found, time, heading)
    turn = rotation_about_vertical(-heading)
    force = found.mechanics.balance.force @ turn.T
    dataset["ground_force"] = (("time", "foot", "axis"), force)
    return found, dataset


def grounded(case, touching):
    """The same case with loads on held feet only."""
    loads = tuple(
        replace(x, force=x.force * on[:, None], moment=x.moment * on[:, None])
        for x, on in zip(case.loads, touching.T, strict=True)
    )
    return replace(case, loads=loads)


def prepared_of(case, time, known: np.ndarray) -> xr.Dataset:
    """Loads and the right foot's contact of a case as stage prepare writes them."""

    def feet(name: str) -> np.ndarray:
        values = np.stack([getattr(load, name) for load in case.loads], axis=1)
        return np.where(known[:, None, None], values, np.nan)

    return xr.Dataset(
        {
            "foot_force": (("time", "foot", "axis"), feet("force")),
            "foot_moment": (("time", "foot", "axis"), feet("moment")),
            "contact_foot": ("contact", [RIGHT.side] if known.any() else []),
            "contact_touchdown": ("contact", [RIGHT.touchdown] if known.any() else []),
            "contact_toe_off": ("contact", [RIGHT.toe_off] if known.any() else []),
            "contact_complete": ("contact", [True] if known.any() else []),
            "contact_edge_distance": ("contact", [0.2] if known.any() else []),
        },
        coords={"time": time, "foot": list(SIDES), "axis": list(AXES)},
        attrs={
            "surface": "overground",
            "surface_height": 0.0,
            "belt_speed": 0.0,
            "events": "plates",
            "free_moment": "measured",
        },
    )
