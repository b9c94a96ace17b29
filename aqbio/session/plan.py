"""What extra recordings of a participant would be worth, from the results that are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.errors import AqbioError
from aqbio.io.dictionary import columns
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.mechanics.consistency.session import STATIC_SD
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, twins
from aqbio.mechanics.intervals.worth import (
    POSTURES,
    again,
    believed,
    held,
    momentum_slopes,
    recorded,
    standing_slopes,
)
from aqbio.mechanics.multibody.kinematics import segment_kinematics
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import NORMAL_95
from aqbio.records.centres import centres_path
from aqbio.records.manifest import Report
from aqbio.records.participant_model import ParticipantModel
from aqbio.records.solved_trial import FITTED, SolvedTrial
from aqbio.session.observed import trial_speed
from aqbio.steps.contacts import trial_contacts
from aqbio.steps.roles import role_scheme

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "plan"
"""Beside the results of stages: nothing reads what is in it."""

RULE = "no-plan"

MINUTES_A_POSTURE, MINUTES_A_RUN = 0.5, 4.0
"""Holding a posture twice; a sprint with the rest after it."""

WITHOUT, WITH, TWICE = "no force plates", "what is recorded", "every run on plates once more"
BEST, ALL = "the two best postures", "all postures"

UNKNOWNS = ("forward", "along", "sideways", "masses", "sizes")
"""Centres of mass along the segment's axes as it stands upright, and what else inertia is."""

QUANTITIES = ("push_leg", "swing_leg", "arms", "torso", "push_side", "swing_side", "total")
"""Rows of the role matrix."""


def write_plan(study: Study, participant_id: str, report: Report) -> None:
    """Write ``plan/<id>.tsv``: intervals of angular momentum before and after more recordings."""
    table = recording_plan(study, participant_id)
    path = study.root / FOLDER / f"{participant_id}.tsv"
    write_table(table, path, columns("plan"), {"stage": FOLDER})
    wide = table.pivot_table(
        index=["recording", "minutes"], columns="quantity", values="half_width_after", sort=False
    )[list(QUANTITIES)]
    report(
        f"{participant_id}: 95 % half widths of angular momentum about the vertical, mean over a "
        "contact, kg m²/s, as far as the body's inertia makes them"
    )
    for line in wide.round(3).reset_index().to_string(index=False, justify="right").splitlines():
        report(line)
    now = table[table["recording"] == WITH].set_index("quantity")
    told = now[[f"share_{name}" for name in UNKNOWNS]].mul(100).round().astype(int)
    report("of what is recorded, % of the variance by what is not known of the body:")
    for line in told.reset_index().to_string(index=False).splitlines():
        report(line)
    report(str(path))


def recording_plan(study: Study, participant_id: str) -> pd.DataFrame:
    """One row per extra recording and quantity.

    Raises
    ------
    AqbioError
        Where motion, forces and body were not fitted: nothing says what is known already.
    """
    import pandas as pd

    manifest = study.read_manifest(participant_id, "consistency")
    fitted = [one["trial_id"] for one in manifest["trials"] if one.get("motion") == FITTED]
    if not (fitted and manifest["adjusted_model"]):
        raise AqbioError(
            f"no trial of {participant_id} was fitted: what its recordings tell is not known.",
            fix="run the study with `consistency` on and trials on force plates; quality.html says "
            "why trials were not fitted.",
            rule=RULE,
        )
    skeleton = load_skeleton(ParticipantModel.adjusted(study, participant_id).table)
    slopes = _slopes(study, participant_id, skeleton, fitted)
    found = []
    states = list(_states(study, participant_id, skeleton, slopes, len(fitted)))
    now = next(_sd(slopes, covariance) for words, _, covariance in states if words == WITH)
    for words, minutes, covariance in states:
        after, shares = _sd(slopes, covariance), _shares_of_unknowns(slopes, covariance)
        for number, quantity in enumerate(QUANTITIES):
            row: dict[str, Any] = {
                "participant_id": participant_id,
                "recording": words,
                "minutes": minutes,
                "quantity": quantity,
                "half_width_before": NORMAL_95 * now[number],
                "half_width_after": NORMAL_95 * after[number],
            }
            found.append(row | {name: own[number] for name, own in shares.items()})
    return pd.DataFrame(found)


def _sd(slopes: FloatArray, covariance: FloatArray) -> FloatArray:
    """Standard deviations of all quantities, mean over both feet, (7,)."""
    variance = np.einsum("sqi,ij,sqj->sq", slopes, covariance, slopes)
    return np.asarray(np.sqrt(variance).mean(axis=0))


def _shares_of_unknowns(slopes: FloatArray, covariance: FloatArray) -> dict[str, FloatArray]:
    """What each kind of unknown has of the variance of all quantities, (7,) each; they add up.

    Notes
    -----
    ``J_k (Σ Jᵀ)_k`` over ``J Σ Jᵀ``: an unknown has half of what it shares with another one.
    """
    bodies = slopes.shape[-1] // 5
    number = np.arange(slopes.shape[-1])
    kind = np.where(number < 3 * bodies, number % 3, number // bodies)
    each = (slopes * (slopes @ covariance)).sum(axis=0)
    return {
        f"share_{name}": each[:, kind == place].sum(axis=-1) / each.sum(axis=-1)
        for place, name in enumerate(UNKNOWNS)
    }


def _states(
    study: Study, participant_id: str, skeleton: Skeleton, slopes: FloatArray, runs: int
) -> Iterator[tuple[str, float, FloatArray]]:
    """Words, minutes, and what is left of the body's covariance, of every way to record."""
    centres = read_dataset(centres_path(study, participant_id))
    size = 3 * len(skeleton.bodies)
    before, after = (
        centres[name].values.reshape(size, size)
        for name in ("centre_covariance_before", "centre_covariance")
    )
    spread = InertiaSpread()
    twin = twins(skeleton.bodies, study.model_map.groups)
    now = believed(spread, twin, after)
    yield WITHOUT, 0.0, believed(spread, twin, before)
    yield WITH, 0.0, now
    yield TWICE, MINUTES_A_RUN * runs, believed(spread, twin, again(before, after))
    joints = study.model_map.joints.by_name()
    ways = {one.words: held(skeleton, joints, one) for one in POSTURES}
    rows = {words: standing_slopes(skeleton, p) for words, p in ways.items() if p is not None}
    left = {words: recorded(now, own, STATIC_SD) for words, own in rows.items()}
    for words, one in left.items():
        yield words, MINUTES_A_POSTURE, one
    first = min(left, key=lambda words: float(_sd(slopes, left[words]).sum()))
    pairs = {
        words: recorded(left[first], own, STATIC_SD)
        for words, own in rows.items()
        if words != first
    }
    second = min(pairs, key=lambda words: float(_sd(slopes, pairs[words]).sum()))
    yield f"{BEST}: {first}; {second}", 2 * MINUTES_A_POSTURE, pairs[second]
    every = recorded(now, np.concatenate(list(rows.values())), STATIC_SD)
    yield ALL, len(rows) * MINUTES_A_POSTURE, every


def _slopes(
    study: Study, participant_id: str, skeleton: Skeleton, fitted: Sequence[str]
) -> FloatArray:
    """How quantities hang on the body, mean over contacts of a foot, (S, 7, P) array.

    Of the fastest trial that was fitted.
    """
    speeds = {name: trial_speed(SolvedTrial.read(study, participant_id, name)) for name in fitted}
    name = max(speeds, key=lambda one: speeds[one])
    data = read_dataset(study.folder(participant_id, "consistency") / f"{name}.nc")
    moves = segment_kinematics(skeleton, *(data[one].values for one in ("q", "u", "udot")))
    groups = study.model_map.groups
    time, slopes = data["time"].values, momentum_slopes(skeleton, moves)
    scheme, segments = role_scheme(study), membership(groups, skeleton.bodies)
    found: dict[str, list[FloatArray]] = {}
    for contact in trial_contacts(data):
        inside = (time >= contact.touchdown) & (time <= contact.toe_off)
        if contact.complete and inside.any():
            mean = slopes[inside].mean(axis=0)
            roles = scheme.matrix(contact.side, list(groups), *QUANTITIES)
            found.setdefault(contact.side, []).append(roles @ segments @ mean)
    if not found:
        raise AqbioError(
            "no contact is complete.",
            trial=name,
            fix="record a run whose contacts lie whole on force plates.",
            rule=RULE,
        )
    return np.stack([np.mean(one, axis=0) for one in found.values()])
