"""Limits that the quality of a trial is held against."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aqbio.config.section import Positive, Section


class Quality(Section):
    """Limits of quality: what lies outside is marked, and the gates of verdicts read it."""

    residual_force: Positive = Field(
        default=0.05,
        description="Largest residual force (RMS by axis), share of the peak ground reaction force "
        "(Hicks 2015).",
    )
    residual_moment: Positive = Field(
        default=0.01,
        description="Largest residual moment (RMS by axis), share of the peak ground reaction "
        "force times the height of the centre of mass (Hicks 2015).",
    )
    yaw_residual_nm: Positive = Field(
        default=10.0,
        description="Largest residual moment about the vertical in stance (RMS) that a conclusion "
        "about the vertical can bear, N m: group rates are 20 to 80 N m.",
    )
    effect_to_residual: Positive = Field(
        default=3.0,
        description="Least ratio of the smallest group's rate to the residual about the vertical, "
        "both RMS in stance.",
    )
    flight_drift: Positive = Field(
        default=0.15,
        description="Largest range of the total angular momentum about the vertical in flight, "
        "share of the largest group's.",
    )
    flight_acceleration_mps2: Positive = Field(
        default=1.0,
        description="Largest acceleration of the centre of mass in flight beside gravity's and the "
        "air's (RMS), m/s².",
    )
    foot_slip_m: Positive = Field(
        default=0.015,
        description="How far what bears the ground's force may slide while it bears more than half "
        "of its peak, m: shoes do not slide, and level C holds it.",
    )
    beyond_band: Positive = Field(
        default=0.20,
        description="How far contact and flight times, step length, step frequency and peak force "
        "may be outside what men do at that speed, share: short women are up to 0.15.",
    )
    vertical_impulse: Positive = Field(
        default=0.03,
        description="How far the vertical impulse of steady steps may be from weight times "
        "duration, share.",
    )
    markers_moved_m: Positive = Field(
        default=0.008,
        description="How far the forces may move the markers in the consistency fit (RMS), m.",
    )
    joint_change_median_degrees: Positive = Field(
        default=3.0,
        description="Largest RMS change of joint angles by the consistency fit, median joint, "
        "degrees: sound recordings whose markers err by 16 mm come to 2.5.",
    )
    joint_change_max_degrees: Positive = Field(
        default=6.0,
        description="Largest RMS change of joint angles by the consistency fit, largest joint, "
        "degrees: sound recordings come to 5.3.",
    )
    held_out_change_m: Positive = Field(
        default=0.0002,
        description="How much worse the consistency fit may predict markers that were left out, m.",
    )
    usable_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.70,
        description="Least share of the recorded steps that are usable, and of the usable ones "
        "that are precise, for a verdict.",
    )
