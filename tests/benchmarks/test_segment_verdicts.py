"""Another belief reaches stage consistency, and a verdict that changes is seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import yaml

import aqbio.session.fit
import aqbio.stages.consistency.stage as consistency
from aqbio.io.segment_sources import segment_sources
from aqbio.io.skeleton import save_skeleton
from aqbio.mechanics.anthropometry.segment_sources import about_sources
from aqbio.mechanics.consistency.runner import Runner
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from benchmarks.segment_bodies import way_of
from benchmarks.segment_verdicts import SOURCES, TODAY, believing, copied, page
from validation.bodies import MAP

SKELETON = athlete_skeleton(Athlete("he", "male", 75.0, 1.80))


def _within(belief, path):
    """What stage consistency starts from: centres, and how sure they are."""
    with believing(belief):
        skeleton = consistency.load_skeleton(path)
        return skeleton.com, aqbio.session.fit.Runner(skeleton, MAP.groups).centre_covariance


def test_a_belief_reaches_the_stage_and_todays_is_the_products(tmp_path):
    save_skeleton(SKELETON, tmp_path / "he.npz")
    com, covariance = _within(None, tmp_path / "he.npz")
    np.testing.assert_array_equal(com, SKELETON.com)
    product = Runner(SKELETON, MAP.groups).centre_covariance
    np.testing.assert_allclose(covariance, product, atol=1e-18)
    belief = about_sources(segment_sources())
    com, covariance = _within(belief, tmp_path / "he.npz")
    way = way_of(SKELETON, belief)
    np.testing.assert_array_equal(com, SKELETON.com + way.mean)
    np.testing.assert_allclose(covariance, way.covariance, atol=1e-18)
    assert np.abs(covariance - product).max() > 1e-5
    assert aqbio.session.fit.Runner is Runner


def test_a_copy_reads_the_same_recordings_and_leaves_the_multiverse_out(tmp_path):
    study, results = tmp_path / "study", tmp_path / "results" / "s"
    study.mkdir()
    results.mkdir(parents=True)
    (study / "study.yaml").write_text("name: s\nfiles: {data: recordings}\n", encoding="utf-8")
    (study / "trials.tsv").write_text("participant_id\n", encoding="utf-8")
    file = copied(study / "study.yaml", results, tmp_path / "into")
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert settings["files"]["data"] == (study / "recordings").as_posix()
    assert settings["multiverse"] == {"enabled": False}
    assert (file.parent / "trials.tsv").is_file()
    assert (tmp_path / "into" / "results" / "s").is_dir()


def _tables(estimate, verdict):
    numbers = {"estimate": estimate, "ci_low": estimate - 0.1, "ci_high": estimate + 0.1}
    verdicts = pd.DataFrame([{"hypothesis": "H1", "verdict": verdict, "found": "found"} | numbers])
    about = {"level": "A", "axis": "y", "phase": "stance", "statistic": "momentum_mean"}
    rows = [
        {"participant_id": person, "source": part, "side": "left", "condition": "normal",
         "mean": estimate} | about
        for person in ("a", "b")
        for part in ("push_leg", "swing_leg", "arms", "torso", "push_side", "total")
    ]  # fmt: skip
    spread = [
        {key: row[key] for key in ("participant_id", "source", *about)}
        | {"sd": 0.2, "share_inertia": 0.1, "share_centres": 0.5}
        for row in rows
    ]
    means = pd.DataFrame(rows)
    return {"verdicts": verdicts, "contribution_means": means, "uncertainty": pd.DataFrame(spread)}


def test_a_verdict_that_changes_is_bold_and_widths_are_told():
    told = page({TODAY: _tables(0.3, "supported"), SOURCES: _tables(0.2, "inconclusive")}, "s")
    changed = "**0.2 (0.1 to 0.3), inconclusive (found)**"
    assert f"| H1 | 0.3 (0.2 to 0.4), supported | {changed} |" in told
    assert "0.100; 0.200 (0.60)" in told
    same = page({TODAY: _tables(0.3, "supported"), SOURCES: _tables(0.2, "supported")}, "s")
    assert "**" not in same
