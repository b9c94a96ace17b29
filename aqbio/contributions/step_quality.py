"""Rows of the quality table: measures of a trial and their limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from aqbio.body.records import ADJUSTED
from aqbio.config.settings import Quality
from aqbio.contributions.foot_slip import slip_rows
from aqbio.contributions.measure import PLAIN_PREFIX, Row, measure
from aqbio.contributions.misfits import WIDENING, widenings
from aqbio.contributions.step_rows import TrialSteps
from aqbio.gait.signals import select_labels
from aqbio.gait.step_files import contact_span, trial_contacts
from aqbio.gait.steps import PERCENT
from aqbio.intervals.step_uncertainty import STATISTICS, is_kinematic
from aqbio.inverse_dynamics.observations import FILTER_LEAK_S
from aqbio.inverse_kinematics.solution import FITTED
from aqbio.io.study import Study
from aqbio.labels.against_names import labels_against_names
from aqbio.names import AGAINST_USE, AXES, GRAVITY, NORMAL_95, ROLE_GROUPS
from aqbio.observed.invalidated import INVALIDATED_BY_FINDING
from aqbio.observed.misfit import usual_misfits
from aqbio.observed.parts import incomplete_reason, read_observed
from aqbio.prepare.contact_findings import MAX_FORCE_LOSS, MAX_HIDDEN_SHARE
from aqbio.prepare.force_delay import MIN_CONTACTS, force_delay
from aqbio.study.manifest import manifest_entry
from aqbio.vectors import BoolArray, FloatArray

# the consistency fit ------------------------------------------------------------------------------


def consistency_rows(
    study: Study, key: Row, data: xr.Dataset, fitted: dict[str, Any]
) -> Iterator[Row]:
    """Rows of one trial from its entry in the manifest of stage inverse_dynamics."""
    if "marker_rms_before_m" not in fitted:
        return
    limits = study.settings.quality
    yield measure(
        key, "markers_moved", fitted["markers_displaced_m"], "m", limit=limits.markers_moved_m,
        note="distance of the model's markers (RMS), from inverse kinematics to the fitted motion",
    )  # fmt: skip
    yield measure(
        key, "marker_rms_after_fit", fitted["marker_rms_after_m"], "m",
        note="contacts' window, all markers alike, with the expected soft-tissue artefact; the fit "
        f"weighs them by segment, which alone makes {1e3 * fitted['marker_rms_alone_m']:.1f} mm",
    )  # fmt: skip
    for name, limit in (
        ("median", limits.joint_change_median_degrees),
        ("max", limits.joint_change_max_degrees),
    ):
        yield measure(
            key, f"joint_change_{name}", fitted[f"joint_change_{name}_deg"], "degrees",
            limit=limit, severity="warning",
            note=f"RMS change of joint angles against the plain motion, {name} over the joints; by "
            "the forces alone, with the same weights and splines, "
            f"{fitted[f'joint_change_forces_{name}_deg']:.1f} degrees",
        )  # fmt: skip
    yield from _precision_rows(key, data)


def _precision_rows(key: Row, data: xr.Dataset) -> Iterator[Row]:
    """Precision of the trial's own numbers behind hypotheses."""
    words = "how sure the trial's number is, sd of all sources together"
    for name in STATISTICS:
        if (sd := data.attrs.get(f"sd_{name}")) is not None:
            yield measure(key, f"sd_{name}", float(sd), "1", note=words)


# all measures of a trial --------------------------------------------------------------------------

EFFECT_GROUPS = ("push_leg", "swing_leg", "arms", "torso")
"""Groups whose rates a yaw conclusion compares."""


def quality_rows(study: Study, trials: Sequence[TrialSteps]) -> Iterator[Row]:
    """Rows of every trial: marker errors, residuals, gates, closures, agreement with OpenSim."""
    limits = study.settings.quality
    for trial in trials:
        name = trial.participant_id
        key: Row = {"participant_id": name, "trial_id": trial.trial.trial_id}
        solved = manifest_entry(
            study.read_manifest(name, "inverse_kinematics"), trial.trial.trial_id
        )
        yield from _marker_rows(study, key, solved)
        yield from _name_rows(study, key, trial)
        prepared = manifest_entry(study.read_manifest(name, "prepare"), trial.trial.trial_id)
        yield from _low_pass_rows(key, prepared)
        fitted = manifest_entry(study.read_manifest(name, "inverse_dynamics"), trial.trial.trial_id)
        yield from _against_rows(key, trial.contributions_entry, fitted)
        for version in ("", PLAIN) if fitted["motion"] == FITTED else ("",):
            yield from _residual_rows(limits, key, trial.data, version)
            yield from _yaw_precision_rows(limits, key, trial, version)
            yield from _drift_rows(limits, key, trial, version)
        yield from _flight_rows(limits, key, trial)
        yield from slip_rows(limits, key, trial.data)
        yield from _clock_rows(key, trial.data, trial.clock_offset)
        yield from consistency_rows(study, key, trial.data, fitted)
        yield from widening_rows(key, trial.contributions_entry)
        yield from _closure_rows(key, trial.contributions_entry)


def _marker_rows(study: Study, key: Row, solved: dict[str, Any]) -> Iterator[Row]:
    settings, recorded = study.settings.solve, solved["marker_rms_m"] is not None
    for name, limit, words in (
        ("marker_rms", settings.marker_rms_m,
         "all tracked markers, first touchdown to last toe-off; OpenSim's best practice"),
        ("marker_rms_worst_frame", settings.reject_rms_m, ""),
        ("marker_max", settings.marker_max_m, f"marker {solved['marker_max_label']}"),
    ):  # fmt: skip
        yield measure(
            key, name, solved[f"{name}_m"] if recorded else np.nan, "m", limit=limit,
            severity="warning",
            note=words if recorded else "no markers were recorded: the motion is a file's",
        )  # fmt: skip


def _name_rows(study: Study, key: Row, trial: TrialSteps) -> Iterator[Row]:
    """Row of the labels whose names contradict the marker set; no row without such labels.

    Includes labels of the static trial, which determined the body.
    """
    if not trial.tracked:
        return
    worn, markers = set(map(str, trial.marker_error["marker"].values)), study.marker_set.markers
    contradictory_labels = [
        label
        for label in labels_against_names(study.marker_set, study.model_map)
        if markers[label].static_only or study.marker_set.model_name(label) in worn
    ]
    if contradictory_labels:
        yield measure(
            key,
            "labels_against_names",
            float(len(contradictory_labels)),
            "1",
            limit=0.0,
            note=", ".join(contradictory_labels),
        )


def _low_pass_rows(key: Row, prepared: Mapping[str, Any]) -> Iterator[Row]:
    """Rows of what a filter of the markers hides; none without such a filter."""
    if (low_pass := prepared.get("marker_low_pass")) is None:
        return
    words = f"markers were low-passed at about {low_pass['stated_hz']:.0f} Hz before their export"
    for name, limit, of in (
        ("motion", MAX_HIDDEN_SHARE, "of a motion that takes as long as a contact"),
        ("rates", MAX_FORCE_LOSS, "of the RMS of a moment that acts during a contact"),
    ):
        hidden = low_pass[f"hidden_{name}"]
        yield measure(
            key, f"hidden_{name}", hidden, "1", limit=limit, note=f"share {of}; {words}"
        )  # fmt: skip


def _against_rows(
    key: Row, contributions_entry: Mapping[str, Any], fitted: Mapping[str, Any]
) -> Iterator[Row]:
    """Findings that forbid using the trial or its forces; of a fitted trial also before the fit.

    Read from the entries of stages contributions and inverse_dynamics (``fitted``).
    """
    own = [f for f in contributions_entry.get("findings", ()) if f.get("invalidates")]
    versions = {"": [*fitted.get("against", ()), *own]}
    if fitted["motion"] == FITTED:
        versions[PLAIN_PREFIX] = [*fitted.get("against_plain", ()), *own]
    for version, findings in versions.items():
        if findings:
            invalidated = [
                o for finding in findings for o in INVALIDATED_BY_FINDING[finding["invalidates"]]
            ]
            yield measure(
                key, f"{version}{AGAINST_USE}", float(len(findings)), "1", limit=0.0,
                note=" ".join(dict.fromkeys(finding["what"] for finding in findings)),
                invalidates=invalidated,
            )  # fmt: skip


def contact_window(data: xr.Dataset) -> BoolArray:
    """Frames from first touchdown to last toe-off; of a fitted trial, with complete forces."""
    time = data["time"].values
    if data.sizes.get("contact", 0) == 0:
        return np.ones(len(time), dtype=bool)
    first, last = contact_span(data)
    inside = np.asarray((time >= first) & (time <= last))
    return inside & _measured(data)


def _measured(data: xr.Dataset) -> BoolArray:
    """(T,) bool: frames with completely measured forces; all frames of an unfitted trial."""
    if "forces_fitted" not in data:
        return np.ones(data.sizes["time"], dtype=bool)
    return np.asarray(data["forces_fitted"].values.astype(bool))


def unobserved_parts(study: Study, data: xr.Dataset) -> str:
    """Name the parts that were not observed during the contacts, with the reason."""
    return incomplete_reason(read_observed(data), study.model_map.groups, contact_window(data))


def _rms(values: FloatArray) -> FloatArray:
    """Root mean square over the first axis."""
    rms: FloatArray = np.sqrt((values**2).mean(axis=0))
    return rms


PLAIN = "_plain"
"""Suffix of variables from before the consistency fit of a fitted trial."""


PLAIN_AMONG_FITTED = "plain motion, with the body that the fit of other trials found; "


def _version(data: xr.Dataset, version: str) -> tuple[str, str]:
    """Prefix of the measures of a version, and its description."""
    if version == PLAIN:
        return PLAIN_PREFIX, "before the consistency fit; "
    if data.attrs["motion"] == FITTED:
        return "", "after the fit, no evidence of accuracy; "
    return "", PLAIN_AMONG_FITTED if data.attrs["body"] == ADJUSTED else ""


def _residual_rows(limits: Quality, key: Row, data: xr.Dataset, version: str = "") -> Iterator[Row]:
    """Residual force and moment about the centre of mass."""
    mass = float(data.attrs[f"mass{version}"])
    window = contact_window(data)
    force = data[f"residual_force{version}"].values
    moment = data[f"residual_moment{version}"].values
    name, words = _version(data, version)
    ground = data["ground_force"].sum("foot", skipna=False).values
    measured = np.isfinite(ground).all(axis=1)
    peak = float(np.linalg.norm(ground[measured], axis=1).max()) if measured.any() else np.nan
    height = float(data["com"][:, 1].mean() - data.attrs["surface_height"])  # xarray: known frames
    for axis, value in zip(AXES, _rms(force[window]) / (mass * GRAVITY), strict=True):
        yield measure(
            key, f"{name}residual_force_{axis}_rms", value, "body weight",
            limit=limits.residual_force * peak / (mass * GRAVITY),
            note=f"{words}contacts' window; {100.0 * limits.residual_force:g} % of the peak ground "
            "reaction force (Hicks 2015)",
        )  # fmt: skip
    for axis, value in zip(AXES, _rms(moment[window]), strict=True):
        yield measure(
            key, f"{name}residual_moment_{axis}_rms", value, "N m",
            limit=limits.residual_moment * height * peak,
            note=f"{words}contacts' window, about the centre of mass; "
            f"{100.0 * limits.residual_moment:g} % of COM height times peak force (Hicks 2015)",
        )  # fmt: skip


def _yaw_precision_rows(
    limits: Quality, key: Row, trial: TrialSteps, version: str = ""
) -> Iterator[Row]:
    """Rotation about the vertical: residual against group effects, in stance.

    After the fit the ratio has no limit: the residual is fitted, so passing would prove nothing.
    """
    indices, at = trial.curve_indices("ok", "incomplete"), {"phase": "stance", "axis": "y"}
    if not len(indices):
        return
    residual = _rms(select_labels(trial.curves, f"residual_moment{version}", **at)[indices].ravel())
    name = f"angular_momentum_rate{version}"
    rates = select_labels(trial.curves, name, **at, group=EFFECT_GROUPS)[indices]
    effects = _rms(rates.reshape(-1, len(EFFECT_GROUPS)))
    smallest = int(np.argmin(np.where(np.isnan(effects), np.inf, effects)))
    name, words = _version(trial.data, version)
    fitted = trial.data.attrs["motion"] == FITTED
    yield measure(
        key, f"{name}residual_moment_y_stance_rms", float(residual), "N m",
        limit=limits.yaw_residual_nm, severity="warning",
        note=f"{words}about the vertical",
    )  # fmt: skip
    yield measure(
        key, f"{name}effect_to_residual_y", float(effects[smallest] / residual), "1",
        limit=None if fitted and not version else limits.effect_to_residual, at_least=True,
        severity="warning",
        note=f"{words}RMS rate of the smallest group ({EFFECT_GROUPS[smallest]}, "
        f"{effects[smallest]:.0f} N m) over the residual's about the vertical, in stance",
    )  # fmt: skip


def _clock_rows(key: Row, data: xr.Dataset, clock_offset: float) -> Iterator[Row]:
    """Delay of the forces behind the motion that remains by the clock that was used."""
    moved = f"{1e3 * abs(clock_offset):.1f} ms {'earlier' if clock_offset > 0.0 else 'later'}"
    correction = f"; with the forces {moved} than recorded" if clock_offset else ""
    window = contact_window(data)
    force = data["ground_force"].sum("foot", skipna=False).values[window, 1]
    mass, time = float(data.attrs["mass"]), data["time"].values[window]
    required = mass * (data["com_acceleration"].values[window, 1] + GRAVITY)
    contacts = list(trial_contacts(data))
    complete_contacts = sum(contact.complete for contact in contacts)
    if complete_contacts < MIN_CONTACTS or not np.isfinite(force + required).all():
        return
    delay = force_delay(
        time, without_failures(time, force, [contact.loaded for contact in contacts]), required
    )
    if np.isfinite(delay):
        yield measure(
            key, "force_delay", abs(delay), "s", limit=float(time[1] - time[0]), severity="warning",
            note=f"forces {'late' if delay > 0 else 'early'}: largest correlation of vertical "
            f"force and m (a + g); limit one marker frame{correction}",
        )  # fmt: skip


def without_failures(
    time: FloatArray, force: FloatArray, contacts: Iterable[tuple[float, float, bool]]
) -> FloatArray:
    """The force (T,) on all feet, NaN where it may be missing because a plate failed.

    From the toe-off before a broken contact to the touchdown after it: its foot stood longer than
    the plate shows. Touchdown and toe-off of contacts, s, and whether a plate failed in them.
    """
    rows = sorted(row for row in contacts if np.isfinite(row[0] + row[1]))
    touchdown, toe_off, broken = np.array(rows).reshape(-1, 3).T
    before = np.concatenate(([-np.inf], toe_off[:-1]))
    after = np.concatenate((touchdown[1:], [np.inf]))
    sound_force = force.copy()
    for index in np.flatnonzero(broken):
        sound_force[(time > before[index]) & (time < after[index])] = np.nan
    return sound_force


def _drift_rows(limits: Quality, key: Row, trial: TrialSteps, version: str = "") -> Iterator[Row]:
    """Change of the whole body's H about the vertical over flight, where it should be constant.

    Without plates, frames near contacts are left out because the low-pass filter leaks into them,
    and the limit is at least the width of the interval of the whole body's H: soft-tissue motion
    that was not fitted does not conserve it.
    """
    known_flights, numbers = _known_flights(trial), trial.numbers
    name = f"angular_momentum{version}"
    momentum = partial(select_labels, trial.curves, phase="flight", axis="y")
    total, parts = momentum(name, group="total"), momentum(name, group=ROLE_GROUPS)
    kinematic = is_kinematic(trial.data)
    sd = momentum("angular_momentum_sd", group="total") if kinematic else total * 0.0
    flights = {step.number: step.flight for step in trial.steps}
    drifts, spans = [], []
    for index in trial.curve_indices("ok"):
        if numbers[index] not in known_flights:
            continue
        instants = flights[numbers[index]] * PERCENT  # of a step without a flight all are 0
        edge = FILTER_LEAK_S if kinematic else 0.0
        inside = (edge <= instants) & (instants <= flights[numbers[index]] - edge)
        if inside.sum() > 1:
            largest = float(np.fmax.reduce(np.abs(parts[index]), axis=None))
            drifts.append(np.ptp(total[index, inside]) / largest)
            spans.append(2.0 * NORMAL_95 * float(np.nan_to_num(sd[index]).max()) / largest)
    if drifts:
        name, words = _version(trial.data, version)
        yield measure(
            key, f"{name}flight_drift_y", float(np.mean(drifts)), "1",
            limit=max(limits.flight_drift, float(np.mean(spans))), severity="warning",
            note=f"{words}range of total H about the vertical in flight over the largest group's"
            + ("; without plates inside of the contacts' filtered edges, against the width of its "
               "own 95 % interval" if kinematic else ""),
        )  # fmt: skip


def _known_flights(trial: TrialSteps) -> set[int]:
    """Numbers of the steps with completely measured forces throughout their flight."""
    time, measured = trial.data["time"].values, _measured(trial.data)
    flights = {step.number: step.phase("flight") for step in trial.steps if step.status == "ok"}
    return {
        number
        for number, (start, end) in flights.items()
        if measured[(time > start) & (time < end)].all()
    }


def _flight_rows(limits: Quality, key: Row, trial: TrialSteps) -> Iterator[Row]:
    """Acceleration of the centre of mass in flight beyond gravity and air resistance."""
    data = trial.data
    time = data["time"].values
    flights = [step.phase("flight") for step in trial.steps if step.status == "ok"]
    inside = np.any([(time > start) & (time < end) for start, end in flights], axis=0)
    inside = inside & _measured(data)
    force = data["residual_force"].values[inside]
    finite = np.isfinite(force).all(axis=-1)
    if finite.any():
        words = _version(data, "")[1]
        off = np.linalg.norm(force[finite], axis=1) / float(data.attrs["mass"])
        yield measure(
            key, "flight_acceleration", float(_rms(off)), "m/s2",
            limit=limits.flight_acceleration_mps2, severity="warning",
            note=f"{words}of the centre of mass, in excess of gravity and air resistance",
        )  # fmt: skip


def widening_rows(key: Row, contributions_entry: Mapping[str, Any]) -> Iterator[Row]:
    """Factors of the errors by kind of numbers, with the misfits that make them."""
    misfits, speed = contributions_entry["misfits"], contributions_entry["speed_mps"]
    usual = usual_misfits(speed)
    for outcome, factor in widenings(misfits, speed).items():
        ratios = {
            name: misfit / usual[name].scale
            for name, misfit in misfits.items()
            if outcome in usual[name].outcomes
        }
        if ratios:
            terms = sorted(ratios, key=lambda name: -ratios[name])
            yield measure(
                key, f"{WIDENING}{outcome}", factor, "1",
                note="errors times this, by misfits over their usual sizes: "
                + ", ".join(f"{name} {ratios[name]:.2g}" for name in terms),
            )  # fmt: skip


def _closure_rows(key: Row, contributions_entry: Mapping[str, Any]) -> Iterator[Row]:
    closure, reference = contributions_entry["closure"], contributions_entry["reference"]
    yield measure(
        key, "closure_levels", closure["value"], "relative", limit=closure["tolerance"],
        note="residual of level A = inverse dynamics'; sums over sources of level C = level A",
    )  # fmt: skip
    frames = f"{reference['frames']} frames computed again by OpenSim"
    yield measure(
        key, "opensim_momentum", reference["momentum"], "relative", limit=1e-8, note=frames
    )
    yield measure(key, "opensim_position", reference["position_m"], "m", limit=1e-9, note=frames)
    yield measure(
        key, "opensim_inverse_dynamics", reference["forces"], "relative", limit=1e-8,
        note=f"{frames}; Simbody's walker-knee defect reproduced",
    )  # fmt: skip
    yield measure(
        key, "simbody_defect", reference["defect"], "relative",
        note="what Simbody's walker-knee defect changes; zero in models without such joints",
    )  # fmt: skip


# bands of typical running ---------------------------------------------------------------------


BAND_SPEEDS_MPS = (3.5, 5.0, 7.0, 9.0, 10.0, 11.0)
"""m/s. Bands are interpolated linearly; none below the first speed, constant above the last."""

BANDS: dict[str, tuple[str, tuple[tuple[float, float], ...]]] = {
    "contact_time": (
        "s",
        ((0.22, 0.28), (0.17, 0.21), (0.125, 0.155), (0.10, 0.125), (0.09, 0.11), (0.08, 0.10)),
    ),
    "flight_time": (
        "s",
        ((0.08, 0.14), (0.10, 0.15), (0.11, 0.15), (0.11, 0.14), (0.11, 0.135), (0.11, 0.135)),
    ),
    "step_frequency": (
        "Hz",
        ((2.6, 3.0), (2.8, 3.3), (3.3, 3.9), (4.0, 4.6), (4.2, 4.9), (4.4, 5.0)),
    ),
    "step_length": ("m", ((1.2, 1.4), (1.6, 1.8), (1.9, 2.1), (2.0, 2.25), (2.1, 2.4), (2.3, 2.6))),
    "peak_vertical_force": (
        "body weights",
        ((2.2, 2.7), (2.5, 3.1), (2.8, 3.6), (3.2, 4.3), (3.4, 4.8), (3.5, 5.0)),
    ),
}
"""Unit and band (minimum, maximum) at each speed."""


def band(quantity: str, speed: float) -> tuple[float, float]:
    """Minimum and maximum of a quantity at a speed (m/s); NaN below the first tabulated speed."""
    if not speed >= BAND_SPEEDS_MPS[0]:
        return np.nan, np.nan
    low, high = np.array(BANDS[quantity][1]).T
    return float(np.interp(speed, BAND_SPEEDS_MPS, low)), float(
        np.interp(speed, BAND_SPEEDS_MPS, high)
    )


def beyond(value: float, low: float, high: float) -> float:
    """Distance of a value from a band, relative to the nearer end; 0 inside."""
    return max(0.0, (low - value) / low, (value - high) / high)


BAND_COLUMNS = {
    "contact_time": "contact_s",
    "flight_time": "flight_s",
    "step_frequency": "step_frequency_hz",
    "step_length": "step_length_m",
    "peak_vertical_force": "peak_vertical_force_bw",
}
"""Columns of steps.tsv that hold the quantities of the bands."""

UNSTEADY_FLAGS = ("accelerating", "lateral_force", "heading_change")
"""Flags of steps to which no band applies."""


def band_rows(limits: Quality, key: Row, steps: Sequence[Row]) -> Iterator[Row]:
    """Quality rows of a trial from its complete, steady steps.

    Medians against the bands at their median speed, and the vertical impulse against that of the
    weight: ``mean F t_c = m g T`` of a steady run.
    """
    steady = [
        step
        for step in steps
        if step["status"] == "ok"
        and not set(str(step["step_flags"] or "").split(",")) & set(UNSTEADY_FLAGS)
    ]
    if not steady:
        return
    speed = float(np.median([step["speed_mps"] for step in steady]))
    for quantity, column in BAND_COLUMNS.items():
        low, high = band(quantity, speed)
        typical = float(np.median([step[column] for step in steady]))
        if np.isfinite(low + typical):
            unit = BANDS[quantity][0]
            yield measure(
                key, f"band_{quantity}", beyond(typical, low, high), "1",
                limit=limits.beyond_band, severity="warning",
                note=f"median {typical:.3g} {unit} at {speed:.1f} m/s, people {low:.3g} to "
                f"{high:.3g}: how far outside, share",
            )  # fmt: skip
    impulse_ratios = [
        step["mean_vertical_force_bw"] * step["contact_s"] / (step["contact_s"] + step["flight_s"])
        for step in steady
    ]
    if np.isfinite(impulse_ratios).all():
        yield measure(
            key, "vertical_impulse", abs(float(np.mean(impulse_ratios)) - 1.0), "1",
            limit=limits.vertical_impulse, severity="warning",
            note=f"mean of {len(steady)} steps: vertical impulse over weight times duration, off 1",
        )  # fmt: skip
