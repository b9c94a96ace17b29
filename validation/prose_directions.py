"""What pages say where the estimate of a statistic is above 0, and where it is below."""

from __future__ import annotations

UPWARD = {
    "H1": "seen from above, the push leg turned against the swing leg, as arms and torso did",
    "H3b": "of athletes with the same mean strength those with unequal sides were slower",
    "next_step_slope": "after a step that turned the body unusually the next one took a more unusual "
    "time",
    "H3d": "of athletes who gained the same strength in the mean those whose sides "
    "gained unequally gained less speed",
    "H3i": "the leg whose extensors gained more strength than the other's also gained "
    "more in its own contacts",
    "H3j": "the leg whose hip flexors gained more strength than the other's was swung "
    "harder than before",
    "next_step_frequency": "after a step that turned the body unusually the next one came at a "
    "higher frequency",
    "H4": "joint moments of swing leg, lower back and arms added to the upward push",
    "H5a": "at higher speed the swing leg's turn peaked later within the step",
    "H8a": "athletes who pushed more to the sides than others at the same speed had a "
    "higher highest speed",
    "H9": "athletes who drove the swing leg harder than others at the same speed had a "
    "higher highest speed",
}
DOWNWARD = {
    "H1": "seen from above, the push leg turned with the swing leg, against arms and torso",
    "H3b": "of athletes with the same mean strength those with unequal sides were faster",
    "next_step_slope": "after a step that turned the body unusually the next one took a less unusual "
    "time",
    "H3d": "of athletes who gained the same strength in the mean those whose sides "
    "gained unequally gained more speed",
    "H3i": "the leg whose extensors gained more strength than the other's gained less "
    "in its own contacts",
    "H3j": "the leg whose hip flexors gained more strength than the other's was swung "
    "less hard than before",
    "next_step_frequency": "after a step that turned the body unusually the next one came at a "
    "lower frequency",
    "H4": "joint moments of swing leg, lower back and arms took away from the upward push",
    "H5a": "at higher speed the swing leg's turn peaked earlier within the step",
    "H8a": "athletes who pushed more to the sides than others at the same speed had a "
    "lower highest speed",
    "H9": "athletes who drove the swing leg harder than others at the same speed had a "
    "lower highest speed",
}
"""UPWARD, DOWNWARD: words where an estimate is above 0 and below it, by statistic; by
hypothesis where that is a formula."""
