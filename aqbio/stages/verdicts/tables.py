"""Columns of the tables of the hypotheses, explained."""

from __future__ import annotations

from aqbio.io.tables import Columns

VERDICTS: Columns = {
    "hypothesis": {"description": "Hypothesis, by its id in the registry."},
    "verdict": {
        "description": "supported, not_supported, inconclusive, mechanically_implied or "
        "not_testable: of our operationalisation, in these data."
    },
    "reason": {"description": "The rule, gate or missing data that gave the verdict."},
    "statistic": {"description": "Function of aqbio.stats that estimates it."},
    "estimate": {"description": "Estimate, in the unit of column unit."},
    "ci_low": {"description": "Lower end of the 95 % interval, not adjusted."},
    "ci_high": {"description": "Upper end of that interval."},
    "smallest_effect": {
        "description": "Smallest effect of interest in the predicted direction; for equivalence "
        "the margin."
    },
    "p_holm": {
        "description": "p value for the predicted direction, adjusted by Holm over the hypotheses "
        "that were tested; n/a where a gate failed."
    },
    "n_athletes": {"description": "Athletes behind the estimate."},
    "n_steps": {"description": "Steps (H7: sprints) behind the estimate."},
    "gates": {"description": "passed, or the gates that failed."},
    "fragile": {
        "description": "yes: fewer than 80 % of the arms of the multiverse give this verdict; n/a "
        "where there are no arms, or nothing was tested."
    },
    "mde": {
        "description": "Smallest effect (for equivalence: margin) that a study like this one "
        "finds with 80 % power under the same rule."
    },
    "registry_hash": {"description": "First twelve digits of the registry's SHA-256."},
    "p": {"description": "p value for the predicted direction, not adjusted."},
    "unit": {"description": "Unit of estimate, interval, smallest effect and mde."},
    "model": {"description": "How the estimate, its interval and p were computed."},
    "post_hoc": {
        "description": "yes: the registry's entry was changed after the data were first read, or "
        "it is not known what it was; see deviations.tsv."
    },
}

STEPS: Columns = {
    "participant_id": {"description": "Participant."},
    "trial_id": {"description": "Trial, normal condition only."},
    "step": {"description": "Step of the trial; n and n + 1 are consecutive."},
    "side": {"description": "Stance foot."},
    "level": {"description": "Speed of the athlete that the trial belongs to, 0 the slowest."},
    "speed_mps": {"description": "Mean speed of the step.", "unit": "m/s"},
    "relative_speed": {"description": "Speed over the athlete's highest."},
    "contact_s": {"description": "Contact time.", "unit": "s"},
    "flight_s": {"description": "Flight time.", "unit": "s"},
    "opposition_difference": {
        "description": "H1: opposition index of the swing leg against the rest minus that of both "
        "legs against the rest, about the vertical in contact."
    },
    "arms_push_cosine": {
        "description": "H2: uncentred cosine of the angular momenta of arms and push leg."
    },
    "line_rate_cosine": {
        "description": "H2b: uncentred cosine of the rates at which the line of both wrists and "
        "that of both ankles turn about the vertical."
    },
    "line_share": {"description": "H2b: share of contact in which both lines turn the same way."},
    "log_ratio_momentum": {
        "description": "H3d: logarithm of the RMS of push leg, arms and torso over that of the "
        "swing leg, angular momentum about the vertical in contact."
    },
    "log_ratio_moments": {
        "description": "H3d: logarithm of the joint-moment index of the push leg over the swing "
        "leg's."
    },
    "yaw_impulse": {
        "description": "H3e: size of the net external impulse about the vertical over the step, "
        "over m Ht sqrt(g Ht)."
    },
    "time_deviation_s": {
        "description": "H3e: size of the difference of the step's duration from the athlete's "
        "mean of that side and speed.",
        "unit": "s",
    },
    "hub_share": {
        "description": "H4: contact impulse of swing leg, arms and torso relative to the pelvis "
        "over that of the ground force, upward."
    },
    "lag": {
        "description": "H5: from the peak of vertical force to the peak of the swing leg's "
        "angular momentum, share of the step."
    },
    "lateral_ratio": {
        "description": "H8a: sideways impulse over the impulse of the whole force, sizes."
    },
}

PARTITION_COLUMN = {
    "description": "Opposition index of this side against the rest, about the vertical in contact."
}

ATHLETES: Columns = {
    "hypothesis": {"description": "Hypothesis."},
    "participant_id": {"description": "Athlete."},
    "column": {"description": "What the value is: value, rank, or the variables of a regression."},
    "value": {"description": "The athlete's own number."},
    "n_steps": {"description": "Steps (H7: sprints) behind it."},
}

SINGLE: Columns = {
    "hypothesis": {"description": "Hypothesis."},
    "participant_id": {"description": "Athlete."},
    "estimate": {
        "description": "Estimate from the athlete's own steps, in the registry's unit; H3d: of the "
        "joint moments."
    },
    "ci_low": {
        "description": "Lower end of the 95 % interval over the athlete's steps, taken as "
        "independent: it speaks of this athlete on this day, of nobody else."
    },
    "ci_high": {"description": "Upper end of that interval."},
    "n_steps": {"description": "Steps behind it."},
    "se": {"description": "Standard error behind the interval."},
}

POWER: Columns = {
    "hypothesis": {"description": "Hypothesis that has an estimate."},
    "n_athletes": {"description": "Athletes behind the estimate."},
    "n_steps": {"description": "Steps (H7: sprints) behind the estimate."},
    "se": {"description": "Standard error of the estimate; of a ratio to first order."},
    "df": {"description": "Its degrees of freedom."},
    "sd_athletes": {
        "description": "Standard deviation of athletes' numbers that this error belongs to: se "
        "times the root of n_athletes."
    },
    "sd_steps": {
        "description": "What of it the error of an athlete's number makes, root mean square of se "
        "in single_athletes.tsv: more steps of each make it smaller. n/a where the number is not "
        "one of an athlete's own steps."
    },
    "sd_between": {
        "description": "What is left, how much athletes differ: only more athletes help. n/a as "
        "before."
    },
    "alpha": {
        "description": "Two-sided level of Holm's strictest step (equivalence: of each of "
        "two one-sided tests)."
    },
    "mde": {
        "description": "Smallest effect (for equivalence: margin) that a study like this one "
        "finds with 80 % power under the whole rule, as in verdicts.tsv."
    },
    "smallest_effect": {"description": "Smallest effect of interest, or margin."},
    "power": {
        "description": "Chance that the test alone finds the smallest effect of interest (for "
        "equivalence: calls no effect equivalent). The rule also wants an estimate of that size, "
        "which half of the studies give then."
    },
    "athletes_needed": {
        "description": "Athletes like these, with as many steps, for a power of 80 % of the test "
        "alone at that effect; not less than a verdict takes anyhow. n/a beyond 100 000."
    },
    "athletes_double": {
        "description": "Athletes for a power of 80 % of the whole rule at twice that effect; n/a "
        "for equivalence, where the test is the rule."
    },
    "unit": {"description": "Unit of se, standard deviations, mde and smallest effect."},
}

SECONDARY: Columns = {
    "hypothesis": {"description": "Hypothesis that it belongs to; it changes no verdict."},
    "name": {"description": "What was computed."},
    "phase": {"description": "stance, flight or step; flight is mechanically implied."},
    "axis": {"description": "x forward, y up, z toward the stance side; n/a where there is none."},
    "estimate": {"description": "Estimate."},
    "ci_low": {"description": "Lower end of the 95 % interval; n/a where none was computed."},
    "ci_high": {"description": "Upper end of that interval."},
    "n_athletes": {"description": "Athletes behind it."},
    "note": {"description": "What it is held against, or how it is to be read."},
}

SPRINTS: Columns = {
    "participant_id": {"description": "Athlete."},
    "trial_id": {"description": "Sprint: a trial with effort maximal."},
    "condition": {"description": "Condition of the trial."},
    "speed_mps": {"description": "Mean speed of its steps.", "unit": "m/s"},
}

DEVIATIONS: Columns = {
    "hypothesis": {"description": "Hypothesis whose entry was changed; all: not known which."},
    "key": {"description": "What was changed."},
    "before": {"description": "Value when the data were first read; n/a: it was not there."},
    "now": {"description": "Value that these results rest on; n/a: it is not there."},
}
