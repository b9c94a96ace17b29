"""Rows of the quality table that say what the consistency fit did and how sure its result is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aqbio.intervals.trial_precision import STATISTICS
from aqbio.inverse_kinematics.solution import FITTED
from aqbio.io.study import Study
from aqbio.stats.registration import study_registry
from aqbio.stats.registry import Registry
from aqbio.steps.measures import Row, measure

if TYPE_CHECKING:
    import xarray as xr


def consistency_rows(
    study: Study, key: Row, data: xr.Dataset, fitted: dict[str, Any]
) -> Iterator[Row]:
    """Rows of one trial.

    Parameters
    ----------
    key : dict
        Participant and trial.
    data : xarray.Dataset
        Output of stage contributions, with the precision of the trial's statistics.
    fitted : dict
        The trial's entry in the manifest of stage consistency.
    """
    if fitted["suspicions"] or fitted["motion"] == FITTED:
        yield measure(
            key, "consistency_suspicions", float(len(fitted["suspicions"])), "1", limit=0.0,
            note=", ".join(fitted["suspicions"]) or "faults that the fit would have had to bend",
        )  # fmt: skip
    if "marker_rms_before_m" not in fitted:
        return
    limits = study.settings.quality
    yield measure(
        key, "markers_moved", fitted["markers_moved_m"], "m", limit=limits.markers_moved_m,
        note="how far the forces move the body's markers (RMS), their errors new in every frame: "
        "the fit against splines that follow the recorded markers alone with the same weights",
    )  # fmt: skip
    yield measure(
        key, "marker_rms_after_fit", fitted["marker_rms_after_m"], "m",
        note="contacts' window, all markers alike, with what is believed to be skin; the fit "
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
    if fitted.get("held_out_change_m") is not None:
        yield measure(
            key, "held_out_change", fitted["held_out_change_m"], "m",
            limit=limits.held_out_change_m, severity="warning",
            note="RMS error of markers left out and predicted: the fit less the same splines and "
            f"weights without forces, in {fitted['held_out_folds']} parts",
        )  # fmt: skip
    yield from _precision_rows(study_registry(study), key, data)


def _precision_rows(registry: Registry, key: Row, data: xr.Dataset) -> Iterator[Row]:
    """How sure the trial's own statistics are, against what their hypotheses ask for."""
    known = {one.id: one for one in registry.hypotheses}
    words = "how sure the trial's statistic is, sd of all sources together"
    for name, hypothesis in STATISTICS.items():
        if (sd := data.attrs.get(f"sd_{name}")) is None:
            continue
        limit, note = None, words
        if (asked := known.get(hypothesis)) is not None:
            limit = asked.precise
            note += (
                f", against half of the smallest effect of {hypothesis} ({asked.delta:g}); its "
                "verdict takes the mean over athletes"
            )
        yield measure(key, f"sd_{name}", float(sd), "1", limit=limit, severity="warning", note=note)
