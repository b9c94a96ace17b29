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

ROW_KEYS = ["trial_id", "step", "level", "source", "target", "axis", "phase", "statistic"]


def stance_means(study: Study) -> pd.DataFrame:
    """Rows of all participants' contributions that are means over a stance."""
    tables = []
    for person in study.participants:
        table = read_columns(step_file(study, person.participant_id, "contributions"))
        chosen = (table["phase"] == "stance") & table["statistic"].str.endswith("_mean")
        tables.append(table[chosen])
    return pd.concat(tables, ignore_index=True)


def coverage(first: pd.DataFrame, third: pd.DataFrame) -> pd.DataFrame:
    """Share of third values inside own intervals, their number and median width, by level."""
    keys = ["participant_id", *ROW_KEYS]
    merged = first.merge(third[[*keys, "value"]], on=keys, suffixes=("", "_third"))
    merged = merged[merged["low"].notna() & merged["value_third"].notna()]
    inside = (merged["value_third"] >= merged["low"]) & (merged["value_third"] <= merged["high"])
    table = merged.assign(held=inside, width=merged["high"] - merged["low"])
    grouped = table.groupby(["level", "statistic", "unit"])
    return grouped.agg(held=("held", "mean"), width=("width", "median"), number=("held", "size"))


def print_held(shares: pd.DataFrame) -> None:
    """Print such a table, and the share by level."""
    print(shares.to_string(formatters={"held": "{:.2f}".format, "width": "{:.3g}".format}))
    by_level = shares.assign(held=shares["held"] * shares["number"]).groupby("level").sum()
    print((by_level["held"] / by_level["number"]).round(2).to_string())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("study", type=Path, help="study.yaml whose contributions are computed")
    parser.add_argument("third", type=Path, help="another one of the same trials")
    options = parser.parse_args(arguments)
    first, third = (
        stance_means(load_study(study_file)) for study_file in (options.study, options.third)
    )
    print_held(coverage(first, third))


if __name__ == "__main__":
    main()
