"""Evidence of the sides of a recording: labels right and left of the body, and where forces are.

Right follows from up and ahead, which do not depend on labelled sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import label_mean
from aqbio.prepare.body_labels import BodyLabels, body_axes, partners
from aqbio.prepare.contacts import MAX_FOOT_DISTANCE_M, NO_FOOT, foot_distance
from aqbio.prepare.explanations import Disagreements
from aqbio.prepare.frame_loads import HEAVY_SHARE, TINY_N, FrameLoads, averaged
from aqbio.prepare.people import of_people
from aqbio.vectors import FloatArray, finite_means, finite_median, finite_medians

OtherRecordings = Callable[[], Iterable[Recording]]
"""Function that reads the other recordings of a person."""

MIN_OTHER_SIDE_SHARE = 0.9
"""Share of the sided labels that must be on the other side, each part of the body as a whole too:
0 in JA1, Rajagopal's and Hamner's recordings, 0.98 to 1 in their mirrored copies."""

MIN_SIDE_M = 0.01
"""Smallest distance between the left and the right of a part that shows its side, m: the feet of
sprinters are at least 3 cm apart, on average over a run."""

MIN_OFFSET_M = 0.03
"""Smallest sideways distance from its partner of a label on its correct side, m: the first
metatarsals of JA1's sprint are 2 cm on the wrong side of each other, as feet cross."""

STANDING_SHARE = of_people("load of a standing foot").middle
"""Share of the largest force of all plates from which one bears a foot of somebody who stands."""

BESIDE_FEET_M = of_people("pressure beside a standing foot").error
"""Pressure farther from the feet of somebody who stands is not theirs, wherever it is, m."""


@dataclass(frozen=True, eq=False)
class BodySides:
    """Sides of the labels of a recording, derived from up and ahead."""

    axes: FloatArray
    """(3, 3) array. Rows: ahead, up and right in laboratory axes, each along one of them."""
    sided: int
    """Visible labels with a side."""
    wrong: int
    """Those of them on the other side of the body."""
    parts: Mapping[str, float]
    """Distance, m, by which the right of each part is to the right of its left."""

    @classmethod
    def of(cls, recording: Recording, labels: BodyLabels) -> BodySides | None:
        """Measure the sides of a recording's labels; None if up and ahead are not determined."""
        axes = body_axes(recording, labels)
        if axes is None:
            return None
        across = recording.positions @ axes[2]
        worn = [x for x in recording.labels if x in labels.sided]
        lateral = {x: across[:, recording.labels.index(x)] for x in worn}
        lateral = {x: path for x, path in lateral.items() if np.isfinite(path).any()}
        partner, parts, offsets = partners(worn, labels), dict[str, float](), list[FloatArray]()
        for part in dict.fromkeys(labels.sided[x].part for x in lateral):
            of_part = [x for x in lateral if labels.sided[x].part == part]
            left, right = ([x for x in of_part if labels.sided[x].side == side] for side in SIDES)
            if not (left and right):
                continue
            means = [finite_means(np.array([lateral[x] for x in xs]), 0) for xs in (left, right)]
            middle = 0.5 * (means[0] + means[1])
            if not np.isfinite(middle).any():
                continue
            parts[part] = finite_median(means[1] - means[0])
            for label in of_part:
                away = lateral[label] - lateral.get(partner.get(label, ""), middle)
                offsets.append(away if label in right else -away)
        if not parts:
            return None
        medians = finite_medians(np.stack(offsets, axis=1))
        wrong = int((medians < MIN_OFFSET_M).sum())
        return cls(axes, int(np.isfinite(medians).sum()), wrong, parts)

    @property
    def other_side(self) -> bool:
        """True if every part of the body is on the side opposite to its labels."""
        gaps = [gap for gap in self.parts.values() if abs(gap) > MIN_SIDE_M]
        is_mostly_wrong = self.wrong >= MIN_OTHER_SIDE_SHARE * self.sided
        return len(gaps) > 1 and max(gaps) < 0.0 and is_mostly_wrong

    @property
    def words(self) -> str:
        """Number of labels on the other side."""
        of_all = self.wrong == self.sided
        count = f"all {self.sided}" if of_all else f"{self.wrong} of {self.sided}"
        return f"{count} sided labels are on the other side of the body"


@dataclass(frozen=True, eq=False)
class SideEvidence:
    """Redundancies of the sides of a person's recording and of where its forces are."""

    labels: BodyLabels
    is_standing: bool = False
    """Only the place of the forces is evidence: somebody who stands may do so beside plates."""
    right_recordings: tuple[Recording, ...] = ()
    """Recordings of the person whose sides are right."""

    @classmethod
    def of(
        cls,
        recording: Recording,
        labels: BodyLabels,
        others: OtherRecordings,
        *,
        is_standing: bool = False,
    ) -> SideEvidence:
        """Evidence of a recording.

        The person's other ones are read only where every part of it is on its other side.
        """
        sides = BodySides.of(recording, labels)
        read = others() if sides is not None and sides.other_side else ()
        sides_of_read = [(x, BodySides.of(x, labels)) for x in read]
        right = [x for x, sides in sides_of_read if sides is not None and not sides.other_side]
        return cls(labels, is_standing, tuple(right))

    def disagreements(self, recording: Recording) -> Disagreements:
        """Sizes of disagreement; empty where up and ahead are not known."""
        sides = BodySides.of(recording, self.labels)
        if sides is None:
            return {}
        lengths = [label_distances(recording, x, self.labels) for x in self.right_recordings]
        sizes = {
            "sides": [max(-gap, 0.0) for gap in sides.parts.values()],
            "lengths": lengths,
            **self._of_forces(recording, sides.axes),
        }
        finite = {name: np.array([x for x in sizes[name] if np.isfinite(x)]) for name in sizes}
        return {name: values for name, values in finite.items() if len(values)}

    def _of_forces(self, recording: Recording, axes: FloatArray) -> dict[str, list[float]]:
        """Disagreements in axes ahead, up and right of the body, as those of ground axes."""
        if recording.forces is None:
            return {}
        forces, labels = averaged(recording.forces.rotated(axes)), self.labels
        ends = zip(labels.heels, labels.toes, strict=True)
        feet = np.array([[label_mean(recording, end) for end in foot] for foot in ends])
        feet = feet.transpose(2, 0, 1, 3) @ axes.T
        if len(feet) < 2 or not len(forces.numbers):
            return {}
        pelvis = label_mean(recording, (*labels.front, *labels.back) or labels.hips)
        loads = FrameLoads.of(forces, np.arange(len(feet)) / recording.rate)
        is_heavy = loads.share > HEAVY_SHARE
        if self.is_standing:  # a plate that is never unloaded bears somebody
            size = np.linalg.norm(loads.smooth[..., :3], axis=2)
            is_heavy = size > STANDING_SHARE * max(float(size.max(initial=0.0)), TINY_N)
        frame, plate = np.nonzero(is_heavy)
        pressure, _ = loads.pressure(frame, plate)
        distance = foot_distance(feet[frame], pressure)
        distance[~np.isfinite(distance).all(axis=1)] = np.nan
        nearest = distance.min(axis=1)
        under_foot = finite_median(nearest)
        if self.is_standing:  # beside the plates, however far, is one and the same
            return {"under foot": [min(under_foot, BESIDE_FEET_M)]}
        named = np.array([SIDES.index(x) if x else NO_FOOT for x in forces.feet], int)[plate]
        is_named = (named != NO_FOOT) & (nearest < MAX_FOOT_DISTANCE_M)
        is_other = distance[is_named, named[is_named]] > nearest[is_named]
        force = loads.smooth[frame, plate, :3]
        total = max(float(np.abs(force[:, 1]).sum()), TINY_N)
        return {
            "under foot": [under_foot],
            "named feet": [float(is_other.mean())] if len(is_other) else [],
            "pull": [-float(force[:, 1].clip(max=0.0).sum()) / total],
            "lean": [1.0 - _correlation(force, (pelvis @ axes.T)[frame] - pressure)],
        }


def _correlation(force: FloatArray, arm: FloatArray) -> float:
    """Correlation of horizontal forces (N, 3) with the way from the pressure to the pelvis (N, 3).

    Legs push along their length, at the hips above.
    """
    finite = np.isfinite(arm).all(axis=1)
    push, arm = force[finite][:, [0, 2]], arm[finite][:, [0, 2]]
    size = float(np.sqrt((push**2).sum() * (arm**2).sum()))
    return float((push * arm).sum()) / size if size > 0.0 else float("nan")


def label_distances(recording: Recording, other: Recording, labels: BodyLabels) -> float:
    """Median difference, m, of distances between labels of a part between two recordings."""
    partner = partners([x for x in recording.labels if x in labels.sided], labels)
    worn = [x for x in partner if {x, partner[x]} <= {*other.labels}]
    differences = []
    for pair in combinations(worn, 2):
        if labels.sided[pair[0]] == labels.sided[pair[1]]:
            apart = (
                np.subtract(*(x.positions[:, x.labels.index(label)] for label in pair))
                for x in (recording, other)
            )
            lengths = [finite_median(np.linalg.norm(path, axis=1)) for path in apart]
            differences.append(abs(lengths[0] - lengths[1]))
    return finite_median(np.array(differences))
