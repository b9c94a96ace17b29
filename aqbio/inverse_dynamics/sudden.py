"""Joint moments that a fit changes faster than the plain motion does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.errors import Finding, distinct
from aqbio.gait.steps import PERCENT
from aqbio.inverse_dynamics.balance import adjusted_loads
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

MOMENT_CHANGE_TIME_S = 0.020
"""Time over which changes of a joint moment are taken."""

MAX_MOMENT_CHANGE_SHARE = 0.25
"""Change of a joint moment within 20 ms beyond the largest of the plain motion on either side,
share of the range of the plain moment: 0.07 at most at knee, ankle and trunk of 43 real runs, 0.18
at the hip (docs/decisions/0030); a point of application that was wrong for one sample makes 1.6."""

MIN_MOMENT_CHANGE_NM = 15.0
"""Changes below this are no fault of a joint, whatever its moment: 12 N m at a shoulder that
carries 14."""

MAX_RESIDUAL_SHARE = 0.1
"""A fit that leaves at most this share of the plain motion's residual force, and whose moments of
both sides are more alike than the plain ones, is better than the plain motion in spite of a sudden
change."""


@dataclass(frozen=True, slots=True)
class SuddenChange:
    """Largest change of a joint moment within 20 ms beyond the plain motion's, for its limit."""

    joint: str
    """Coordinate."""
    time: float
    """s."""
    excess: float
    limit: float
    """excess, limit: N m."""

    @property
    def beyond(self) -> bool:
        """True where it is larger than its limit."""
        return self.excess > self.limit

    @property
    def statement(self) -> str:
        """The change in words, with its number."""
        return (
            f"the moment at {self.joint} changes by {distinct(self.excess, self.limit)} N m more "
            f"within 20 ms, at {self.time:.2f} s, than that of either side with the plain motion"
        )


def sudden_change(fit: TrialFit, loads: Sequence[ExternalLoad]) -> SuddenChange | None:
    """Sudden change of the joint that is farthest beyond its limit, or nearest to it.

    Over the measured frames from first touchdown to last toe-off; None without loads or joints.
    Limits follow the size of the moment: those of a knee are not those of a neck.
    """
    joints, observations = _joints(fit), fit.observations
    if not loads or not joints or not len(observations.contacts):
        return None
    plain, fitted = joint_moments(fit, loads)
    usable = observations.contact_window & fit.measured & np.isfinite(plain + fitted).all(axis=1)
    lag = max(round(MOMENT_CHANGE_TIME_S * observations.rate), 1)
    pairs = usable[lag:] & usable[:-lag]
    if not pairs.any():
        return None
    twins = _twins([fit.skeleton.coordinates[joint] for joint in joints])
    plain_change, change = (
        np.where(pairs[:, None], np.abs(moments[lag:] - moments[:-lag]), 0.0)
        for moments in (plain, fitted)
    )
    usual, size = plain_change.max(axis=0), np.ptp(plain[usable], axis=0)
    excess = change.max(axis=0) - np.maximum(usual, usual[twins])
    limit = np.maximum(
        MIN_MOMENT_CHANGE_NM, MAX_MOMENT_CHANGE_SHARE * np.maximum(size, size[twins])
    )
    joint = int((excess / limit).argmax())
    instant = float(observations.time[int(change[:, joint].argmax())])
    name = fit.skeleton.coordinates[joints[joint]]
    return SuddenChange(name, instant, float(excess[joint]), float(limit[joint]))


def better_than_plain(fit: TrialFit, loads: Sequence[ExternalLoad]) -> bool:
    """Tell whether the fit has a tenth of the plain residual and moments that sides share more."""
    used = fit.measured
    before, after = (
        float(np.sqrt((residual.force[used] ** 2).mean())) for residual in (fit.before, fit.after)
    )
    if not after <= MAX_RESIDUAL_SHARE * before:
        return False
    plain, fitted = (_sides_apart(fit, moments) for moments in joint_moments(fit, loads))
    return fitted < plain


def sudden_findings(
    fit: TrialFit, loads: Sequence[ExternalLoad], trial_id: str
) -> Iterator[Finding]:
    """Finding on the sudden change of a fit that is used, because it is better than plain."""
    sudden = sudden_change(fit, loads)
    if sudden is not None and sudden.beyond:
        yield Finding(
            rule="joint-moment-sudden",
            severity="warning",
            what=f"{sudden.statement}, more than {sudden.limit:.0f} N m. The fit is used, whose "
            "residual is a tenth of the plain motion's and whose sides are more alike.",
            trial=trial_id,
            number=sudden.excess,
            limit=sudden.limit,
            unit="N m",
            where=sudden.joint,
            fix="look at forces and markers at that instant.",
        )


def joint_moments(fit: TrialFit, loads: Sequence[ExternalLoad]) -> tuple[FloatArray, FloatArray]:
    """Moments (T, J), N m, of the free rotations of joints: of the plain motion, of the fit."""
    observations, joints = fit.observations, _joints(fit)
    adjusted = adjusted_loads(loads, observations.time, fit.values)
    plain = _moments(fit.runner.skeleton, observations.plain, loads)[:, joints]
    return plain, _moments(fit.skeleton, fit.motion, adjusted)[:, joints]


def _joints(fit: TrialFit) -> list[int]:
    """Free rotations of the joints, indices of coordinates."""
    return [
        coordinate
        for coordinate in fit.skeleton.free
        if fit.skeleton.coordinate_is_rotation[coordinate] and not fit.runner.root[coordinate]
    ]


def _moments(skeleton: Skeleton, motion: Motion, loads: Sequence[ExternalLoad]) -> FloatArray:
    """Generalised forces (T, C) of a motion."""
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    return newton_euler(skeleton, moves, loads)


OTHER_SIDE = {"_r": "_l", "_l": "_r"}
"""Ends of the names of coordinates that both sides have."""


def _twins(names: Sequence[str]) -> list[int]:
    """Index of each coordinate on the other side; its own where there is none."""
    twins = [name[:-2] + OTHER_SIDE.get(name[-2:], name[-2:]) for name in names]
    return [
        names.index(twin if twin in names else name)
        for name, twin in zip(names, twins, strict=True)
    ]


def _sides_apart(fit: TrialFit, moments: FloatArray) -> float:
    """RMS difference of the mean stance of left and right joints, N m; NaN with one side only."""
    observations = fit.observations
    names = [fit.skeleton.coordinates[joint] for joint in _joints(fit)]
    means = {}
    for left in (True, False):
        spans = observations.contacts[observations.left == left]
        spans = spans[np.isfinite(spans).all(axis=1)]
        courses = [
            [np.interp(start + PERCENT * (end - start), observations.time, m) for m in moments.T]
            for start, end in spans
        ]
        means[left] = np.nanmean(courses, axis=0) if courses else np.full((1, 1), np.nan)
    pairs = [(index, twin) for index, twin in enumerate(_twins(names)) if names[index][-2:] == "_l"]
    if not pairs or any(mean.shape[0] != len(names) for mean in means.values()):
        return float("nan")
    distances = [means[True][left] - means[False][right] for left, right in pairs if left != right]
    return float(np.sqrt(np.nanmean(np.square(distances)))) if distances else float("nan")
