"""What athletes' pages show of all athletes, from the study's tables."""

from __future__ import annotations

import numpy as np

from aqbio.figures.stance_means import kept_steps
from aqbio.figures.step_columns import step_columns
from aqbio.gait.step_files import study_curves
from aqbio.io.step_curves import StudyCurves
from aqbio.io.study import Study
from aqbio.names import ROLE_SIDES
from aqbio.pages.driven import fastest
from aqbio.pages.group import GroupContent
from aqbio.pages.own_curves import SideCurves
from aqbio.pages.page import PageContent
from aqbio.pages.verdicts import verdict_section
from aqbio.vectors import FloatArray


def group_content(study: Study, content: PageContent) -> GroupContent:
    """Gather it."""
    return GroupContent(
        people=tuple(str(name) for name in content.people["participant_id"]),
        verdicts=verdict_section(content.verdicts).verdicts,
        single=content.verdicts.single,
        curves=_curves(study, content, study.settings.figures.speed_edges_mps),
    )


def _curves(
    study: Study, content: PageContent, edges_mps: tuple[float, ...]
) -> dict[str, SideCurves]:
    """Curves of both sides in contact about the vertical, of the fastest steps, by athlete."""
    kept = kept_steps(content.steps)
    column = fastest(list(step_columns(kept, edges_mps)))
    if column is None:
        return {}
    chosen = kept.iloc[column.rows]
    wanted = set(zip(chosen["participant_id"], chosen["trial_id"], strict=True))
    found = {}
    for name in [one.participant_id for one in study.participants]:
        with study_curves(study, name) as steps:
            [data] = steps.participants
            trials = data["trial_id"].values
            own = np.array([(name, trial) in wanted for trial in trials], dtype=bool)
            if own.any():
                means = {side: _momentum(steps, side)[own].mean(axis=0) for side in ROLE_SIDES}
                found[name] = SideCurves(column.title, int(own.sum()), means)
    return found


def _momentum(steps: StudyCurves, side: str) -> FloatArray:
    """Angular momentum of a side in contact about the vertical, (S, 101)."""
    values: FloatArray = (
        steps["angular_momentum"].sel(group=side, axis="y").sel(phase="stance").values
    )
    return values
