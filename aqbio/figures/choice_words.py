"""Choices of the analysis in a reader's words."""

from __future__ import annotations


def specification_words(name: str) -> str:
    """Name a specification as a reader would."""
    parts = []
    for one in name.split():
        choice, _, value = one.partition("=")
        parts.append(_CHOICES[choice].format(_VALUES.get(value, value)))
    return ", ".join(parts)


def factor_words(factor: str) -> str:
    """Name a factor as a reader would."""
    return _FACTORS.get(factor, factor.replace("_", " "))


_FACTORS = {
    "consistency": "the consistency fit",
    "cutoff": "the cut-off frequency",
    "threshold": "the force at which events are found",
    "body": "the masses of the segments",
    "pelvis": "where the pelvis counts",
    "normalisation": "the units",
    "contact_model": "the contact model",
    "chance": "taking away what chance gives",
}


def choice_words(choice: str) -> str:
    """Name one choice in a sentence."""
    factor, _, value = choice.partition("=")
    named = "left out" if (factor, value) == ("pelvis", "out") else _VALUES.get(value, value)
    words = "the pelvis {}" if named == "left out" else _SENTENCES.get(factor, "{}")
    return words.format(named)


_SENTENCES = {
    "consistency": "the consistency fit {}",
    "cutoff": "a cut-off of {} Hz",
    "threshold": "events at {} N",
    "body": "the segment masses of {}",
    "model": "the model {}",
    "pelvis": "the pelvis with {}",
    "normalisation": "{} units",
    "contact_model": "contact model {}",
    "chance": "what {} waveforms give taken away",
}
_CHOICES = {
    "consistency": "fit {}",
    "cutoff": "{} Hz",
    "threshold": "events at {} N",
    "body": "body: {}",
    "model": "model: {}",
    "pelvis": "pelvis: {}",
    "normalisation": "units: {}",
    "contact_model": "contact model {}",
    "chance": "less what {} waveforms give",
}
_VALUES = {
    "de_leva": "de Leva", "dumas": "Dumas", "si": "SI", "push_leg": "push leg", "legs": "both legs",
}  # fmt: skip
