"""Make presets and gait library again: ``python -m validation.gaits.regenerate`` (minutes)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from aqbio.io.atomic import write_text
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import GAITS
from aqbio.virtual.library import DATA
from aqbio.virtual.study import LIBRARY, planned_trials
from validation.gaits.individual import individual_gait, sheets
from validation.gaits.library import CONDITIONS, save_library
from validation.gaits.parameters import GaitParameters, presets, presets_text
from validation.gaits.tuning import first_guess, tuned

REFERENCE = Athlete("reference", "male", 75.0, 1.80)
SPEEDS = {"normal": (3.5, 5.0, 7.0, 9.5), "restricted_arms": (5.0, 7.0, 9.5)}
TUNING_STEPS = 12

RESTRICTED = {
    "arm_amplitude": 0.0,
    "elbow_amplitude": 0.0,
    "arm_centre_deg": 10.0,
    "elbow_centre_deg": 100.0,
    "arm_adduction_deg": -8.0,
}
"""Arms held in front of the trunk."""

Report = Callable[[str], None]


def regenerate_presets(folder: Path, report: Report) -> None:
    """Tune all presets, from first guesses, and write them."""
    found: dict[str, dict[float, GaitParameters]] = {condition: {} for condition in CONDITIONS}
    for condition in CONDITIONS:
        for speed in SPEEDS[condition]:
            restricted = condition != "normal"
            start = first_guess(speed)
            if restricted:
                start = found["normal"][speed].changed(**RESTRICTED)
            report(f"{condition}, {speed:g} m/s")
            found[condition][speed] = tuned(
                REFERENCE,
                speed,
                start,
                steps=TUNING_STEPS,
                restricted=restricted,
                report=report,
            )
        write_text(folder / f"presets_{condition}.json", presets_text(found[condition]))
    presets.cache_clear()


def regenerate_library(folder: Path, report: Report) -> None:
    """Solve all gaits of the demo study and write them, and the sheets that follow from them."""
    gaits = {}
    for name in GAITS:
        solved = individual_gait(name)
        report(f"{name}: reach {solved.reach:.3f}, last change {solved.change:.1e} rad")
        gaits[name] = solved.gait
    save_library(folder / LIBRARY, gaits)
    for file, text in sheets(planned_trials(gaits)).items():
        write_text(folder / file, text)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DATA)
    parser.add_argument("--presets", action="store_true", help="tune the presets again, too")
    chosen = parser.parse_args()

    def report(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    if chosen.presets:
        regenerate_presets(chosen.folder, report)
    regenerate_library(chosen.folder, report)


if __name__ == "__main__":
    main()
