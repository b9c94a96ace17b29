"""The demo study's evidence as it truly is: of whole patterns, or of the recorded steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aqbio.names import NORMAL
from aqbio.stats.athlete_statistics import athletes_from_steps
from aqbio.stats.contrasts import with_scatter
from aqbio.stats.evidence import CAUSED, SIDED, TRIAL, Evidence, Presence
from aqbio.stats.measurement import DRAWN, STEP_ERRORS
from aqbio.stats.registry import read_registry
from aqbio.stats.step_numbers import with_deviations
from aqbio.virtual.demo import GaitName
from aqbio.virtual.gait import Gait
from aqbio.virtual.study import planned_trials
from validation.true_causes import CONTACT_MODELS, caused_shares
from validation.true_steps import true_steps

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

CELL = ["participant_id", "condition", "level"]
"""Columns that name a gait."""

OF_WHOLE_STEPS = ["flight_s", "lag", "yaw_impulse"]
"""What is not known of a step without a recorded end."""


@dataclass(frozen=True, eq=False)
class Truth:
    """True numbers of all steps that can be recorded."""

    steps: pd.DataFrame
    """Of every gait's pattern: columns of `validation.true_steps.true_steps`, those of `CELL`,
    ``trial_id``, ``whole`` and caused shares."""
    sex: Mapping[str, str]
    """By participant."""

    def patterns(self) -> Evidence:
        """Evidence of the patterns, each a trial of its own, and no order of them."""
        steps = self.steps.assign(order=float("nan"))
        return _evidence(steps, self.sex)

    def recorded(self, steps: pd.DataFrame, gaits: Mapping[GaitName, Gait]) -> Evidence:
        """Evidence of the steps that a study reported."""
        import pandas as pd

        plan = [
            (
                trial.participant, trial.trial, trial.gait.condition, trial.gait.level,
                trial.first_contact, len(gaits[trial.gait].timeline),
            )
            for trial in planned_trials(gaits)
            if trial.gait is not None
        ]  # fmt: skip
        trials = pd.DataFrame(plan, columns=[*TRIAL, *CELL[1:], "first", "length"])
        plan_steps = steps[[*TRIAL, "step", "side", "whole", "order"]].merge(trials, on=TRIAL)
        plan_steps["place"] = (plan_steps["first"] + plan_steps["step"] - 1) % plan_steps[
            "length"
        ] + 1
        true_numbers = self.steps.drop(columns=["trial_id", "whole"]).rename(
            columns={"step": "place"}
        )
        matched = plan_steps.merge(true_numbers, on=[*CELL, "place"], suffixes=("", "_true"))
        right = int((matched["side"] == matched["side_true"]).sum())
        if right != len(steps):
            raise ValueError(f"{right} of {len(steps)} steps are of the side of their contact.")
        return _evidence(matched, self.sex)


def truth(gaits: Mapping[GaitName, Gait]) -> Truth:
    """True numbers of every step of some gaits' patterns; level C at the highest level only."""
    import pandas as pd

    top = max(name.level for name in gaits)
    tables = []
    for name, gait in gaits.items():
        steps_of_gait = true_steps(gait).assign(
            participant_id=name.participant, condition=name.condition, level=name.level,
            trial_id=f"{name.condition}{name.level + 1}", whole=True,
        )  # fmt: skip
        if name.condition == NORMAL and name.level == top:
            steps_of_gait = steps_of_gait.assign(
                **{CAUSED + n: v for n, v in caused_shares(gait).items()}
            )
        tables.append(steps_of_gait)
    steps = pd.concat(tables, ignore_index=True)
    caused = [CAUSED + model for model in CONTACT_MODELS]
    steps = steps.reindex(columns=list(dict.fromkeys([*steps.columns, *caused])))
    return Truth(steps, {name.participant: gait.athlete.sex for name, gait in gaits.items()})


def _evidence(steps: pd.DataFrame, sex: Mapping[str, str]) -> Evidence:
    """Evidence without errors: all steps of all trials are usable, and no trial is unsure."""
    import pandas as pd

    steps = steps.copy()
    steps.loc[~steps["whole"], OF_WHOLE_STEPS] = float("nan")
    steps["speed_mps"] = steps["speed_mps"].where(steps["whole"], steps["contact_speed_mps"])
    steps["participant_id"] = pd.Categorical(steps["participant_id"], sorted(sex))
    contrasts = read_registry().contrasts.values()
    people = {name: name for name in sex}
    steps = with_scatter(
        steps, [contrast for contrast in contrasts if contrast.outcome in steps], people
    )
    normal = steps[steps["condition"] == NORMAL].reset_index(drop=True)
    normal = with_deviations(normal, SIDED).assign(row=range(len(normal)))
    recorded = normal.groupby(TRIAL, observed=True).size().rename("recorded").to_frame()
    top = steps[steps["level"] == steps["level"].max()]
    means = top.groupby([*TRIAL, "condition"], observed=True)
    sprints = means.mean(numeric_only=True).reset_index()
    names = [str(name) for name in steps["participant_id"].cat.categories]
    return Evidence(
        steps=normal,
        trials=recorded.assign(**{f"error_{name}": 0.0 for name in STEP_ERRORS}),
        shared_draws={name: pd.DataFrame({0: 0.0}, index=recorded.index) for name in DRAWN},
        athletes=athletes_from_steps(normal).assign(
            sex=[sex[name] for name in names], laboratory=None
        ),
        sprints=sprints.assign(effort="maximal", athlete=sprints["participant_id"].astype(str)),
        curves=_no_curves,
        presence=Presence(),
    )


def _no_curves(name: str) -> xr.Dataset:
    raise NotImplementedError(f"no statistic asks for curves of {name}.")
