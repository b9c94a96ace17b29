"""``python -m validation.fit_checks STUDY``: what the fits of a study predict and let through.

Of every participant's fastest fitted trial: markers and contacts that were left out, and the share
of waves of motion and of soft tissue that arrives in the fitted motion; witnesses of the clock, and
how sure height and legs are.

Near its end a fit is a linear map from data to motion. Waves go through that map: motion that
markers and forces both show, and soft tissue that moves the markers of some segments only. The
share that arrives in the fitted motion, by frequency, is the fit's bandwidth.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from scipy.sparse import csr_array

from aqbio.gait.step_files import trial_contacts
from aqbio.inverse_dynamics.balance import Residual, adjusted_skeleton
from aqbio.inverse_dynamics.changes import WHOLE_BODY, Change, leg_shares, legs_of
from aqbio.inverse_dynamics.data_errors import Response, draw_posterior
from aqbio.inverse_dynamics.fit import TrialFit, fit_trial, samples_of
from aqbio.inverse_dynamics.observations import FILTER_LEAK_S, MIN_RUN_FRAMES, Observations
from aqbio.inverse_dynamics.parameters import LEGS, ParameterEstimate, Tissue, prior_precision
from aqbio.inverse_dynamics.session_inputs import trial_speed
from aqbio.inverse_dynamics.solver import Solver
from aqbio.inverse_dynamics.stage import participant_session
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study, load_study
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import Motion
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.prepare.force_lag import force_delay
from aqbio.signals import low_pass, low_pass_gain
from aqbio.vectors import BoolArray, FloatArray, IntArray

FREQUENCIES = (2.0, 4.0, 8.0, 12.0, 16.0, 20.0)
"""Of the waves, Hz: from the stride's to where filters end."""

PERIODS = 1.5
"""A wave needs at least so many periods in measured frames."""

FAINT = 1e-6
"""Stiffness of the plain poses over that of markers: it fixes what no marker shows."""


@dataclass(frozen=True, eq=False)
class Bandwidth:
    """Shares of waves that arrive in the motion."""

    frequency: FloatArray
    """(F,) array, Hz."""
    tissue: tuple[Tissue, ...]
    """The S kinds of segments that have markers."""
    motion: FloatArray
    """(F, N) array. Of each fitted coordinate: of its own motion that markers and forces show."""
    skin: FloatArray
    """(F, S) array. Of a displacement of all markers of a kind against the bones, along an axis of
    their segments: how far these segments follow, mean over the axes."""
    plain_motion: FloatArray
    """(F,) array. Of the plain way: the filter's gain."""
    plain_skin: FloatArray
    """(F, S) array. Of the plain way: poses of markers that all weigh alike, low-passed."""


class _Answers(NamedTuple):
    """Of waves of one frequency: (N,), (S,) and (S,) arrays."""

    motion: FloatArray
    skin: FloatArray
    plain_skin: FloatArray


def bandwidth(
    fit: TrialFit, cutoff: float, frequencies: Sequence[float] = FREQUENCIES
) -> Bandwidth:
    """Response of a fit to waves over the whole trial, parameters fixed; `cutoff` in Hz.

    To first order ``dC = A⁻¹ Jᵀ W dy`` with the normal matrix A. A share is the least-squares
    coefficient of the wave over the measured frames, its quadrature fitted too. Frequencies with
    too few periods in measured frames, or too fast for the frames, are left out.
    """
    rate = fit.observations.rate
    lasts = np.count_nonzero(fit.measured) / rate
    told = [one for one in frequencies if PERIODS / lasts <= one < 0.4 * rate]
    waves = _Waves(Response(fit.linearised()), cutoff)
    found = [waves.answers(one) for one in told]
    empty = np.zeros((0, len(waves.kinds)))
    return Bandwidth(
        frequency=np.array(told),
        tissue=tuple(waves.kinds),
        motion=np.array([one.motion for one in found]).reshape(-1, len(fit.coordinates)),
        skin=np.array([one.skin for one in found] or empty),
        plain_motion=low_pass_gain(np.array(told), rate, cutoff),
        plain_skin=np.array([one.plain_skin for one in found] or empty),
    )


def bandwidth_changes(fit: TrialFit, found: Bandwidth) -> Iterator[Change]:
    """The same as rows: of the plain way and of the fit, by kind of segment and frequency."""
    skeleton, tissue = fit.runner.skeleton, fit.runner.tissue
    moved = [
        {tissue[body] for body in skeleton.axes.body[skeleton.driver == coordinate]}
        for coordinate in fit.coordinates
    ]
    for place, kind in enumerate(found.tissue):
        own = [kind in kinds for kinds in moved]
        for number, frequency in enumerate(found.frequency):
            part = f"{kind.replace('_', ' ')}, {frequency:g} Hz"
            wave = Change("wave_response", part, "", "of_skin", np.nan, np.nan, "1")
            before, after = found.plain_skin[number, place], found.skin[number, place]
            yield replace(wave, before=float(before), after=float(after))
            if any(own):
                after = found.motion[number, own].mean()
                before = found.plain_motion[number]
                told = replace(wave, statistic="of_motion", before=float(before))
                yield replace(told, after=float(after))


@dataclass(frozen=True, eq=False)
class _Waves:
    """Waves of motion and of skin, and how a fit answers them."""

    response: Response
    cutoff: float

    @cached_property
    def kinds(self) -> dict[Tissue, IntArray]:
        """Kinds of segments that have markers, and these markers."""
        runner, body = self.response.solver.runner, self.response.solver.markers.tracking.body
        kind = np.array([runner.tissue[one] for one in body])
        every: tuple[Tissue, ...] = get_args(Tissue)
        return {one: np.flatnonzero(kind == one) for one in every if one in kind}

    @cached_property
    def shifts(self) -> list[FloatArray]:
        """S (T, K, 3, 3) arrays: the markers of a kind along the axes of their segments, ground."""
        visible, found = self.response.solver.markers.visible, []
        along = self.response.rotation.swapaxes(2, 3) * visible[..., None, None]
        for own in self.kinds.values():
            shift = np.zeros((*visible.shape, 3, 3), order="F")
            shift[:, own] = along[:, own]
            found.append(shift)
        return found

    @cached_property
    def pulls(self) -> FloatArray:
        """(T, N, 3 S) array: how these pull at the coordinates of the fit."""
        rows, levers = self.response.solver.markers, self.response.levers
        pulls = [rows.pull(*levers, rows.weighted(one)) for one in self.shifts]
        return np.concatenate(pulls, axis=2)

    @cached_property
    def followed(self) -> FloatArray:
        """(T, N, 3 S) array: how far the markers of a kind follow the coordinates, on average."""
        rows, levers = self.response.solver.markers, self.response.levers
        seen = [rows.visible[:, own].sum(axis=1) for own in self.kinds.values()]
        return np.concatenate([
            rows.pull(*levers, one) / np.maximum(count, 1)[:, None, None]
            for one, count in zip(self.shifts, seen, strict=True)
        ], axis=2)  # fmt: skip

    @cached_property
    def poses(self) -> FloatArray:
        """(T, N, 3 S) array: coordinates of poses that fit shifted markers, which weigh alike."""
        rows, point = self.response.solver.markers, self.response.solver.point
        alike = replace(
            rows,
            shared_variance=0.0 * rows.shared_variance,
            own_variance=np.ones_like(rows.own_variance),
        )
        matrix = alike.normal_matrix(point.poses, point.position)
        faint = FAINT * np.trace(matrix, axis1=1, axis2=2)[:, None, None] / matrix.shape[1]
        pulls = [alike.pull(*self.response.levers, one) for one in self.shifts]
        stiff = matrix + faint * np.eye(matrix.shape[1])
        return np.linalg.solve(stiff, np.concatenate(pulls, axis=2))

    @cached_property
    def stiffness(self) -> FloatArray:
        """(T, N, N) array: how coordinates pull at each other through what the fit is shown."""
        solver, point = self.response.solver, self.response.solver.point
        matrix = solver.markers.normal_matrix(point.poses, point.position)
        every = np.arange(matrix.shape[1])
        matrix[:, every, every] += 1.0 / solver.weights.coordinate_sd**2
        return matrix

    def answers(self, frequency: float) -> _Answers:
        """Shares of waves of a frequency, Hz, that arrive."""
        solver, seen = self.response.solver, self.response.solver.observations
        basis, number = solver.basis, len(solver.coordinates)
        turns = 2.0 * np.pi * frequency
        angle = turns * (seen.time - seen.time.mean())
        wave, turned = np.sin(angle), np.cos(angle)
        motion = self._motion(frequency, (wave, turns * turned, -(turns**2) * wave))
        skin = _on_knots(basis.values[0], self.pulls * wave[:, None, None])
        change = solver.factor.solve(np.concatenate([motion, skin], axis=1))
        change = change.reshape(basis.count, number, -1)
        own = basis.values[0] @ change[:, np.arange(number), np.arange(number)]
        moved = (basis.values[0] @ change[:, :, number:].reshape(basis.count, -1)).reshape(
            len(wave), number, -1
        )
        plain, moves = np.zeros_like(self.poses), self.followed.any(axis=0)
        alike = self.poses[:, moves] * wave[:, None]
        plain[:, moves] = low_pass(alike, seen.rate, self.cutoff)
        told, waves = solver.measured, np.stack([wave, turned], axis=1)
        share = np.linalg.pinv(waves[told])[0]
        follow, still = (share @ (self.followed * one).sum(axis=1)[told] for one in (moved, plain))
        by_kind = (one.reshape(-1, 3).mean(axis=1) for one in (follow, still))
        return _Answers(share @ own[told], *by_kind)

    def _motion(
        self, frequency: float, wave: tuple[FloatArray, FloatArray, FloatArray]
    ) -> FloatArray:
        """(K N, N) array: how waves in markers and low-passed forces pull at the splines."""
        solver, rows = self.response.solver, self.response.solver.rows
        basis, rate = solver.basis, solver.observations.rate
        found = _on_knots(basis.values[0], self.stiffness * wave[0][:, None, None])
        shown = low_pass_gain(np.array([frequency]), rate, self.cutoff) * sum(
            by * one[rows.frame][:, None, None]
            for by, one in zip(rows.by_motion, wave, strict=True)
        )
        for values, by in zip(basis.values[:3], rows.by_motion, strict=True):
            found += _on_knots(values[rows.frame], by.transpose(0, 2, 1) @ shown)
        return found


def _on_knots(values: csr_array, pulls: FloatArray) -> FloatArray:
    """(K N, W) array: what W pulls (T, N, W) in the frames are at the splines' coefficients."""
    flat = values.T @ np.ascontiguousarray(pulls).reshape(len(pulls), -1)
    return np.asarray(flat).reshape(-1, pulls.shape[2])


FOLDS = 11
"""Fits of a trial with contacts left out, at most. Odd: those that go together are of both feet."""


@dataclass(frozen=True, slots=True)
class WrenchError:
    """What a motion asks for over a contact, less what the ground gave: lengths of vectors."""

    force_mean: float
    force_rms: float
    moment_mean: float
    moment_rms: float
    """force_mean and so on: N, and N m about the centre of mass. The mean is the impulse's error by
    the time; the root mean square is the course's."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A contact, and how it was predicted."""

    left: bool
    """Whether it is the left foot's."""
    touchdown: float
    """s."""
    before: WrenchError
    """By the plain motion of the body as it was given."""
    alone: WrenchError
    """By splines that follow the markers only, of the same body."""
    after: WrenchError
    """By a fit that was shown the forces of the other contacts only, of the body that it found."""


def left_out_contacts(fit: TrialFit) -> Iterator[LeftOut]:
    """Predict every contact by a fit that was not shown its forces.

    Markers stay, and the parameters are estimated from the rest of this trial. What a filter smears
    of a contact is left out with it. A contact that was not measured completely, or the only one,
    is not predicted. Of more than `FOLDS` contacts every `FOLDS`-th are left out together: time
    would otherwise grow with the square of a trial's length.
    """
    seen, solver = fit.observations, fit.solver
    follow = solver.motion(solver.basis.nearest(fit.q_markers_only[:, fit.coordinates]))
    given = fit.before, solver.residual(follow, {})
    found: dict[int, LeftOut] = {}
    for fold in _folds(seen, solver.measured):
        hidden = np.any([near for _, near in fold], axis=0)
        shown = replace(seen, measured=seen.measured & ~hidden)
        blind = Solver(fit.runner, shown, fit.weights, solver.parameters, solver.fixed, solver)
        if not blind.measured.any():
            continue
        blind.begin(fit.coefficients, fit.theta)
        blind.descend()
        again = blind.point
        blind.release()
        ways = *given, solver.residual(again.motion, solver.values(again.theta))
        for number, near in fold:
            before, alone, after = (wrench_error(one, near) for one in ways)
            touchdown = float(seen.contacts[number, 0])
            found[number] = LeftOut(bool(seen.left[number]), touchdown, before, alone, after)
    yield from (found[number] for number in sorted(found))


def _folds(seen: Observations, measured: BoolArray) -> Iterator[list[tuple[int, BoolArray]]]:
    """Contacts of which all was measured, by number, that are left out together, and when."""
    for first in range(min(FOLDS, len(seen.contacts))):
        fold = []
        for number in range(first, len(seen.contacts), FOLDS):
            touchdown, toe_off = seen.contacts[number]
            near = (seen.time >= touchdown - FILTER_LEAK_S) & (seen.time <= toe_off + FILTER_LEAK_S)
            if near.sum() >= MIN_RUN_FRAMES and measured[near].all():
                fold.append((number, near))
        if fold:
            yield fold


def left_out_changes(contacts: Iterable[LeftOut]) -> Iterator[Change]:
    """The same as rows: of the plain motion, and of the fit that was not shown the contact."""
    for number, one in enumerate(contacts, 1):
        part = f"contact {number}, {'left' if one.left else 'right'}, {one.touchdown:.3f} s"
        after = asdict(one.after)
        for statistic, before in asdict(one.before).items():
            unit = "N" if statistic.startswith("force") else "N m"
            yield Change("left_out", part, "", statistic, before, after[statistic], unit)


def wrench_error(left: Residual, near: BoolArray) -> WrenchError:
    """Sizes of a residual over some frames, (T,) bool."""
    force, moment = left.force[near], left.moment[near]
    return WrenchError(_mean(force), _rms(force), _mean(moment), _rms(moment))


def _mean(values: FloatArray) -> float:
    return float(np.linalg.norm(values.mean(axis=0)))


def _rms(values: FloatArray) -> float:
    return float(np.sqrt((values**2).sum(axis=1).mean()))


MARKER_PARTS = 8
"""Parts into which the markers are divided, each predicted from the others."""


def held_out_markers(fit: TrialFit, parts: int = MARKER_PARTS) -> dict[str, float]:
    """RMS errors, m, of markers left out and predicted, by way.

    before: inverse kinematics, all markers weighted alike. alone: the fit's splines, weights and
    soft tissue without forces. after: the fit. Every marker is left out once; those of a segment
    are in different parts. Parameters and soft-tissue variances are the session's. Alone and after
    are predicted with the artefact that the segment's other markers show.
    """
    seen, ways = fit.observations, ("before", "alone", "after")
    part = marker_parts(fit.runner.skeleton.marker_body[seen.marker_index], parts)
    errors = np.full((len(ways), *seen.markers.shape[:2]), np.nan)
    for own in (part == number for number in np.unique(part)):
        for way, found in enumerate(_predicted(fit, own)):
            errors[way][:, own] = np.linalg.norm(found - seen.markers, axis=2)[:, own]
    kept = errors[:, seen.measured]
    return {way: float(np.sqrt(np.nanmean(one**2))) for way, one in zip(ways, kept, strict=True)}


def _predicted(fit: TrialFit, left: BoolArray) -> Iterator[FloatArray]:
    """Markers (T, K, 3) some of which are left out: inverse kinematics, without and with forces."""
    seen, skeleton = fit.observations, fit.runner.skeleton
    index, shown = seen.marker_index, np.where(left[:, None], np.nan, seen.markers)
    start = inverse_kinematics(skeleton, shown, index, np.ones(len(index)), near=seen.start)
    yield fit.solver.recorded_markers(start)
    blind = replace(seen, markers=shown, start=start)
    given = fit.solver.parameters, fit.values
    again = fit_trial(fit.runner, blind, fit.weights, *given)
    for q in (again.q_markers_only, again.motion.q):
        yield predicted_markers(again.solver, q)


def predicted_markers(solver: Solver, q: FloatArray) -> FloatArray:
    """Markers (T, K, 3), m, at q (T, C), with the artefact of their segment that others show."""
    found, rows = solver.recorded_markers(q), solver.markers
    poses = segment_poses(solver.runner.skeleton, q)
    error = rows.errors(poses, np.zeros_like(rows.target))[1]
    common = rows.kappa[..., None] * np.einsum("tkd,ks->tsd", error, rows.segment)
    carrier = solver.runner.skeleton.marker_body[solver.observations.marker_index]
    for number, body in enumerate(np.unique(rows.tracking.body)):
        found[:, carrier == body] -= common[:, number, None]
    return found


def marker_parts(body: IntArray, parts: int) -> IntArray:
    """Part of every marker; the markers of a body take turns."""
    order = np.argsort(body, kind="stable")
    part = np.empty(len(body), dtype=np.int64)
    part[order] = np.arange(len(body)) % parts
    return part


LANDING = 0.03
"""A landing marker is looked for so long before and after touchdown, s."""

HARD = 0.5
"""Markers with a smaller share of the largest acceleration of a foot are those that swing on."""


def landing_delay(time: FloatArray, markers: FloatArray, touchdowns: Sequence[float]) -> float:
    """How long after the hardest braking of a foot's first marker its force begins, s.

    Median over the contacts, NaN without any. `markers` (T, K, 3) of one foot, touchdowns on the
    plates' clock. A foot brakes when it is on the ground: with one clock this cannot be positive.

    From the largest upward acceleration (second difference of the height, a parabola between
    frames) of the marker that lands first: the first among those with more than half of the largest
    of all.
    """
    found = []
    step = float(time[1] - time[0])
    upward = np.full(markers.shape[:2], np.nan)
    upward[1:-1] = np.diff(markers[..., 1], 2, axis=0) / step**2
    for touchdown in touchdowns:
        near = np.flatnonzero(np.abs(time - touchdown) < LANDING)
        window = upward[near]
        if len(near) < 3 or np.isnan(window).all():
            continue
        known = np.nan_to_num(window, nan=-np.inf)
        hard = np.flatnonzero(known.max(axis=0) > HARD * known.max())
        at, marker = min((int(known[:, one].argmax()), one) for one in hard)
        if 0 < at < len(near) - 1 and np.isfinite(window[at - 1 : at + 2, marker]).all():
            before, peak, after = window[at - 1 : at + 2, marker]
            between = 0.5 * (before - after) / (before - 2.0 * peak + after)
            found.append(touchdown - float(time[near[at]]) - between * step)
    return float(np.median(found)) if found else float("nan")


def clock_changes(study: Study, trial: SolvedTrial, fit: TrialFit) -> Iterator[Change]:
    """How late the forces are, s: by the fit, by the vertical force, by feet that land."""
    frames = fit.observations.contact_window & fit.measured
    change = Change("clock", "", "", "late", np.nan, np.nan, "s")
    clock = next(one for one in fit.estimates if one.name == "clock_offset")
    yield replace(change, part="fit", after=float(clock.estimate))
    for end in ("low", "high"):
        yield replace(change, part="fit", statistic=end, after=float(getattr(clock, end)))
    up = trial.prepared["foot_force"].values[..., 1].sum(axis=1)
    skeleton = fit.runner.skeleton
    asked = [
        _asked(body, motion)
        for body, motion in ((skeleton, fit.observations.plain), (fit.skeleton, fit.motion))
    ]
    weight = float(skeleton.mass.sum() * np.linalg.norm(skeleton.gravity))
    time = trial.time[frames]
    late = [force_delay(time, up[frames], weight * one[frames]) for one in asked]
    yield replace(change, part="vertical force", before=late[0], after=late[1])
    labels = [str(one) for one in trial.prepared["marker"].values]
    for side in SIDES:
        own = getattr(study.marker_set.feet, side)
        chosen = [labels.index(one) for one in (own.heel, *own.toe) if one in labels]
        touchdowns = [one.touchdown for one in trial_contacts(trial.prepared) if one.side == side]
        markers = trial.prepared["marker_raw"].values[:, chosen]
        seen = landing_delay(trial.time, markers, touchdowns) if chosen else np.nan
        yield replace(change, part=f"landing {side} foot", before=seen)


def _asked(skeleton: Skeleton, motion: Motion) -> FloatArray:
    """(T,) vertical force that a motion asks for, body weights."""
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    acceleration = centre_of_mass(segment_motion(skeleton, moves))[2][:, 1]
    return np.asarray(1.0 + acceleration / float(np.linalg.norm(skeleton.gravity)))


def share_spread(
    estimates: Sequence[ParameterEstimate], shares: Iterable[Change]
) -> Iterator[Change]:
    """Standard deviations of the legs' shares of the body's mass, before the fit and after it."""
    legs = next((one for one in estimates if one.name == LEGS and one.parameter.on), None)
    if legs is None:
        return
    for one in shares:
        sd = one.before * legs.parameter.prior_sd, one.before * legs.sd
        yield replace(one, statistic="share_sd", before=sd[0], after=sd[1])


def coordinate_samples(
    fit: TrialFit, count: int = 40, seed: int = 0
) -> list[tuple[Motion, dict[str, float]]]:
    """Draw motions and parameters from their distribution after the fit."""
    draws = draw_posterior(Response(fit.linearised()), fit.covariance, count, seed)
    fit.solver.release()
    return list(samples_of(fit, draws))


def height_spread(fit: TrialFit) -> Iterator[Change]:
    """Standard deviation of the mean height of the whole body's centre of mass, m.

    ``g = ∂h/∂θ + ∂h/∂C dC/dθ`` over the measured frames; before, of the prior and without the
    motion that follows; after, ``gᵀ Ĉ g`` with the parameters' covariance. Errors of markers,
    millimetres, are not in it.
    """
    if not fit.solver.on:
        return
    solver = fit.linearised()
    direct = _by_parameters(fit)
    frames = solver.rows.frame
    mass = float(fit.skeleton.mass.sum())
    lift = solver.rows.by_motion[2][:, 1] * fit.weights.sigma_force_n / mass
    by_motion = solver.basis.values[0][frames].T @ lift / len(frames)
    whole = direct + solver.following.T @ by_motion.ravel()
    before = np.sqrt((direct**2 / prior_precision(solver.parameters)).sum())
    after = np.sqrt(whole @ fit.covariance @ whole)
    solver.release()
    yield Change("centre_of_mass", WHOLE_BODY, "y", "sd", float(before), float(after), "m")


def _by_parameters(fit: TrialFit) -> FloatArray:
    """(P,) array: derivative of the mean height by parameters that are on, the motion fixed."""
    moves, frames = fit.solver.point.poses, fit.solver.rows.frame
    origin = moves.origin[frames][..., 1].mean(axis=0)
    up = moves.rotation[frames][..., 1, :].mean(axis=0)

    def height(theta: FloatArray) -> float:
        body = adjusted_skeleton(fit.runner, fit.solver.values(theta))
        heights = origin + (up * body.com).sum(axis=1)
        return float(body.mass @ heights / body.mass.sum())

    theta, steps = fit.theta, 1.0 / np.sqrt(prior_precision(fit.solver.parameters))
    here = height(theta)
    return np.array([height(theta + one) - here for one in np.diag(steps)]) / steps


def fit_checks(study: Study, trial: SolvedTrial, fit: TrialFit) -> Iterator[Change]:
    """All of these of one fit."""
    held = held_out_markers(fit)
    for way in ("alone", "after"):
        yield Change("held_out_markers", "", "", way, held["before"], held[way], "m")
    yield from left_out_changes(left_out_contacts(fit))
    yield from bandwidth_changes(fit, bandwidth(fit, float(trial.prepared.attrs["cutoff"])))
    yield from clock_changes(study, trial, fit)
    yield from height_spread(fit)
    shares = leg_shares(fit.runner.skeleton, fit.skeleton, legs_of(study))
    yield from share_spread(fit.estimates, shares)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the checks of every participant's fastest fitted trial, one row each."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("study", type=Path, help="study.yaml whose motions are solved")
    study = load_study(parser.parse_args(arguments).study)
    print("participant", "trial", *(one.name for one in fields(Change)), sep="\t")
    for one in study.participants:
        session = participant_session(study, one.participant_id)
        if not session.fitted.accepted:
            continue
        fitted = session.fitted
        name = max(fitted.accepted, key=lambda trial: trial_speed(session.trials[trial]))
        for row in fit_checks(study, session.trials[name], fitted.fits[name]):
            print(one.participant_id, name, *astuple(row), sep="\t")


if __name__ == "__main__":
    main()
