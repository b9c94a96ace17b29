"""Parameters as rows, files and at speeds between presets."""

from __future__ import annotations

import numpy as np
import pytest

from validation.gaits.parameters import (
    GaitParameters,
    flat,
    interpolated,
)


def test_between_presets_every_number_is_linear():
    slow, fast = GaitParameters(contact_s=0.2), GaitParameters(contact_s=0.1, yaw_deg=8.0)
    half = interpolated({4.0: slow, 8.0: fast}, 6.0)
    np.testing.assert_allclose(flat(half), (flat(slow) + flat(fast)) / 2.0)


def test_beyond_presets_the_contact_keeps_its_length():
    found = interpolated({5.0: GaitParameters(contact_s=0.2)}, 10.0)
    assert found.contact_s == pytest.approx(0.1)
