"""Registry of hypotheses and their rules, fixed before the data are read."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from aqbio.config import read_yaml
from aqbio.config.sheets import IDENTIFIER
from aqbio.config.written import spelled
from aqbio.io.study import Study
from aqbio.names import NORMAL
from aqbio.stats.claim_columns import (
    RATING,
    RELATIVE,
    SPEED,
    STRENGTHS,
    enumerated,
    formula_name,
    outcome_name,
    outcome_units,
    part_unit,
)
from aqbio.stats.entries import Entry, Formulas, StatisticWords
from aqbio.stats.step_numbers import evidence_columns

DEFAULT = Path(__file__).with_name("hypotheses.yaml")
"""Registry shipped with aqbio."""

Family = Literal["core", "survey", "imbalance", "contrast", "own"]
Predicted = Literal["greater", "less", "none", "not_greater"]
"""Direction of an effect, or that there is none of interest: in either direction, or upwards."""

DENIALS = ("none", "not_greater")
"""Predictions that are equivalence tests."""

Need = Literal["arms", "forces", "causes", "capacities", "strength_sessions"]
GateName = Literal["quality", "minimum_n", "reliability", "order", "closure"]
StatisticName = Literal["formula", "paired_contrast"]
"""Names of `aqbio.stats.outcomes.STATISTICS`."""

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
NAME = spelled(
    r"^[A-Za-z][A-Za-z0-9_]{0,59}$",
    "letters, digits and underscores, at most 60, with a letter first",
)
Name = Annotated[str, Field(pattern=NAME)]
Claim = Annotated[str, Field(min_length=8, max_length=170)]
ARTICLE = spelled(r"^00[0-4]$", "the number of an article, 000 to 004 in quotes")
Source = Annotated[str, Field(pattern=ARTICLE)]
Label = Annotated[str, Field(pattern=IDENTIFIER, max_length=60)]


class Minimum(Entry):
    """The least data with which a verdict is given."""

    athletes: Count = Field(description="Athletes that have the steps below.")
    levels: Count = Field(default=1, description="Speeds of each of these athletes.")
    steps: Count = Field(default=0, description="Steps of an athlete at each of these speeds.")


class Untested(Entry):
    """A claim of the articles that is implied, or that recordings like these cannot test."""

    id: Name | None = Field(default=None, description="Name, of a claim with an entry of its own.")
    claim: Claim = Field(description="Short quote of the article.")
    source: Source = Field(description="Article.")
    any_runner: str = Field(default="", description="What of it is true of any runner.")
    why: str = Field(description="What it would take.")


class Contrast(Entry):
    """Two conditions that are compared within athletes."""

    condition: Label = Field(description="Label of the trials that are compared (trials.tsv).")
    reference: Label = Field(default=NORMAL, description="Label of those they are compared with.")
    by: Literal["condition", "session"] = Field(
        default="condition",
        description="Column with the labels: condition of trials.tsv, or session of "
        "participants.tsv (before and after), whose normal trials are compared.",
    )
    outcome: str = Field(
        default="speed_mps",
        description="Column of steps.tsv or hypotheses_steps.tsv, or rating of trials.tsv.",
    )
    take: Literal["mean", "scatter"] = Field(
        default="mean", description="Of the steps of a trial: mean, or distance from it."
    )
    size: Literal["percent", "own"] = Field(
        default="percent", description="Unit of delta: percent of the reference, or the outcome's."
    )
    effort: Literal["maximal", "submaximal"] = Field(
        default="maximal", description="Which trials are compared (trials.tsv: effort)."
    )
    group: Label | None = Field(
        default=None,
        description="Group of participants.tsv whose change is compared with that of all others.",
    )
    hold: tuple[Literal["order", "speed", "push_strength", "swing_strength"], ...] | None = Field(
        default=None,
        description="What is held; left out: speed, except of speed, ratings and strengths "
        "themselves, and the order of conditions. Strengths: of sessions, by their change.",
    )
    moderator: Literal["push_strength", "swing_strength"] | None = Field(
        default=None,
        description="Strength on which the change depends: how much more an athlete changes for "
        "each per cent of strength more; of sessions of its change (strength.tsv).",
    )

    @model_validator(mode="after")
    def _check_outcome(self) -> Contrast:
        units = outcome_units()
        if self.outcome not in units:
            near = ", ".join(get_close_matches(self.outcome, units, 3)) or "see docs/files.md"
            raise ValueError(f"outcome {self.outcome} is no column of the steps; near: {near}")
        if self.size == "own" and self.outcome in RELATIVE:
            raise ValueError(f"{self.outcome} depends on mass and stature: take size: percent")
        if self.condition == self.reference:
            raise ValueError(f"{self.condition} is compared with itself")
        self._check_strengths()
        return self

    def _check_strengths(self) -> None:
        strengths = [name for name in self.held_equal if name in STRENGTHS]
        if self.by == "condition" and (strengths or self.outcome in STRENGTHS):
            names = ", ".join(dict.fromkeys([*strengths, *({self.outcome} & {*STRENGTHS})]))
            raise ValueError(f"{names} is the same in all conditions of a day: take by: session")
        if self.outcome in STRENGTHS and (self.take == "scatter" or self.moderator or strengths):
            raise ValueError(f"{self.outcome} has no steps and no strength beside it")
        if self.moderator and self.group:
            raise ValueError("a change depends on a moderator or on a group: leave one out")

    @property
    def strengths(self) -> tuple[str, ...]:
        """Strengths that it holds or depends on."""
        return tuple(n for n in STRENGTHS if n in (*self.held_equal, self.moderator))

    @property
    def column(self) -> str:
        """Name of the number of a step."""
        return f"{self.outcome}_scatter" if self.take == "scatter" else self.outcome

    @property
    def held_equal(self) -> tuple[str, ...]:
        """Variables held equal, as stated or by default."""
        if self.hold is not None:
            return self.hold
        order = ("order",) if self.by == "condition" else ()
        return order if self.outcome in (SPEED, RATING, *STRENGTHS) else (*order, "speed")

    @property
    def unit(self) -> str:
        """Unit of the change."""
        percent = "percent of the reference"
        unit = percent if self.size == "percent" else outcome_units()[self.outcome]
        return f"{unit} per percent of {self.moderator}" if self.moderator else unit

    @property
    def words(self) -> str:
        """Comparison in words, as part of a sentence."""
        scatter = "scatter from step to step of " if self.take == "scatter" else ""
        comparison = f", of {self.group} beyond all others" if self.group else ""
        conditions = f" at equal {' and '.join(self.held_equal)}" if self.held_equal else ""
        subject = f"{scatter}{self.outcome}, {self.condition} against {self.reference}"
        if self.moderator:
            strength = "change of " * (self.by == "session") + self.moderator
            return f"change of {subject}{conditions}, slope on {strength}, over athletes"
        return f"change of {subject}{comparison}{conditions}, mean over athletes"


class Hypothesis(Entry):
    """One claim and how it is tested."""

    id: Name = Field(description="Name, such as H3b.")
    family: Family = Field(
        description="core, survey: verdicts, adjusted over what was tested of that family; "
        "imbalance: likewise, and described without a verdict from fewer athletes than the least; "
        "contrast, own: pairs of conditions, and formulas of a study's own, each adjusted among "
        "themselves."
    )
    title: str = Field(description="What it is about, in a few words.")
    claim: Claim = Field(description="Short quote of the article.")
    source: Source | Literal["own"] = Field(description="Article; own: of the study itself.")
    discriminating: str = Field(
        description="What of it could have been otherwise: what the verdict is about."
    )
    estimand: str = Field(description="What is estimated, in words.")
    statistic: StatisticName = Field(description="Function of `aqbio.stats` that estimates it.")
    predicted: Predicted = Field(description="Direction that the claim predicts.")
    delta: Positive = Field(description="Smallest effect of interest, in `unit`.")
    unit: str = Field(description="Unit of the estimate and of delta.")
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default=0.05, description="Error rate of the whole family."
    )
    minimum: Minimum = Field(description="Least data.")
    needs: tuple[Need, ...] = Field(
        default=(), description="Without one of these it is not testable."
    )
    gates: tuple[GateName, ...] = Field(
        default=("quality", "minimum_n", "closure"), description="Gates, in order."
    )
    caveat: str = Field(default="", description="What a verdict does not say.")
    rivals: str = Field(
        default="",
        description="Other accounts that predict the same, so that support tells none of them "
        "apart; empty where nobody else predicts it.",
    )
    multiverse: tuple[str, ...] = Field(
        default=(), description="Choices of the analysis that are varied."
    )
    contrast: Contrast | None = Field(
        default=None, description="The two conditions, where it compares two."
    )
    formula: Formulas | None = Field(
        default=None, description="The number and its rows, of statistic formula."
    )
    words: StatisticWords | None = Field(
        default=None,
        exclude=True,
        description="Words of the pages, where those of the statistic do not fit. As `biases` no "
        "part of the rule: neither counts in the hash.",
    )
    biases: dict[str, float] = Field(
        default_factory=dict,
        exclude=True,
        description="Errors that no interval includes: cause (cell of "
        "docs/validation/verdicts.tsv), and how far it moves the median estimate, in deltas.",
    )

    @property
    def heading(self) -> str:
        """Id and title; of a contrast the title only."""
        return self.title if self.family in ("contrast", "own") else f"{self.id} {self.title}"

    @property
    def denies(self) -> bool:
        """True where the claim is that there is no effect of interest."""
        return self.predicted in DENIALS

    @property
    def is_adjusted(self) -> bool:
        """True where people are compared, and sex, laboratory and footwear held."""
        return self.formula is not None and self.formula.adjusted

    @property
    def sign(self) -> float:
        """−1 where the claim predicts less, otherwise 1."""
        return -1.0 if self.predicted == "less" else 1.0


class OwnContrast(Contrast):
    """Contrast in short form: four lines of a study's own registry, or a claim of an article."""

    predicted: Predicted = Field(description="Direction of the change.")
    delta: Positive = Field(description="Smallest change of interest, in the unit of `size`.")
    claim: Claim | None = Field(default=None, description="Short quote of the article.")
    source: Source | Literal["own"] = Field(default="own", description="Article.")
    caveat: str = Field(default="", description="What a verdict does not say.")

    @model_validator(mode="after")
    def _check_prediction(self) -> OwnContrast:
        if self.moderator and self.predicted in DENIALS:
            raise ValueError(f"predicted {self.predicted} with a moderator: take greater or less")
        return self

    @property
    def title(self) -> str:
        """Outcome in plain words, and what is compared."""
        outcome = outcome_name(self.outcome)
        quantity = f"scatter of {outcome}" if self.take == "scatter" else outcome
        title = f"{quantity[:1].upper()}{quantity[1:]}: {self.condition} against {self.reference}"
        strength = f", by {outcome_name(self.moderator)}" if self.moderator else ""
        return title.replace("_", " ") + strength

    def hypothesis(self, name: str) -> Hypothesis:
        """Expand to the full entry of a hypothesis."""
        denies = self.predicted in DENIALS
        fields = self.model_dump(exclude={"predicted", "delta", "claim", "source", "caveat"})
        return Hypothesis(
            id=name,
            family="contrast",
            title=self.title,
            claim=self.claim or f"{self.outcome} is {PREDICTED[self.predicted]} {self.condition}",
            source=self.source,
            discriminating="whether a change of the smallest size of interest is excluded"
            if denies
            else f"whether there is a change towards {self.predicted} at all",
            estimand=self.words,
            statistic=PAIRED,
            predicted=self.predicted,
            delta=self.delta,
            unit=self.unit,
            minimum=Minimum(
                athletes=FEWEST_OF_DENIALS if denies else 12 if self.moderator else 6,
                steps=1 if self.outcome in (RATING, *STRENGTHS) else 2,
            ),
            gates=("minimum_n", "order") if self.by == "condition" else ("minimum_n",),
            caveat=self.caveat or ("" if self.by == "condition" else ELSE),
            multiverse=("errors", "outliers", "who_counts"),
            contrast=Contrast(**fields),
        )


class OwnClaim(Formulas):
    """Claim of a study's own in short form: a formula, a direction and a smallest effect."""

    predicted: Predicted = Field(description="Direction of the number.")
    delta: Positive = Field(description="Smallest number of interest, in `unit`.")
    unit: str = Field(default="", description="Unit; left out: that of the columns.")
    claim: Claim | None = Field(default=None, description="The claim in words.")
    caveat: str = Field(default="", description="What a verdict does not say.")
    athletes: Annotated[int, Field(ge=6)] = Field(default=8, description="Least athletes.")

    @property
    def words(self) -> StatisticWords:
        """Words of the pages, from the names of the columns."""
        names = [formula_name(text) for text in self.parsed[0].words]
        outcome, predictor = names[0], names[1] if len(names) > 1 else ""
        held = f" at equal {enumerated(names[2:])}" if len(names) > 2 else ""
        more, less = "was above 0", "was below 0"
        if predictor:
            more = f"rose with {predictor}{held}"
            less = f"fell as {predictor} rose{held}"
        if predictor and self.rows == "people":
            among = f"in athletes with higher {predictor}{held}"
            more, less = f"was higher {among}", f"was lower {among}"
        return StatisticWords(
            more=f"{outcome} {more}",
            less=f"{outcome} {less}",
            same=f"{outcome} was the same {f'at any {predictor}' if predictor else 'as 0'}{held}",
            limit="It says what goes together and not why." if predictor else "",
            size=f"{{}} {self.effect_unit}".rstrip(),
            short=f"{{}} {self.effect_unit}".rstrip(),
        )

    @property
    def effect_unit(self) -> str:
        """Unit of the number: of the outcome, or of the outcome per predictor."""
        return self.unit or " per ".join(map(part_unit, self.parsed[0].words[:2]))

    def hypothesis(self, name: str) -> Hypothesis:
        """Expand to the full entry of a hypothesis."""
        words = self.words
        clause = words.less if self.predicted == "less" else words.more
        clause = words.same if self.predicted == "none" else clause
        terms = max(len(reading.terms) for reading in self.parsed)
        recomputed = set(self.names) <= {*evidence_columns()}
        return Hypothesis(
            id=name,
            family="own",
            title=name.replace("_", " ").capitalize(),
            claim=self.claim or f"{clause[:160]}",
            source="own",
            discriminating="whether the number is on the predicted side of 0 at all",
            estimand=f"{'; '.join(self.readings)}, over {self.rows.replace('_', ' ')}",
            statistic="formula",
            predicted=self.predicted,
            delta=self.delta,
            unit=self.effect_unit,
            minimum=Minimum(
                athletes=max(self.athletes, FEWEST_OF_DENIALS * (self.predicted in DENIALS)),
                steps=0 if self.rows == "people" else terms + MIN_FREE_STEPS,
            ),
            caveat=self.caveat,
            multiverse=(*(RECOMPUTED if recomputed else ()), "errors", "outliers", "who_counts"),
            formula=Formulas(
                rows=self.rows, formula=self.formula, adjusted=self.adjusted, without=self.without
            ),
            words=words,
        )


FEWEST_OF_DENIALS = 20
"""Least athletes with whom an effect is denied: of 20, one in seven who responds is seen in 95 % of
studies; of 8, a quarter of the studies have no responder and would call a mean the same."""

MIN_FREE_STEPS = 4
"""Least steps of a person beyond one for each term of a formula."""

RECOMPUTED = ("consistency", "cutoff_hz", "body_segments")
"""Mechanical choices under which columns of the evidence are computed anew."""


PREDICTED = {name: f"{name.replace('_', ' ')} with" for name in ("greater", "less", "not_greater")}
PREDICTED["none"] = "the same with"
"""Words of a prediction, before the condition."""

PAIRED: Literal["paired_contrast"] = "paired_contrast"
"""Statistic of all contrasts."""

ELSE = "whatever else differed between the sessions is in the change"

VERSION = 10
"""Version of the rules that a registry is for."""


class Registry(Entry):
    """All hypotheses, in the order in which they are reported."""

    version: Literal[10] = Field(description="Of the rules that the entries are for.")
    hypotheses: tuple[Hypothesis, ...]
    contrasts: dict[Name, OwnContrast] = Field(
        default_factory=dict,
        description="Pairs of conditions by name; tested where a study has both conditions.",
    )
    claims: dict[Name, OwnClaim] = Field(
        default_factory=dict, description="Claims of a study's own as formulas, by name."
    )
    untested: tuple[Untested, ...] = Field(
        default=(), description="Claims of the articles without a hypothesis."
    )

    @model_validator(mode="before")
    @classmethod
    def _add_shipped_entries(cls, content: object) -> object:
        """Add the shipped entries to contrasts and claims that stand alone."""
        if not isinstance(content, dict):
            return content
        if "hypotheses" not in content and {"contrasts", "claims"} & content.keys():
            shipped = dict(read_registry())
            own = {
                kind: shipped[kind] | (content.get(kind) or {}) for kind in ("contrasts", "claims")
            }
            return shipped | own | {"version": VERSION}
        return content

    @model_validator(mode="after")
    def _check_unique_names(self) -> Registry:
        ids = (hypothesis.id for hypothesis in self.hypotheses)
        names = [*ids, *self.contrasts, *self.claims]
        duplicates = [name for name, n in Counter(names).items() if n > 1]
        if duplicates:
            raise ValueError(f"{', '.join(duplicates)} is there twice")
        return self

    def __getitem__(self, name: str) -> Hypothesis:
        """Return the hypothesis of that id."""
        for hypothesis in self.hypotheses:
            if hypothesis.id == name:
                return hypothesis
        return (self.claims.get(name) or self.contrasts[name]).hypothesis(name)

    def with_labels(self, labels: Collection[str]) -> Registry:
        """Turn claims into hypotheses, and contrasts where all their labels are present.

        Claims with missing labels join those that are not tested.
        """
        tested = [claim.hypothesis(name) for name, claim in self.claims.items()]
        untested = []
        for name, contrast in self.contrasts.items():
            group = contrast.group or contrast.reference
            if {contrast.condition, contrast.reference, group} <= set(labels):
                tested.append(contrast.hypothesis(name))
            elif contrast.claim is not None and contrast.source != "own":
                pair = f"{contrast.by}s {contrast.reference} and {contrast.condition}"
                reason = f"It takes {pair}: {contrast.words}."
                untested.append(
                    Untested(id=name, claim=contrast.claim, source=contrast.source, why=reason)
                )
        return self.model_copy(
            update={
                "hypotheses": (*self.hypotheses, *tested),
                "untested": (*self.untested, *untested),
            }
        )

    @property
    def hash(self) -> str:
        """Hash of all values of the rules; layout, comments and words of pages do not count."""
        return short_hash(self.model_dump(mode="json"))


def short_hash(content: object) -> str:
    """First twelve digits of the SHA-256 of any JSON content."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_registry(path: Path = DEFAULT) -> Registry:
    """Read a registry; all problems are raised at once, each with its line and a fix."""
    return _read(path, path.read_bytes() if path.is_file() else b"")


@lru_cache(maxsize=4)
def _read(path: Path, _content: bytes) -> Registry:
    """Read a registry, cached while the content of its file is the same."""
    return read_yaml(path, Registry)


def study_registry(study: Study) -> Registry:
    """Read the study's registry, or the one shipped with aqbio."""
    return read_registry(study.registry_file or DEFAULT)


def asked_registry(study: Study) -> Registry:
    """Registry of a study with the contrasts whose conditions, sessions and groups it has."""
    labels = {trial.condition for trial in study.trials if trial.include == "yes"}
    labels |= {
        label
        for participant in study.participants
        for label in (participant.session, participant.group)
        if label
    }
    return study_registry(study).with_labels(labels)
