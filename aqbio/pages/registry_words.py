"""Words on the record of the rules that were fixed before the data were read."""

from __future__ import annotations

from dataclasses import dataclass

from aqbio.pages.address import marked
from aqbio.pages.filters import capital


@dataclass(frozen=True, slots=True)
class Record:
    """Record of the registry, written before the first recording was read."""

    hash: str
    """Of registry, settings, computation, sheets and version."""
    recorded: str
    """Time in ISO 8601."""
    earlier: str = ""
    """An earlier reading of the same recordings; empty where none is known."""


def registry_words(record: Record | None, now: str) -> str:
    """State the time at which rules were fixed, and whether verdicts rest on them."""
    rules = "registry, settings, computation, sheets and version"
    if record is None:
        return (
            f"The verdicts rest on {rules} {now}. "
            "No record of those in use when the data were first read exists (registry.json is "
            "missing or incomplete), so that every verdict counts as post hoc."
        )
    day, _, clock = record.recorded.partition("T")
    moment = f"{day}, {clock[:5]} UTC" if clock.endswith("+00:00") else record.recorded
    order = (
        f"not before data were read: {record.earlier}"
        if record.earlier
        else "before data were read"
    )
    own = marked(record.hash, "registration", "", "hash", by="one of")
    moment = marked(moment, "registration", "", "recorded", by="moment")
    fixed = f"{capital(rules)} {own} were fixed on {moment}, {order}"
    if record.hash == now:
        unchanged = "" if record.earlier else ", and nothing was changed"
        return f"{fixed}; the verdicts rest on them{unchanged}."
    return f"{fixed}; the verdicts rest on {now}. What differs makes a verdict post hoc."
