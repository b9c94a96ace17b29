"""What was planted, and the words that name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.alterations.study import RUN, STATIC, MemoryStudy

Random = np.random.Generator

GONE = (
    r"missing|not seen|unseen|no marker|not in |lack|without|absent|hidden|not worn|never seen|"
    r"lost|too few|only \d|nobody saw|not observed|does not have|no recording has|"
    r"not determine|does not hold|constant|zero"
)
"""Words for what is not there."""
MISPLACED = (
    r"swap|exchang|sits? elsewhere|moved|label|apart|far off|contradict|from the model|"
    r"another marker|each other"
)
"""Words for a marker that is not where its label says."""
PARTS = {
    "pelvis": r"pelvis",
    "torso": r"torso|trunk|shoulder|upper body|lumbar",
    "femur": r"thigh|femur|\bleg|knee|hip",
    "tibia": r"shank|tibia|\bleg|knee|ankle",
    "foot": r"foot|feet|\bleg|toe|heel|ankle",
    "calcn": r"foot|feet|\bleg|toe|heel|ankle",
    "toes": r"foot|feet|\bleg|toe|mtp",
    "humerus": r"\barm|upper.arm|humerus|elbow|shoulder",
    "radius": r"\barm|forearm|radius|elbow|wrist",
    "ulna": r"\barm|forearm|ulna|elbow|wrist",
    "hand": r"\barm|forearm|hand|elbow|wrist",
    "clavicle": r"torso|trunk|shoulder|clavicle",
    "head": r"head|neck",
}
"""Words for a body of the model."""


@dataclass(frozen=True)
class Planted:
    """An alteration that was carried out.

    Attributes
    ----------
    what : str
        For readers, with its numbers.
    names : tuple of str
        Regular expressions; a finding whose text holds one of them names the cause.
    foreseen : bool
        Facts in files alone tell it: `aqbio check` has to say it before anything runs.
    shifts : tuple of float, s
        What may be added to the altered clock to give the sound one.
    window : (start, stop), s
        What is left of the sound recording; steps outside are not expected.
    harmless : bool
        The same recording in other words: the result must be the same.
    gone : tuple of str
        Groups that hang on a part of the person that is not recorded: they may be missing, not
        other numbers.
    quiet : bool
        Steps may be missing without a word, as where a foot comes down beside the plates.
    """

    what: str
    names: tuple[str, ...] = ()
    foreseen: bool = False
    shifts: tuple[float, ...] = (0.0,)
    window: tuple[float, float] = (-np.inf, np.inf)
    harmless: bool = False
    gone: tuple[str, ...] = ()
    quiet: bool = False


ARMS = ("arms", "push_side", "total")
TRUNK = ("torso", "push_side", "total")
LEGS = ("push_leg", "swing_leg", "push_side", "swing_side", "total")
"""Groups of steps.tsv that hang on a part of the person."""

Alteration = Callable[[MemoryStudy, Random], Planted]


def together(*parts: str) -> str:
    """Regular expression of texts that hold all parts, in any order.

    Examples
    --------
    >>> import re
    >>> bool(re.search(together("arm", "missing|lost"), "lost was the left arm"))
    True
    >>> bool(re.search(together("arm", "missing|lost"), "the left arm"))
    False
    """
    return "^" + "".join(rf"(?=.*(?:{part}))" for part in parts)


def of_labels(labels: Sequence[str]) -> str:
    """Regular expression of any of the labels as a whole word."""
    return r"\b(?:" + "|".join(labels) + r")\b"


def of_body(body: str) -> str:
    """Words for the part of the person that a body of the model is."""
    return PARTS.get(body.rsplit("_", 1)[0], body)


def drawn_trials(study: MemoryStudy, random: Random) -> tuple[str, ...]:
    """The run, the static trial or both."""
    if STATIC not in study.takes:
        return (RUN,)
    choices: list[tuple[str, ...]] = [(RUN,), (STATIC,), (RUN, STATIC)]
    return choices[random.integers(3)]


def drawn_window(frames: int, random: Random, least: float = 0.1) -> slice:
    """A part of the frames, or all of them."""
    if random.random() < 0.5:
        return slice(0, frames)
    length = round(frames * random.uniform(least, 0.8))
    first = int(random.integers(frames - length))
    return slice(first, first + length)


def told(window: slice, frames: int) -> str:
    """Words for a part of the frames."""
    if window == slice(0, frames):
        return "all frames"
    return f"frames {window.start + 1} to {window.stop} of {frames}"
