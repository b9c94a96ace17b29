"""Bodies that a specification asks for and nobody can make."""

from __future__ import annotations

import pytest

from aqbio.io.study import load_study
from aqbio.multiverse.recomputed import body_of
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.refusal import refused
from tests.small_study import replace, write_small_study


@pytest.mark.parametrize("unknown", ["sex", "height_m"])
def test_a_table_of_bodies_needs_sex_and_stature(tmp_path, unknown):
    file = write_small_study(tmp_path)
    skeleton = athlete_skeleton(Athlete("P1", "female", 60.5, 1.70))
    assert body_of(load_study(file), "P1", skeleton, "dumas") is not skeleton
    known = {"sex": "female\t60.5\t1.70", "height_m": "60.5\t1.70"}[unknown]
    replace(
        file.parent / "participants.tsv",
        known,
        known.replace({"sex": "female", "height_m": "1.70"}[unknown], "n/a"),
    )
    study = load_study(file)
    with refused("specification-unavailable", "body table dumas needs") as caught:
        body_of(study, "P1", skeleton, "dumas")
    assert "sex and height_m" in caught.value.fix
    assert body_of(study, "P1", skeleton, "model") is skeleton
