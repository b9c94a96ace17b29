"""Steps: from contacts to phases, roles and curves in the canonical (right-stance) frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from scipy.interpolate import CubicSpline, PPoly

from aqbio.errors import distinct
from aqbio.signals import resampled
from aqbio.vectors import FloatArray

POLAR = np.array([1.0, 1.0, -1.0])
AXIAL = np.array([-1.0, -1.0, 1.0])

Kind = Literal["axial", "polar"]
"""Kinds of vectors by reflection: momenta and moments are axial, forces and velocities polar."""

REFLECTION: Mapping[Kind, FloatArray] = MappingProxyType({"axial": AXIAL, "polar": POLAR})


def rotation_about_vertical(angle: float) -> FloatArray:
    """Matrix that turns vectors to the left by ``angle`` (rad) about the vertical (+y)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


PERCENT = np.linspace(0.0, 1.0, 101)
PHASES = ("stance", "flight")

MAXIMUM_FLIGHT_S = 0.30
"""A longer flight means that a contact was not measured, s."""

EDGE_DISTANCE_M = 0.015
"""A centre of pressure nearer than this to the loaded plates' edge rejects the step, and the
consistency fit leaves the contact's forces out, m."""

MAX_HEADING_SWING_RAD = np.radians(15.0)
"""Largest oscillation of the direction of travel in a contact of straight running, rad: the lateral
velocity changes by at most 0.2 m/s, at 1 m/s or more."""

Side = Literal["left", "right"]
Status = Literal["ok", "rejected", "incomplete"]


@dataclass(frozen=True, slots=True)
class Contact:
    """One foot on the ground."""

    side: Side
    """{"left", "right"}."""
    touchdown: float
    toe_off: float
    """touchdown, toe_off: Seconds from the trial's first frame; NaN where none was found."""
    complete: bool
    """True if the whole contact was recorded, with no other foot on its plates."""
    edge_distance: float
    """Smallest distance of the centre of pressure from the edge of the loaded plates, m; NaN when
    unknown."""
    shared: bool = False
    """True if the other foot stands on one of its plates."""
    time_error: float = float("nan")
    """Largest error of its duration, s; NaN when unknown."""
    broken: frozenset[str] = frozenset()
    """Parts of the contact that a failing plate did not measure: touchdown, middle, toe-off."""

    @property
    def loaded(self) -> tuple[float, float, bool]:
        """Touchdown and toe-off, s, and whether a plate failed in between."""
        return self.touchdown, self.toe_off, bool(self.broken)

    @property
    def first_event(self) -> float:
        """Touchdown, or toe-off where that was not found, s."""
        return self.touchdown if np.isfinite(self.touchdown) else self.toe_off


@dataclass(frozen=True, slots=True)
class Step:
    """From one foot's touchdown to the other one's."""

    number: int
    """Counted from 1 in the trial, rejected ones too."""
    side: Side
    """{"left", "right"}. The stance foot."""
    touchdown: float
    toe_off: float
    next_touchdown: float
    """touchdown, toe_off, next_touchdown: Seconds from the trial's first frame; NaN where not
    found, the last when not recorded."""
    status: Status
    """{"ok", "rejected", "incomplete"}. Incomplete steps have a stance but no measured next
    touchdown."""
    reason: str
    """Every reason why the step is not ok."""
    time_error: float = float("nan")
    """Largest error of its contact time, s; NaN when unknown."""

    @property
    def contact(self) -> float:
        """Contact time, s."""
        return self.toe_off - self.touchdown

    @property
    def flight(self) -> float:
        """Flight time, s; NaN when the next touchdown was not recorded.

        0 where the feet overlap by less than the uncertainty of the events.
        """
        return self.phase("flight")[1] - self.toe_off

    def phase(self, name: str) -> tuple[float, float]:
        """The start and end of a phase, s."""
        if name == "stance":
            return self.touchdown, self.toe_off
        return self.toe_off, float(np.maximum(self.next_touchdown, self.toe_off))


def steps_from_contacts(
    contacts: Sequence[Contact], *, maximum_flight: float, edge_distance: float
) -> list[Step]:
    """Steps of a trial, one per contact, in order of time.

    A flight longer than ``maximum_flight`` (s) means that a contact between was not measured; a
    centre of pressure within ``edge_distance`` (m) of the plates' edge rejects the step.
    """
    ordered = sorted(contacts, key=lambda contact: contact.first_event)
    steps = []
    for index, contact in enumerate(ordered):
        following = ordered[index + 1] if index + 1 < len(ordered) else None
        missing = _next_touchdown_missing(contact, following, maximum_flight)
        earlier = ordered[index - 1] if index else None
        rejected = "; ".join(_rejections(contact, earlier, following, edge_distance))
        status: Status = "rejected" if rejected else "incomplete" if missing else "ok"
        steps.append(
            Step(
                number=index + 1,
                side=contact.side,
                touchdown=contact.touchdown,
                toe_off=contact.toe_off,
                next_touchdown=np.nan if missing or following is None else following.touchdown,
                status=status,
                reason=rejected or missing,
                time_error=contact.time_error,
            )
        )
    return steps


def _next_touchdown_missing(
    contact: Contact, following: Contact | None, maximum_flight: float
) -> str:
    if following is None:
        return "no later contact was measured"
    if following.side == contact.side:
        return f"the next measured contact is the same foot, at {following.first_event:.3f} s"
    if np.isnan(following.touchdown):
        return "the touchdown of the next contact was not found"
    if "touchdown" in following.broken:
        return "the plate failed at the touchdown of the next contact"
    flight = following.touchdown - contact.toe_off
    if flight > maximum_flight:
        return (
            f"flight of {flight:.3f} s is longer than {maximum_flight:.2f} s: a contact is missing"
        )
    return ""


def _rejections(
    contact: Contact, earlier: Contact | None, following: Contact | None, edge_distance: float
) -> Iterator[str]:
    """Every reason to reject the step of a contact."""
    if contact.broken:
        yield "the plate failed during the contact"
    elif not contact.complete:
        yield (
            "both feet stand on one plate" if contact.shared else "the recording cuts the contact"
        )
    else:
        for name, at in (("touchdown", contact.touchdown), ("toe-off", contact.toe_off)):
            if np.isnan(at):
                yield f"its {name} was not found"
    if contact.edge_distance < 0:
        yield f"the centre of pressure leaves the plates by {-contact.edge_distance * 1000:.0f} mm"
    elif contact.edge_distance < edge_distance:
        near, edge = 1000.0 * contact.edge_distance, 1000.0 * edge_distance
        yield (
            f"the centre of pressure comes within {distinct(near, edge)} mm of the plates' edge "
            f"(limit {distinct(edge, near)} mm)"
        )
    overlaps = _overlap(earlier, contact), _overlap(contact, following)
    if (longest := max(overlaps)) > 0:
        yield f"{DOUBLE_SUPPORT} of {longest * 1000:.0f} ms: push and swing leg are undefined"
    elif contact.toe_off - contact.touchdown > MAX_RUNNING_CONTACT_S:
        duration = 1000 * (contact.toe_off - contact.touchdown)
        yield (
            f"a contact of {duration:.0f} ms is one of walking, in whose {DOUBLE_SUPPORT} push and "
            "swing leg are undefined"
        )


DOUBLE_SUPPORT = "double support"
"""Words of the reason to reject a contact of walking."""

MAX_RUNNING_CONTACT_S = 0.45
"""Longest contact of running, s: 0.38 of 599 contacts of eleven people at 2 to 9.5 m/s. Walkers
stand for 57 % of a stride at 2 m/s (Kirtley, Whittle & Jefferson 1985, J Biomed Eng 7:282), half a
second and more; where no plate lies under the other foot, nothing else shows that it stands too."""


def _overlap(earlier: Contact | None, later: Contact | None) -> float:
    """Duration of double support, s; 0 where it is below the uncertainty of the events."""
    if earlier is None or later is None:
        return 0.0
    overlap = earlier.toe_off - later.touchdown
    uncertainty = np.nan_to_num([earlier.time_error, later.time_error]).max()
    return float(overlap) if overlap > uncertainty else 0.0


def solved_steps(steps: Sequence[Step], first: float, last: float) -> list[Step]:
    """Steps by the span of the motion: rejected if it cuts stance, incomplete if it cuts flight."""
    span_words = f"the motion is known from {first:.3f} to {last:.3f} s only"
    judged = []
    for step in steps:
        if step.touchdown < first or step.toe_off > last:
            reason = f"{step.reason}; {span_words}" if step.status == "rejected" else span_words
            judged.append(replace(step, status="rejected", reason=reason))
        elif step.next_touchdown > last:
            status: Status = "incomplete" if step.status == "ok" else step.status
            reason = step.reason or span_words
            judged.append(replace(step, next_touchdown=np.nan, status=status, reason=reason))
        else:
            judged.append(step)
    return judged


def phase_curve(
    step: Step, phase: str, time: FloatArray, values: FloatArray, kind: Kind | FloatArray
) -> FloatArray:
    """A vector signal over one phase, canonical.

    Parameters
    ----------
    phase : {"stance", "flight"}
    time : (T,) array, s
    values : (T, ..., 3) array
        Ground axes; left-stance steps are reflected.
    kind : {"axial", "polar"} or (..., 3) array
        Kind of the vectors under reflection; their signs if they differ in kind.

    Returns
    -------
    (101, ..., 3) array
        NaN when the phase was not recorded.
    """
    start, end = step.phase(phase)
    if not np.isfinite(start + end):
        return np.full((len(PERCENT), *values.shape[1:]), np.nan)
    curve = resampled(time, values, start + PERCENT * (end - start))
    if step.side == "right":
        return curve
    return curve * (REFLECTION[kind] if isinstance(kind, str) else kind)


def phase_mean(curve: FloatArray) -> FloatArray:
    """Time mean of a curve over a phase, (101, ...) to (...), by the trapezoidal rule.

    Examples
    --------
    >>> float(phase_mean(PERCENT))
    0.5
    """
    return np.asarray(np.trapezoid(curve, PERCENT, axis=0))


def phase_rms(curve: FloatArray) -> FloatArray:
    """Root mean square over a phase, (101, ...) to (...)."""
    return np.sqrt(phase_mean(curve**2))


def heading_changes(steps: Sequence[Step], time: FloatArray, velocity: FloatArray) -> list[float]:
    """Change of the direction of travel per step, rad, positive to the right; NaN where unknown.

    Half of the change over a stride: within a step the direction oscillates toward the stance side
    and back, which is no turn. Where the stride is not known, the change over the contact if it
    exceeds that oscillation. ``velocity``: centre of mass, belt included, (T, 3), m/s.
    """
    return [_over_stride(steps[index : index + 3], time, velocity) for index in range(len(steps))]


def _over_stride(steps: Sequence[Step], time: FloatArray, velocity: FloatArray) -> float:
    """Change per step over the stride that the first of up to three steps begins."""
    step = steps[0]
    ends = step.touchdown, steps[2].touchdown if len(steps) > 2 else np.nan
    alternate = all(np.isfinite(step.next_touchdown) for step in steps[:2])
    if alternate and ends[0] >= time[0] and ends[1] <= time[-1]:
        return _turned(time, velocity, ends) / 2
    if step.touchdown >= time[0] and step.toe_off <= time[-1]:
        within = _turned(time, velocity, (step.touchdown, step.toe_off))
        return within if abs(within) > MAX_HEADING_SWING_RAD else float("nan")
    return float("nan")


def _turned(time: FloatArray, velocity: FloatArray, ends: tuple[float, float]) -> float:
    """Angle from the direction of travel at one instant to that at another, rad."""
    forward, _, right = resampled(time, velocity, np.array(ends)).T
    turned = np.diff(np.unwrap(np.arctan2(right, forward)))
    return float(turned[0])


def absolute_share(part: FloatArray, reference: FloatArray) -> FloatArray:
    """Impulse of a signal relative to a reference's in one phase, ``∫ part / ∫ |reference|``."""
    return phase_mean(part) / phase_mean(np.abs(reference))


def moment_index(moments: FloatArray) -> FloatArray:
    """Joint-moment index ``√⟨Σ M_j²⟩`` over a phase, N m, of sagittal moments (101, ..., J)."""
    return np.sqrt(phase_mean((moments**2).sum(axis=-1)))


def lateral_ratio(force: FloatArray) -> FloatArray:
    """Sideways share of the ground reaction force (101, ..., 3): ``∫ |F_z| / ∫ |F|``."""
    return absolute_share(np.abs(force[..., 2]), np.linalg.norm(force, axis=-1))


def speed_change(forward: FloatArray, step: Step) -> float:
    """Change of forward speed (2, 101) over a step; over the contact if incomplete."""
    last = forward[1, -1] if np.isfinite(step.next_touchdown) else forward[0, -1]
    return float(last - forward[0, 0])


def peak_instants(curves: FloatArray, durations: FloatArray) -> FloatArray:
    """Instants at which (N, 2, 101) signals are largest in size, as shares of the step, (N,).

    Where the slope of a cubic spline through five samples on both sides vanishes. NaN when a sample
    is missing, or when the largest sample is an end of the step. Durations are (N, 2), s.
    """
    share = durations / durations.sum(axis=1, keepdims=True)
    time = np.concatenate([share[:, :1] * PERCENT, share[:, :1] + share[:, 1:] * PERCENT[1:]], 1)
    values = np.concatenate([curves[:, 0], curves[:, 1, 1:]], axis=1)
    largest, last = np.abs(values).argmax(axis=1), values.shape[1] - 1
    inside = np.isfinite(values + time).all(axis=1) & (largest > 0) & (largest < last)
    instants = np.full(len(curves), np.nan)
    middle, reach = len(PERCENT) - 1, 5
    distance = np.min(np.abs(largest[:, None] - [0, middle, last]), axis=1)
    even = np.flatnonzero(inside & (distance >= reach))
    if len(even):
        around = np.arange(-reach, reach + 1)
        windows = values[even[:, None], largest[even, None] + around]
        step = share[even, (largest[even] > middle).astype(int)] / middle
        turns = _stationary_points(around.astype(float), windows)
        instants[even] = time[even, largest[even]] + step * turns
    for row in np.flatnonzero(inside & (distance < reach)):
        peak = largest[row]
        near = slice(max(peak - reach, 0), peak + reach + 1)
        grid = time[row, near] - time[row, peak]
        instants[row] = time[row, peak] + _stationary_points(grid, values[[row], near])[0]
    return instants


def _stationary_points(grid: FloatArray, windows: FloatArray) -> FloatArray:
    """Zeros of the slopes of (N, K) samples next to the sample at 0; 0 where there is none."""
    centre = int(np.abs(grid).argmin())
    slopes = CubicSpline(grid, windows, axis=1).derivative()
    offsets = np.zeros(len(windows))
    # row by row: for several rows SciPy omits a root that equals the last root of the row before
    for row, coefficients in enumerate(np.moveaxis(slopes.c, 2, 0)):
        roots = PPoly.construct_fast(coefficients, slopes.x).roots(extrapolate=False)
        near = roots[(roots >= grid[centre - 1]) & (roots <= grid[centre + 1])]
        if len(near):
            offsets[row] = near[np.abs(near).argmin()]
    return offsets


# braking and propulsion ---------------------------------------------------------------------------

DEFAULT_PROPULSION_START = 0.5
"""Share of stance used where the fore-aft force never changes from braking to propulsion."""


def propulsion_start(forward_force: FloatArray) -> float:
    """Share of stance at which braking turns into propulsion.

    Parameters
    ----------
    forward_force : (101,) array
        Fore-aft ground reaction force over stance.

    Returns
    -------
    float
        Where the cumulative impulse is smallest: of several changes of sign the one that best
        separates braking from propulsion. 0.5 when the impulse is smallest at touchdown or toe-off.

    Examples
    --------
    >>> round(propulsion_start(-np.cos(np.pi * PERCENT)), 2)
    0.5
    >>> round(propulsion_start(PERCENT - 0.4), 2)
    0.4
    """
    middle = 0.5 * (forward_force[1:] + forward_force[:-1])
    impulse = np.concatenate([[0.0], np.cumsum(middle * np.diff(PERCENT))])
    lowest = int(np.argmin(impulse))
    if lowest in (0, len(impulse) - 1):
        return DEFAULT_PROPULSION_START
    return float(PERCENT[lowest])


def interval_mean(curve: FloatArray, start: float, end: float) -> FloatArray:
    """Mean of a curve (101, ...) between two shares of a phase, by the trapezoidal rule."""
    first, last = (round(share * (len(PERCENT) - 1)) for share in (start, end))
    if first == last:
        return np.asarray(curve[first])
    chosen = slice(first, last + 1)
    span = PERCENT[last] - PERCENT[first]
    return np.asarray(np.trapezoid(curve[chosen], PERCENT[chosen], axis=0) / span)
