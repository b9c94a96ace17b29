"""Every figure of a small study at both widths: read as a journal would, held against its rows.

Of `aqbio.figures.curves`, `aqbio.figures.bars`, `aqbio.figures.athletes`, `aqbio.figures.speed`,
`aqbio.figures.partitions`, `aqbio.figures.specification`, `aqbio.figures.quality`,
`aqbio.figures.runs`, `aqbio.figures.step_means` and `aqbio.figures.words`.
"""

from __future__ import annotations

import colorsys
import json
import re
from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from aqbio.figures import stage
from aqbio.figures.curves import SHARE
from aqbio.figures.figure import letter_panels
from aqbio.figures.files import arrange, save_figure
from aqbio.figures.marks import plain
from aqbio.figures.stage import FIGURES, figures_study
from aqbio.figures.step_means import column_title
from aqbio.figures.style import BLUE, VERMILLION, journal_style
from aqbio.figures.words import choice_words, digits, format_interval, range_words, source_label
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.names import INTERVALS
from tests.figures.look import look_lines
from tests.figures.made_study import MOMENTS, POWERS, draw_made, write_made_results
from tests.figures.test_conditions_and_reliability import FIGURE_ROWS
from tests.golden import differences
from tests.report.test_verdicts import FORBIDDEN

WIDTHS = (85.0, 180.0)
ELSEWHERE = ("reliability", "condition_curves")
"""Figures of repeated trials and of two conditions (`test_conditions_and_reliability.py`)."""
CHECKED_FIGURES = [figure for figure in FIGURES if figure.name not in ELSEWHERE]
NAMES = [figure.name for figure in CHECKED_FIGURES]
SMALLEST, HIGHEST, LONGEST = 6.0, 240.0, 60
"""Type that journals print (points), height of a page (mm), words of a caption."""
WITHOUT_UNIT = {"athletes", "specification_curve"}
"""Figures whose axes are called as the registry has the units of numbers."""
ROOM = "\N{NO-BREAK SPACE}" * 4


@pytest.fixture(scope="module")
def drawn_study(tmp_path_factory) -> tuple[Study, dict[tuple[str, float], Drawing]]:
    """A study with all its figures, and the drawings as they were written."""
    folder = tmp_path_factory.mktemp("figures")
    study, drawings = write_made_results(folder, figures={"formats": ["svg"]}), {}

    def save(drawing, stem, formats):
        name, _, width = stem.name.rpartition("_")
        drawings[name, float(width.removesuffix("mm"))] = drawing
        return save_figure(drawing, stem, formats)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stage, "save_figure", save)
        draw_made(patched)
        figures_study(study, lambda _: None)
    return study, drawings


@pytest.fixture(scope="module")
def tables(drawn_study) -> dict[str, pd.DataFrame]:
    """Rows of every figure."""
    folder, rows_of_figure = drawn_study[0].root / "figures", {}
    for path in folder.glob("*.tsv"):
        rows_of_figure[path.stem] = rows = read_table(path)
        if "condition" in rows:  # one only, so that its name is left out
            rows_of_figure[path.stem] = rows.assign(condition="")
    return rows_of_figure


@pytest.fixture(params=product(NAMES, WIDTHS), ids=lambda case: f"{case[0]}-{case[1]:g}")
def drawing(request, drawn_study) -> Drawing:
    return drawn_study[1][request.param]


@pytest.fixture(params=CHECKED_FIGURES, ids=NAMES)
def described(request, tables):
    return request.param, tables[request.param.name]


def visible_texts(drawing: Drawing) -> list[Text]:
    """Words that are drawn."""
    hidden = set()
    for axes in drawing.axes:
        if not axes.get_visible():
            hidden |= {id(text) for text in axes.findobj(Text)}
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            room = 1e-6 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low - room <= tick.get_loc() <= high + room:
                    hidden |= {id(tick.label1), id(tick.label2)}
    return [
        text
        for text in drawing.findobj(Text)
        if id(text) not in hidden and text.get_visible() and text.get_text().strip()
    ]


def boxes(drawing: Drawing) -> list[tuple[Text, object]]:
    """Words and the room that the renderer gives them."""
    with journal_style():
        renderer = FigureCanvasAgg(drawing).get_renderer()
        return [(text, text.get_window_extent(renderer)) for text in visible_texts(drawing)]


def shared(first, second) -> float:
    """Part of the smaller box that lies on the other."""
    wide = min(first.x1, second.x1) - max(first.x0, second.x0)
    high = min(first.y1, second.y1) - max(first.y0, second.y0)
    smaller = min(first.width * first.height, second.width * second.height)
    return wide * high / smaller if wide > 0.0 and high > 0.0 and smaller > 0.0 else 0.0


def overlapping(drawing: Drawing) -> list[tuple[str, str]]:
    """Words upon words, and words upon the panel of another."""
    level = [pair for pair in boxes(drawing) if pair[0].get_rotation() % 90.0 == 0.0]
    on_words = [
        (text.get_text(), other_text.get_text())
        for (text, first), (other_text, second) in combinations(level, 2)
        if shared(first, second) > 0.05
        and ROOM
        not in (text.get_text()[:4], other_text.get_text()[:4])  # a title's room for its letter
    ]
    panels = [axes for axes in drawing.axes if axes.get_visible()]
    keyed = {id(text) for axes in panels if axes.get_legend() for text in axes.get_legend().texts}
    return on_words + [
        (text.get_text(), axes.get_ylabel() or axes.get_xlabel())
        for text, box in level
        for axes in panels
        if text not in axes.texts and id(text) not in keyed and shared(box, axes.bbox) > 0.05
    ]


def cut(drawing: Drawing) -> list[str]:
    """Words that reach beyond the paper."""
    paper = drawing.bbox.padded(1.0)
    return [
        text.get_text()
        for text, box in boxes(drawing)
        if box.width
        and not (paper.x0 <= box.x0 and box.x1 <= paper.x1 and paper.y0 <= box.y0 <= paper.y1)
    ]


def keys(drawing: Drawing) -> list[object]:
    legends = [*drawing.legends, *(a.get_legend() for a in drawing.axes if a.get_legend())]
    return [handle for legend in legends for handle in legend.legend_handles]


def look(handle) -> tuple:
    """Properties by which an entry of a key differs from the others."""
    if isinstance(handle, Line2D):
        face = to_hex(handle.get_markerfacecolor()) if handle.get_marker() != "None" else ""
        dash = handle.get_linestyle() + str(handle._unscaled_dash_pattern)
        return to_hex(handle.get_color()), dash, handle.get_linewidth(), handle.get_marker(), face
    return to_hex(handle.get_facecolor()), to_hex(handle.get_edgecolor()), handle.get_hatch()


def hues(artists) -> set[int]:
    """Hues of drawn artists, in tenths of the circle; greys, black and white have none."""
    colours = []
    for artist in artists:
        if isinstance(artist, Line2D):
            colours += [artist.get_color(), artist.get_markerfacecolor()]
        elif isinstance(artist, Patch):
            colours += [artist.get_facecolor()[:3]]
        else:
            colours += [tuple(colour[:3]) for colour in artist.get_facecolor()]
    hues_found = set()
    for colour in (
        candidate for candidate in colours if candidate is not None and str(candidate) != "none"
    ):
        hue, light, saturation = colorsys.rgb_to_hls(*to_rgb(colour))
        if saturation > 0.25 and 0.1 < light < 0.93:
            hues_found.add(round(10.0 * hue) % 10)
    return hues_found


def unexplained(drawing: Drawing) -> set[int]:
    """Hues that no key explains, where there are several."""
    inside = [
        artist
        for axes in drawing.axes
        if axes.get_visible() and not axes.images
        for artist in axes.get_children()
        if isinstance(artist, Line2D | Patch | Collection) and artist is not axes.patch
    ]
    drawn_hues = hues(inside)
    return drawn_hues - hues(keys(drawing)) if len(drawn_hues) > 1 else set()


def coordinates(name: str, width: float, drawing: Drawing) -> Iterator[pd.DataFrame]:
    """Coordinates of lines, points, bars, bands and words, in the numbers of their axes."""
    for panel, axes in enumerate(
        candidate for candidate in drawing.axes if candidate.get_visible()
    ):
        at = [np.empty((0, 2))]
        for artist in axes.get_children():
            if isinstance(artist, Line2D):
                at.append(artist.get_xydata())
            elif isinstance(artist, Patch) and artist is not axes.patch:
                at.append(artist.get_path().transformed(artist.get_patch_transform()).vertices)
            elif isinstance(artist, Collection):
                at += [artist.get_offsets(), *(path.vertices for path in artist.get_paths())]
            elif artist in axes.texts and artist.get_transform() is axes.transData:
                at.append([artist.get_position()])
        x, y = np.concatenate(at).astype(float).T
        yield pd.DataFrame({"panel": f"{name} {width:g} mm {panel}", "x": x, "y": y})


MAIN = ("mean", "value", "estimate", "opposition", "cosine", "lag_mean")
"""Columns of numbers that a figure shows."""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_numbers_of_rows_are_drawn(drawn_study, tables, name, width):
    """Every number of a row is a coordinate of the drawing, or a colour of an image."""
    rows, drawing = tables[name], drawn_study[1][name, width]
    at = [panel[["x", "y"]].to_numpy().ravel() for panel in coordinates(name, width, drawing)]
    at += [np.ma.filled(image.get_array().astype(float), np.nan).ravel()
           for axes in drawing.axes for image in axes.images]  # fmt: skip
    coordinate = np.sort(np.concatenate(at))
    coordinate = coordinate[np.isfinite(coordinate)]
    column = next(candidate for candidate in MAIN if candidate in rows)
    expected = IN_PER_CENT.get(name, 1.0) * rows[column].dropna().to_numpy()
    index = np.searchsorted(coordinate, expected).clip(1, len(coordinate) - 1)
    distance = np.minimum(
        np.abs(coordinate[index] - expected), np.abs(coordinate[index - 1] - expected)
    )
    share = (distance <= 1e-6 * (1.0 + np.abs(expected))).mean()
    assert share == 1.0 if width == max(WIDTHS) else share >= SHARE_OF_NARROW


IN_PER_CENT = {"timing": 100.0}
SHARE_OF_NARROW = 0.25
"""A narrow figure draws the highest speed alone."""


def ends_of(figure, rows: pd.DataFrame) -> Iterator[np.ndarray]:
    """Values at both ends of every band and bar that a figure draws of its rows."""
    for name in ("low", "high", "ci_low", "ci_high"):
        if name in rows and figure.name != "sign_patterns":  # whose colours are means
            yield rows[name].to_numpy(dtype=float)
    if figure.columns == "curves" or figure.name in ("momentum_speed", "joint_work"):
        mean, sd = (rows[name].to_numpy() for name in ("mean", "sd"))
        if figure.columns == "curves":
            sd = np.where(rows.groupby("row")["line"].transform("nunique") <= 4, sd, np.nan)
        yield from (mean - sd, mean + sd)


def test_intervals_and_deviations_of_rows_are_drawn(described):
    """Of curves every second per cent."""
    figure, rows = described
    if figure.columns == "curves":
        rows = rows.assign(low=rows["mean"] - 1.0, high=rows["mean"] + 1.0)
    drawing = figure.draw(rows, max(WIDTHS))
    if figure.columns == "curves":
        rows = rows[(rows["percent"] % 2 == 0) & (rows["row"] != SHARE)]
    panels = coordinates(figure.name, max(WIDTHS), drawing)
    coordinate = np.unique(
        np.concatenate([panel[["x", "y"]].to_numpy().ravel() for panel in panels])
    )
    for ends in ends_of(figure, rows):
        expected = ends[np.isfinite(ends)]
        index = np.searchsorted(coordinate, expected).clip(1, len(coordinate) - 1)
        distance = np.minimum(
            np.abs(coordinate[index] - expected), np.abs(coordinate[index - 1] - expected)
        )
        assert (distance <= 1e-6 * (1.0 + np.abs(expected))).all()


def test_golden_look_of_figures(drawn_study):
    """A page, a key and the strokes of a figure change on purpose alone."""
    drawings = {(name, width): drawn_study[1][name, width] for name in NAMES for width in WIDTHS}
    for figure, made_rows in FIGURE_ROWS.items():
        for width in WIDTHS:
            drawings[figure.name, width] = drawing = figure.draw(made_rows(), width)
            drawing.draw_without_rendering()
    assert differences("figure_look", look_lines(drawings)) == []


def test_a_drawing_can_be_read_on_its_page(drawing):
    """Nothing upon words, none cut, six points and no indices; keys explain every colour once."""
    width, height = drawing.get_size_inches() * 25.4
    assert any(width == pytest.approx(width_mm) for width_mm in WIDTHS)
    assert height <= HIGHEST
    assert overlapping(drawing) == []
    assert cut(drawing) == []
    for text in visible_texts(drawing):
        assert text.get_fontsize() >= SMALLEST, text
        assert "$" not in text.get_text()
        for line in text.get_text().split("\n"):
            assert line == line.strip(" ")
            assert "  " not in line
    assert unexplained(drawing) == set()
    entries = keys(drawing)
    labels, looks = [entry.get_label() for entry in entries], [look(entry) for entry in entries]
    assert len(set(labels)) == len(set(looks)) == len(entries)
    for label, entry in zip(labels, entries, strict=True):
        for role, colour in (("push", BLUE), ("swing", VERMILLION)):
            if label in (f"{role} side", f"{role} leg"):
                line = isinstance(entry, Line2D)
                entry_colour = entry.get_color() if line else entry.get_edgecolor()
                assert to_hex(entry_colour).upper() == colour
                assert bool(entry.is_dashed() if line else entry.get_hatch()) == (role == "swing")


def test_nothing_that_is_drawn_lies_outside_of_its_axes(drawing):
    """Points of lines; of a line across the whole axes its height or its position alone."""
    for axes in drawing.axes:
        limits = np.sort(np.array([axes.get_xlim(), axes.get_ylim()]), axis=1)
        for line in axes.get_lines():
            is_data = np.array(line.get_transform().contains_branch_seperately(axes.transData))
            points = np.array(line.get_xydata(), dtype=float)
            outside = (points < limits[:, 0] - 1e-9) | (points > limits[:, 1] + 1e-9)
            assert not outside[:, is_data].any(), (axes.get_ylabel(), points, limits)


def test_axes_have_labels_with_units(described, drawn_study):
    figure, _ = described
    for width in WIDTHS:
        drawing = drawn_study[1][figure.name, width]
        common_label = drawing.get_supxlabel()
        for axes in drawing.axes:
            if not axes.get_visible() or axes.images:
                continue
            row = [neighbour for neighbour in drawing.axes if neighbour.bbox.y0 == axes.bbox.y0]
            numbers = [t.get_text().replace("−", "-") for t in axes.get_yticklabels()]
            if any(re.fullmatch(r"-?[\d.]+", tick) for tick in numbers):
                [label, *_] = [
                    neighbour.get_ylabel() for neighbour in row if neighbour.get_ylabel()
                ] or [""]
                assert figure.name in WITHOUT_UNIT or re.search(r"\([^()]+\)", label), label
            of_row = [neighbour.get_xlabel() for neighbour in row if neighbour.get_xlabel()] or [
                common_label
            ]
            label = axes.get_xlabel() or of_row[0]
            assert label[:1].isupper() or label.startswith("ln"), label
            assert figure.name in WITHOUT_UNIT or re.search(r"\(.+\)", label), label


def test_words_keep_the_rules_and_follow_the_rows(described):
    figure, rows = described
    assert len(rows) > 2
    assert list(rows.columns) == list(columns(figure.columns))
    if figure.columns == "curves":  # with every kind of band
        rows = rows.assign(low=rows["mean"] - 1.0, high=rows["mean"] + 1.0)
    caption, claim = plain(figure.caption(rows)), plain(figure.claim(rows))
    assert 15 <= len(caption.split()) <= LONGEST
    assert caption.endswith(".")
    for text in (figure.title, caption, claim, plain(figure.alternative(rows))):
        assert text == text.strip()
        assert "nan" not in text
        for pattern in (
            forbidden for forbidden in FORBIDDEN if not forbidden.startswith(r"\bright")
        ):
            assert not re.search(pattern, text, flags=re.IGNORECASE), pattern
    ends = [name for name in ("ci_low", "low") if name in rows and rows[name].notna().any()]
    if ends and figure.name != "sign_patterns":  # whose intervals are not drawn
        assert INTERVALS["athletes" if ends == ["ci_low"] else "measurement"] in caption
    if "sd" in rows and rows["sd"].notna().any() and figure.columns == "curves":
        has_few_lines = rows.groupby("row")["line"].unique().map(len).min() <= 4
        assert ("± one standard deviation over " in caption) == has_few_lines
    numbers = ("mean", "value", "estimate", "opposition", "cosine", "lag_mean")
    halved = {name: 0.5 * rows[name] for name in numbers if name in rows}
    assert figure.alternative(rows.assign(**halved)) != plain(figure.alternative(rows))


ALTERED = {
    "as they are": lambda rows: rows,
    "sign flipped": lambda rows: _times(rows, -1.0),
    "half": lambda rows: _times(rows, 0.5),
    "without intervals": lambda rows: rows.assign(
        **{name: np.nan for name in ("low", "high", "ci_low", "ci_high") if name in rows}
    ),
    "unsure": lambda rows: rows.assign(
        **{name: rows[name] + way * 9.0 for name, way in WIDER.items() if name in rows}
    ),
    "every second row": lambda rows: rows.iloc[::2],
    "one model": lambda rows: rows[rows["variant"] == "C2"] if "variant" in rows else rows[:9],
    "models that disagree": lambda rows: _of(rows, "variant", "C3", -1.0),
    "models that agree": lambda rows: _agreeing(rows),
    "one leg's sign flipped": lambda rows: _of(rows, "line", "swing_leg", -1.0),
    "push leg's sign flipped": lambda rows: _of(rows, "line", "push_leg", -1.0),
    "models that hardly disagree": lambda rows: _of(_agreeing(rows), "variant", "C3", -0.1),
}
WIDER = {"low": -1, "ci_low": -1, "high": 1, "ci_high": 1}
NUMBERS = ("mean", "value", "estimate", "opposition", "cosine", "lag_mean", *WIDER)


def _times(rows: pd.DataFrame, factor: float) -> pd.DataFrame:
    return rows.assign(**{name: factor * rows[name] for name in NUMBERS if name in rows})


def _of(rows: pd.DataFrame, column: str, value: str, factor: float) -> pd.DataFrame:
    """Rows in which the means of one line or model are multiplied."""
    if column not in rows:
        return rows[::3]
    return rows.assign(mean=rows["mean"].where(rows[column] != value, factor * rows["mean"]))


def _agreeing(rows: pd.DataFrame) -> pd.DataFrame:
    """Impulses that are the same under every contact model, sure, and one the largest."""
    if "variant" not in rows:
        return rows[-9:]
    keys = ["condition", "speed_mps", "panel", "source"]
    mean = rows.fillna({"condition": ""}).groupby(keys)["mean"].transform("first")
    mean = mean.where(rows["source"] != "hip_push", 3.0 * mean)
    return rows.assign(mean=mean, low=mean - 0.01, high=mean + 0.01)


NUMBER = re.compile(r"[−-]?\d[\d.]*")


def test_golden_titles_captions_and_alternatives(tables):
    """Of every figure, also with altered rows: each sentence at its first occurrence.

    A sentence that differs by numbers alone is not told again: numbers follow the rows (below).
    """
    lines = []
    for figure in CHECKED_FIGURES:
        sentences: set[str] = set()
        for name, alter in ALTERED.items():
            if (rows := alter(tables[figure.name])).empty:
                continue
            texts = (
                plain(figure.claim(rows)),
                plain(figure.caption(rows)),
                plain(figure.alternative(rows)),
            )
            for kind, text in zip(("claim", "caption", "alternative"), texts, strict=True):
                if (sentence := NUMBER.sub("#", f"{kind}: {text}")) not in sentences:
                    lines.append(f"{figure.name}, {name} | {kind}: {text}")
                sentences.add(sentence)
    single_words = (
        source_label("hip_push"), plain(range_words(1, 1, "step", "steps")),
        plain(range_words(11, 12, "athlete", "participants")),
        digits(3.2e-13), digits(-0.001, "kg m²/s"), format_interval(-12.34, -14.11, -10.57),
        column_title("restricted_arms", 8.9), choice_words("pelvis=legs"),
    )  # fmt: skip
    assert differences("figure_words", [*lines, *map(str, single_words)]) == []


def counts(noun: str, rows: pd.DataFrame) -> set[tuple[int, int]]:
    """Least and largest number, from the rows, of items that a caption counts."""
    if noun == "trial":
        return {(len(rows[["participant_id", "trial_id"]].drop_duplicates()),) * 2}
    if noun == "step":
        largest = rows.groupby([rows["condition"].fillna(""), "speed_mps"])["steps"].max()
        return {(ends.min(), ends.max()) for ends in (rows["steps"], largest)}
    for name in ("n_athletes", "athletes", "participants"):
        if noun == "athlete" and name in rows and "kind" not in rows:
            return {(int(rows[name].min()), int(rows[name].max()))}
    if noun == "athlete":
        people = (
            rows["participant_id"]
            if "kind" not in rows
            else rows.query("kind == 'athlete'")["name"]
        )
        return {(people.nunique(),) * 2}
    if noun == "choice":
        sizes = rows.groupby("hypothesis").size()
        return {(sizes.min(), sizes.max())}
    return {(rows["hypothesis"].nunique(),) * 2}


def test_numbers_of_captions_are_those_of_the_rows(described):
    figure, rows = described
    counted = re.findall(
        r"(\d+)(?: to (\d+))? (step|trial|athlete|choice|panel|hypothes)",
        plain(figure.caption(rows)),
    )
    assert counted or figure.name == "force_shares"
    for low, high, noun in counted:
        assert (int(low), int(high or low)) in counts(noun, rows), (figure.name, noun)
    limits = {
        float(number) for number in re.findall(r"\(limit ([\d.]+)\)", plain(figure.caption(rows)))
    }
    assert limits <= set(rows["limit"].dropna().round(9)) if limits else True


@pytest.mark.parametrize("name", ["angular_momentum", "caused_rotation", "agreement", "athletes"])
def test_one_condition_and_missing_intervals_are_drawn(name, tables):
    """Rows of a study with one speed, one athlete and no fit."""
    [figure] = [candidate for candidate in FIGURES if candidate.name == name]
    rows = tables[name]
    first = {n: rows[n].iloc[0] for n in ("speed_mps", "participant_id") if n in rows}
    for column, value in first.items():
        rows = rows[rows[column] == value] if column != "speed_mps" or len(first) == 1 else rows
    unknown = {n: np.nan for n in ("sd", "low", "high", "ci_low", "ci_high", "limit") if n in rows}
    drawing = figure.draw(rows.assign(**unknown), WIDTHS[0])
    letter_panels(drawing)
    with journal_style():
        arrange(drawing)
        drawing.draw_without_rendering()
    assert cut(drawing) == []
    assert "95 % interval of" not in plain(figure.caption(rows.assign(**unknown)))


def test_moments_and_powers_of_joints_are_of_a_kilogram(tables):
    """Of the same body, so that their ratio is that of the moments and powers themselves."""
    rows = tables["joint_work"].set_index(["quantity", "line"])["mean"]
    for joint, moment in MOMENTS.items():
        for role in ("push", "swing"):
            columns_of_role = (
                rows.loc[quantity, f"{joint}_{role}"] for quantity in ("moment", "power")
            )
            extension, power = (series.to_numpy() for series in columns_of_role)
            np.testing.assert_allclose(extension * POWERS[joint], -moment * power, rtol=1e-9)


def test_an_unknown_quantity_has_no_panels(tables):
    """A study without plates has angles alone."""
    rows = tables["joint_work"].query("quantity == 'angle'")
    [figure] = [candidate for candidate in FIGURES if candidate.name == "joint_work"]
    assert len(figure.draw(rows, max(WIDTHS)).axes) == 3
    assert "(angles). TD" in plain(figure.caption(rows))


def listed(study: Study) -> list[dict]:
    return json.loads((study.root / "figures" / "figures.json").read_text("utf-8"))["figures"]


def test_every_figure_has_its_files_and_words(drawn_study):
    folder, entries = drawn_study[0].root / "figures", listed(drawn_study[0])
    assert [entry["name"] for entry in entries] == NAMES
    for entry in entries:
        files = {width: {"svg": f"{entry['name']}_{width}mm.svg"} for width in ("85", "180")}
        assert entry["files"] == files
        assert all((folder / paths["svg"]).stat().st_size > 1000 for paths in files.values())
        assert all(entry[words] for words in ("title", "caption", "alternative_text"))


def test_a_study_without_a_step_has_no_figure(tmp_path):
    study = write_made_results(tmp_path, participants=1, steps=False)
    figures_study(study, lambda _: None)
    assert listed(study) == []
    assert read_table(study.root / "figures" / "stance_means.tsv").empty
    assert read_table(study.table("findings_figures.tsv")).empty
