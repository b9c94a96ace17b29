"""Where a study's settings and files come from, joined over its stages."""

from __future__ import annotations

import json

from aqbio.pages.methods import origin


def test_origin_joins_the_stages() -> None:
    def record(stage: str, settings: dict, inputs: dict) -> dict[str, str]:
        return {
            "stage": stage,
            "inputs": json.dumps(inputs),
            "settings": json.dumps(settings),
            "versions": json.dumps({"aqbio": "0.1.0"}),
            "commit": "abc",
        }

    found = origin(
        [
            ("A", record("prepare", {"prepare": {"cutoff_hz": 20.0}}, {"a.c3d": "12"})),
            ("B", record("prepare", {"prepare": {"cutoff_hz": 20.0}}, {"a.c3d": "34"})),
            ("", record("steps", {"model": {"corrections": {"unclamp": True}}}, {})),
        ]
    )
    assert found.commits == ("abc",)
    assert found.settings == {"prepare.cutoff_hz": "20.0", "model.corrections.unclamp": "true"}
    assert found.inputs == (("prepare", "A", "a.c3d", "12"), ("prepare", "B", "a.c3d", "34"))
