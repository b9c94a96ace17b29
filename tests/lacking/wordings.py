"""Names of markers in English words, by landmark; not from the word list of the product."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "plain": {
        "asis": "ASIS", "psis": "PSIS", "sacrum": "Sacrum", "c7": "C7", "t10": "T10",
        "clavicle": "Clavicle", "sternum": "Sternum", "acromion": "Shoulder",
        "head_front": "Head_front", "head_back": "Head_back", "thigh": "Thigh",
        "knee_lateral": "Knee_lateral", "knee_medial": "Knee_medial", "shank": "Shank",
        "ankle_lateral": "Ankle_lateral", "ankle_medial": "Ankle_medial", "heel": "Heel",
        "mt1": "First_metatarsal", "mt5": "Fifth_metatarsal", "toe": "Toe",
        "upper_arm": "Upper_arm", "elbow_lateral": "Elbow_lateral",
        "elbow_medial": "Elbow_medial", "forearm": "Forearm", "wrist_radial": "Wrist_radial",
        "wrist_ulnar": "Wrist_ulnar",
    },
    "anatomical": {
        "asis": "ASIS", "psis": "PSIS", "sacrum": "Sacrum", "c7": "C7", "t10": "T10",
        "clavicle": "Incisura_jugularis", "sternum": "Xiphoid", "acromion": "Acromion",
        "head_front": "Forehead", "head_back": "Occiput", "thigh": "Femur",
        "knee_lateral": "Femur_lat_epicondyle", "knee_medial": "Femur_med_epicondyle",
        "shank": "Tibia", "ankle_lateral": "Lat_malleolus", "ankle_medial": "Med_malleolus",
        "heel": "Calcaneus", "mt1": "MTP1", "mt5": "MTP5", "toe": "Toe",
        "elbow_lateral": "Humerus_lat_epicondyle", "elbow_medial": "Humerus_med_epicondyle",
        "wrist_radial": "Radius_styloid", "wrist_ulnar": "Ulna_styloid",
    },
}  # fmt: skip
"""By wording and landmark; where several markers sit on one, a number follows."""

SIDE_WORDS = (("L", "R"), ("left", "right"))
"""Left and right, as they are written before or after a name."""


def worded_label(wording: str, landmark: str, side: str, writing: int, *, first: bool) -> str:
    """A label of a landmark that the wording has a word for."""
    word = WORDS[wording][landmark]
    if not side:
        return word
    side_word = SIDE_WORDS[writing][side == "right"]
    return f"{side_word}_{word}" if first else f"{word}_{side_word}"
