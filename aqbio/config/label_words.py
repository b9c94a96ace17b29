"""Table of the words that make up labels."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SideWords(_Strict):
    """Words for the sides of the body."""

    right: tuple[str, ...]
    left: tuple[str, ...]
    letters: tuple[str, str] = Field(description="Letters of right and left.")


class Vocabulary(_Strict):
    """Words by what they mean."""

    words: dict[str, tuple[str, ...]] = Field(
        description="Words that count whole or cut off behind their third letter."
    )
    exact: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Words and abbreviations that count whole only."
    )
    suffixes: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Letters that are a word of place behind another word."
    )


class English(Vocabulary):
    """English words, with those for the sides."""

    sides: SideWords


class LabelWords(_Strict):
    """Words of labels, and what they name together."""

    common: Vocabulary
    english: English
    position_words: tuple[str, ...] = Field(description="Words of position, which name no part.")
    landmarks: dict[str, tuple[str, ...]]
    tracks: dict[str, tuple[str, ...]]
    unused: dict[str, tuple[str, ...]]
