"""Shipped files lie in the same folders in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path

import aqbio
from aqbio import names


def test_in_a_checkout_it_is_what_stands_at_the_top():
    assert names.shipped("models") == Path(aqbio.__file__).parents[1] / "models"


def test_in_a_wheel_it_is_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "aqbio" / names.SHIPPED_FOLDER).mkdir(parents=True)
    monkeypatch.setattr(names, "files", lambda name: tmp_path / name)
    assert names.shipped("models") == tmp_path / "aqbio" / "shipped" / "models"
