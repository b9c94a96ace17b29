"""Findings and manifest entries of stage inverse dynamics on a session and its trials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from aqbio.body.de_leva import LEG_SHARE, leg_share_limits
from aqbio.errors import Finding
from aqbio.force_plates.alignment import OFFSET, PIVOT
from aqbio.force_plates.single_plates import is_of_plate, plate_error
from aqbio.inverse_dynamics.changes import leg_shares
from aqbio.inverse_dynamics.clocks import SCATTER_SD_S
from aqbio.inverse_dynamics.files import own_lag, plain_clock
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.inverse_dynamics.misfit import distance_nearer_other_foot
from aqbio.inverse_dynamics.parameters import (
    ARMS,
    CENTRES,
    CLOCK,
    FEET,
    LEGS,
    MASS,
    PELVIS,
    ParameterEstimate,
)
from aqbio.inverse_dynamics.session import EVEN, Session
from aqbio.inverse_dynamics.session_inputs import trial_speed
from aqbio.inverse_dynamics.structure import LABORATORY_GAIN_SD, MIN_LOG_ODDS, Structure
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.names import MILLIMETRES, MILLISECONDS, NORMAL_95
from aqbio.observed.misfit import usual_misfits
from aqbio.vectors import BoolArray, FloatArray

MIN_MISALIGNMENT_SD = 2.6
"""Standard deviations from 0 beyond which a parameter is named: p = 0.01."""


def plain_findings(trial_id: str, why: str, fitted: Session) -> Iterator[Finding]:
    """Finding that a trial was not fitted, and of the motion and body used for it."""
    yield Finding(
        rule="consistency-plain",
        severity="info",
        what=f"motion and forces were not fitted together: {why}; {_used_instead(fitted)}",
        trial=trial_id,
        fix="mend that, unless the trial is meant to be so.",
    )


def _used_instead(fitted: Session) -> str:
    """Motion, body and clock used for a trial that is not fitted."""
    if not fitted.accepted:
        return "the plain motion is used."
    late = MILLISECONDS * session_clock(fitted).estimate
    return (
        "the plain motion is used, with the body, the plates and the clock (forces "
        f"{abs(late):.1f} ms {'late' if late > 0.0 else 'early'}) that the other trials' fit found."
    )


def session_clock(fitted: Session) -> ParameterEstimate:
    """Clock's offset of a session with an accepted fit."""
    return next(estimate for estimate in fitted.estimates if estimate.name == CLOCK)


MIN_NAMED_LAG_S = 0.010
"""Lag of forces behind the clock of other trials from which on it is named, s: 8 ms in a sprint
whose forces were low-passed at 50 Hz."""


def clock_of_plain(
    trial_id: str, trial: SolvedTrial, fitted: Session, others_lag: float = float("nan")
) -> Iterator[Finding]:
    """Finding that the forces of an unfitted trial are too late by the clock of the session's fit.

    Without a fit by that of the markers. Forces that were made earlier by their own lag are used
    with that. Where neither a fit nor the trial's own body tells the clock, what does: the lag of
    the session's other trials (`others_lag`), or nothing.
    """
    shift = float(trial.prepared.attrs.get("force_shift", 0.0))
    clock = session_clock(fitted).estimate - fitted.shift(shift) if fitted.accepted else 0.0
    lag = own_lag(trial)
    if np.isnan(lag) and not fitted.accepted and not shift:
        yield from _clock_without_lag(trial_id, trial, others_lag)
    if abs(lag - clock) > MIN_NAMED_LAG_S and not shift:
        others = f", and those of the session's other trials {MILLISECONDS * clock:.0f} ms"
        yield Finding(
            rule="force-delay",
            severity="warning",
            what=f"by the motion of the body the forces are {MILLISECONDS * lag:.0f} ms late"
            f"{others if fitted.accepted else ''}: they are used that much earlier.",
            trial=trial_id,
            number=lag,
            limit=MIN_NAMED_LAG_S,
            unit="s",
            fix="look at how cameras and plates are triggered.",
        )


def _clock_without_lag(trial_id: str, trial: SolvedTrial, others_lag: float) -> Iterator[Finding]:
    """Finding that the body of an unfitted trial does not show how late its forces are."""
    if not np.isfinite(trial.prepared["foot_force"].values).any():
        return
    clock, sd = plain_clock(trial, 0.0, np.inf, others_lag)
    source = "no other trial of the session does either, and intervals of joint moments allow for"
    if np.isfinite(others_lag):
        source = (
            f"by the session's other trials ({MILLISECONDS * others_lag:.1f} ms) they are used "
            f"{MILLISECONDS * abs(clock):.1f} ms {'earlier' if clock > 0.0 else 'later'}, and "
            "intervals of joint moments allow for"
        )
    yield Finding(
        rule="force-lag-unknown",
        severity="info",
        what="the markers of this trial do not show how late its forces are (parts of the body are "
        f"not seen, or no two contacts are whole); {source} "
        f"{MILLISECONDS * NORMAL_95 * sd:.0f} ms either way.",
        trial=trial_id,
        number=sd,
        unit="s",
        fix="record markers on the whole body and two whole contacts in one trial of the session.",
    )


def clock_of_trial(trial_id: str, fit: TrialFit, fitted: Session) -> Iterator[Finding]:
    """Finding that a fitted trial has another clock than the session."""
    clock, others = fit.clock, session_clock(fitted)
    away = clock.estimate - others.estimate + fitted.shift(fit.observations.shift)
    if abs(away) <= MIN_MISALIGNMENT_SD * SCATTER_SD_S:
        return
    low, high, estimate = (
        MILLISECONDS * (end + fit.observations.shift)
        for end in (clock.low, clock.high, clock.estimate)
    )
    yield Finding(
        rule="clock-offset",
        severity="warning",
        what=f"in this trial forces come {estimate:.1f} ms late (90 % interval {low:.1f} to "
        f"{high:.1f} ms), unlike those of the session's other trials: this trial has a clock of "
        "its own, or another position of its plates along the run, which looks the same.",
        trial=trial_id,
        number=clock.estimate,
        limit=others.estimate,
        unit="s",
        fix="look at how cameras and plates are triggered in this trial, and at its plates' origin "
        "and corners.",
    )


NAMED_RATIO = 2.5
"""Misfit over its usual size from which on it is named; it widens errors at any size."""

LEAST_PROBABILITY = 1e-3
"""Smaller ones are not told apart."""

LOOK_AT_PLATES = "check signs, axes and offsets of the plates, and the body mass."
LOOK_AT_BODY = "check sizes and masses of the body, and the static trial."

MISFIT_WORDS: Mapping[str, tuple[str, float, str, str]] = MappingProxyType(
    {
        "force": ("the residual force that the fit leaves", 100.0, "% of body weight",
                  LOOK_AT_PLATES),
        "moment": ("the residual moment that the fit leaves, by body weight", MILLIMETRES, "mm",
                   LOOK_AT_PLATES),
        "markers": ("the distance by which forces move the markers", 1.0,
                    "times their soft-tissue artefact",
                    "check clocks and axes of the plates, and the labels of the markers."),
        "feet": ("the way that planted forefeet slide against their markers", MILLIMETRES, "mm",
                 "check the markers of the feet, and the forces."),
        "masses": ("the change of segments' shares of mass", 1.0, "prior SD", LOOK_AT_BODY),
        "tissue": ("the change of soft tissue", 1.0, "prior SD",
                   "look at the markers of the thighs, and at the sizes of the legs."),
        "centres": ("the displacement of centres of mass", 1.0, "prior SD", LOOK_AT_BODY),
        "plates": ("the displacement of the plates", 1.0, "prior SD",
                   "check the plates' corners and origins."),
        "standing": ("the distance of centre of mass and centre of pressure in static trials",
                     MILLIMETRES, "mm",
                     "check the plates' corners and origins, and the static trial."),
    }
)  # fmt: skip
"""Text, factor and unit of each misfit of a fit, and what to do about it."""


def misfit_findings(trial_id: str, fitted: Session) -> Iterator[Finding]:
    """Findings on misfits of a trial's fit that people's recordings do not have."""
    usual = usual_misfits(fitted.observations[trial_id].speed)
    for name, misfit in fitted.misfits[trial_id].items():
        ratio = misfit / usual[name].scale
        if not ratio > NAMED_RATIO:
            continue
        what, factor, unit, fix = MISFIT_WORDS[name]
        yield Finding(
            rule="consistency-misfit",
            severity="warning",
            what=f"{what} is {factor * misfit:.2g} {unit}, {ratio:.1f} times as large as in "
            "people who run straight ahead at this speed; intervals of what rests on it are wider.",
            trial=trial_id,
            number=misfit,
            limit=NAMED_RATIO * usual[name].scale,
            unit=unit,
            where=name,
            fix=fix,
        )


def weighed_findings(trial_id: str, fitted: Session) -> Iterator[Finding]:
    """Finding that the plain motion explains a recording better than the fitted one."""
    support = fitted.support(trial_id)
    rounded = f"{support:.2g}" if support >= LEAST_PROBABILITY else f"below {LEAST_PROBABILITY:g}"
    yield Finding(
        rule="consistency-plain",
        severity="warning",
        what="markers, feet and body had to be moved so far for the forces that the two would "
        "hardly belong together in people who run straight ahead at this speed (probability "
        f"{rounded}); {_used_instead(fitted)}",
        trial=trial_id,
        number=support,
        limit=EVEN,
        unit="probability",
        fix="look at signs, axes and clocks of the plates, and at the labels of the markers.",
    )


FORCES_AGREE = (
    "no other sign, axis or clock that was tried makes forces and markers agree better: look at "
    "sizes and mass of the body, at the static trial (record one where there is none), and at the "
    "labels of the markers."
)


def without_refuted_advice(
    findings: Iterable[Finding], considered: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """The findings of a fit, without advice that what was ``considered`` of the forces denies.

    Where the search over faults of the recording finds none of signs, axes and clocks.
    """
    sound = any(
        row["about"] == "forces" and row["verdict"] == "identified" and row["fault"] is None
        for row in considered
    )
    of_fit = ("consistency-misfit", "consistency-plain")
    for finding in findings:
        denied = sound and finding.rule in of_fit and re.search("signs|clocks", finding.fix)
        yield replace(finding, fix=FORCES_AGREE) if denied else finding


MAX_NEARER_OTHER_FOOT_M = 0.10
"""Distance by which the centre of pressure may be nearer to the other foot: feet are half a metre
apart while one of them bears the body."""


def wrong_foot_findings(
    trial_id: str, fit: TrialFit, loads: Sequence[ExternalLoad]
) -> Iterator[Finding]:
    """Finding that forces are given to the other foot."""
    nearer = distance_nearer_other_foot(fit, loads)
    if nearer > MAX_NEARER_OTHER_FOOT_M:
        yield Finding(
            rule="forces-other-foot",
            severity="error",
            what=f"the centre of pressure is {MILLIMETRES * nearer:.0f} mm nearer to the other "
            "foot than to the one that bears the force.",
            trial=trial_id,
            number=nearer,
            limit=MAX_NEARER_OTHER_FOOT_M,
            unit="m",
            fix="check which foot each plate's force is given to, and the labels of the feet.",
            invalidates="forces",
        )


def session_findings(
    participant_id: str, fitted: Session, legs: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Findings on clocks, plates, masses and soft tissue."""
    if not fitted.accepted:
        return
    clock = session_clock(fitted)
    if clock.parameter.on and clock.low * clock.high > 0.0:
        late = "late" if clock.estimate > 0.0 else "early"
        yield Finding(
            rule="clock-offset",
            severity="warning",
            what=f"forces come {abs(clock.estimate) * MILLISECONDS:.1f} ms {late} (90 % interval "
            f"{clock.low * MILLISECONDS:.1f} to {clock.high * MILLISECONDS:.1f} ms); they and the "
            "contacts are shifted. An offset of the plates along the run looks the same.",
            participant=participant_id,
            number=clock.estimate,
            limit=0.0,
            unit="s",
            fix="check the synchronisation of cameras and plates, and the plates' position.",
        )
    yield from _misaligned(participant_id, fitted)
    yield from _far_parameters(participant_id, fitted)
    yield from structure_findings(participant_id, fitted.structures)
    yield from leg_findings(participant_id, fitted, legs)


MISALIGNMENTS = {
    "plate_pitch": ("pitched {0:.2f} degrees ({1:.2f} to {2:.2f})", np.degrees(1.0)),
    "plate_yaw": ("yawed {0:.2f} degrees ({1:.2f} to {2:.2f})", np.degrees(1.0)),
    "plate_roll": ("rolled {0:.2f} degrees ({1:.2f} to {2:.2f})", np.degrees(1.0)),
    "plate_scale": ("{0:.2f} % farther apart ({1:.2f} to {2:.2f})", 100.0),
}
"""Text and unit factor of a finding on plates, by parameter."""


def _misaligned(participant_id: str, fitted: Session) -> Iterator[Finding]:
    """Finding that plates and cameras differ in axes or scale."""
    by_name = {estimate.name: estimate for estimate in fitted.estimates}
    chosen = [by_name[name] for name in MISALIGNMENTS if name in by_name]
    clear = [
        estimate
        for estimate in chosen
        if abs(estimate.estimate) > MIN_MISALIGNMENT_SD * estimate.sd > 0.0
    ]
    if not clear:
        return
    words = []
    for estimate in clear:
        text, factor = MISALIGNMENTS[estimate.name]
        words.append(
            text.format(*(factor * end for end in (estimate.estimate, estimate.low, estimate.high)))
        )
    largest = max(clear, key=lambda estimate: abs(estimate.estimate))
    yield Finding(
        rule="plates-misaligned",
        severity="warning",
        what=f"against the cameras the force plates are {', '.join(words)} (90 % intervals): a "
        f"foot would drift by {MILLIMETRES * abs(largest.estimate):.0f} mm per metre of runway "
        "against its force. The motion is turned onto the level ground of the plates.",
        participant=participant_id,
        number=largest.estimate,
        limit=MIN_MISALIGNMENT_SD * largest.sd,
        unit=largest.parameter.unit,
        fix="check the cameras' calibration frame and the plates' corners; "
        "consistency.align_plates: false leaves the forces as they were placed.",
    )


FAR_PARAMETERS: Mapping[str, tuple[str, float, str]] = MappingProxyType(
    {
        MASS: ("body mass is {0:+.1f} % ({1:+.1f} to {2:+.1f})", 100.0,
               "check the body mass and the plates' gains."),
        LEGS: ("mass of the legs is {0:+.0f} % ({1:+.0f} to {2:+.0f})", 100.0, LOOK_AT_BODY),
        PELVIS: ("mass of the pelvis is {0:+.0f} % ({1:+.0f} to {2:+.0f})", 100.0, LOOK_AT_BODY),
        FEET: ("mass of the feet is {0:+.0f} % ({1:+.0f} to {2:+.0f})", 100.0,
               "check the sizes of the feet; shoes may be heavy."),
        ARMS: ("mass of the arms is {0:+.0f} % ({1:+.0f} to {2:+.0f})", 100.0, LOOK_AT_BODY),
        OFFSET[0]: ("place of the plates is {0:+.0f} mm along the run ({1:+.0f} to {2:+.0f})",
                    MILLIMETRES, "check the plates' corners and origins."),
        OFFSET[2]: ("place of the plates is {0:+.0f} mm to the right ({1:+.0f} to {2:+.0f})",
                    MILLIMETRES, "check the plates' corners and origins."),
    }
)  # fmt: skip
"""Text, unit factor and fix of parameters far from what was stated."""


PLATE_WORDS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "along": ("place of plate {plate} is {0:+.0f} mm along the run ({1:+.0f} to {2:+.0f})",
                  MILLIMETRES),
        "across": ("place of plate {plate} is {0:+.0f} mm to the right ({1:+.0f} to {2:+.0f})",
                   MILLIMETRES),
        "roll": ("direction of plate {plate} is rolled {0:+.1f} degrees ({1:+.1f} to {2:+.1f})",
                 np.degrees(1.0)),
        "yaw": ("direction of plate {plate} is yawed {0:+.1f} degrees ({1:+.1f} to {2:+.1f})",
                np.degrees(1.0)),
        "pitch": ("direction of plate {plate} is pitched {0:+.1f} degrees ({1:+.1f} to {2:+.1f})",
                  np.degrees(1.0)),
    }
)  # fmt: skip
"""Text and unit factor of a single plate's error that is far from 0."""


def _words_if_far(name: str) -> tuple[str, float, str] | None:
    """Text, unit factor and fix of a parameter that is named where it is far from its prior."""
    error, plate = plate_error(name)
    if plate:
        text, factor = PLATE_WORDS[error]
        return text.replace("{plate}", plate), factor, "check the corners and origin of this plate."
    return FAR_PARAMETERS.get(name)


MIN_NAMED_ODDS = 20.0
"""Odds against other devices from which on one plate is said to be far out."""

MAX_STATED_LOG_ODDS = 20.0
"""Of more, none are needed."""


def _far_parameters(participant_id: str, fitted: Session) -> Iterator[Finding]:
    """Findings on parameters whose fit is far from what was stated."""
    tilts = {x.axis for x in fitted.structures if len(x.trials) == len(fitted.fits)}
    for estimate in fitted.estimates:
        parameter = estimate.parameter
        far, plate = _words_if_far(estimate.name), plate_error(estimate.name)[1]
        is_far = estimate.name in fitted.plate_odds if plate else _is_far(estimate)
        if far is None or not is_far:
            continue
        text, factor, fix = far
        ends = (estimate.estimate, estimate.low, estimate.high)
        words = text.format(*(factor * (end - parameter.prior) for end in ends))
        if estimate.name in OFFSET and OFFSET.index(estimate.name) in tilts:
            yield Finding(
                rule="parameter-undecided",
                severity="info",
                what=f"by motion and forces the {words} from what was stated (90 % interval); the "
                "tilt that leaves a mean force that way moves the pressure alike: it is used so, "
                "and says nothing of the plates' place.",
                participant=participant_id,
                where=estimate.name,
                fix="check what is level first.",
            )
            continue
        odds = float(np.exp(min(fitted.plate_odds.get(plate, np.inf), MAX_STATED_LOG_ODDS)))
        if odds < MIN_NAMED_ODDS:
            yield Finding(
                rule="parameter-undecided",
                severity="info",
                what=f"by motion and forces the {words} from what was stated (90 % interval), but "
                f"other plates or a turn of all explain it nearly as well (odds {odds:.0f} to 1): "
                "it is used so, and intervals hold both.",
                participant=participant_id,
                number=odds,
                limit=MIN_NAMED_ODDS,
                unit="1",
                where=estimate.name,
                fix="check the corners and origins of the plates.",
            )
            continue
        kind_odds = fitted.plate_odds.get(estimate.name, np.inf)
        other = " Another displacement or turn of this plate explains it nearly as well."
        yield Finding(
            rule="parameter-far",
            severity="warning",
            what=f"by motion and forces the {words} from what was stated (90 % interval), and is "
            f"used so.{other if kind_odds < np.log(MIN_NAMED_ODDS) else ''}",
            participant=participant_id,
            number=estimate.estimate,
            limit=MIN_MISALIGNMENT_SD * parameter.prior_sd,
            unit=parameter.unit,
            where=estimate.name,
            fix=fix,
        )


LEFT = "a mean force of {{0:+.1f}} % of the vertical one is left {} in {{1}}, as if plates or "
TILTED = "cameras were {} by {{2:.1f}} degrees there beside what the fit took up"
LEVEL = "check what is level: the cameras' calibration frame, the plates, an inclined treadmill."

STRUCTURE_WORDS = (
    ((LEFT + TILTED).format("along the run", "pitched"), LEVEL),
    ("the vertical force is {0:.1f} % ± {3:.1f} {4} than what carries the body, in {1}",
     "check gains and zeros of the plates there."),
    ((LEFT + TILTED).format("to the right", "rolled"), LEVEL),
)  # fmt: skip
"""Text and fix of a mean force that fits leave, by axis of the ground."""


def structure_findings(participant_id: str, structures: Sequence[Structure]) -> Iterator[Finding]:
    """Findings on mean forces that fits leave: which trials have them, where the odds tell."""
    for structure in structures:
        text, fix = STRUCTURE_WORDS[structure.axis]
        share, spread = 100.0 * structure.share, 100.0 * NORMAL_95 * structure.sd
        tilt, more = np.degrees(abs(structure.share)), "less" if share > 0.0 else "more"
        size = abs(share) if structure.axis == 1 else share
        what = text.format(size, structure.words, tilt, spread, more)
        is_clear = structure.log_odds >= MIN_LOG_ODDS
        odds = float(np.exp(min(structure.log_odds, MAX_STATED_LOG_ODDS)))
        explain = "explains" if structure.rival.startswith("trial ") else "explain"
        other = f"; {structure.rival} {explain} it nearly as well (odds {odds:.0f} to 1)"
        is_usual = structure.axis == 1 and abs(structure.share) < NORMAL_95 * LABORATORY_GAIN_SD
        yield Finding(
            rule="residual-structure" if is_clear else "residual-undecided",
            severity="warning" if is_clear and not is_usual else "info",
            what=f"{what}{'' if is_clear else other}. It stays in the residuals, whose size widens "
            "intervals.",
            participant=participant_id,
            number=structure.share,
            unit="share of the vertical force",
            where=structure.words,
            fix=fix,
        )


def leg_findings(
    participant_id: str, fitted: Session, legs: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Finding that a leg's mass share is outside the range of published tables."""
    if not fitted.fits:
        return
    bodies = fitted.runner.skeleton, next(iter(fitted.fits.values())).skeleton
    low, high = leg_share_limits()
    shares = list(leg_shares(*bodies, legs))
    worst = max(shares, key=lambda share: abs(share.after - 0.5 * (low + high)), default=None)
    if worst is None or low <= worst.after <= high:
        return
    side = worst.part.removeprefix("leg_")
    yield Finding(
        rule="leg-mass",
        severity="warning",
        what=f"the fitted {side} leg has {100 * worst.after:.1f} % of the body's mass ("
        f"{100 * worst.before:.1f} % before the fit); tables say {100 * LEG_SHARE[0]:.1f} to "
        f"{100 * LEG_SHARE[1]:.1f} %.",
        participant=participant_id,
        number=worst.after,
        limit=high if worst.after > high else low,
        unit="share of the body's mass",
        fix="check height and mass of the participant, the model's table of masses and the sizes "
        "of the calibrated body (body.svg); name a second model in other_models.",
    )


def estimate_numbers(fitted: Session) -> dict[str, Any]:
    """Parameters and static postures of a session, as JSON-serialisable values."""
    parts = [
        estimate
        for estimate in fitted.estimates
        if estimate.name not in PIVOT
        and (plate_error(estimate.name)[1] or not is_of_plate(estimate.name))
    ]
    return {
        "parameters": [
            _estimate(estimate) for estimate in parts if not estimate.name.startswith(CENTRES)
        ],
        "standing": [
            {
                "trial_id": name,
                **{f"{way}_m": distance.tolist() for way, distance in vars(standing).items()},
            }
            for name, standing in fitted.standing.items()
        ],
    }


def _estimate(estimate: ParameterEstimate) -> dict[str, Any]:
    numbers = asdict(estimate.parameter)
    numbers["fitted"] = numbers.pop("on")
    numbers["far"] = _is_far(estimate)
    names = "estimate", "sd", "low", "high"
    return numbers | {name: getattr(estimate, name) for name in names}


def _is_far(estimate: ParameterEstimate) -> bool:
    """Tell whether a fitted parameter is farther from its prior than is usual."""
    parameter = estimate.parameter
    off = abs(estimate.estimate - parameter.prior)
    return parameter.on and off > MIN_MISALIGNMENT_SD * parameter.prior_sd


def fit_numbers(trial: SolvedTrial, fit: TrialFit) -> dict[str, Any]:
    """Changes by a trial's fit from first touchdown to last toe-off, JSON-serialisable."""
    window, errors = fit.observations.contact_window, fit.solver.marker_errors
    return {
        "speed_mps": trial_speed(trial),
        "marker_rms_before_m": _rms(errors(fit.observations.start)[window]),
        "marker_rms_alone_m": _rms(errors(fit.q_markers_only)[window]),
        "marker_rms_after_m": _rms(errors(fit.motion.q, fit.values)[window]),
        "markers_moved_m": _rms(fit.markers_moved(fit.q_markers_only)[window]),
        "markers_displaced_m": _rms(fit.markers_moved(fit.observations.start)[window]),
        **_joint_changes(fit, window),
    }


def _joint_changes(fit: TrialFit, window: BoolArray) -> dict[str, float | str]:
    """RMS change of fitted joint angles, degrees: from plain motion and from a marker-only fit."""
    skeleton, numbers = fit.skeleton, dict[str, float | str]()
    angles = [c for c in fit.coordinates if skeleton.coordinate_is_rotation[c]]
    for name, reference_q in (
        ("change", fit.observations.plain.q),
        ("change_forces", fit.q_markers_only),
    ):
        change = (fit.motion.q - reference_q)[window][:, angles]
        degrees = np.degrees(np.sqrt((change**2).mean(axis=0)))
        numbers |= {
            f"joint_{name}_median_deg": float(np.median(degrees)),
            f"joint_{name}_max_deg": float(degrees.max()),
            f"joint_{name}_max_name": skeleton.coordinates[angles[int(np.argmax(degrees))]],
        }
    return numbers


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.nanmean(np.square(values))))
