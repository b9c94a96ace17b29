"""Captions, and alternative texts that give a figure's main numbers to those who cannot see it."""

from __future__ import annotations

from aqbio.figures.curves import (
    MAX_SINGLE_STEPS,
    MIN_BAND_STEPS,
    Curve,
    PanelRow,
    PhaseGrid,
)
from aqbio.figures.ground_forces import GroundForces
from aqbio.figures.numbers import shown
from aqbio.names import SIDES

TITLES = {
    "angular_momentum": "Angular momentum by side and by group",
    "angular_momentum_rate": "Rate of angular momentum, external moment and residual",
    "joint_moments_vertical": "Joint moments about the vertical, push against swing",
    "joint_moments_flexion": "Joint moments of flexion and extension, push against swing",
}

_SAYS = {
    "angular_momentum": "Angular momentum about the whole-body centre of mass. Push side: "
    "push leg, arms, torso and pelvis; swing side: swing leg.",
    "angular_momentum_rate": "Rate of change of angular momentum about the whole-body centre of "
    "mass. Balance: the rate of the whole body is the sum of the external moment (of the ground "
    "force, free moment included) and the residual, which is what measurement and model leave "
    "unexplained. The residual is drawn as it is, never shared out among the groups.",
    "joint_moments_vertical": "Ground-vertical part of the moment that the proximal segment exerts "
    "on the distal one, at the joint centre.",
    "joint_moments_flexion": "Flexion-extension component of the joint moments.",
}
_SIGNS = (
    "Left steps are mirrored onto right ones. About the vertical axis, positive turns "
    "counter-clockwise seen from above, towards the swing side."
)
_FLIGHT = (
    "In flight (grey) no moment but that of the air acts, so what one group gains the others lose: "
    "curves there are mechanically implied, and a change of the whole body there is error of "
    "measurement and model."
)


def grid_caption(grid: PhaseGrid, signs: str = _SIGNS) -> str:
    """Give the caption of a figure of curves over the step.

    Parameters
    ----------
    grid : PhaseGrid
    signs : str
        Sentences on signs and mirroring.
    """
    drawn = [line for row in grid.rows for panel in row.panels for line in panel]
    lines = "Thick lines: mean over steps; thin lines (in panels of few curves): single steps"
    if any(line.count > MAX_SINGLE_STEPS for line in drawn):
        lines += f", or means of participants where there are more than {MAX_SINGLE_STEPS} steps"
    if any(line.count >= MIN_BAND_STEPS for line in drawn):
        lines += f"; bands: ± one standard deviation over steps (from {MIN_BAND_STEPS} steps on)"
    events = "Stance and flight run from 0 to 100 % each; TD touchdown, TO toe-off."
    words = [_SAYS[grid.name], signs, f"{lines}.", events]
    return " ".join([*words, _FLIGHT] if grid.implied else words)


def flexion_signs(positive: str) -> str:
    """Say which direction of the flexion component is positive."""
    return f"Positive: {positive}. Left steps are mirrored onto right ones."


def grid_alternative_text(grid: PhaseGrid) -> str:
    """Describe a figure of curves by its mean values at mid-stance.

    The numbers are rows of the figure's table of drawn numbers (stance, 50 %), rounded.
    """
    sentences = [f"{TITLES[grid.name]}, curves over stance and flight. Values at mid-stance."]
    for number, column in enumerate(grid.columns):
        parts = [
            _row_words(row, row.panels[number])
            for row in grid.rows
            if row.narrow and row.panels[number]
        ]
        sentences.append(f"At {column.title} ({column.size}): {'; '.join(parts)}.")
    return " ".join(sentences)


def ground_forces_caption(forces: GroundForces) -> str:
    """Give the caption of a trial's ground reaction forces."""
    unit = "body weights" if forces.unit == "BW" else "newtons"
    return (
        f"Ground reaction force on each foot in {unit}, filtered like the motion (thick) and "
        "low-passed less, as used to find touchdown and toe-off (thin grey, vertical only). "
        "Bars: contacts with the numbers of the plates that carried the foot. "
        "Rightward is the runner's right."
    )


def ground_forces_alternative_text(forces: GroundForces) -> str:
    """Describe a trial's ground reaction forces contact by contact."""
    words = []
    for contact in forces.contacts:
        within = (forces.event_time >= contact.touchdown_s) & (
            forces.event_time <= contact.toe_off_s
        )
        vertical = forces.event_force[within, SIDES.index(contact.foot)]
        peak = f", peak {shown(float(vertical.max()), forces.unit)} {forces.unit}"
        plates = contact.plates.replace(",", " and ")
        words.append(
            f"{contact.foot} foot on plate {plates} from {shown(contact.touchdown_s, 's')} to "
            f"{shown(contact.toe_off_s, 's')} s{peak if vertical.size else ''}"
            f"{'' if contact.complete else ' (cut by the recording)'}"
        )
    count = len(forces.contacts)
    start = f"Ground reaction forces over time with {count} contact{'s' if count != 1 else ''}"
    return f"{start}: {'; '.join(words)}." if words else f"{start}."


def _row_words(row: PanelRow, panel: tuple[Curve, ...]) -> str:
    lines = [f"{line.style.label} {shown(float(line.mean[0, 50]), row.unit)}" for line in panel]
    return f"{row.label.lower()} ({row.unit}): {', '.join(lines)}"
