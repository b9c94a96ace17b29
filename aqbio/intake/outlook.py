"""What becomes of recordings, what does not, and what to record to change that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.calibration import labels_on_model
from aqbio.body.posterior import with_lock
from aqbio.body.priors import COMMON_SHARE, SKIN_SD, VIDEO_NOISE, expected_positions, posture_sd
from aqbio.body.shape import body_parts
from aqbio.config import MarkerSet
from aqbio.config.model_map import Sides
from aqbio.errors import listed
from aqbio.gait.roles import RoleScheme
from aqbio.intake.folder import Unusable
from aqbio.intake.labelled_recordings import ProposedSet
from aqbio.intake.models import ChosenModel
from aqbio.intake.rows import Rows, TrialPreview, TrialRow
from aqbio.labels.motion import Segment
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.observed.determined import (
    MAX_DISPLACEMENT_M,
    MAX_MOMENTUM_SD_M2PS,
    NEGLIGIBLE_COM_SHIFT_M,
    MarkerNoise,
    coordinate_covariance,
    range_sd,
    segment_sds,
    with_joints_freed,
)
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import CAUSES, ObservedParts, determined_outcomes, of_the_model
from aqbio.vectors import FloatArray

SHOWN, NOT_SHOWN = 0.85, 2.0
"""A group is given below this multiple of the accepted unsureness, and not given above that."""

CLUSTER = 0.08
"""Markers of a cluster lie apart from its middle by this, m."""

PARTS = {
    "the legs": ("push_leg", "swing_leg"), "the arms": ("arms",), "the trunk": ("torso",),
    "the pelvis": ("pelvis",), "the push side": ("push_side",), "the swing side": ("swing_side",),
    "the whole body": ("total",),
}  # fmt: skip
"""What angular momentum is reported of, by the items of a step."""

MARKS = {
    "leg": "both sides of knee and ankle, heel and forefoot",
    "arm": "both sides of elbow and wrist",
    "trunk": "C7, T10 and sternum",
    "pelvis": "the iliac spines in front (ASIS) and behind (PSIS)",
}
"""Where markers, or the landmarks that OpenCap's network adds, show a part."""


SEGMENTS = {
    "leg": ("thigh", "shank", "foot"), "arm": ("upper_arm", "forearm"), "trunk": ("torso",),
    "torso": ("torso",), "pelvis": ("pelvis",),
}  # fmt: skip
"""Segments of labels by kind of part."""


def outlook(
    rows: Rows,
    previews: Mapping[str, TrialPreview],
    left_out: Sequence[Unusable],
    markers: ProposedSet | None,
    model: ChosenModel,
    labels: Mapping[str, Collection[str]],
) -> Iterator[str]:
    """Say in a few lines what a study will compute, what it cannot, and what would change that.

    ``labels`` are those of every moving trial by its file; without ``markers`` they are joint
    angles.
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
        usable = [one for one in runs if previews[one.file].contacts]
        if len(usable) < len(runs):
            yield (
                f"no contact in {_trials(len(runs) - len(usable), len(runs))} that was seen whole, "
                "and so no results. To change that: record three contacts in a row, with both feet "
                "in view"
            )
        if not usable:
            return
        single = [one for one in usable if not previews[one.file].steps]
        if single:
            yield (
                f"not computed of {_trials(len(single), len(runs))}: flight times and step "
                "lengths, for no next touchdown is known. To change that: record three contacts in "
                "a row"
            )
        yield from _of_runs(usable, len(runs), previews, markers, model, labels)
        if any(one.video for one in markers.marker_set.markers.values()):
            yield (
                "less sure: turns of thighs, shanks and arms about their own axes, which joint "
                "centres hardly show. To change that: mark both sides of the joints, or use the "
                "landmarks that OpenCap and Pose2Sim add to the joint centres"
            )
        forces = sum(previews[one.file].forces for one in usable)
    if markers is None and forces:
        yield f"computed of {_trials(forces, len(runs))}: {EVERY_CAUSE}"
    if forces < len(runs):
        yield (
            f"not computed of {_trials(len(runs) - forces, len(runs))}: moments of the standing "
            "leg, and what causes angular momentum (level C), for no contact has forces. To change "
            "that: force plates in the C3D file, or a MOT file of forces beside the TRC"
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


Spare = Mapping[str, tuple[Segment, ...]]
"""Labels that are not used, with the segments on which they may lie."""

EVERY_CAUSE = (
    "joint moments, and what forces, gravity and joints do to angular momentum (levels B and C)"
)


def _of_runs(
    runs: Sequence[TrialRow],
    every: int,
    previews: Mapping[str, TrialPreview],
    markers: ProposedSet,
    model: ChosenModel,
    labels: Mapping[str, Collection[str]],
) -> Iterator[str]:
    """Say what is computed of runs, by what their labels show."""
    marker_set = markers.marker_set
    if marker_set is None:
        return
    alike: dict[frozenset[str], Foreseen] = {}
    by_promise: dict[tuple[object, bool], tuple[Foreseen, list[TrialRow]]] = {}
    for run in runs:
        worn = frozenset(one for one in labels[run.file] if one in marker_set.markers)
        if worn not in alike:
            alike[worn] = foreseen(model, marker_set, worn)
        made = alike[worn]
        steps = previews[run.file].steps
        by_promise.setdefault((made.key, steps), (made, []))[1].append(run)
    for (_, steps), (made, own) in by_promise.items():
        yield from _of_motion(made, _trials(len(own), every), markers.spare, steps=steps)
        if forces := sum(previews[one.file].forces for one in own):
            yield from _of_forces(made, _trials(forces, every), markers.spare)


@dataclass(frozen=True)
class Foreseen:
    """What labels show of the body, by what masks the results."""

    sure: Mapping[str, bool]
    """Outcomes that are determined by segments which the labels clearly show."""
    perhaps: Mapping[str, bool]
    """Outcomes that are determined if segments are shown that the labels hardly show."""
    lost: frozenset[str]
    doubtful: frozenset[str]
    """lost, doubtful: Groups that the labels do not show, and hardly show."""
    absent: tuple[str, ...]
    """Groups that the model does not have."""

    @property
    def key(self) -> tuple[object, ...]:
        """The same for runs of which the same is said."""
        return (
            tuple(self.sure.items()), tuple(self.perhaps.items()), self.lost, self.doubtful
        )  # fmt: skip

    def split(self, parts: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str], list[str]]:
        """Names of parts that are computed, are where recordings are steady, and are not."""
        given = [name for name, own in parts.items() if all(self.sure[one] for one in own)]
        maybe = [name for name, own in parts.items() if all(self.perhaps[one] for one in own)]
        never = [name for name in parts if name not in maybe]
        return given, [name for name in maybe if name not in given], never


def foreseen(model: ChosenModel, marker_set: MarkerSet, labels: Collection[str]) -> Foreseen:
    """Foresee which outcomes labels determine, by the mask of the results.

    Segments are shown or lost by `unsureness`; `determined_outcomes` says what follows of it.
    """
    skeleton, unsure = unsureness(model, marker_set, labels)
    groups = model.model_map.groups
    body = dict(zip(skeleton.bodies, unsure.tolist(), strict=True))

    def outcomes(most: float) -> dict[str, bool]:
        lost = [name for name, own in body.items() if own > most]
        seen = Observed.complete(skeleton.bodies, 1).without(lost, NOT_SEEN)
        parts = ObservedParts(of_the_model(seen, groups), skeleton, model.model_map)
        return determined_outcomes(parts, RoleScheme())

    worst = {name: max(body[one] for one in members) for name, members in groups.items()}
    return Foreseen(
        outcomes(SHOWN),
        outcomes(NOT_SHOWN),
        frozenset(name for name, one in worst.items() if one > NOT_SHOWN),
        frozenset(name for name, one in worst.items() if SHOWN < one <= NOT_SHOWN),
        tuple(name for name in ANATOMICAL_GROUPS if name not in groups),
    )


def _of_motion(made: Foreseen, runs: str, spare: Spare, *, steps: bool) -> Iterator[str]:
    """Of which parts angular momentum is computed."""
    given, perhaps, never = made.split(PARTS)
    # of a single contact the speed is that of the centre of mass, of a step also the pelvis's
    known = "speed, steps, " if steps else "speed, " if made.sure["total"] else ""
    yield (
        f"computed of {runs}: {known}contact times, joint angles and "
        f"angular momentum (level A){' of ' + listed(given) if given else ''}"
    )
    for names, (word, _) in ((never, NEVER), (perhaps, PERHAPS)):
        if names:
            why = _why(made, spare, hardly=names is perhaps)
            yield f"{word}: angular momentum of {listed(names)}, {why}"


def _of_forces(made: Foreseen, runs: str, spare: Spare) -> Iterator[str]:
    """What is computed of runs whose contacts have forces."""
    if made.sure[CAUSES]:
        yield f"computed of {runs}: {EVERY_CAUSE}"
        return
    stems = dict.fromkeys(re.sub("_(left|right)$", "", one) for one in JOINTS_OF_MODEL)
    joints = {
        stem: [one for one in made.sure if re.fullmatch(f"{stem}(_left|_right)?", one)]
        for stem in stems
    }
    shown = [stem for stem, own in joints.items() if own and all(made.sure[one] for one in own)]
    moments = f", and joint moments of {listed(shown)}" if shown else ""
    yield f"computed of {runs}: ground forces{moments}"
    hardly = made.perhaps[CAUSES]
    word, _ = PERHAPS if hardly else NEVER
    yield f"{word}: what causes angular momentum (level C), {_why(made, spare, hardly=hardly)}"


NEVER = ("not computed", "do not show")
PERHAPS = ("computed where the recordings are steady enough", "hardly show")
"""What becomes of an outcome, and what labels do with the parts that it needs."""

JOINTS_OF_MODEL = ("hip", "knee", "ankle", "mtp", "lumbar", "shoulder", "elbow", "wrist")


def _why(made: Foreseen, spare: Spare, *, hardly: bool) -> str:
    """Groups that the labels do not show, labels that lie there unused, and where to mark them."""
    if not hardly and made.absent:
        names = listed([" ".join(reversed(one.split("_"))) for one in made.absent])
        return f"for the model has no {names}. To change that: use a model with trunk and arms"
    groups = made.doubtful if hardly else made.lost
    shown = [" ".join(reversed(one.split("_"))) for one in sorted(groups)]
    shown = [one.replace("torso", "trunk") for one in shown]
    marks = dict.fromkeys(MARKS[one.split()[-1]] for one in shown)
    _, how = PERHAPS if hardly else NEVER
    unused = [label for label, segments in spare.items() if _lies(segments, groups)]
    there = (
        f"{listed(unused)} lie there and are not used: remove the first # of their lines in "
        "markers.yaml and give them their body; else "
    )
    return (
        f"for the labels {how} {listed(shown)}. To change that: {there if unused else ''}"
        f"mark {'; '.join(marks)}"
    )


def _lies(segments: Collection[Segment], groups: Collection[str]) -> bool:
    """Whether a label lies on one of some groups of a model (``arm_left``)."""
    kinds = [(one.partition("_")[0], one.partition("_")[2]) for one in groups]
    return any(
        segment in SEGMENTS[kind] and side in ("", own)
        for segment, own in segments
        for kind, side in kinds
    )


def unsureness(
    model: ChosenModel, marker_set: MarkerSet, labels: Collection[str]
) -> tuple[Skeleton, FloatArray]:
    """How far some labels leave every segment in the dark, (B,), as a multiple of what is accepted.

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
    placed = labels_on_model(chosen, generic, model_map.joints.by_name())
    places, _ = expected_positions(generic, parts, placed)
    position = places.position.copy()
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
    free = with_joints_freed(skeleton, model_map.held, index)
    prior_sd = np.minimum(range_sd(free), posture_sd(free, model_map, marker_set))
    covariance = coordinate_covariance(free, q, index, weight, prior_sd, noise)
    displacement, momentum = (one[0] for one in segment_sds(skeleton, q, covariance))
    share = skeleton.mass / skeleton.mass.sum()
    apart = np.maximum(
        displacement / MAX_DISPLACEMENT_M, momentum / MAX_MOMENTUM_SD_M2PS / skeleton.mass.sum()
    )
    apart = np.minimum(apart, displacement * share / NEGLIGIBLE_COM_SHIFT_M)
    for names in model_map.groups.values():
        bodies = np.array([skeleton.bodies.index(name) for name in names])
        heaviest = bodies[int(np.argmax(skeleton.mass[bodies]))]
        if heaviest not in places.body:
            apart[heaviest] = max(apart[heaviest], 0.5 * (SHOWN + NOT_SHOWN))
    return skeleton, apart
