"""Picture of one contact on the first page: the body at three instants, and both sides' curves."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from markupsafe import Markup

from aqbio.figures.step_means import column_title
from aqbio.figures.words import digits
from aqbio.gait.step_files import CURVES, kept_steps, step_file
from aqbio.io.netcdf import read_some
from aqbio.io.study import Study
from aqbio.multibody.poses import segment_coms, whole_body_com
from aqbio.names import INTERVALS, NORMAL, NORMAL_95, ROLE_SIDES, USABLE
from aqbio.pages.address import cell
from aqbio.pages.replay import TrialReplay, half_axes
from aqbio.pages.stage import trial_replay
from aqbio.pages.stance import UNIT
from aqbio.vectors import FloatArray

INSTANTS = {"touchdown": 0.0, "middle": 0.5, "toe-off": 1.0}
"""Instants at which the body is drawn, as shares of the contact."""

MEAN, ERROR = "H_{}_y_stance_mean_kgm2ps", "H_{}_y_stance_mean_sd_kgm2ps"
"""Columns of steps.tsv by side: mean over the contact about the vertical, and its error."""

PIXELS_PER_M = 100.0
POSE_GAP_M = 0.08
"""Room between two pictures of the body, m."""


def shown_contact(
    steps: pd.DataFrame, trials: pd.DataFrame, replayed: Collection[tuple[str, str]]
) -> Mapping[str, Any] | None:
    """Row of steps.tsv of the contact that is shown; None where no step has both sides.

    Of the fastest trial with a replay, those that are usable and of the usual condition first; of
    its steps the middle one on the right foot, which is drawn as it was run.
    """
    shown_steps = kept_steps(steps)
    has_means = shown_steps[[MEAN.format(side) for side in ROLE_SIDES]].notna().all(axis=1)
    trial_keys = zip(shown_steps["participant_id"], shown_steps["trial_id"], strict=True)
    shown_steps = shown_steps[has_means & np.array([key in replayed for key in trial_keys], bool)]
    states = trials.set_index(["participant_id", "trial_id"])["state"]

    ranked = [
        (
            states.get(key) == USABLE,
            bool(trial_steps["condition"].iloc[0] == NORMAL),
            float(np.nan_to_num(trial_steps["speed_mps"].mean())),
            trial_steps,
        )
        for key, trial_steps in shown_steps.groupby(["participant_id", "trial_id"], sort=True)
    ]
    if not ranked:
        return None
    candidates = max(ranked, key=lambda item: item[:3])[3]
    right = candidates[candidates["side"] == "right"]
    candidates = right if len(right) else candidates
    return {
        str(name): value for name, value in candidates.iloc[len(candidates) // 2].to_dict().items()
    }


@dataclass(frozen=True)
class ContactPicture:
    """One contact, drawn."""

    poses: Markup
    curves: Markup
    """poses, curves: Drawings of the body at `INSTANTS`, and of both sides over the contact."""
    title: str
    """Athlete, foot and speed."""
    sentence: str
    """Means of both sides over the contact, with their intervals."""
    address: str
    """Replay, from the folder of the page on, at touchdown."""
    trial: str


def contact_picture(
    study: Study, steps: pd.DataFrame, trials: pd.DataFrame, replayed: Collection[tuple[str, str]]
) -> ContactPicture | None:
    """Draw a contact of a study's fastest trial; None where both sides are known of no step."""
    row = shown_contact(steps, trials, replayed)
    if row is None:
        return None
    participant_id, trial_id = str(row["participant_id"]), str(row["trial_id"])
    replay, _ = trial_replay(study.recorded_with(participant_id), participant_id, trial_id)
    touchdown, toe_off = float(row["touchdown_fitted_s"]), float(row["toe_off_fitted_s"])
    curves, sds = _side_curves(study, row)
    instants = [touchdown + share * (toe_off - touchdown) for share in INSTANTS.values()]
    frames = [int(np.abs(replay.time - instant).argmin()) for instant in instants]
    title, speed = (
        column_title(str(row["condition"]), float(row["speed_mps"])), f"{row['speed_mps']:.1f}",
    )  # fmt: skip
    title = title.replace(speed, cell("steps", row, "speed_mps", speed))
    where = f"trials/{quote(participant_id)}/{quote(trial_id)}.html#t={touchdown:.3f}"
    return ContactPicture(
        _poses(replay, frames, str(row["side"])),
        _curves(curves, sds),
        f"{participant_id}, {row['side']} foot on the ground at {title}",
        _sentence(row),
        where,
        f"{trial_id}, step {cell('steps', row, 'step', int(row['step']))}",
    )


def _sentence(row: Mapping[str, Any]) -> str:
    """State what both sides carried in this contact."""
    parts = []
    for side, look in zip(ROLE_SIDES, ("solid", "dashed"), strict=True):
        value, error = (float(row[name.format(side)]) for name in (MEAN, ERROR))
        text = cell("steps", row, MEAN.format(side), digits(value, UNIT))
        if math.isfinite(error):
            half = digits(NORMAL_95 * error, UNIT)
            text += f" ± {cell('steps', row, ERROR.format(side), half, factor=NORMAL_95)}"
        parts.append(f"{side.replace('_', ' ')} ({look}) {text}")
    interval = f" (± {INTERVALS['measurement']})" if "±" in "".join(parts) else ""
    return (
        f"Angular momentum about the vertical, mean over the contact: {', '.join(parts)} "
        f"{UNIT}{interval}."
    )


def _side_curves(
    study: Study, row: Mapping[str, Any]
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Angular momentum of both sides over the contact, (101,) arrays, and its error."""
    names = ("angular_momentum", "angular_momentum_sd")
    path = step_file(study, str(row["participant_id"]), CURVES)
    data = read_some(path, names, axis="y", phase="stance")
    is_step = (data["trial_id"].values == row["trial_id"]) & (data["number"].values == row["step"])
    contact = data.isel(step=int(is_step.argmax()))
    sides = [side for side in ROLE_SIDES if side in contact["group"].values]
    curves, sds = (
        {side: contact[name].sel(group=side).values for side in sides if name in contact}
        for name in names
    )
    return curves, sds


# the body -----------------------------------------------------------------------------------------


def projected_ellipse(axes: FloatArray, rotation: FloatArray) -> tuple[float, float, float]:
    """Half axes (larger first) and angle (rad) of an ellipsoid's outline, seen along z.

    The outline of ``{R diag(a) u : |u| = 1}`` on the plane of x and y is the ellipse of the matrix
    ``P R diag(a²) Rᵀ Pᵀ``, whose eigenvalues are its squared half axes.
    """
    matrix = (rotation @ np.diag(axes**2) @ rotation.T)[:2, :2]
    squares, directions = np.linalg.eigh(matrix)
    angle = math.atan2(directions[1, 1], directions[0, 1])
    return math.sqrt(squares[1]), math.sqrt(squares[0]), angle


@dataclass(frozen=True, slots=True)
class _Solid:
    """Outline of a segment, m from the whole body's centre of mass forward and from the ground."""

    x: float
    y: float
    half: tuple[float, float]
    angle: float
    depth: float
    side: str

    @property
    def reach(self) -> float:
        """Largest distance from the body's centre of mass, forward or back."""
        large, small = self.half
        across = math.hypot(large * math.cos(self.angle), small * math.sin(self.angle))
        return abs(self.x) + across

    @property
    def top(self) -> float:
        large, small = self.half
        return self.y + math.hypot(large * math.sin(self.angle), small * math.cos(self.angle))


def _solids(replay: TrialReplay, frame: int, stance: str) -> list[_Solid]:
    """Outlines of all segments with mass, the farthest first, seen from the runner's right."""
    skeleton, poses = replay.skeleton, replay.poses.frames(slice(frame, frame + 1))
    centres = segment_coms(skeleton, poses)[0]
    body = whole_body_com(skeleton, poses)[0]
    sides = _sides_of_groups(replay, stance)
    group = {segment: name for name, members in replay.groups.items() for segment in members}
    solids = []
    for number, segment in enumerate(skeleton.bodies):
        mass = float(skeleton.mass[number])
        if mass <= 0.0 or not replay.observed.get(segment, True):
            continue
        axes, directions = half_axes(mass, skeleton.inertia[number])
        large, small, angle = projected_ellipse(axes, poses.rotation[0, number] @ directions)
        x, y, z = centres[number]
        side = sides.get(group.get(segment, ""), "")
        solids.append(_Solid(x - body[0], y - replay.ground, (large, small), angle, z, side))
    return sorted(solids, key=lambda solid: solid.depth)


def _sides_of_groups(replay: TrialReplay, stance: str) -> dict[str, str]:
    """Side to which the larger part of every group of the body belongs."""
    names = list(replay.groups)
    weights = np.nan_to_num(
        np.vstack([replay.roles.matrix(stance, names, side) for side in ROLE_SIDES])  # type: ignore[arg-type]
    )
    return {
        name: list(ROLE_SIDES)[int(weights[:, column].argmax())]
        for column, name in enumerate(names)
        if weights[:, column].any()
    }


def _poses(replay: TrialReplay, frames: list[int], stance: str) -> Markup:
    """Draw the body from its right at three instants, side by side on one ground."""
    bodies = [_solids(replay, frame, stance) for frame in frames]
    room = POSE_GAP_M + 2.0 * max(solid.reach for body in bodies for solid in body)
    height = 0.05 + max(solid.top for body in bodies for solid in body)
    width_px, ground_px = PIXELS_PER_M * room * len(bodies), PIXELS_PER_M * height
    label = f"The body from its right at {', '.join(INSTANTS)}"
    parts = [
        f'<svg viewBox="0 0 {width_px:.0f} {ground_px + 34:.0f}" role="img" aria-label="{label}">',
        f'<path class="ground" d="M0 {ground_px:.1f}H{width_px:.0f}"/>',
    ]
    for number, (name, body) in enumerate(zip(INSTANTS, bodies, strict=True)):
        middle = PIXELS_PER_M * room * (number + 0.5)
        parts += [_ellipse(solid, middle, ground_px) for solid in body]
        parts.append(
            f'<text x="{middle:.1f}" y="{ground_px + 24:.1f}" text-anchor="middle">{name}</text>'
        )
    return Markup("".join([*parts, "</svg>"]))  # of numbers and words of ours only


def _ellipse(solid: _Solid, middle: float, ground: float) -> str:
    x, y = middle + PIXELS_PER_M * solid.x, ground - PIXELS_PER_M * solid.y
    large, small = (PIXELS_PER_M * half for half in solid.half)
    turn = -math.degrees(solid.angle)
    return (
        f'<ellipse class="{solid.side or "neither"}" rx="{large:.1f}" ry="{small:.1f}" '
        f'transform="translate({x:.1f} {y:.1f}) rotate({turn:.1f})"/>'
    )


# the curves ---------------------------------------------------------------------------------------

WIDTH, HEIGHT = 450, 250
LEFT, RIGHT, TOP, BOTTOM = 34, 4, 24, 24
POINT_STEP_PERCENT = 2


def _curves(curves: Mapping[str, FloatArray], sds: Mapping[str, FloatArray]) -> Markup:
    """Draw both sides from touchdown to toe-off, with the interval of the measurement."""
    halves = {
        side: NORMAL_95 * np.nan_to_num(sds.get(side, np.zeros_like(values)))
        for side, values in curves.items()
    }
    ends = [curves[side] + sign * halves[side] for side in curves for sign in (-1, 1)]
    frame = _Frame(min(0.0, float(np.min(ends))), max(0.0, float(np.max(ends))))
    label = "Angular momentum of both sides over the contact; the text below has the means"
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">',
        f'<text x="0" y="12">Angular momentum about the vertical ({UNIT})</text>',
        f'<path class="zero" d="M{frame.point(0, 0.0)}L{frame.point(100, 0.0)}"/>',
        *_instants(frame),
    ]
    for side, values in curves.items():
        upper, lower = (frame.points(values + sign * halves[side]) for sign in (1, -1))
        if halves[side].any():
            outline = "L".join([*upper, *reversed(lower)])
            parts.append(f'<path class="{side} band" d="M{outline}Z"/>')
        parts.append(f'<path class="{side} line" d="M{"L".join(frame.points(values))}"/>')
    for value in (float(f"{0.8 * frame.low:.1g}"), 0.0, float(f"{0.8 * frame.high:.1g}")):
        at = f'x="{LEFT - 5}" y="{frame.y(value) + 4:.1f}" text-anchor="end"'
        parts.append(f"<text {at}>{digits(value)}</text>")
    return Markup("".join([*parts, "</svg>"]))  # of numbers and words of ours only


@dataclass(frozen=True, slots=True)
class _Frame:
    """From per cent of the contact and angular momentum to coordinates of the drawing."""

    low: float
    high: float

    def x(self, percent: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * percent / 100.0

    def y(self, value: float) -> float:
        share = (self.high - value) / ((self.high - self.low) or 1.0)
        return TOP + (HEIGHT - TOP - BOTTOM) * share

    def point(self, percent: float, value: float) -> str:
        return f"{self.x(percent):.1f} {self.y(value):.1f}"

    def points(self, values: FloatArray) -> list[str]:
        return [self.point(at, float(values[at])) for at in range(0, 101, POINT_STEP_PERCENT)]


def _instants(frame: _Frame) -> Iterator[str]:
    """Lines and names of the instants at which the body is drawn."""
    anchors = ("start", "middle", "end")
    for (name, share), anchor in zip(INSTANTS.items(), anchors, strict=True):
        x = frame.x(100.0 * share)
        yield f'<path class="instant" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - 5}" text-anchor="{anchor}">{name}</text>'
