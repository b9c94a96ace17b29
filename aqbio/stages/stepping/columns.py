"""Columns of the study's tables, explained: the sidecars say what these say."""

from __future__ import annotations

from aqbio.io.tables import Columns
from aqbio.mechanics.gait.role_options import RoleScheme
from aqbio.names import AXES

_MEANING = {"x": "forward", "y": "up", "z": "toward the stance side"}

_KEY = {
    "participant_id": {"description": "Participant."},
    "trial_id": {"description": "Trial of the participant."},
    "step": {"description": "Step of the trial, from 1, rejected and incomplete ones too."},
}

_STEPS: Columns = {
    **_KEY,
    "condition": {"description": "Condition of the trial, from trials.tsv."},
    "side": {"description": "Stance foot: its leg is the push leg."},
    "touchdown_s": {"description": "Touchdown, from the trial's first frame.", "unit": "s"},
    "toe_off_s": {"description": "Toe-off, from the trial's first frame.", "unit": "s"},
    "next_touchdown_s": {
        "description": "Touchdown of the other foot; n/a when it was not measured.",
        "unit": "s",
    },
    "speed_mps": {
        "description": "Mean forward velocity of the centre of mass over the step, treadmill belt "
        "included; over the contact when the step is incomplete.",
        "unit": "m/s",
    },
    "contact_s": {"description": "Contact time.", "unit": "s"},
    "contact_error_s": {
        "description": "How far the contact time may be off: what plates resolve, or what events "
        "from foot markers were off in tested recordings alike; n/a where none is alike.",
        "unit": "s",
    },
    "flight_s": {
        "description": "Flight time; 0 where the feet overlap by less than contact_error_s.",
        "unit": "s",
    },
    "status": {
        "description": "ok; rejected: not used, see reason; incomplete: whole stance, but the next "
        "touchdown was not measured."
    },
    "reason": {"description": "Why a step is rejected or incomplete: every reason."},
    "events": {
        "description": "Where touchdown and toe-off come from: plates, or kinematic (the foot "
        "markers; nothing that needs a force is known then)."
    },
    "motion": {
        "description": "fitted: motion, forces and body were made to agree; plain: they were not, "
        "and the trial's finding says why. A plain trial among fitted ones of its participant has "
        "their body, its own motion, and forces and contacts on the clock of the plates."
    },
    "flags": {
        "description": "What is unusual without rejecting the step: accelerating, lateral_force, "
        "heading_change, marker_error; whole_body_unknown: the markers do not show all of "
        "the body, or the model lacks arms or torso."
    },
    "marker_rms_m": {"description": "Marker RMS error during the contact.", "unit": "m"},
    "marker_max_m": {"description": "Largest marker error during the contact.", "unit": "m"},
    "step_frequency_hz": {"description": "One over touchdown to touchdown.", "unit": "1/s"},
    "step_length_m": {"description": "Speed times step time.", "unit": "m"},
    "peak_vertical_force_bw": {
        "description": "Largest vertical ground reaction force of the plates' own signal, "
        "low-passed for events only (prepare.event_cutoff_hz): an impact keeps its height.",
        "unit": "body weight",
    },
    "mean_vertical_force_bw": {
        "description": "Mean vertical ground reaction force during stance.",
        "unit": "body weight",
    },
    "speed_change_mps": {"description": "Change of speed over the step.", "unit": "m/s"},
    "heading_change_deg": {
        "description": "Change of the direction of travel per step, half of that over the stride "
        "that starts here, positive toward the stance side; where the stride is not known, that "
        "over the contact if it is more than 15 degrees.",
        "unit": "degrees",
    },
    "lateral_force_bw": {
        "description": "Step mean of the lateral force, positive toward the stance side.",
        "unit": "body weight",
    },
}
_AFTER_MOMENTUM: Columns = {
    **{
        f"M_residual_{axis}_stance_rms_Nm": {
            "description": "Root mean square over stance of the residual moment about the centre "
            f"of mass, axis {axis}: what the measured forces leave unexplained.",
            "unit": "N m",
        }
        for axis in AXES
    },
    **{
        f"M_residual_plain_{axis}_stance_rms_Nm": {
            "description": "The residual moment before the consistency fit, of the plain motion "
            f"and model, axis {axis}; n/a where the trial was not fitted.",
            "unit": "N m",
        }
        for axis in AXES
    },
    "mass_kg": {"description": "Body mass of the model.", "unit": "kg"},
    "height_m": {"description": "Stature, from participants.tsv.", "unit": "m"},
}


def step_table(items: tuple[str, ...]) -> Columns:
    """Columns of the table of steps.

    Parameters
    ----------
    items : tuple of str
        Groups, sides and total, from `aqbio.mechanics.gait.role_options.RoleScheme`.
    """
    momentum: Columns = {
        f"H_{group}_{axis}_stance_mean_kgm2ps": {
            "description": f"Stance mean of the angular momentum of {group.replace('_', ' ')} "
            f"about the whole body's centre of mass, axis {axis} ({_MEANING[axis]}), canonical "
            "frame: left-stance steps are reflected onto right-stance ones; n/a where the roles "
            "merge the group into another one.",
            "unit": "kg m2/s",
        }
        for group in items
        for axis in AXES
    }
    posterior: Columns = {
        f"H_{group}_{axis}_stance_mean_sd_kgm2ps": {
            "description": f"Posterior standard deviation of the stance mean of {group} after the "
            f"consistency fit, axis {axis}, inflated as measured (docs/consistency.md); n/a where "
            "the trial was not fitted.",
            "unit": "kg m2/s",
        }
        for group in items
        for axis in AXES
    }
    return {**_STEPS, **momentum, **posterior, **_AFTER_MOMENTUM}


STEPS = step_table(RoleScheme().items)
"""Columns under the declared roles."""

CONTRIBUTIONS: Columns = {
    **_KEY,
    "level": {
        "description": "A: angular momentum about the centre of mass and its rate; joint: moment "
        "of a joint, exerted by the proximal on the distal segment; B: what legs and upper body do "
        "to the pelvis, and work of the joints; force: shares of the ground reaction force; "
        "C (C1), C (C2), C (C3): what every source causes at that instant, with all other moments "
        "held, by contact model (C2 is primary)."
    },
    "source": {
        "description": "Group, external moment, joint or chain by its role in the step; _push and "
        "_swing: on the side of the push leg and of the swing leg; push_side and swing_side: in "
        "level C sums over joints, _half_lumbar with half of the lumbar moment on each side; "
        "gravity, velocity (centripetal and Coriolis terms), contact (motion of the foot), "
        "remainder (what the contact model cannot exert), residual."
    },
    "target": {"description": "What the source acts on."},
    "axis": {
        "description": "x forward, y up, z toward the stance side (canonical frame); all: no axis."
    },
    "phase": {
        "description": "stance or flight; braking and propulsion: stance before and after the "
        "fore-aft force turns. Angular momentum in flight is mechanically implied."
    },
    "statistic": {
        "description": "momentum_ (H), moment_ (rate of H, moment), joint_moment_ and "
        "force_moment_ (parts of a moment on the pelvis), force_, relative_force_ (beside the "
        "pelvis's acceleration) and angular_acceleration_ with mean, min, max over the phase or "
        "impulse (time integral); inertial_share of the stance impulse; work_positive, "
        "work_negative."
    },
    "value": {"description": "Value in the unit of the row, five significant digits."},
    "unit": {"description": "Unit of value, low and high."},
    "low": {
        "description": "Lower end of the 95 % interval over draws of body, plates and markers "
        "(docs/levels.md), drawn for one contact of each foot of the trial; n/a where none was "
        "drawn."
    },
    "high": {"description": "Upper end of that interval."},
    "sd_posterior": {
        "description": "Posterior standard deviation of a stance mean of level A after the "
        "consistency fit, inflated as measured (docs/consistency.md); n/a where there is none."
    },
}

QUALITY: Columns = {
    "participant_id": {"description": "Participant."},
    "trial_id": {"description": "Trial; n/a for what concerns the participant's model."},
    "measure": {"description": "What was measured."},
    "value": {"description": "Value in the unit of the row."},
    "unit": {"description": "Unit of value and limit."},
    "limit": {"description": "Limit that the value is held against; n/a where there is none."},
    "verdict": {
        "description": "ok, warning or fail; not_testable where it was not measured; n/a where "
        "there is no limit."
    },
    "note": {"description": "What the limit is and where it comes from."},
}

FINDINGS: Columns = {
    "participant_id": {"description": "Participant; n/a for the whole study."},
    "trial_id": {"description": "Trial; n/a for the whole participant."},
    "stage": {"description": "Stage that made the finding."},
    "severity": {"description": "info, warning or error."},
    "rule": {"description": "Short name of the rule."},
    "what": {"description": "What is wrong, with the number."},
    "where": {"description": "Line, frame, marker or channel."},
    "file": {"description": "File that holds the cause, without its folder."},
    "fix": {"description": "What a person can do about it."},
    "label": {"description": "Marker, body, coordinate or plate, by the laboratory's name for it."},
    "number": {"description": "The measured value that `what` tells, in the unit of the row."},
    "limit": {"description": "What it was held against."},
    "unit": {"description": "Unit of number and limit."},
    "cause": {"description": "Its row in causes.tsv: alike for what is alike."},
}

CAUSES: Columns = {
    "cause": {"description": "Name of the cause, as in findings.tsv; the gravest first."},
    "severity": {"description": "info, warning or error."},
    "rule": {"description": "Short name of the rule."},
    "count": {
        "description": "Findings of that cause in findings.tsv and its like of later stages."
    },
    "concerns": {"description": "Participant and trials; of several participants, how many."},
    "labels": {"description": "Markers, bodies, coordinates or plates; all of them."},
    "what": {"description": "What was found, where it is largest."},
    "alike": {"description": "How many findings are alike, and which one is told."},
    "fix": {"description": "What a person can do about it."},
}
"""Findings by what is behind them: those that differ only in trials, labels and numbers."""

TRIALS: Columns = {
    "participant_id": {"description": "Participant."},
    "trial_id": {"description": "Trial."},
    "condition": {"description": "Condition of the trial, from trials.tsv."},
    "status": {"description": "ok, or failed: the trial has no results."},
    "reason": {"description": "Why the trial failed, with the stage."},
    "surface": {"description": "overground or treadmill."},
    "motion": {"description": "fitted or plain, as in the table of steps."},
    "motion_reason": {"description": "Why the motion is plain."},
    "speed_mps": {"description": "Mean speed of the steps that were not rejected.", "unit": "m/s"},
    "contacts": {"description": "Number of contacts."},
    "steps_ok": {"description": "Number of whole steps that were kept."},
    "steps_rejected": {"description": "Number of rejected steps."},
    "unobserved": {
        "description": "Parts of the body that were not observed during the contacts, and why."
    },
    "state": {
        "description": "usable; usable without parts (see unobserved: what depends on them is "
        "n/a); without steps: no contact was kept; failed: no results."
    },
    "agreement_before": {
        "description": "Worst verdict of residuals, drift in flight and effect over residual "
        "before the consistency fit, or of a trial that was not fitted."
    },
    "agreement_after": {
        "description": "The same after the fit, where it is a fitted quantity and no evidence; n/a "
        "for a trial that was not fitted."
    },
}
