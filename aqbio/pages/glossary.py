"""Words of the pages that not every reader knows, in the order of the alphabet."""

from __future__ import annotations

GLOSSARY: dict[str, str] = {
    "angular momentum": (
        "How much a body, or a part of it, turns about a point: mass times how far out it is times "
        "how fast it goes around, plus the turning of each segment about itself. Here about the "
        "centre of mass of the whole body, in kg m²/s."
    ),
    "body weight (BW)": "Force in units of the athlete's weight: 2 BW is twice the weight.",
    "closure": (
        "An identity that must hold whatever was recorded, such as: the parts add up to the whole. "
        "It tests the software, not the recording."
    ),
    "condition": "What was different in a trial: normal, or arms held still.",
    "consistency fit": (
        "Motion, clocks and body are changed, each within its uncertainty, until they obey the "
        "laws of mechanics together with the measured forces. What it changed is told."
    ),
    "contact model": (
        "What is assumed of the foot while it pushes: it cannot move where the force acts (C1), "
        "nor twist (C2), nor turn at all (C3). What single joints cause depends on it."
    ),
    "cosine": (
        "How alike two curves run: 1, they rise and fall together; −1, the one rises as the "
        "other falls; 0, neither."
    ),
    "flight": "Between toe-off and the next touchdown: no foot is on the ground.",
    "hub": "The pelvis, where both legs and the upper body meet.",
    "interval": (
        "95 % interval: of many studies like this one, 95 of 100 such intervals would hold the "
        "true value."
    ),
    "mechanically implied": (
        "True of every body that runs, because of the laws of mechanics: that it is seen speaks "
        "neither for nor against an account of sprinting."
    ),
    "opposition": (
        "How well two parts balance each other: 1, the one always turns exactly against the "
        "other; 0, they turn together."
    ),
    "partition": "A way to divide the body into two sides.",
    "posterior": "What is known after markers, forces and prior knowledge were put together.",
    "push leg, push side": (
        "The leg on the ground, and with it arms, torso and pelvis as the settings say; it changes "
        "with every step."
    ),
    "registry": ("The list of claims, numbers and rules that was fixed before the data were read."),
    "residual": (
        "The force or moment that would have to act on the pelvis beside the measured ones for the "
        "measured motion to happen: what forces, motion and body leave unexplained."
    ),
    "smallest effect of interest": (
        "From what size on an effect would matter. It is ours: the articles give none."
    ),
    "stance, contact": "From touchdown to toe-off of a foot.",
    "swing leg, swing side": "The leg in the air during a contact.",
}
