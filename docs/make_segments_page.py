"""Write docs/segments.md from data: ``python -m docs.make_segments_page docs/segments.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from aqbio.body.inertia_draws import InertiaSpread
from aqbio.body.segment_source_file import segment_sources
from aqbio.body.segment_sources import (
    LIMBS,
    Belief,
    SegmentNumbers,
    Source,
    about_model,
    about_sources,
    middle_sideways,
    people_spread,
)
from aqbio.io.atomic import write_text
from aqbio.vectors import FloatArray

TEXT = Path(__file__).parent / "segments.txt"
SHOWN = {"both": "", "male": "men", "female": "women"}


def segments_page() -> str:
    """The page as text: written words with tables in their places."""
    sources = segment_sources()
    tables = {
        "SOURCES": _sources(sources),
        "LIMBS": _limbs(sources),
        "MASSES": _masses(sources),
        "PRINTED": _printed(sources),
        "BELIEFS": _beliefs(sources),
    }
    page = TEXT.read_text(encoding="utf-8")
    for name, lines in tables.items():
        page = page.replace(f"<!-- {name} -->", "\n".join(lines))
    return page


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|" + " --- |" * len(head),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _sources(sources: Mapping[str, Source]) -> list[str]:
    head = ("source", "people", "how", "frame, as printed", "sideways", "read in")
    return _table(
        head,
        (
            (f"`{k}`: {s.cite}", s.people, s.technique, s.frame_words, s.sideways, s.read)
            for k, s in sources.items()
        ),
    )


def _each(sources: Mapping[str, Source]) -> Iterator[tuple[Source, str, str, SegmentNumbers]]:
    """Source, sex, segment and its numbers."""
    for source in sources.values():
        for sex, rows in source.segments.items():
            for name, row in rows.items():
                yield source, sex, name, row


def _by_segment(sources: Mapping[str, Source]) -> list[tuple[Source, str, str, SegmentNumbers]]:
    order = list(dict.fromkeys(name for _, _, name, _ in _each(sources)))
    return sorted(_each(sources), key=lambda row: order.index(row[2]))


def _limbs(sources: Mapping[str, Source]) -> list[str]:
    """Limbs of sources that can be turned."""
    head = ("segment", "source", "", "mass", "forward", "along", "sideways", "radii x, y, z",
            "products xy, xz, yz")  # fmt: skip
    rows = (
        (name, f"`{s.key}`", SHOWN[sex], f"{row.mass:.4g}", *map(_cell, row.centre),
         _cells(row.radii), _cells(row.products))
        for s, sex, name, row in _by_segment(sources)
        if name in LIMBS and s.frame != "printed"
    )  # fmt: skip
    return _table(head, rows)


def _printed(sources: Mapping[str, Source]) -> list[str]:
    """What could not be turned: end points other than joint centres, or not read."""
    head = ("segment", "source", "", "forward", "along", "sideways", "radii x, y, z")
    rows = (
        (name, f"`{s.key}`", SHOWN[sex], *map(_cell, row.centre), _cells(row.radii))
        for s, sex, name, row in _by_segment(sources)
        if (name not in LIMBS or s.frame == "printed")
        and np.isfinite([*row.centre, *row.radii]).any()
    )
    return _table(head, rows)


def _masses(sources: Mapping[str, Source]) -> list[str]:
    """Mass in %, between people where printed."""
    names = ("thigh", "shank", "foot", "leg", "upper_arm", "forearm", "hand", "head", "trunk")
    head = ("source", "", *(name.replace("_", " ") for name in names), "along, between people")
    rows = []
    for source in sources.values():
        for sex, segments in source.segments.items():
            cells = [_mass(segments.get(name)) for name in names]
            along = [
                f"{name.replace('_', ' ')} {segments[name].along_spread:.3g}"
                for name in names
                if name in segments and np.isfinite(segments[name].along_spread)
            ]
            rows.append((f"`{source.key}`", SHOWN[sex], *cells, ", ".join(along)))
    return _table(head, iter(rows))


def _mass(row: SegmentNumbers | None) -> str:
    if row is None:
        return ""
    spread = "" if np.isnan(row.mass_spread) else f" ± {row.mass_spread:.3g}"
    return f"{row.mass:.4g}{spread}"


def _beliefs(sources: Mapping[str, Source]) -> list[str]:
    """Today's belief beside what the sources give, % of a man's length."""
    head = ("segment", "12 % everywhere (the product's)", "by axis, about the model",
            "by axis, about the sources: mean", "and spread")  # fmt: skip
    model, around = about_model(sources), about_sources(sources)
    rows = []
    for limb in LIMBS:
        largest = float(sources["de_leva_1996"].segments["male"][limb].radii.max())
        today = np.full(3, InertiaSpread().centre * largest)
        rows.append(
            (
                limb.replace("_", " "),
                _cells(today, 1),
                _cells(_spread(model, limb) * largest, 1),
                _cells(around[limb][0], 1),
                _cells(_spread(around, limb) * largest, 1),
            )
        )
    return [
        *_table(head, iter(rows)),
        "",
        _others(sources),
    ]


def _others(sources: Mapping[str, Source]) -> str:
    """What all segments share, in words."""
    people, middle = 100 * people_spread(sources), 100 * middle_sideways(sources)
    return (
        f"Between people, along: {people:.1f} % of the largest radius of gyration. Trunk, pelvis "
        f"and head sideways, with it: {middle:.1f} %."
    )


def _spread(belief: Belief, limb: str) -> FloatArray:
    return belief[limb][1]


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4g}"


def _cells(values: FloatArray, digits: int = 4) -> str:
    if np.isnan(values).all():
        return ""
    if digits == 1:
        return ", ".join(f"{value:.1f}" for value in values)
    return ", ".join("-" if np.isnan(value) else f"{value:.4g}" for value in values)


def main() -> None:
    """Write the page."""
    write_text(Path(sys.argv[1]), segments_page())


if __name__ == "__main__":
    main()
