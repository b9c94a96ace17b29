"""What was observed of the body in a trial: made here, stored with the motion, read by the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.errors import Finding
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.observed.mask import (
    CONTRADICTED,
    IMPOSSIBLE,
    NOT_IN_FILE,
    NOT_IN_MODEL,
    NOT_PLACED,
    NOT_SEEN,
    SOME_FRAMES,
    Observed,
)
from aqbio.vectors import BoolArray

if TYPE_CHECKING:
    import xarray as xr

CARRIERS = {"arm_left": "torso", "arm_right": "torso", "torso": "pelvis"}
"""Whose mass a group has in a model that lacks it: the group it hangs on stands for both."""

WORDS = {
    NOT_IN_MODEL: "the model has no arms or no trunk of its own: {} stands for them too",
    NOT_SEEN: "the markers do not show {}",
    NOT_IN_FILE: "the file of joint angles does not hold {}",
    SOME_FRAMES: "lost for some frames: {}",
    IMPOSSIBLE: "the pose of {} is impossible",
    CONTRADICTED: "the markers contradict the model at {}",
    NOT_PLACED: "no landmarks place {} on the model",
}
"""Why something cannot be said, by reason and for its parts."""

_FIXES = {
    NOT_SEEN: "wear markers there (two on the torso, one on every upper arm and forearm), or fill "
    "their gaps.",
    NOT_IN_FILE: "export all coordinates of the model, from markers that show them.",
    SOME_FRAMES: "fill the gaps of the markers there in the capture software.",
}
MASK = ("observed", "unobserved_reason", "coordinate_observed")
"""Variables of the mask."""

_OTHER_FINDINGS = (NOT_IN_MODEL, IMPOSSIBLE, CONTRADICTED, NOT_PLACED)


def of_the_model(observed: Observed, groups: Mapping[str, Sequence[str]]) -> Observed:
    """Lose the groups that stand for more than themselves: the trunk of a model without arms."""
    carriers = {CARRIERS[group] for group in ANATOMICAL_GROUPS if group not in groups}
    lost = [body for group in carriers for body in groups.get(group, ())]
    return observed.without(lost, NOT_IN_MODEL) if lost else observed


def with_observed(dataset: xr.Dataset, observed: Observed) -> xr.Dataset:
    """Add the mask to a dataset: `MASK`."""
    mask = {
        "observed": (("time", "segment"), observed.mask),
        "unobserved_reason": ("segment", np.array(observed.reason, dtype=str)),
        "segment": list(observed.segments),
    }
    if observed.coordinates:
        mask["coordinate_observed"] = (("time", "coordinate"), observed.coordinate_mask)
        mask["coordinate"] = list(observed.coordinates)
    return dataset.assign(mask)


def read_observed(dataset: xr.Dataset) -> Observed:
    """Read the mask of a dataset that stage solve, consistency or contributions wrote."""
    observed = Observed(
        tuple(str(name) for name in dataset["segment"].values),
        dataset["observed"].values.astype(bool),
        tuple(str(reason) for reason in dataset["unobserved_reason"].values),
    )
    if "coordinate_observed" not in dataset:
        return observed
    names = (str(name) for name in dataset["coordinate"].values)
    return observed.determine(tuple(names), dataset["coordinate_observed"].values.astype(bool), 0)


def lost_parts(
    observed: Observed,
    groups: Mapping[str, Sequence[str]],
    frames: BoolArray | None = None,
    reason: str | None = None,
) -> dict[str, str]:
    """Groups of which segments are lost, and the words for it."""
    why = dict(zip(observed.segments, observed.reason, strict=True))
    lost = [one for one in observed.lost_segments(frames) if reason in (None, why[one])]
    names = {}
    for group, members in groups.items():
        if own := [name for name in members if name in lost]:
            names[group] = group if len(own) == len(members) else f"{group} ({', '.join(own)})"
    return names


def why_not_whole(
    observed: Observed, groups: Mapping[str, Sequence[str]], frames: BoolArray
) -> str:
    """Why a trial is not one of a whole person in some frames; empty where it is."""
    said = [
        WORDS[reason].format(", ".join(parts.values()))
        for reason in WORDS
        if (parts := lost_parts(observed, groups, frames, reason))
    ]
    return "; ".join(said)


def lost_findings(
    observed: Observed,
    groups: Mapping[str, Sequence[str]],
    frames: BoolArray,
    trial_id: str,
) -> Iterator[Finding]:
    """Findings on which parts were not observed and what is not testable for it, by reason."""
    for reason, words in WORDS.items():
        parts = lost_parts(observed, groups, frames, reason)
        if not parts or reason in _OTHER_FINDINGS:
            continue
        lost = ~observed.parts(np.isin(observed.segments, _members(parts, groups))[None])[:, 0]
        extent = f" ({int(lost.sum())} of {len(lost)} frames)" if reason == SOME_FRAMES else ""
        yield Finding(
            rule="parts-unseen",
            severity="warning",
            what=f"{words.format(', '.join(parts.values()))}{extent}: there angular momentum of "
            "the whole body and of both sides, residuals, the moments at joints that carry these "
            "parts, and level C are not_testable; what belongs to the parts that are seen is "
            "given, the less surely the more mass is unseen.",
            trial=trial_id,
            number=float(len(parts)),
            unit="groups",
            fix=_FIXES[reason],
        )


def _members(parts: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    return [body for group in parts for body in groups[group]]
