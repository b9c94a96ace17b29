"""``python -m benchmarks.long_runs``: a longer run through all stages of a participant.

V03 of the demo runs over force plates that are as long as the run, with the demo's disturbances:
every stage, and so every part of one, is seen to grow with the trial's length.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from aqbio.names import PARTICIPANT_STAGES
from aqbio.pipeline import run_participant
from aqbio.virtual.demo import DISTURBANCES, SPRINTERS
from aqbio.virtual.gaits.library import DATA, GaitName, load_library
from aqbio.virtual.recordings.laboratory import Laboratory, PlateRow
from aqbio.virtual.recordings.recording import RunPlan, recorded_run
from aqbio.virtual.study import LIBRARY
from benchmarks.memory import most_mb
from tests.virtual.made_study import write_made_study

METRES = (30.0, 60.0, 120.0, 240.0)
PLATES = 8
RUN = GaitName("V03", "normal", 3)


def long_run(metres: float, folder: Path) -> list[float]:
    """Frames, steps on the plates, CPU seconds of every stage, and most memory, MB."""
    athletes = {one.athlete.name: one.athlete for one in SPRINTERS}
    gait = load_library(DATA / LIBRARY, athletes)[RUN]
    laboratory = Laboratory(plates=PlateRow(count=PLATES, length=metres / PLATES))
    run = recorded_run(gait, RunPlan(0), laboratory)
    study = write_made_study(
        folder, athletes[RUN.participant], {"long": run}, laboratory, DISTURBANCES, settings=""
    )
    run_participant(study, RUN.participant, lambda _: None)
    [told] = study.root.glob("participants/*/stages.json")
    spent = json.loads(told.read_text(encoding="utf-8"))["cpu_seconds"]
    sizes = len(run.truth.gait_time), len(run.contacts_on_plates)
    return [*sizes, *(spent[stage] for stage in PARTICIPANT_STAGES), most_mb()]


def main() -> None:
    """Every length in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_runs", description=__doc__)
    parser.add_argument("--metres", type=float, help="only this length, in this process")
    options = parser.parse_args()
    if options.metres:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(long_run(options.metres, Path(folder))))
        return
    heads = ["m", "frames", "steps", *PARTICIPANT_STAGES, "CPU s", "MB"]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for metres in METRES:
        command = [sys.executable, "-m", "benchmarks.long_runs", "--metres", str(metres)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        frames, steps, *spent, memory = json.loads(done.stdout.splitlines()[-1])
        cells = [f"{metres:g}", f"{frames}", f"{steps}", *(f"{one:.1f}" for one in spent)]
        print(f"| {' | '.join([*cells, f'{sum(spent):.1f}', f'{memory:.0f}'])} |", flush=True)


if __name__ == "__main__":
    main()
