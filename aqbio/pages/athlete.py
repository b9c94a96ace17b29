"""Page of an athlete: differences between feet, conditions, sessions, speeds; trials; the fit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from aqbio.config import Trial
from aqbio.contributions.without_plates import ESTIMATED
from aqbio.errors import Finding, causes
from aqbio.figures.counted import counted_steps, invalidated_outcomes
from aqbio.figures.step_means import MAX_SPEED_RATIO
from aqbio.figures.words import digits
from aqbio.gait.curves import role_scheme
from aqbio.gait.step_files import finished, kept_steps, participant_rows
from aqbio.intervals.differences import MIN_STEPS
from aqbio.inverse_dynamics.fitted import changes_path
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns, columns
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns, with_texts
from aqbio.names import NORMAL, USABLE
from aqbio.pages.address import constant, marked, where, with_addresses
from aqbio.pages.difference_words import Comparison, comparison_words, comparisons, side_words
from aqbio.pages.differences import CONDITION, FEET, SESSION, SPEED
from aqbio.pages.filters import CONTENT_SECURITY, PENDING_LINKS, counted, enumerated, rows, template
from aqbio.pages.fit import body_witnesses, parameter_line, standing_words
from aqbio.pages.others import beside_others
from aqbio.pages.own_curves import participant_curves, sides_drawing
from aqbio.pages.quality import quality_tables
from aqbio.pages.record_next import advice_by_kind, budget_advice, doubtful_trials, finding_advice
from aqbio.pages.step_means import mean_lines
from aqbio.pages.strength import strength_sheet
from aqbio.pages.summary import against_words, athlete_lines, people_table, state_words, trial_lines
from aqbio.pages.unsteady import unsteady_words
from aqbio.prepare.used_size import body_scale, used_mass
from aqbio.study.manifest import OK
from aqbio.tables.stage import trial_rows, uncertainty_rows


def _address(*pictures: tuple[tuple[str, str], str], mirror: str = "") -> str:
    """Address that shows trials, by participant and name, each from a foot's contact on."""
    labelled_pictures = zip("ab", pictures, strict=True)
    parts = [
        f"{name}={'/'.join(map(quote, trial))}{foot}" for name, (trial, foot) in labelled_pictures
    ]
    return "&".join([*parts, *([f"mirror={mirror}"] if mirror else [])])


def fastest_trial(
    steps: pd.DataFrame, condition: str, replayed: Collection[tuple[str, str]]
) -> tuple[str, str] | None:
    """Fastest trial of a condition that can be replayed."""
    shown_steps = kept_steps(steps)
    of_condition = shown_steps[shown_steps["condition"] == condition]
    speeds = of_condition.groupby(["participant_id", "trial_id"])["speed_mps"].mean()
    ranked = speeds.sort_values(ascending=False).index
    return next(((str(a), str(b)) for a, b in ranked if (str(a), str(b)) in replayed), None)


def left_right_address(steps: pd.DataFrame, replayed: Collection[tuple[str, str]]) -> str:
    """Address that compares left and right of the fastest trial with both feet; empty for none."""
    runs = kept_steps(steps).groupby(["participant_id", "trial_id"])
    speeds = runs["speed_mps"].mean()[runs["side"].nunique() == 2].sort_values(ascending=False)
    fastest = next((trial for trial in speeds.index if trial in replayed), None)
    if fastest is None:
        return ""
    return _address((fastest, "@left"), (fastest, "@right"), mirror="a")


FORCES = {
    "stance": ("Mean upward force", "N"),
    "braking": ("Braking impulse", "N s"),
    "propulsion": ("Propulsion impulse", "N s"),
}
"""Estimates of trials without plates by phase, in words, with their units."""


def estimated_forces(contributions: pd.DataFrame, steps: pd.DataFrame) -> list[dict[str, str]]:
    """Means over the steps of each foot in trials without plates, with their 95 % intervals."""
    estimates = contributions[contributions["level"] == ESTIMATED]
    estimates = estimates.merge(steps[["trial_id", "step", "side"]], on=["trial_id", "step"])
    means = estimates.groupby(["trial_id", "side", "phase"], observed=True)[
        ["value", "low", "high"]
    ]
    table = means.mean()
    lines = []
    for (trial, side), part in table.groupby(level=[0, 1], observed=True):
        of_foot = (estimates["trial_id"] == trial) & (estimates["side"] == side)
        rows_of = estimates[of_foot]
        key = {name: rows_of[name].iloc[0] for name in ("participant_id", "trial_id")}
        key |= {"step": sorted(set(rows_of["step"])), "level": ESTIMATED}
        line = {"trial": str(trial), "foot": str(side)}
        for phase, (words, unit) in FORCES.items():
            means_of = part.xs(phase, level="phase").iloc[0]
            value, low, high = (
                marked(
                    digits(number, unit), "contributions", where(**key, phase=phase), str(name),
                    by="mean",
                )
                for name, number in means_of.items()
            )  # fmt: skip
            line[words] = f"{value} ({low} to {high})"
        lines.append(line)
    return lines


STAGE = "pages"


def postures(dynamics: Mapping[str, Any]) -> int | None:
    """Still postures on a plate, from the manifest of the fit; None where nothing was fitted."""
    return len(dynamics.get("standing", ())) if dynamics["adjusted_model"] else None


def _page(study: Study, participant_id: str) -> Path:
    """Path of a participant's page."""
    return study.folder(participant_id, STAGE) / "athletes" / f"{participant_id}.html"


def write_missing_page(study: Study, participant_id: str) -> None:
    """Write a page that says that there is no page of the participant."""
    page = template("missing.html.j2").render(
        against="",
        security=CONTENT_SECURITY["folder"],
        root="../",
        participant=participant_id,
        **PENDING_LINKS,
    )
    write_text(_page(study, participant_id), page)


def write_athlete_page(
    study: Study,
    participant_id: str,
    replayed: Sequence[Mapping[str, object]],
    findings: Iterable[Finding],
    differences: pd.DataFrame,
    means: pd.DataFrame,
) -> None:
    """Write ``athletes/<participant>.html``; tables are those of the participant."""
    described = columns("steps", group=role_scheme(study).items)
    steps = _table([participant_rows(study, participant_id, "steps")], described)
    quality = _table([participant_rows(study, participant_id, "quality")], columns("quality"))
    dynamics = study.read_manifest(participant_id, "inverse_dynamics")
    sheet = list(trial_rows(study, participant_id, steps, quality))
    trials = pd.DataFrame(sheet, columns=list(columns("trials")))
    counting = counted_steps(steps, invalidated_outcomes(trials))
    replays = {
        (participant_id, str(trial["trial_id"])) for trial in replayed if trial["status"] == OK
    }
    findings = list(findings)
    scale = body_scale(study, participant_id)
    mass = used_mass(study, participant_id)
    people = people_table([study.participant(participant_id)], {participant_id: mass or math.nan})
    page = template("athlete.html.j2").render(
        security=CONTENT_SECURITY["folder"],
        root="../",
        **PENDING_LINKS,
        participant=participant_id,
        against=against_words(trials),
        line=athlete_lines(people, trials)[0],
        sentences=side_words(
            comparisons(differences, FEET),
            unused=bool(trials["against"].notna().any()),
            measured=bool(kept_steps(counting)["peak_vertical_force_bw"].notna().any()),
        ),
        trials=trial_lines(trials, replays),
        maximal=maximal_words(study.moving_of(participant_id), trials),
        **_compared(study, participant_id, steps, differences),
        comparison_words=comparison_words,
        forces=estimated_forces(
            participant_rows(study, participant_id, "contributions"), kept_steps(steps)
        ),
        force_titles=FORCES.values(),
        drawing=sides_drawing(participant_curves(study, participant_id, counting, scale)),
        others=beside_others(study, participant_id, counting),
        steps=rows(steps),
        clock=clock_words(steps),
        unsteady=unsteady_words(steps),
        means=mean_lines(means),
        quality=quality_tables(quality),
        parameters=[
            parameter_line(participant_id, parameter)
            for parameter in dynamics.get("parameters", ())
        ],
        standing=standing_words(participant_id, dynamics.get("standing", ())),
        doubtful=doubtful_trials(trials, findings),
        advice=advice_by_kind(
            [
                *finding_advice(causes(findings), postures(dynamics), trials),
                *budget_advice(uncertainty_rows(study, participant_id), postures(dynamics)),
            ]
        ),
        state_words=state_words(trials, participant_id=participant_id),
        replays=_comparison_replays(study, participant_id, steps, replays),
        beside=left_right_address(steps, replays),
        witnesses=body_witnesses(fit_changes(study, participant_id)),
        strength=strength_sheet(study, participant_id, differences),
    )
    write_text(_page(study, participant_id), with_addresses(page))


def _compared(
    study: Study, participant_id: str, steps: pd.DataFrame, differences: pd.DataFrame
) -> dict[str, Any]:
    """Comparisons of the page, by section, and those that could not be made."""
    feet, conditions, sessions, speeds = (
        comparisons(differences, kind) for kind in (FEET, CONDITION, SESSION, SPEED)
    )
    sections = (
        ("Conditions", "conditions", conditions),
        ("Sessions", "sessions", sessions),
        ("Fast and slow", "speeds", speeds),
    )
    return {
        "feet": feet,
        "sections": [section for section in sections if section[2]],
        "uncompared": {
            ("Conditions", "conditions"): uncompared_conditions(steps, conditions),
            ("Sessions", "sessions"): (
                "" if sessions else uncompared_sessions(study, participant_id)
            ),
        },
    }


COMPARED_IF = (
    f"That takes {constant(str(MIN_STEPS))} steps of a foot in both, at speeds that differ by at "
    f"most {constant(f'{100.0 * (MAX_SPEED_RATIO - 1.0):.0f}')} %."
)
"""What a comparison of conditions or sessions takes."""


def uncompared_sessions(study: Study, participant_id: str) -> str:
    """State that no steps of an earlier session can be compared; empty for a first session."""
    sessions = study.sessions_of(participant_id)
    earlier = sessions[: sessions.index(participant_id)]
    if not earlier:
        return ""
    last, *before = (study.participant(name).session or name for name in (participant_id, *earlier))
    return f"Session {last} against session {enumerated(before)}: not compared. {COMPARED_IF}"


def uncompared_conditions(steps: pd.DataFrame, compared: Sequence[Comparison]) -> str:
    """State which conditions with steps cannot be compared with the normal one; or empty."""
    compared_conditions = {
        str(comparison.differences[0].row["condition"]) for comparison in compared
    }
    names = dict.fromkeys(kept_steps(steps)["condition"].dropna().astype(str))
    lacking = [
        name.replace("_", " ") for name in names if name not in {"", NORMAL, *compared_conditions}
    ]
    if not lacking:
        return ""
    words = enumerated(lacking)
    return f"{words[:1].upper()}{words[1:]} against {NORMAL}: not compared. {COMPARED_IF}"


MIN_LAG_S = 5e-4
"""Least distance of two clocks that a time of three decimals shows."""


def clock_words(steps: pd.DataFrame) -> str:
    """State how far the clock of findings on contacts is from that of the steps; empty for not."""
    lag = (steps["touchdown_s"] - steps["touchdown_fitted_s"]).abs().max()
    if not lag >= MIN_LAG_S:
        return ""
    trials = [*dict.fromkeys(steps["trial_id"].astype(str))]
    key = where(participant_id=steps["participant_id"].iloc[0], trial_id=trials)
    size = marked(f"{1000.0 * lag:.1f}", "steps", key, "touchdown_s", by="lag", factor=1000.0)
    return f"; findings name contacts on the clock of the plates, up to {size} ms apart"


def maximal_words(sheet: Iterable[Trial], trials: pd.DataFrame) -> str:
    """State mean speeds of usable sprints at maximal effort by condition; empty for one condition.

    ``trials``: rows of ``trials.tsv`` of the participant.
    """
    at_most = {trial.trial_id for trial in sheet if trial.effort == "maximal"}
    sprints = trials[trials["trial_id"].isin(at_most) & trials["state"].eq(USABLE)]
    by_condition = {str(name): part for name, part in sprints.groupby("condition", sort=False)}
    if NORMAL not in by_condition or len(by_condition) < 2:
        return ""
    parts = []
    for name, part in by_condition.items():
        key = where(
            participant_id=part["participant_id"].iloc[0], trial_id=part["trial_id"].tolist()
        )
        mean = float(part["speed_mps"].mean())
        speed = marked(f"{mean:.2f}", "trials", key, "speed_mps", by="mean")
        sprints_of = counted(len(part), "sprint", "trials", key)
        parts.append(f"{name.replace('_', ' ')} {speed} m/s ({sprints_of})")
    return f"Mean speed at maximal effort: {'; '.join(parts)}."


def _comparison_replays(
    study: Study, participant_id: str, steps: pd.DataFrame, replayed: Collection[tuple[str, str]]
) -> dict[str, str]:
    """Addresses that replay both sides of a comparison, by section; empty where one lacks."""
    addresses = {"speeds": "", "conditions": "", "sessions": ""}
    usual = fastest_trial(steps, NORMAL, replayed)
    other_replays = [
        name for name in dict.fromkeys(steps["condition"].dropna()) if name not in ("", NORMAL)
    ]
    if other_replays and usual:
        compared = fastest_trial(steps, str(other_replays[0]), replayed)
        addresses["conditions"] = _address((compared, ""), (usual, "")) if compared else ""
    sessions = study.sessions_of(participant_id)
    earlier = sessions[: sessions.index(participant_id)]
    if earlier and usual:
        before = participant_rows(study, earlier[-1], "steps")
        trials = {(earlier[-1], trial) for trial in finished(study, earlier[-1])}
        first = fastest_trial(before, NORMAL, trials)
        addresses["sessions"] = _address((first, ""), (usual, "")) if first else ""
    return addresses


def fit_changes(study: Study, participant_id: str) -> pd.DataFrame:
    """Read the changes by the fit of a participant; no row where nothing was fitted."""
    fitted = study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]
    files = [changes_path(study, participant_id)] if fitted else []
    return _table(map(read_columns, files), columns("fit_changes"))


def _table(parts: Iterable[pd.DataFrame], described: Columns) -> pd.DataFrame:
    return with_texts(joined(parts, list(described)))
