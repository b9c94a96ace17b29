"""Captions, and alternative texts that give a figure's main numbers to those who cannot see it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aqbio.figures.agreement import TrialAgreement
from aqbio.figures.bars import BarChart
from aqbio.figures.numbers import shown
from aqbio.figures.panels import (
    MAX_SINGLE_STEPS,
    MIN_BAND_STEPS,
    Curve,
    PanelRow,
    PhaseGrid,
)

_LARGEST = 5

TITLES = {
    "angular_momentum": "Angular momentum by side and by group",
    "angular_momentum_rate": "Rate of angular momentum, external moment and residual",
    "joint_moments_vertical": "Joint moments about the vertical, push against swing",
    "joint_moments_flexion": "Joint moments of flexion and extension, push against swing",
    "hub_torques": "Torques of legs and upper body on the pelvis",
    "caused_rotation": "What each joint moment does to the rotation of each side in stance",
    "caused_force": "Who causes the ground reaction force",
    "caused_sequence": "What the joints of each side do in early and in late stance",
    "force_shares": "What limbs and torso add in stance and take back in flight",
    "agreement": "What is left unexplained against what is to be explained, before and after",
}

_SAYS = {
    "angular_momentum": "Angular momentum about the whole-body centre of mass.",
    "angular_momentum_rate": "Rate of change of angular momentum about the whole-body centre of "
    "mass. Balance: the rate of the whole body is the sum of the moment of the ground force, "
    "the free moment and the residual, which is what measurement and model leave "
    "unexplained. The residual is drawn as it is, never shared out among the groups.",
    "joint_moments_vertical": "Ground-vertical part of the moment that the proximal segment exerts "
    "on the distal one, at the joint centre.",
    "joint_moments_flexion": "Flexion-extension component of the joint moments.",
    "hub_torques": "Moments that push leg, swing leg and upper body exert on the pelvis, about its "
    "centre of mass, and their parts by the moment at the joint and by the force at the joint, "
    "which lies beside that centre. The pelvis has next to no inertia about the vertical, so the "
    "three cancel whatever the runner does; which one opposes the other two is open. Odd one out: "
    "share of the steps in which it is this one.",
    "caused_rotation": "Rate of angular momentum of push side and swing side about the vertical "
    "through the whole body's centre of mass that each joint moment causes at that instant, all "
    "other moments held: stance means, averaged over steps.",
    "caused_force": "Impulse of the ground reaction force over stance that each joint moment "
    "causes at that instant, all other moments held, per body mass (the change of velocity it "
    "makes), averaged over steps.",
    "caused_sequence": "Impulses that the joint moments of each side cause before and after the "
    "fore-aft ground force turns from braking to propulsion, under contact model C2, averaged over "
    "steps: changes of the angular momentum of push side and swing side about the vertical, and of "
    "the body's momentum forward and upward.",
    "force_shares": "Impulse, per body mass, of the force that each part needs beside what the "
    "pelvis's own motion needs, averaged over steps. Over steady strides what arms, torso and both "
    "legs together add in stance they take back in flight; single legs change roles at every "
    "step, so that theirs need not cancel.",
}
_NO_JOINT = (
    "What belongs to no joint: gravity; velocity terms (centrifugal and Coriolis); the foot's own "
    "motion (its measured acceleration where the contact model holds it); rest of contact (the "
    "measured ground load that the contact model cannot exert); residual (what measurement and "
    "model leave unexplained)."
)
_BAR_SIGNS = {
    "caused_rotation": "Positive turns counter-clockwise seen from above, towards the swing side; "
    f"left steps are mirrored onto right ones. {_NO_JOINT}",
    "caused_force": _NO_JOINT,
    "caused_sequence": "Positive rotation turns counter-clockwise seen from above, towards the "
    "swing side; left steps are mirrored onto right ones.",
    "force_shares": "Flight is mechanically implied by stance, where the running is steady.",
}
_BAR_VARIANTS = (
    "Black: all sources together, which is what was measured. Bars: contact model C2 (the foot "
    "neither moves nor twists at its centre of pressure, and its toes bear the force where it "
    "presses ahead of them); circles C1 (it may twist), diamonds C3 (it may not turn at all), "
    "squares C4 (the toes bear nothing). Ankle and toes of the standing foot are told together: "
    "which of the two the ground's force passes is not recorded. Where the models differ, the "
    "recording does not say which attribution is right."
)
_BAR_INTERVALS = (
    "Black lines: 95 % intervals of a step's value (body-segment parameters, plates, markers), "
    "averaged over steps."
)
_SIGNS = (
    "Left steps are mirrored onto right ones. About the vertical axis, positive turns "
    "counter-clockwise seen from above, towards the swing side."
)
_FLIGHT = (
    "In flight (grey) no moment but that of the air acts, so what one group gains the others lose: "
    "curves there are mechanically implied, and a change of the whole body there is error of "
    "measurement and model."
)


def grid_caption(grid: PhaseGrid, signs: str = _SIGNS, roles: str = "") -> str:
    """The caption of a figure of curves over the step; `roles` says what the two sides are."""
    drawn = [line for row in grid.rows for panel in row.panels for line in panel]
    lines = "Thick lines: mean over steps; thin lines (in panels of few curves): single steps"
    if any(line.count > MAX_SINGLE_STEPS for line in drawn):
        lines += f", or means of participants where there are more than {MAX_SINGLE_STEPS} steps"
    if any(line.count >= MIN_BAND_STEPS for line in drawn):
        lines += f"; pale bands: ± one standard deviation over steps (from {MIN_BAND_STEPS} on)"
    if any(line.half is not None and np.isfinite(line.half).any() for line in drawn):
        lines += (
            "; darker bands: 95 % interval of measurement and model (body-segment parameters, "
            "plates, markers), a step's, since such errors do not average out"
        )
    if any(row.stack for row in grid.rows):
        lines += (
            "; areas: means of the parts, those above 0 stacked upwards and those below downwards, "
            "which together make the black line"
        )
    events = "Stance and flight run from 0 to 100 % each; TD touchdown, TO toe-off."
    words = [_SAYS[grid.name], *([roles] if roles else []), signs, f"{lines}.", events]
    return " ".join([*words, _FLIGHT] if grid.implied else words)


def bar_caption(chart: BarChart) -> str:
    """The caption of a figure of bars."""
    words = [_SAYS[chart.name], _BAR_SIGNS[chart.name]]
    every = [bar for row in chart.rows for panel in row.panels for bar in panel]
    if not chart.paired:
        words.append(_BAR_VARIANTS)
    if any(math.isfinite(next(iter(bar.values.values())).low) for bar in every):
        words.append(_BAR_INTERVALS)
    return " ".join([*words, "The one-column version shows one speed only."])


def bar_alternative_text(chart: BarChart) -> str:
    """Describe a figure of bars by the five largest bars of every panel."""
    sentences = [f"{TITLES[chart.name]}, as bars. The largest of every panel."]
    for number, column in enumerate(chart.columns):
        parts = []
        for row in chart.rows:
            panel = row.panels[number]
            firsts = [(bar.label, next(iter(bar.values.values())).mean) for bar in panel]
            largest = sorted(firsts, key=lambda one: -abs(one[1]))[:_LARGEST]
            said = ", ".join(f"{label} {shown(value, row.unit)}" for label, value in largest)
            parts.append(f"{row.label.lower()} ({row.unit}): {said}")
        sentences.append(f"At {column.title} ({column.size}): {'; '.join(parts)}.")
    return " ".join(sentences)


def flexion_signs(positive: str) -> str:
    """Which direction of the flexion component is positive."""
    return f"Positive: {positive}. Left steps are mirrored onto right ones."


def grid_alternative_text(grid: PhaseGrid) -> str:
    """Describe a figure of curves by its rounded mean values at mid-stance."""
    sentences = [f"{TITLES[grid.name]}, curves over stance and flight. Values at mid-stance."]
    for number, column in enumerate(grid.columns):
        parts = [
            _row_words(row, row.panels[number])
            for row in grid.rows
            if row.narrow and row.panels[number]
        ]
        sentences.append(f"At {column.title} ({column.size}): {'; '.join(parts)}.")
    return " ".join(sentences)


def agreement_caption(trials: Sequence[TrialAgreement]) -> str:
    """The caption of the figure of agreement, with its gates."""
    one = trials[0]
    known = [trial.sd_limit for trial in trials if math.isfinite(trial.sd_limit)]
    sure = f" ({known[0]:g})" if known else ""
    return (
        "Each trial at its speed. Left: residual moment about the vertical in stance (diamonds; "
        "hollow before the consistency fit, filled after it; gate "
        f"{one.moment_limit:g} N m) against the rates of angular momentum of legs, arms and torso "
        "that conclusions compare; a residual as large as the effects drowns them. Middle: "
        f"residual force of the largest axis (gate {one.force_limit:g} % of the peak). After the "
        "fit residuals are fitted quantities: that they pass a gate is no evidence. Right: what "
        "counts then, the standard deviation of the opposition of the sides, all sources together, "
        f"against half of the smallest difference of interest{sure}; the verdict takes the mean "
        "over athletes, whose errors average out. A trial "
        "without a filled diamond was not fitted."
    )


def agreement_alternative_text(trials: Sequence[TrialAgreement]) -> str:
    """Describe the figure by its slowest and its fastest trial."""
    words = []
    for one in dict.fromkeys((trials[0].place, trials[-1].place)):
        trial = next(own for own in trials if own.place == one)
        largest = max(trial.effects.values())
        smallest = min(trial.effects.values())
        after = f", {shown(trial.moment_after, 'N m')} after" if trial.fitted else " (not fitted)"
        words.append(
            f"{trial.participant_id}, {trial.trial_id} at {shown(trial.speed, 'm/s')} m/s: "
            f"residual about the vertical {shown(trial.moment_before, 'N m')} N m before{after}, "
            f"effects {shown(smallest, 'N m')} to {shown(largest, 'N m')} N m"
        )
    return f"{len(trials)} trials, residual against effects. {'; '.join(words)}."


def _row_words(row: PanelRow, panel: tuple[Curve, ...]) -> str:
    lines = [f"{line.style.label} {shown(float(line.mean[0, 50]), row.unit)}" for line in panel]
    return f"{row.label.lower()} ({row.unit}): {', '.join(lines)}"
