"""``python -m validation.third_model STUDY THIRD``: another model's values inside intervals.

STUDY and THIRD are studies of the same recordings, solved on different models, of which THIRD's is
in no interval of STUDY (`other_models` may name others). Counted are stance means: the share of
them that lie inside STUDY's 95 % intervals, and the median width of these.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from aqbio.gait.step_files import step_file
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_columns

PLACE = ["trial_id", "step", "level", "source", "target", "axis", "phase", "statistic"]


def stance_means(study: Study) -> pd.DataFrame:
    """Rows of all participants' contributions that are means over a stance."""
    tables = []
    for one in study.participants:
        table = read_columns(step_file(study, one.participant_id, "contributions"))
        chosen = (table["phase"] == "stance") & table["statistic"].str.endswith("_mean")
        tables.append(table[chosen])
    return pd.concat(tables, ignore_index=True)


def held(own: pd.DataFrame, third: pd.DataFrame) -> pd.DataFrame:
    """Share of third values inside own intervals, their number and median width, by level."""
    place = ["participant_id", *PLACE]
    both = own.merge(third[[*place, "value"]], on=place, suffixes=("", "_third"))
    both = both[both["low"].notna() & both["value_third"].notna()]
    inside = (both["value_third"] >= both["low"]) & (both["value_third"] <= both["high"])
    table = both.assign(held=inside, width=both["high"] - both["low"])
    grouped = table.groupby(["level", "statistic", "unit"])
    return grouped.agg(held=("held", "mean"), width=("width", "median"), number=("held", "size"))


def print_held(found: pd.DataFrame) -> None:
    """Print such a table, and the share by level."""
    print(found.to_string(formatters={"held": "{:.2f}".format, "width": "{:.3g}".format}))
    whole = found.assign(held=found["held"] * found["number"]).groupby("level").sum()
    print((whole["held"] / whole["number"]).round(2).to_string())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("study", type=Path, help="study.yaml whose contributions are computed")
    parser.add_argument("third", type=Path, help="another one of the same trials")
    options = parser.parse_args(arguments)
    own, third = (stance_means(load_study(one)) for one in (options.study, options.third))
    print_held(held(own, third))


if __name__ == "__main__":
    main()
