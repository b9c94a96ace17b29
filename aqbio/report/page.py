"""Pages of a study, section by section; a section that fails states its error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from aqbio.config import Strength
from aqbio.errors import SEVERITIES, AqbioError, Cause, Finding
from aqbio.figures.counted import counted_steps, invalidated_outcomes
from aqbio.figures.marks import with_spots
from aqbio.figures.words import averaged
from aqbio.hypotheses.preregistration import registry_record
from aqbio.io.dictionary import columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.names import TRIAL_STATES
from aqbio.pages.address import with_addresses
from aqbio.pages.athlete import FORCES, postures
from aqbio.pages.difference_words import comparisons, short_side_words
from aqbio.pages.differences import FEET, read_differences
from aqbio.pages.filters import (
    ASSETS,
    COMPARE,
    CONTENT_SECURITY,
    MENU,
    PAGES,
    data_address,
    drawing_size,
    environment,
)
from aqbio.pages.quality import beyond_limits, disagreement_words, explained_trials
from aqbio.pages.record_next import advice_by_kind, budget_advice, finding_advice, verdict_advice
from aqbio.pages.registry_words import Record
from aqbio.pages.stance import (
    SourceEffects,
    SpeedColumn,
    carried_words,
    driven_words,
    effect_columns,
    headline,
    present_carriers,
    remedies,
    source_words,
    speed_columns,
)
from aqbio.pages.strength import short_strength_words
from aqbio.pages.summary import (
    against_words,
    athlete_lines,
    chosen_words,
    facts,
    failures,
    gaps,
    people_table,
    sample_words,
    state_words,
    trial_lines,
)
from aqbio.pages.verdict_words import plain_names
from aqbio.pages.verdicts import VerdictTables, verdict_section
from aqbio.pages.words import REMEDIES, SOURCES
from aqbio.prepare.used_size import used_mass
from aqbio.report.contact import ContactPicture, contact_picture
from aqbio.report.flow import Box, flow
from aqbio.report.how_sure import models_words, told_sources, uncertainty_budget
from aqbio.report.methods import Conduct, Origin, methods_numbers, origin
from aqbio.stage_table import PAGES as PAGES_STAGES
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.stats.registry import asked_registry
from aqbio.study.findings import stage_findings, study_causes
from aqbio.study.manifest import OK

Contain = Callable[[str], AbstractContextManager[None]]
"""Make a context, by the name of a part, that turns any exception into an `AqbioError`."""

_MISSING = Markup(
    '<section class="missing"><h2>A part of this page is missing</h2>\n<p>{}</p></section>\n'
)


class Sections:
    """Values and sections of a page, each computed separately."""

    def __init__(self, environment: jinja2.Environment, contain: Contain) -> None:
        self.environment, self.contain = environment, contain
        self.missing: set[str] = set()
        environment.globals["section"] = self.section

    def value(self, name: str, make: Callable[[], Any]) -> Any:
        """Make a value of the page; on failure, sections that use it state the reason."""
        try:
            with self.contain(name):
                value = self._make_value(make)
        except AqbioError as error:
            self.missing.add(error.what)
            value = self.environment.undefined(hint=error.what)
        self.environment.globals[name] = value
        return value

    def _make_value(self, make: Callable[[], Any]) -> Any:
        """Make a value; one that depends on a missing value is missing for the same reason."""
        try:
            return make()
        except jinja2.UndefinedError as error:
            if str(error) not in self.missing:
                raise
            return self.environment.undefined(hint=str(error))

    def section(self, template: str) -> Markup:
        """Render a section, or state why it is missing."""
        try:
            with self.contain(template):
                return self._rendered(template)
        except AqbioError as error:
            return _MISSING.format(error.what)

    def _rendered(self, template: str) -> Markup:
        try:
            return Markup(self.environment.get_template(template).render())
        except jinja2.UndefinedError as error:
            if str(error) not in self.missing:
                raise
            return _MISSING.format(str(error))


SHOWN_CAUSES = 10
"""Causes that a page shows at once; the others are folded."""

STAGE = "report"
RECORDED = ("hash", "recorded", "earlier")
"""Fields of the record of the registry that pages state."""
READ = ("steps", "trials", "quality", "findings", "uncertainty", "model_differences", "faults")
"""Names of the tables whose rows pages show."""


@dataclass(frozen=True)
class StudyContent:
    """Contents of a study's pages; each table is read once."""

    study: Study
    single: bool = False
    """True for a report in a single file."""

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The study's tables by name."""
        return {name: read_table(self.study.table(f"{name}.tsv")) for name in READ}

    @cached_property
    def names(self) -> list[str]:
        """Participants."""
        return [participant.participant_id for participant in self.study.participants]

    def manifests(self, stage: str) -> dict[str, dict[str, Any]]:
        """Records of a stage, by participant."""
        return {
            participant_id: self.study.read_manifest(participant_id, stage)
            for participant_id in self.names
        }

    @cached_property
    def people(self) -> pd.DataFrame:
        """The participants sheet, with the masses that were used."""
        masses = {
            participant_id: used_mass(self.study, participant_id) for participant_id in self.names
        }
        known_masses = {
            participant_id: mass for participant_id, mass in masses.items() if mass is not None
        }
        return people_table(self.study.participants, known_masses)

    @cached_property
    def replayed(self) -> frozenset[tuple[str, str]]:
        """Participant and trial of trials that have a page."""
        return frozenset(
            (participant_id, str(trial["trial_id"]))
            for participant_id, record in self.manifests("pages").items()
            for trial in record["trials"]
            if trial["status"] == OK
        )

    @cached_property
    def figures_record(self) -> dict[str, Any]:
        """Read the record of stage figures: figures, roles, provenance."""
        path = self.study.root / "figures" / "figures.json"
        return read_json(self.study, path)

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """Causes of the findings of all stages."""
        findings_of_pages = (Finding(**record) for _, record in page_findings(self.study))
        return study_causes(self.study, ("hypotheses", "figures"), findings_of_pages)

    @cached_property
    def verdicts(self) -> VerdictTables:
        """Tables of stage hypotheses, and the registry."""
        names = ("verdicts", "single_athletes", "power", "deviations")
        record = registry_record(self.study)
        fields = {} if record is None else {f: str(record[f]) for f in RECORDED}
        return VerdictTables(
            asked_registry(self.study),
            Record(**fields) if fields else None,
            *(read_table(self.study.table(f"{name}.tsv")) for name in names),
        )

    @property
    def flow(self) -> dict[str, list[Box]]:
        """Flow of people, runs and contacts."""
        study, tables = self.study, self.tables
        changes = self.verdicts.deviations
        return flow(study.participants, study.trials, tables["trials"], tables["steps"], changes)

    @property
    def figures(self) -> Iterator[dict[str, Any]]:
        """Figures of the manifest, with address (or content) and size of the widest drawing."""
        folder = self.study.root / "figures"
        for entry in self.figures_record["figures"]:
            files = entry["files"]
            drawing, narrow = (files[end(files, key=float)].get("svg", "") for end in (max, min))
            text, narrow_text = (
                (folder / name).read_text(encoding="utf-8") if name else ""
                for name in (drawing, "" if self.single or narrow == drawing else narrow)
            )
            address = data_address(text) if self.single else f"../figures/{drawing}"
            links = {
                f"{k.upper()}, {w} mm": f
                for w, formats in files.items()
                for k, f in formats.items()
            }
            numbers = {"numbers drawn (TSV)": entry["table"]}
            yield entry | {
                "addressed": {
                    name: with_spots(entry[name], listed)
                    for name, listed in entry["addresses"].items()
                },
                "picture": address if drawing else "",
                "size": drawing_size(text[:2000]) if drawing else (0, 0),
                "narrow": f"../figures/{narrow}" if narrow_text else "",
                "narrow_size": drawing_size(narrow_text[:2000]) if narrow_text else (0, 0),
                "links": [(k, f"../figures/{file}") for k, file in (numbers | links).items()],
            }

    def numbers_of(self, figure: str) -> pd.DataFrame:
        """Numbers of a figure of bars; none where there is no such figure."""
        tables = [
            figure_entry["table"]
            for figure_entry in self.figures_record["figures"]
            if figure_entry["name"] == figure
        ]
        if not tables:
            return pd.DataFrame(columns=list(columns("bars")))
        return read_table(self.study.root / "figures" / tables[0])

    @property
    def postures(self) -> int | None:
        """Still postures on a plate, of the athlete with fewest; None where none was fitted."""
        counts = map(postures, self.manifests("inverse_dynamics").values())
        return min((count for count in counts if count is not None), default=None)

    @property
    def conduct(self) -> Conduct:
        """Processing of every trial by the stages."""

        def completed(stage: str) -> list[dict[str, Any]]:
            trials = (
                trial for record in self.manifests(stage).values() for trial in record["trials"]
            )
            return [trial for trial in trials if trial["status"] == OK]

        models = [model for model in self.manifests("scale").values() if model.get("generic")]
        scaled = [model for model in models if model["marker_rms_m"] is not None]
        return Conduct(
            completed("prepare"),
            completed("inverse_kinematics"),
            completed("inverse_dynamics"),
            tuple(sorted({str(model["generic"]) for model in scaled})),
            len(models) - len(scaled),
        )

    @cached_property
    def origin(self) -> Origin:
        """Provenance of every stage."""
        study = self.study
        report_record = study_provenance(
            study, STAGE, [study.table(f"{name}.tsv") for name in READ]
        )
        records = [
            (participant_id, record["provenance"])
            for stage in PARTICIPANT_STAGES
            for participant_id, record in self.manifests(stage).items()
        ]
        for name in ("steps", "verdicts"):
            sidecar = study.table(f"{name}.json")
            records.append(("", read_json(study, sidecar)["provenance"]))
        return origin([*records, ("", self.figures_record["provenance"]), ("", report_record)])


def page_findings(study: Study) -> Iterator[tuple[str, dict[str, Any]]]:
    """Findings of the stages of participants' pages."""
    for participant in study.participants:
        yield from stage_findings(study, participant.participant_id, PAGES_STAGES)


def read_json(study: Study, path: Path) -> dict[str, Any]:
    """Read a JSON file that an earlier stage wrote."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AqbioError(
            "a result of an earlier stage is missing.",
            file=str(path),
            fix=f"run `aqbio run {study.file}`.",
            rule="stage-order",
        ) from error
    return content


def one_page(content: StudyContent, contain: Contain) -> str:
    """Write everything as one HTML file; a section that fails states its error."""
    templates = _environment(content, contain)
    templates.globals |= {
        "security": CONTENT_SECURITY["single"],
        "at": lambda section: f"#{section}",
        "style": Markup((ASSETS / "style.css").read_text(encoding="utf-8")),
    }
    return with_addresses(templates.get_template("one_file.html.j2").render())


def study_pages(content: StudyContent, contain: Contain) -> Iterator[tuple[str, str]]:
    """Write the pages of the study: name of the file and HTML, one after the other."""
    templates = _environment(content, contain)
    for name, title in MENU.items():
        templates.globals |= {
            "security": CONTENT_SECURITY["folder"],
            "at": partial(_address, name),
            "here": name,
            "title": title,
        }
        template = "compare.html.j2" if name == COMPARE else "study.html.j2"
        yield f"{name}.html", with_addresses(templates.get_template(template).render())


def _address(page: str, section: str) -> str:
    """Address of a section, relative to a page."""
    target = next(name for name, (_, sections) in PAGES.items() if section in sections)
    return f"#{section}" if target == page else f"{target}.html#{section}"


def _environment(content: StudyContent, contain: Contain) -> jinja2.Environment:
    """Templates with the values of all sections."""
    templates = environment()
    templates.filters["plain"] = plain_names
    tables, people = content.tables, content.people
    steps, trials, quality = tables["steps"], tables["trials"], tables["quality"]
    templates.globals |= _constants(content)
    values = Sections(templates, contain)
    means = content.study.root / "figures" / "stance_means.tsv"
    columns = values.value(
        "columns", lambda: speed_columns(read_table(means), averaged(content.study.people))
    )
    driven = values.value("driven", lambda: _effects(content, columns))
    verdicts = values.value("verdicts", lambda: verdict_section(content.verdicts))
    conduct = values.value("conduct", lambda: content.conduct)
    figures = list(content.figures)
    for name, make in {
        "headline_carried": lambda: headline(columns),
        "carriers": lambda: present_carriers(columns),
        "joint_roles": lambda: _joint_roles(columns),
        "chosen": lambda: chosen_words(content.study.participants),
        "sentences": lambda: (sample_words(people, trials, steps), carried_words(columns)),
        "joints": lambda: driven_words(headline(driven)),
        "joints_short": lambda: driven_words(headline(driven), short=True),
        "contact": lambda: _contact(content),
        "remedies": lambda: remedies(headline(driven), tables["uncertainty"]),
        "compared": lambda: _compared(content),
        "facts": lambda: facts(people, trials, steps),
        "gaps": lambda: list(gaps(trials, steps)),
        "flow": lambda: content.flow,
        "failed": lambda: failures(trials),
        "state_words": lambda: state_words(trials),
        "people": lambda: athlete_lines(people, trials),
        "differs": lambda: _differences(content),
        "strengths": lambda: _strengths(content),
        "trial_lines": lambda: trial_lines(trials, content.replayed),
        "disagreement": lambda: disagreement_words(quality),
        "beyond": lambda: beyond_limits(quality),
        "explained": lambda: explained_trials(tables["faults"]),
        "budget": lambda: list(uncertainty_budget(tables["uncertainty"])),
        "models": lambda: models_words(tables["model_differences"]),
        "causes": lambda: _by_severity(content.causes),
        "finding_advice": lambda: [
            *finding_advice(content.causes, content.postures, trials),
            *budget_advice(tables["uncertainty"], content.postures),
        ],
        "verdict_advice": lambda: list(verdict_advice(verdicts.verdicts)),
        "methods": lambda: methods_numbers(
            content.origin, conduct, people, verdicts, *_sources(content)
        ),
        "figures": lambda: figures,
        "figures_by_name": lambda: {figure["name"]: figure for figure in figures},
        "numbers": lambda: {figure["name"]: number for number, figure in enumerate(figures, 1)},
    }.items():
        values.value(name, make)
    return templates


def _constants(content: StudyContent) -> dict[str, Any]:
    """Values of all pages that cannot fail."""
    settings = content.study.settings
    return {
        "single": content.single,
        "heading": settings.report.title or settings.name,
        "authors": settings.report.authors,
        "study": settings.name,
        "roles": content.figures_record["roles"],
        "who": averaged(content.study.people),
        "states": TRIAL_STATES,
        "against": against_words(content.tables["trials"]),
        "shown_causes": SHOWN_CAUSES,
        "sure_sources": SOURCES,
        "told_sources": told_sources,
        "source_words": source_words,
        "remedy_words": REMEDIES,
        "force_words": FORCES,
        "advice_by_kind": advice_by_kind,
        "origin": content.origin,
    }


def _effects(content: StudyContent, columns: list[SpeedColumn]) -> list[SourceEffects]:
    """Effects of single sources, by column."""
    numbers = content.numbers_of("caused_rotation")
    return effect_columns(numbers, columns, compared=_compared(content))


def _compared(content: StudyContent) -> bool:
    """True if another model was compared for every participant with steps."""
    compared = set(content.tables["model_differences"]["participant_id"])
    return bool(compared) and set(content.tables["steps"]["participant_id"]) <= compared


def _contact(content: StudyContent) -> ContactPicture | None:
    """The contact that the first page shows, of numbers that count."""
    trials = content.tables["trials"]
    steps = counted_steps(content.tables["steps"], invalidated_outcomes(trials))
    return contact_picture(content.study, steps, trials, content.replayed)


def _sources(content: StudyContent) -> tuple[pd.DataFrame, Sequence[Strength]]:
    """What numbers rest on besides recordings: differences between models, strengths."""
    return content.tables["model_differences"], content.study.strength


def _differences(content: StudyContent) -> Mapping[str, str]:
    """Differences between left and right beyond measurement error, by athlete."""
    return {
        participant_id: short_side_words(
            comparisons(read_differences(content.study, participant_id), FEET)
        )
        for participant_id in content.names
    }


def _strengths(content: StudyContent) -> Mapping[str, str]:
    """Differences of strength between the legs beyond those between days, by athlete."""
    return {name: short_strength_words(content.study, name) for name in content.names}


def _joint_roles(columns: list[SpeedColumn]) -> list[str]:
    return list(dict.fromkeys(role for column in columns for role in column.joints))


def _by_severity(causes: tuple[Cause, ...]) -> dict[str, list[Cause]]:
    return {
        severity: [cause for cause in causes if cause.first.severity == severity]
        for severity in SEVERITIES
    }
