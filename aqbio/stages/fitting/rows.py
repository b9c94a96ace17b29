"""Rows of the quality table that say what the consistency fit did and how sure its result is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aqbio.stages.fitting.precision import STATISTICS
from aqbio.stages.fitting.trials import FITTED
from aqbio.stages.stepping.measures import Row, measure

if TYPE_CHECKING:
    import xarray as xr

MARKER_CHANGE_LIMIT = 0.002
"""Growth of the marker RMS error that the fit must not exceed, m."""

JOINT_LIMITS = {"median": 1.5, "max": 4.0}
"""RMS change of joint angles, median and largest joint, degrees: what a sprint needs at most."""

HELD_OUT_LIMIT = 0.0002
"""How much worse the fit may predict markers that were left out, m."""


def consistency_rows(key: Row, data: xr.Dataset, fitted: dict[str, Any]) -> Iterator[Row]:
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
    yield measure(
        key, "marker_rms_change", fitted["marker_rms_after_m"] - fitted["marker_rms_alone_m"],
        "m", limit=MARKER_CHANGE_LIMIT,
        note="growth of the marker RMS error by the forces: the fit against splines that follow "
        "the markers alone with the same weights by segment",
    )  # fmt: skip
    yield measure(
        key, "marker_rms_after_fit", fitted["marker_rms_after_m"], "m",
        note="contacts' window, all markers alike; the fit weighs them by segment, which alone "
        f"makes {1e3 * fitted['marker_rms_alone_m']:.1f} mm",
    )  # fmt: skip
    for name, limit in JOINT_LIMITS.items():
        yield measure(
            key, f"joint_change_{name}", fitted[f"joint_change_{name}_deg"], "degrees",
            limit=limit, severity="warning",
            note=f"RMS change of joint angles against the plain motion, {name} over the joints; by "
            "the forces alone, with the same weights and splines, "
            f"{fitted[f'joint_change_forces_{name}_deg']:.1f} degrees",
        )  # fmt: skip
    if fitted.get("held_out_change_m") is not None:
        yield measure(
            key, "held_out_change", fitted["held_out_change_m"], "m", limit=HELD_OUT_LIMIT,
            severity="warning",
            note="RMS error of markers left out and predicted: the fit less the same splines and "
            f"weights without forces, in {fitted['held_out_folds']} parts",
        )  # fmt: skip
    for name, (_, smallest) in STATISTICS.items():
        if (sd := data.attrs.get(f"posterior_sd_{name}")) is not None:
            yield measure(
                key, f"posterior_sd_{name}", float(sd), "1", limit=smallest / 2.0,
                note="precision gate after the fit: inflated posterior sd of the trial's "
                f"statistic, at most half of the smallest difference of interest ({smallest:g})",
            )  # fmt: skip
