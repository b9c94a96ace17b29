"""Drawn waves as evidence: what a laboratory without any error would hand to the statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.names import AXES, NORMAL, RESTRICTED, ROLE_GROUPS, SIDES
from aqbio.stats.athlete_statistics import RELATIVE
from aqbio.stats.evidence import TRIAL, Evidence, Presence
from aqbio.stats.measurement import ERRORS
from aqbio.stats.step_numbers import lag, momentum_numbers
from validation.waves.studies import WaveAthletes, WaveStudy

PRESENCE = Presence(capacities=True, restricted_arms=True)
"""Drawn studies have everything but one-sided loads and accelerating steps."""


def wave_evidence(study: WaveStudy, athletes: WaveAthletes) -> Evidence:
    """Evidence of a drawn study."""
    known = athlete_values(athletes)
    steps = _steps(study, known)
    trials = pd.DataFrame(
        {
            "recorded": steps.groupby(TRIAL, observed=True, sort=False).size(),
            "marker_rate": 250.0,
            "consistent": True,
            "suspect": False,
            "residual_ratio": np.inf,
            "residual_moment": 0.0,
            "closures_pass": True,
            **{f"error_{name}": 0.0 for name in ERRORS},
        }
    )
    random = np.random.default_rng(len(known))
    sprints = [
        (
            name,
            condition,
            2.0 * number + ((place + late) % 2),
            speed,
            share * random.normal(1.0, 0.02),
        )
        for late, (condition, table) in enumerate(
            ((NORMAL, athletes.normal), (RESTRICTED, athletes.restricted))
        )
        for place, (name, speeds, share) in enumerate(
            zip(known.index, table, athletes.lateral_ratio, strict=True)
        )
        for number, (speed, scatter) in enumerate(
            zip(speeds, random.normal(1.0, 0.02, len(speeds)), strict=True)
        )
    ]
    columns = ["participant_id", "condition", "order", "speed_mps", "lateral_ratio"]
    places = {name: np.flatnonzero(steps["participant_id"] == name) for name in known.index}
    return Evidence(
        steps=steps,
        trials=trials,
        athletes=known,
        sprints=pd.DataFrame(sprints, columns=columns).dropna(),
        curves=lambda name: _curves(study, places[name]),
        presence=PRESENCE,
    )


def _steps(study: WaveStudy, athletes: pd.DataFrame) -> pd.DataFrame:
    """Steps of all athletes, as measured ones are told."""
    place = pd.Series(study.participant)
    fastest = athletes["fastest"].to_numpy()[study.participant]
    return pd.DataFrame(
        {
            "participant_id": pd.Categorical.from_codes(study.participant, athletes.index),
            "trial_id": [f"trial-{level + 1}" for level in study.level],
            "row": place.groupby(place).cumcount(),
            "level": study.level,
            "step": study.step,
            "side": [SIDES[one] for one in study.step % 2],
            "speed_mps": study.speed,
            "relative_speed": study.speed / fastest,
            "contact_s": study.contact,
            "flight_s": study.flight,
            "lag": lag(study.swing_peak, study.force_peak),
            "hub_share": study.hub_share,
            **{f"caused_share_{model}": study.hub_share for model in ("C1", "C2", "C3")},
            "push_index": study.push_index,
            "swing_index": study.swing_index,
            "log_ratio_moments": np.log(study.push_index / study.swing_index),
            "yaw_impulse": study.yaw_impulse,
            "time_deviation_s": study.time_deviation,
            "lateral_ratio": study.lateral_ratio,
            "line_rate_cosine": np.nan,
            "line_share": np.nan,
            **momentum_numbers(study.momentum[:, 0, :, :, AXES.index("y")]),
        }
    )


def _curves(study: WaveStudy, place: np.ndarray) -> xr.Dataset:
    """Curves of one athlete, in the layout of the step dataset."""
    dimensions = ("step", "phase", "percent", "group", "axis")
    return xr.Dataset(
        {
            "angular_momentum": (dimensions, study.momentum[place]),
            "angular_momentum_rate": (dimensions, study.momentum_rate[place]),
        },
        coords={"phase": ["stance", "flight"], "group": list(ROLE_GROUPS), "axis": list(AXES)},
    )


def athlete_values(athletes: WaveAthletes) -> pd.DataFrame:
    """What a drawn study knows of athletes."""
    drives = np.random.default_rng(len(athletes.fastest)).normal(
        0.0, 0.1, (2, len(athletes.fastest))
    )
    names = [f"athlete-{number + 1:02d}" for number in range(len(athletes.fastest))]
    columns = {
        "fastest": athletes.fastest,
        "push_capacity": athletes.push_capacity,
        "swing_capacity": athletes.swing_capacity,
        **{
            f"{name}{ending}": values
            for ending in ("", RELATIVE)
            for name, values in (
                ("lateral", np.log(athletes.lateral_ratio)),
                ("contact", athletes.contact_excess),
                ("flight", -0.5 * athletes.contact_excess),
                ("swing_drive", drives[0]),
                ("push_drive", drives[1]),
            )
        },
        "push_noise": np.nan,
        "swing_noise": np.nan,
        "sex": "female",
        "laboratory": "here",
        "footwear": None,
    }
    return pd.DataFrame(columns, index=names)
