"""What the segments and joints of a shipped model mean, for those who bring their own motion."""

from __future__ import annotations

from aqbio.config import ModelMap, read_yaml
from aqbio.contributions.levels import Anatomy
from aqbio.errors import AqbioError
from aqbio.io.study import MODELS


def model_anatomy(name: str = "sprint") -> Anatomy:
    """Groups, joints and root of a model.

    Parameters
    ----------
    name : str
        A folder in models/. For another model, make an `Anatomy` of its names.

    Raises
    ------
    AqbioError
        There is no map of that model.

    Examples
    --------
    >>> model_anatomy().groups["leg_left"]
    ('femur_l', 'tibia_l', 'foot_l', 'toes_l')
    """
    path = MODELS / name / "map.yaml"
    if not path.is_file():
        known = sorted(folder.parent.name for folder in MODELS.glob("*/map.yaml"))
        raise AqbioError(
            f"there is no model map {name!r}.",
            file=str(path),
            fix=f"take one of {', '.join(known)}, or give the model's names to Anatomy yourself.",
            rule="model-map",
        )
    model_map = read_yaml(path, ModelMap)
    return Anatomy(model_map.groups, model_map.joints.by_name(), model_map.pelvis.joint)
