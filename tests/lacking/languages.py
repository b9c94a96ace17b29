"""Names of markers as laboratories of other languages write them.

From anatomy lessons and from marker lists of university laboratories and manuals, by landmark; not
from the word list of the product, which they test.
"""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "german": {
        "asis": "SIAS", "psis": "SIPS", "sacrum": "Kreuzbein", "c7": "HWK7", "t10": "BWK10",
        "clavicle": "Schluesselbein", "sternum": "Brustbein", "acromion": "Schulter",
        "head_front": "Kopf_vorne", "head_back": "Kopf_hinten", "thigh": "Oberschenkel",
        "knee_lateral": "Knie_aussen", "knee_medial": "Knie_innen", "shank": "Unterschenkel",
        "ankle_lateral": "Knoechel_aussen", "ankle_medial": "Knoechel_innen", "heel": "Ferse",
        "mt1": "Grosszehengrundgelenk", "mt5": "Kleinzehengrundgelenk", "toe": "Zehe",
        "upper_arm": "Oberarm", "elbow_lateral": "Ellbogen_aussen",
        "elbow_medial": "Ellbogen_innen", "forearm": "Unterarm",
        "wrist_radial": "Handgelenk_Daumen", "wrist_ulnar": "Handgelenk_Kleinfinger",
    },
    "french": {
        "asis": "EIAS", "psis": "EIPS", "sacrum": "Sacrum", "c7": "C7", "t10": "T10",
        "clavicle": "Clavicule", "sternum": "Sternum", "acromion": "Epaule",
        "head_front": "Tete_Av", "head_back": "Tete_Ar", "thigh": "Cuisse",
        "knee_lateral": "Epi_Lat", "knee_medial": "Epi_Med", "shank": "Jambe",
        "ankle_lateral": "Mal_Ext", "ankle_medial": "Mal_Int", "heel": "Calca", "mt1": "Meta1",
        "mt5": "Meta5", "toe": "Orteil", "upper_arm": "Bras", "elbow_lateral": "Coude_Ext",
        "elbow_medial": "Coude_Int", "forearm": "AvantBras", "wrist_radial": "Radius",
        "wrist_ulnar": "Ulna",
    },
    "spanish": {
        "asis": "EIAS", "psis": "EIPS", "sacrum": "Sacro", "c7": "C7", "t10": "T10",
        "clavicle": "Clavicula", "sternum": "Esternon", "acromion": "Hombro",
        "head_front": "Cabeza_Del", "head_back": "Cabeza_Tras", "thigh": "Muslo",
        "knee_lateral": "Rodilla_Ext", "knee_medial": "Rodilla_Int", "shank": "Pierna",
        "ankle_lateral": "Tobillo_Ext", "ankle_medial": "Tobillo_Int", "heel": "Talon",
        "mt1": "Meta1", "mt5": "Meta5", "toe": "Dedo", "upper_arm": "Brazo",
        "elbow_lateral": "Codo_Ext", "elbow_medial": "Codo_Int", "forearm": "Antebrazo",
        "wrist_radial": "Muneca_Radial", "wrist_ulnar": "Muneca_Cubital",
    },
    "italian": {
        "asis": "SIAS", "psis": "SIPS", "sacrum": "Sacro", "c7": "C7", "t10": "T10",
        "clavicle": "Clavicola", "sternum": "Sterno", "acromion": "Spalla",
        "head_front": "Testa_Ant", "head_back": "Testa_Post", "thigh": "Coscia",
        "knee_lateral": "Ginocchio_Lat", "knee_medial": "Ginocchio_Med", "shank": "Gamba",
        "ankle_lateral": "Malleolo_Lat", "ankle_medial": "Malleolo_Med", "heel": "Tallone",
        "mt1": "Meta1", "mt5": "Meta5", "toe": "Alluce", "upper_arm": "Braccio",
        "elbow_lateral": "Gomito_Lat", "elbow_medial": "Gomito_Med", "forearm": "Avambraccio",
        "wrist_radial": "Polso_Rad", "wrist_ulnar": "Polso_Uln",
    },
    "japanese": {
        "asis": "ASIS", "psis": "PSIS", "sacrum": "Senkotsu", "c7": "C7", "t10": "T10",
        "clavicle": "Sakotsu", "sternum": "Kyokotsu", "acromion": "Kata",
        "head_front": "Atama_Mae", "head_back": "Atama_Ushiro", "thigh": "Daitai",
        "knee_lateral": "Hiza_Soto", "knee_medial": "Hiza_Uchi", "shank": "Katai",
        "ankle_lateral": "Ashikubi_Soto", "ankle_medial": "Ashikubi_Uchi", "heel": "Kakato",
        "mt1": "Boshikyu", "mt5": "Shoshikyu", "toe": "Tsumasaki", "upper_arm": "Jowan",
        "elbow_lateral": "Hiji_Soto", "elbow_medial": "Hiji_Uchi", "forearm": "Zenwan",
        "wrist_radial": "Tekubi_Oya", "wrist_ulnar": "Tekubi_Ko",
    },
}  # fmt: skip
"""By language and landmark; where several markers sit on one, a number follows."""

SIDE_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "german": (("li", "re"), ("links", "rechts")),
    "french": (("G", "D"), ("gauche", "droite")),
    "spanish": (("I", "D"), ("izq", "der")),
    "italian": (("SX", "DX"), ("sin", "des")),
    "japanese": (("hidari", "migi"), ("L", "R")),
}
"""Left and right, as they are written before or after a name."""


def foreign_label(language: str, landmark: str, side: str, writing: int, *, first: bool) -> str:
    """A label of a landmark that the language has a word for."""
    word = WORDS[language][landmark]
    if not side:
        return word
    side_word = SIDE_WORDS[language][writing][side == "right"]
    return f"{side_word}_{word}" if first else f"{word}_{side_word}"
