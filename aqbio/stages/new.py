"""`aqbio new`: a study folder to fill in."""

from __future__ import annotations

import re
from pathlib import Path

from aqbio.config import SHEETS
from aqbio.errors import AqbioError
from aqbio.io.atomic import write_text
from aqbio.stats.registry import DEFAULT

STUDY = """\
# Settings of the study; every setting and its default: config/README.md of aqbio.
name: {name}
files:
  data: data            # folder of the recordings
model:
  file: sprint          # our sprint model; or the path of a generic .osim file
  map: sprint           # its map: a folder of models/, or the path of a map file
  # markers: markers.yaml   # marker set of your laboratory; default: the model's own
"""

README = """\
# {name}

1. Copy the recordings into `data/` (C3D, or TRC with MOT).
2. Fill in `participants.tsv` and `trials.tsv` (tab-separated; Excel opens and saves them). The
   columns are explained in `config/README.md` of aqbio.
   `capacities.tsv` is for strengths measured elsewhere; without rows the hypotheses that need them
   are reported as not testable.
3. `hypotheses.yaml` says what is tested and by which rule. Change it now or never: after the first
   recording was read, every change is marked post hoc.
4. If your marker labels are not those of the model, describe them in `markers.yaml` and name that
   file in `study.yaml`.
5. `aqbio check {folder}` says everything that is missing or wrong.
6. `aqbio run {folder}` (or `snakemake --cores all --configfile {folder}/study.yaml`) makes the page
   `results/{name}/report/index.html`.
"""


def new_study(folder: Path) -> None:
    """Write a study folder with settings, empty sheets and a README.

    Raises
    ------
    AqbioError
        When the folder holds a study already.
    """
    if (folder / "study.yaml").exists():
        raise AqbioError(
            "there is a study in this folder already.",
            file=str(folder / "study.yaml"),
            fix="choose another folder.",
            rule="study-exists",
        )
    name = re.sub("[^A-Za-z0-9_-]", "_", folder.resolve().name).lstrip("_-") or "study"
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for sheet, row in SHEETS.items():
        write_text(folder / f"{sheet}.tsv", "\t".join(row.model_fields) + "\n")
    write_text(folder / "hypotheses.yaml", DEFAULT.read_text(encoding="utf-8"))
    write_text(folder / "README.md", README.format(name=name, folder=folder))
    write_text(folder / "study.yaml", STUDY.format(name=name))
