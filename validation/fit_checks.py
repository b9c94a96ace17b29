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

from aqbio.filters import low_pass, low_pass_gain
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
from aqbio.prepare.force_delay import force_delay
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
    tested = [frequency for frequency in frequencies if PERIODS / lasts <= frequency < 0.4 * rate]
    waves = _Waves(Response(fit.linearised()), cutoff)
    answers = [waves.answers(frequency) for frequency in tested]
    empty = np.zeros((0, len(waves.kinds)))
    return Bandwidth(
        frequency=np.array(tested),
        tissue=tuple(waves.kinds),
        motion=np.array([answer.motion for answer in answers]).reshape(-1, len(fit.coordinates)),
        skin=np.array([answer.skin for answer in answers] or empty),
        plain_motion=low_pass_gain(np.array(tested), rate, cutoff),
        plain_skin=np.array([answer.plain_skin for answer in answers] or empty),
    )


def bandwidth_changes(fit: TrialFit, response: Bandwidth) -> Iterator[Change]:
    """The same as rows: of the plain way and of the fit, by kind of segment and frequency."""
    skeleton, tissue = fit.runner.skeleton, fit.runner.tissue
    moved = [
        {tissue[body] for body in skeleton.axes.body[skeleton.driver == coordinate]}
        for coordinate in fit.coordinates
    ]
    for kind_index, kind in enumerate(response.tissue):
        of_kind = [kind in kinds for kinds in moved]
        for number, frequency in enumerate(response.frequency):
            part = f"{kind.replace('_', ' ')}, {frequency:g} Hz"
            wave = Change("wave_response", part, "", "of_skin", np.nan, np.nan, "1")
            before, after = (
                response.plain_skin[number, kind_index],
                response.skin[number, kind_index],
            )
            yield replace(wave, before=float(before), after=float(after))
            if any(of_kind):
                after = response.motion[number, of_kind].mean()
                before = response.plain_motion[number]
                of_motion = replace(wave, statistic="of_motion", before=float(before))
                yield replace(of_motion, after=float(after))


@dataclass(frozen=True, eq=False)
class _Waves:
    """Waves of motion and of skin, and how a fit answers them."""

    response: Response
    cutoff: float

    @cached_property
    def kinds(self) -> dict[Tissue, IntArray]:
        """Kinds of segments that have markers, and these markers."""
        runner, body = self.response.solver.runner, self.response.solver.markers.tracking.body
        kind = np.array([runner.tissue[segment] for segment in body])
        kinds: tuple[Tissue, ...] = get_args(Tissue)
        return {tissue: np.flatnonzero(kind == tissue) for tissue in kinds if tissue in kind}

    @cached_property
    def shifts(self) -> list[FloatArray]:
        """S (T, K, 3, 3) arrays: the markers of a kind along the axes of their segments, ground."""
        visible, shifts = self.response.solver.markers.visible, []
        along = self.response.rotation.swapaxes(2, 3) * visible[..., None, None]
        for markers in self.kinds.values():
            shift = np.zeros((*visible.shape, 3, 3), order="F")
            shift[:, markers] = along[:, markers]
            shifts.append(shift)
        return shifts

    @cached_property
    def pulls(self) -> FloatArray:
        """(T, N, 3 S) array: how these pull at the coordinates of the fit."""
        rows, levers = self.response.solver.markers, self.response.levers
        pulls = [rows.pull(*levers, rows.weighted(shift)) for shift in self.shifts]
        return np.concatenate(pulls, axis=2)

    @cached_property
    def followed(self) -> FloatArray:
        """(T, N, 3 S) array: how far the markers of a kind follow the coordinates, on average."""
        rows, levers = self.response.solver.markers, self.response.levers
        visible = [rows.visible[:, markers].sum(axis=1) for markers in self.kinds.values()]
        return np.concatenate([
            rows.pull(*levers, shift) / np.maximum(count, 1)[:, None, None]
            for shift, count in zip(self.shifts, visible, strict=True)
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
        pulls = [alike.pull(*self.response.levers, shift) for shift in self.shifts]
        stiff = matrix + faint * np.eye(matrix.shape[1])
        return np.linalg.solve(stiff, np.concatenate(pulls, axis=2))

    @cached_property
    def stiffness(self) -> FloatArray:
        """(T, N, N) array: how coordinates pull at each other through what the fit is shown."""
        solver, point = self.response.solver, self.response.solver.point
        matrix = solver.markers.normal_matrix(point.poses, point.position)
        diagonal = np.arange(matrix.shape[1])
        matrix[:, diagonal, diagonal] += 1.0 / solver.weights.coordinate_sd**2
        return matrix

    def answers(self, frequency: float) -> _Answers:
        """Shares of waves of a frequency, Hz, that arrive."""
        solver, observations = self.response.solver, self.response.solver.observations
        basis, number = solver.basis, len(solver.coordinates)
        turns = 2.0 * np.pi * frequency
        angle = turns * (observations.time - observations.time.mean())
        wave, quadrature = np.sin(angle), np.cos(angle)
        motion = self._motion(frequency, (wave, turns * quadrature, -(turns**2) * wave))
        skin = _on_knots(basis.values[0], self.pulls * wave[:, None, None])
        change = solver.factor.solve(np.concatenate([motion, skin], axis=1))
        change = change.reshape(basis.count, number, -1)
        of_coordinate = basis.values[0] @ change[:, np.arange(number), np.arange(number)]
        moved = (basis.values[0] @ change[:, :, number:].reshape(basis.count, -1)).reshape(
            len(wave), number, -1
        )
        plain, moves = np.zeros_like(self.poses), self.followed.any(axis=0)
        alike = self.poses[:, moves] * wave[:, None]
        plain[:, moves] = low_pass(alike, observations.rate, self.cutoff)
        measured, waves = solver.measured, np.stack([wave, quadrature], axis=1)
        share = np.linalg.pinv(waves[measured])[0]
        follow, plain_share = (
            share @ (self.followed * marker_waves).sum(axis=1)[measured]
            for marker_waves in (moved, plain)
        )
        by_kind = (shares.reshape(-1, 3).mean(axis=1) for shares in (follow, plain_share))
        return _Answers(share @ of_coordinate[measured], *by_kind)

    def _motion(
        self, frequency: float, wave: tuple[FloatArray, FloatArray, FloatArray]
    ) -> FloatArray:
        """(K N, N) array: how waves in markers and low-passed forces pull at the splines."""
        solver, rows = self.response.solver, self.response.solver.rows
        basis, rate = solver.basis, solver.observations.rate
        pull = _on_knots(basis.values[0], self.stiffness * wave[0][:, None, None])
        response_of_forces = low_pass_gain(np.array([frequency]), rate, self.cutoff) * sum(
            by * wave_part[rows.frame][:, None, None]
            for by, wave_part in zip(rows.by_motion, wave, strict=True)
        )
        for values, by in zip(basis.values[:3], rows.by_motion, strict=True):
            pull += _on_knots(values[rows.frame], by.transpose(0, 2, 1) @ response_of_forces)
        return pull


def _on_knots(values: csr_array, pulls: FloatArray) -> FloatArray:
    """(K N, W) array: what W pulls (T, N, W) in the frames are at the splines' coefficients."""
    flat = values.T @ np.ascontiguousarray(pulls).reshape(len(pulls), -1)
    return np.asarray(flat).reshape(-1, pulls.shape[2])


FOLDS = 11
"""Fits of a trial with contacts left out, at most. Odd: those that go together are of both feet."""


@dataclass(frozen=True, slots=True)
class WrenchError:
    """Wrench that a motion requires over a contact, less the ground's: lengths of vectors."""

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
    by_markers: WrenchError
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
    observations, solver = fit.observations, fit.solver
    follow = solver.motion(solver.basis.nearest(fit.q_markers_only[:, fit.coordinates]))
    given_residuals = fit.before, solver.residual(follow, {})
    by_number: dict[int, LeftOut] = {}
    for fold in _folds(observations, solver.measured):
        hidden = np.any([near for _, near in fold], axis=0)
        without_fold = replace(observations, measured=observations.measured & ~hidden)
        blind = Solver(
            fit.runner, without_fold, fit.weights, solver.parameters, solver.fixed, solver
        )
        if not blind.measured.any():
            continue
        blind.begin(fit.coefficients, fit.theta)
        blind.descend()
        blind_point = blind.point
        blind.release()
        ways = (
            *given_residuals,
            solver.residual(blind_point.motion, solver.values(blind_point.theta)),
        )
        for number, near in fold:
            before, by_markers, after = (wrench_error(way, near) for way in ways)
            touchdown = float(observations.contacts[number, 0])
            by_number[number] = LeftOut(
                bool(observations.left[number]), touchdown, before, by_markers, after
            )
    yield from (by_number[number] for number in sorted(by_number))


def _folds(
    observations: Observations, measured: BoolArray
) -> Iterator[list[tuple[int, BoolArray]]]:
    """Contacts of which all was measured, by number, that are left out together, and when."""
    for first in range(min(FOLDS, len(observations.contacts))):
        fold = []
        for number in range(first, len(observations.contacts), FOLDS):
            touchdown, toe_off = observations.contacts[number]
            near = (observations.time >= touchdown - FILTER_LEAK_S) & (
                observations.time <= toe_off + FILTER_LEAK_S
            )
            if near.sum() >= MIN_RUN_FRAMES and measured[near].all():
                fold.append((number, near))
        if fold:
            yield fold


def left_out_changes(contacts: Iterable[LeftOut]) -> Iterator[Change]:
    """The same as rows: of the plain motion, and of the fit that was not shown the contact."""
    for number, contact in enumerate(contacts, 1):
        part = f"contact {number}, {'left' if contact.left else 'right'}, {contact.touchdown:.3f} s"
        after = asdict(contact.after)
        for statistic, before in asdict(contact.before).items():
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
    observations, ways = fit.observations, ("before", "alone", "after")
    part = marker_parts(fit.runner.skeleton.marker_body[observations.marker_index], parts)
    errors = np.full((len(ways), *observations.markers.shape[:2]), np.nan)
    for hidden in (part == number for number in np.unique(part)):
        for way, predicted in enumerate(_predicted(fit, hidden)):
            errors[way][:, hidden] = np.linalg.norm(predicted - observations.markers, axis=2)[
                :, hidden
            ]
    measured_errors = errors[:, observations.measured]
    return {
        way: float(np.sqrt(np.nanmean(error**2)))
        for way, error in zip(ways, measured_errors, strict=True)
    }


def _predicted(fit: TrialFit, left: BoolArray) -> Iterator[FloatArray]:
    """Markers (T, K, 3) some of which are left out: inverse kinematics, without and with forces."""
    observations, skeleton = fit.observations, fit.runner.skeleton
    index, markers = (
        observations.marker_index,
        np.where(left[:, None], np.nan, observations.markers),
    )
    start = inverse_kinematics(
        skeleton, markers, index, np.ones(len(index)), near=observations.start
    )
    yield fit.solver.recorded_markers(start)
    blind = replace(observations, markers=markers, start=start)
    fixed = fit.solver.parameters, fit.values
    blind_fit = fit_trial(fit.runner, blind, fit.weights, *fixed)
    for q in (blind_fit.q_markers_only, blind_fit.motion.q):
        yield predicted_markers(blind_fit.solver, q)


def predicted_markers(solver: Solver, q: FloatArray) -> FloatArray:
    """Markers (T, K, 3), m, at q (T, C), with the artefact of their segment that others show."""
    predicted, rows = solver.recorded_markers(q), solver.markers
    poses = segment_poses(solver.runner.skeleton, q)
    error = rows.errors(poses, np.zeros_like(rows.target))[1]
    common = rows.kappa[..., None] * np.einsum("tkd,ks->tsd", error, rows.segment)
    carrier = solver.runner.skeleton.marker_body[solver.observations.marker_index]
    for number, body in enumerate(np.unique(rows.tracking.body)):
        predicted[:, carrier == body] -= common[:, number, None]
    return predicted


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
    """Time from the hardest braking of a foot's first marker to the onset of its force, s.

    Median over the contacts, NaN without any. `markers` (T, K, 3) of one foot, touchdowns on the
    plates' clock. A foot brakes when it is on the ground: with one clock this cannot be positive.

    From the largest upward acceleration (second difference of the height, a parabola between
    frames) of the marker that lands first: the first among those with more than half of the largest
    of all.
    """
    delays = []
    step = float(time[1] - time[0])
    upward = np.full(markers.shape[:2], np.nan)
    upward[1:-1] = np.diff(markers[..., 1], 2, axis=0) / step**2
    for touchdown in touchdowns:
        near = np.flatnonzero(np.abs(time - touchdown) < LANDING)
        window = upward[near]
        if len(near) < 3 or np.isnan(window).all():
            continue
        finite = np.nan_to_num(window, nan=-np.inf)
        hard = np.flatnonzero(finite.max(axis=0) > HARD * finite.max())
        at, marker = min(
            (int(finite[:, marker_index].argmax()), marker_index) for marker_index in hard
        )
        if 0 < at < len(near) - 1 and np.isfinite(window[at - 1 : at + 2, marker]).all():
            before, peak, after = window[at - 1 : at + 2, marker]
            between = 0.5 * (before - after) / (before - 2.0 * peak + after)
            delays.append(touchdown - float(time[near[at]]) - between * step)
    return float(np.median(delays)) if delays else float("nan")


def clock_changes(study: Study, trial: SolvedTrial, fit: TrialFit) -> Iterator[Change]:
    """Delay of the forces, s: by the fit, by the vertical force, by feet that land."""
    frames = fit.observations.contact_window & fit.measured
    change = Change("clock", "", "", "late", np.nan, np.nan, "s")
    clock = next(estimate for estimate in fit.estimates if estimate.name == "clock_offset")
    yield replace(change, part="fit", after=float(clock.estimate))
    for end in ("low", "high"):
        yield replace(change, part="fit", statistic=end, after=float(getattr(clock, end)))
    up = trial.prepared["foot_force"].values[..., 1].sum(axis=1)
    skeleton = fit.runner.skeleton
    required = [
        _required_force(body, motion)
        for body, motion in ((skeleton, fit.observations.plain), (fit.skeleton, fit.motion))
    ]
    weight = float(skeleton.mass.sum() * np.linalg.norm(skeleton.gravity))
    time = trial.time[frames]
    late = [force_delay(time, up[frames], weight * force[frames]) for force in required]
    yield replace(change, part="vertical force", before=late[0], after=late[1])
    labels = [str(marker) for marker in trial.prepared["marker"].values]
    for side in SIDES:
        foot_markers = getattr(study.marker_set.feet, side)
        chosen = [
            labels.index(label)
            for label in (foot_markers.heel, *foot_markers.toe)
            if label in labels
        ]
        touchdowns = [
            contact.touchdown for contact in trial_contacts(trial.prepared) if contact.side == side
        ]
        markers = trial.prepared["marker_raw"].values[:, chosen]
        delay = landing_delay(trial.time, markers, touchdowns) if chosen else np.nan
        yield replace(change, part=f"landing {side} foot", before=delay)


def _required_force(skeleton: Skeleton, motion: Motion) -> FloatArray:
    """(T,) vertical force that a motion asks for, body weights."""
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    acceleration = centre_of_mass(segment_motion(skeleton, moves))[2][:, 1]
    return np.asarray(1.0 + acceleration / float(np.linalg.norm(skeleton.gravity)))


def share_spread(
    estimates: Sequence[ParameterEstimate], shares: Iterable[Change]
) -> Iterator[Change]:
    """Standard deviations of the legs' shares of the body's mass, before the fit and after it."""
    legs = next(
        (estimate for estimate in estimates if estimate.name == LEGS and estimate.parameter.on),
        None,
    )
    if legs is None:
        return
    for share in shares:
        sd = share.before * legs.parameter.prior_sd, share.before * legs.sd
        yield replace(share, statistic="share_sd", before=sd[0], after=sd[1])


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
    total = direct + solver.following.T @ by_motion.ravel()
    before = np.sqrt((direct**2 / prior_precision(solver.parameters)).sum())
    after = np.sqrt(total @ fit.covariance @ total)
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
    unchanged = height(theta)
    return np.array([height(theta + step) - unchanged for step in np.diag(steps)]) / steps


def fit_checks(study: Study, trial: SolvedTrial, fit: TrialFit) -> Iterator[Change]:
    """All of these of one fit."""
    errors = held_out_markers(fit)
    for way in ("alone", "after"):
        yield Change("held_out_markers", "", "", way, errors["before"], errors[way], "m")
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
    print("participant", "trial", *(column.name for column in fields(Change)), sep="\t")
    for person in study.participants:
        session = participant_session(study, person.participant_id)
        if not session.fitted.accepted:
            continue
        fitted = session.fitted
        name = max(fitted.accepted, key=lambda trial: trial_speed(session.trials[trial]))
        for row in fit_checks(study, session.trials[name], fitted.fits[name]):
            print(person.participant_id, name, *astuple(row), sep="\t")


if __name__ == "__main__":
    main()
