"""What becomes of recordings, what does not, and what to record to change that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.body.calibration import label_places
from aqbio.body.posterior import with_lock
from aqbio.body.priors import COMMON_SHARE, SKIN_SD, VIDEO_NOISE, expected_places, posture_sd
from aqbio.body.shape import body_parts
from aqbio.config import MarkerSet
from aqbio.config.model_map import Sides
from aqbio.errors import listed
from aqbio.intake.folder import Unusable
from aqbio.intake.labelled_recordings import ProposedSet
from aqbio.intake.models import ChosenModel
from aqbio.intake.rows import Rows, TrialPreview
from aqbio.observed.determined import (
    LARGEST_DISPLACEMENT,
    LARGEST_MOMENTUM,
    NEGLIGIBLE,
    MarkerNoise,
    coordinate_covariance,
    opened,
    range_sd,
    segment_sds,
)

SHOWN, NOT_SHOWN = 0.85, 2.0
"""A group is given below this multiple of the accepted unsureness, and not given above that."""

CLUSTER = 0.08
"""Markers of a cluster lie apart from its middle by this, m."""

WHOLE = {"leg_left", "leg_right", "arm_left", "arm_right", "torso", "pelvis"}

PARTS = {
    "the legs": {"leg_left", "leg_right"}, "the arms": {"arm_left", "arm_right"},
    "the trunk": {"torso"}, "the pelvis": {"pelvis"}, "the push side": WHOLE,
    "the swing side": {"leg_left", "leg_right"}, "the whole body": WHOLE,
}  # fmt: skip
"""What angular momentum is reported of, and the groups of the model that it needs: either leg may
be the push leg."""

MARKS = {
    "leg": "both sides of knee and ankle, heel and forefoot",
    "arm": "both sides of elbow and wrist",
    "trunk": "C7, T10 and sternum",
    "pelvis": "the iliac spines in front (ASIS) and behind (PSIS)",
}
"""Where markers, or the landmarks that OpenCap's network adds, show a part."""


def outlook(
    rows: Rows,
    previews: Mapping[str, TrialPreview],
    left_out: Sequence[Unusable],
    markers: ProposedSet | None,
    model: ChosenModel,
    labels: Collection[str],
) -> Iterator[str]:
    """Say in a few lines what a study will compute, what it cannot, and what would change that.

    ``labels`` are those of the moving trials; without ``markers`` they are joint angles.
    """
    runs = [one for one in rows.trials if one.task == "run" and one.include == "yes"]
    if planar := [one for one in left_out if "made from one video" in one.why]:
        yield (
            f"not read: {len(planar)} recordings of one video, in which one direction was not "
            "measured. To change that: film with two cameras or more"
        )
    if markers is None:
        forces = sum(bool(one.force_file) for one in runs)
        yield f"from joint angles of {_trials(len(runs), len(runs))}, as sure as these angles are"
    elif markers.marker_set is None:
        yield "computed: nothing before markers.yaml has the labels that are asked for below"
        return
    else:
        usable = [one for one in runs if previews[one.file].steps]
        if len(usable) < len(runs):
            yield (
                f"no step in {_trials(len(runs) - len(usable), len(runs))}, and so no results. To "
                "change that: record three contacts in a row, with both feet in view"
            )
        if not usable:
            return
        forces = sum(previews[one.file].forces for one in usable)
        unsure = unsureness(model, markers.marker_set, labels)
        yield from _of_motion(unsure, _trials(len(usable), len(runs)))
        if any(one.video for one in markers.marker_set.markers.values()):
            yield (
                "less sure: turns of thighs, shanks and arms about their own axes, which joint "
                "centres hardly show. To change that: mark both sides of the joints, or use the "
                "landmarks that OpenCap and Pose2Sim add to the joint centres"
            )
    if forces:
        what = "joint moments, and what forces, gravity and joints do to angular momentum"
        yield f"computed of {_trials(forces, len(runs))}: {what} (levels B and C)"
    if forces < len(runs):
        yield (
            f"not computed of {_trials(len(runs) - forces, len(runs))}: joint moments, and what "
            "causes angular momentum (levels B and C), for no contact has forces. To change that: "
            "force plates in the C3D file, or a MOT file of forces beside the TRC"
        )
    people = [one for one in rows.people if not (one.static_trial or one.model_file)]
    if people:
        names = listed([one.participant_id for one in people])
        yield (
            f"less sure, {names}: lengths of segments, without a static trial. To change that: "
            "record a second of quiet standing"
        )


def _trials(some: int, every: int) -> str:
    return f"{some} of {every} run{'s' if every > 1 else ''}"


def _of_motion(unsure: Mapping[str, float], runs: str) -> Iterator[str]:
    """Of which parts angular momentum is computed, by the unsureness of the model's groups."""
    lost = {group for group, one in unsure.items() if one > NOT_SHOWN}
    doubtful = {group for group, one in unsure.items() if SHOWN < one <= NOT_SHOWN}
    never = [name for name, groups in PARTS.items() if groups & lost]
    hanging = PARTS["the whole body"] if "pelvis" in doubtful else doubtful
    perhaps = [name for name, groups in PARTS.items() if groups & hanging and name not in never]
    given = [name for name in PARTS if name not in (*never, *perhaps)]
    yield (
        f"computed of {runs}: speed, steps, contact times, joint angles and "
        f"angular momentum (level A){' of ' + listed(given) if given else ''}"
    )
    for names, groups, (word, how) in (
        (never, lost, ("not computed", "do not show")),
        (perhaps, doubtful, ("computed where the recordings are steady enough", "hardly show")),
    ):
        if names:
            shown = [" ".join(reversed(one.split("_"))) for one in sorted(groups)]
            shown = [one.replace("torso", "trunk") for one in shown]
            marks = dict.fromkeys(MARKS[one.split()[-1]] for one in shown)
            yield (
                f"{word}: angular momentum of {listed(names)}, for the labels {how} "
                f"{listed(shown)}. To change that: mark {'; '.join(marks)}"
            )


def unsureness(
    model: ChosenModel, marker_set: MarkerSet, labels: Collection[str]
) -> dict[str, float]:
    """How far some labels leave every group in the dark, as a multiple of what is accepted.

    By the criteria of inverse kinematics, on the generic model with its elbows bent, with the noise
    that is expected before anybody is calibrated. A group whose heaviest segment carries no
    label is uncertain at least.
    """
    from aqbio.opensim.apart import with_model
    from aqbio.opensim.session import quiet
    from aqbio.opensim.skeleton import read_skeleton

    with quiet(level="Off"):
        generic = with_model(model.path, lambda: read_skeleton(model.path))
    model_map = model.model_map
    worn = {
        label: one
        for label, one in marker_set.markers.items()
        if label in labels and not one.static_only
    }
    chosen = marker_set.model_copy(update={"markers": worn})
    parts = body_parts(generic, model_map)
    placed = label_places(chosen, generic, model_map.joints.by_name())
    places, _ = expected_places(generic, parts, placed)
    position = places.place.copy()
    for body in np.unique(places.body):  # those of a cluster lie apart from each other
        own = [n for n, one in enumerate(worn.values()) if one.tracking and places.body[n] == body]
        for count, marker in enumerate(own):
            position[marker, count % 3] += CLUSTER * (-1) ** (count // 3)
    skeleton = replace(
        generic, markers=places.labels, marker_body=places.body, marker_position=position
    )
    moved = set(skeleton.driver[np.isin(skeleton.axes.body, places.body)].tolist())
    held = {skeleton.coordinates.index(name) for name in model_map.held}
    skeleton = with_lock(skeleton, held & moved, locked=False)
    index, part = np.arange(len(worn)), parts.of_body[places.body]
    skin = np.array([SKIN_SD[parts.kinds[one]] for one in part])
    video = np.array([one.video for one in worn.values()])
    sd = np.where(video, np.maximum(skin, VIDEO_NOISE), skin)
    q = skeleton.coordinate_default[None].copy()
    if isinstance(elbows := model_map.sagittal.get("elbow"), Sides):
        bent = [skeleton.coordinates.index(one) for one in (elbows.left, elbows.right)]
        q[:, bent] = model_map.flexion.get("elbow", 1) * np.pi / 2
    noise, weight = MarkerNoise(sd, part, COMMON_SHARE), (sd.min() / sd)[None] ** 2
    free = opened(skeleton, model_map.held, index)
    prior_sd = np.minimum(range_sd(free), posture_sd(free, model_map, marker_set))
    covariance = coordinate_covariance(free, q, index, weight, prior_sd, noise)
    displacement, momentum = (one[0] for one in segment_sds(skeleton, q, covariance))
    share = skeleton.mass / skeleton.mass.sum()
    apart = np.maximum(
        displacement / LARGEST_DISPLACEMENT, momentum / LARGEST_MOMENTUM / skeleton.mass.sum()
    )
    apart = np.minimum(apart, displacement * share / NEGLIGIBLE)
    found = {}
    for group, names in model_map.groups.items():
        bodies = [skeleton.bodies.index(name) for name in names]
        found[group] = float(apart[bodies].max())
        if bodies[int(np.argmax(skeleton.mass[bodies]))] not in places.body:
            found[group] = max(found[group], 0.5 * (SHOWN + NOT_SHOWN))
    return found
