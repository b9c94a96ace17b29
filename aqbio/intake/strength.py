"""The long sheet strength.tsv, made from a sheet of strength tests in English.

That sheet has a row per attempt, or a row per athlete and a column per test with a heading such as
"Knee ext R con 60°/s (Nm)". Headings, and cells of the column movement, are read word by word;
where a movement is named, a word without a meaning here is asked about.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aqbio.config import Strength, closest
from aqbio.config.sheets import MOVEMENTS, valid_contraction, valid_unit
from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.cells import (
    CONTRACTIONS,
    NOT_MEASURED,
    QUANTITY,
    SIDES,
    STRENGTH_UNITS,
    understood_cell,
)
from aqbio.io.sheets import SAVED_AS, sheet_rows

STRENGTH_NAME = "strength"
"""Name of a file of strength tests, without its ending, in small letters."""

NumberedRow = tuple[int, list[str]]
"""Line of the file, and its cells."""


def _spelled(**words: str) -> dict[str, str]:
    """Meanings by word, of words by meaning."""
    return {word: meaning for meaning, spellings in words.items() for word in spellings.split()}


JOINTS = _spelled(hip="hip hips", knee="knee knees", ankle="ankle ankles", trunk="trunk torso")
DIRECTIONS = _spelled(
    flexion="flexion flex flx flexor flexors",
    extension="extension ext extensor extensors",
    abduction="abduction abd abductor abductors",
    adduction="adduction add adductor adductors",
    internal_rotation="internal_rotation int_rotation int_rot ir",
    external_rotation="external_rotation ext_rotation ext_rot er",
    plantarflexion="plantarflexion plantar_flexion plantarflex pf",
    dorsiflexion="dorsiflexion dorsi_flexion dorsiflex df",
    rotation="rotation rot",
)
MUSCLES = _spelled(
    knee_extension="quads quad quadriceps",
    knee_flexion="hamstrings hamstring hams ham",
    hip_extension="glutes glute gluteus",
    hip_flexion="psoas iliopsoas",
    hip_adduction="groin",
    leg_extension="leg_press squat",
    ankle_plantarflexion="calf calves calf_raise soleus",
)
NORDIC = {"movement": "knee_flexion", "contraction": "eccentric", "device": "nordic hamstring"}
JUMPS = {
    "cmj": "countermovement jump", "countermovement_jump": "countermovement jump",
    "counter_movement_jump": "countermovement jump", "sj": "squat jump", "squat_jump": "squat jump",
}  # fmt: skip
REACTIVE_JUMP = {"movement": "reactive_jump", "contraction": "jump"}
TESTS: dict[str, dict[str, str]] = {
    **{word: {"movement": movement} for word, movement in MUSCLES.items()},
    **{movement: {"movement": movement} for movement in MOVEMENTS},
    **{
        word: {"movement": "leg_extension", "contraction": "jump", "device": jump}
        for word, jump in JUMPS.items()
    },
    **dict.fromkeys(
        ("nordic", "nordics", "nordic_hamstring", "nordic_hamstrings", "nordbord"), NORDIC
    ),
    "imtp": {"movement": "leg_extension", "contraction": "isometric", "device": "mid-thigh pull"},
    "rsi": REACTIVE_JUMP,
    "reactive_strength_index": REACTIVE_JUMP,
    "f0": {"movement": "sprint_force", "contraction": "sprint"},
    "v0": {"movement": "sprint_velocity", "contraction": "sprint"},
}
"""Tests and muscles that name a movement by themselves."""

CONTRACTION_WORDS = CONTRACTIONS | _spelled(isokinetic="isokinetic isokin")
DEVICES = {
    word: {"contraction": "isometric", "device": "hand-held dynamometer"}
    for word in ("hhd", "handheld_dynamometer", "hand_held_dynamometer", "hand_held")
}

UNSAID = _spelled(
    unsaid="peak max maximum maximal best torque moment force strength test height mvic mvc dj "
    "drop_jump profile fvp fv single leg sl tq"
).keys()
"""Words that change no meaning."""

COMPUTED = _spelled(
    computed="ratio asymmetry asym lsi diff difference deficit percent % mean average sd cv"
).keys()
"""Words of columns that were computed from other columns, which are not read."""

BODY_WEIGHT = {"bw", "bm", "bodyweight", "bodymass"}
"""Words that make per cent a unit."""

ADVICE = {
    **dict.fromkeys(
        ("dominant", "nondominant", "non", "dom", "nd"),
        "write left or right: which leg is preferred stands in participants.tsv (preferred_leg)",
    ),
    "rm": "write con in place of 1RM if the lifted mass shall count as the leg's force, or leave "
    "the column out",
    **dict.fromkeys(
        ("modified", "mod", "rsimod"),
        "leave the column out: RSI-modified is another measure than RSI (jump height over the time "
        "to take-off)",
    ),
}  # fmt: skip
"""Advice on words that have no meaning here, or more than one."""

COLUMN_WORDS = _spelled(
    participant_id="athlete name subject participant player patient id",
    movement="test exercise muscle",
    side="leg limb",
    contraction="type mode",
    velocity_deg_s="speed",
    angle_deg="angle",
    unit="units",
)
"""Other names of columns; their cells are checked like those of the sheet's own."""

WORD = re.compile(r"\d+(?:[.,]\d+)?\s*(?:°/se?c?|deg/se?c?|deg|°)?|\b[fv]0\b|[^\W\d_]+|%")
BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]\s*$")

MAX_ATTEMPT = 9
"""Largest bare number that is the number of an attempt; larger ones are speeds or angles."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Meaning of a heading or a cell."""

    fields: Mapping[str, str]
    """Columns of strength.tsv that it fills."""
    unread: tuple[str, ...] = ()
    """Words without a meaning here."""
    problem: str = ""
    """Contradiction in it."""

    @property
    def words(self) -> str:
        """What it means."""
        fields = self.fields
        speed = fields.get("velocity_deg_s")
        angle = fields.get("angle_deg")
        contraction = fields.get("contraction", "")
        parts = (
            fields.get("side", ""),
            fields.get("movement", "").replace("_", " "),
            f"{contraction} at {speed} degrees per second" if speed else contraction,
            f"joint at {angle} degrees" if angle else "",
            fields.get("device", ""),
            fields.get("unit", ""),
            f"attempt {fields['attempt']}" if "attempt" in fields else "",
        )
        return ", ".join(filter(None, parts))


def read_phrase(text: str) -> Phrase:
    """Read the words of a test."""
    fields: dict[str, str] = {}
    problems: list[str] = []

    def fill(meaning: Mapping[str, str]) -> None:
        for column, value in meaning.items():
            if fields.setdefault(column, value) != value:
                problems.append(f"{fields[column]} and {value}")

    text, unit = _without_unit(text.casefold().strip())
    if unit:
        fill({"unit": unit})
    words = [match[0].strip() for match in WORD.finditer(text.replace("_", " "))]
    unread: list[str] = []
    numbers: list[str] = []
    joints: list[str] = []
    directions: list[str] = []
    while words:
        count = next((n for n in (3, 2) if "_".join(words[:n]) in _PHRASES), 1)
        word, words = "_".join(words[:count]), words[count:]
        if word in TESTS or word in DEVICES:
            fill(TESTS.get(word) or DEVICES[word])
        elif word in SIDES:
            fill({"side": SIDES[word]})
        elif word in CONTRACTION_WORDS:
            fill({"contraction": CONTRACTION_WORDS[word]})
        elif word in JOINTS:
            joints.append(JOINTS[word])
        elif word in DIRECTIONS:
            directions.append(DIRECTIONS[word])
        elif word[0].isdigit():
            numbers.append(word)
        elif word not in UNSAID:
            unread.append(word)
    if "%" in unread and (weight := BODY_WEIGHT & {*unread}):
        fill({"unit": "%bw"})
        unread = [word for word in unread if word not in {"%", *weight}]
    movement = "_".join(joints + directions)
    if movement in MOVEMENTS:
        fill({"movement": movement})
    elif (joints or directions) and fields.get("movement", "").split("_")[0] not in joints:
        unread += joints + directions
    unread += _fill_numbers(numbers, fields)
    if fields.get("contraction") in ("jump", "sprint"):
        fields.setdefault("side", "bilateral")
    return Phrase(fields, tuple(unread), "; ".join(problems))


_PHRASES = {*TESTS, *DEVICES, *DIRECTIONS, *SIDES, *UNSAID}
"""Words of several words among them."""


def _without_unit(text: str) -> tuple[str, str]:
    """Text without the unit at its end, and the unit as the sheet has it; empty where it is none.

    A unit that is not read stays as it was written, to be refused with its fix.
    """
    match = BRACKETS.search(text)
    last = match[1] if match else text.rpartition(" ")[2]
    unit = STRENGTH_UNITS.get("".join(last.split()))
    if unit is None:
        try:
            valid_unit(last)
        except ValueError:
            unit = last
    if unit is None:
        return (f"{text[: match.start()]} {last}" if match else text), ""
    return text[: match.start()] if match else text[: -len(last)], unit


def _fill_numbers(numbers: Sequence[str], fields: dict[str, str]) -> Iterator[str]:
    """Give numbers their columns; those that have none."""
    contraction = fields.get("contraction", "")
    for number in numbers:
        size = re.split(r"[°d\s]", number)[0].replace(",", ".")
        if "/s" in number:
            column = "velocity_deg_s"
        elif number[-1] in "°g":
            column = "angle_deg"
        elif float(size) <= MAX_ATTEMPT:
            column = "attempt"
        elif contraction in ("concentric", "eccentric", "isokinetic"):
            column = "velocity_deg_s"
        else:
            column = "angle_deg" if contraction == "isometric" else ""
        if not column or column in fields:
            yield number
        else:
            fields[column] = size


# sheets -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LongStrength:
    """A sheet of strength tests with one attempt a row."""

    text: str
    """Of strength.tsv; empty where no test was found."""
    findings: tuple[Finding, ...]
    """On the columns that it was made from."""


def find_strength(folder: Path) -> LongStrength | None:
    """Read the sheet of strength tests among recordings, the first by name; None without one."""
    sheets = [*filter(is_strength_sheet, sorted(folder.rglob("*")))]
    if not sheets:
        return None
    strength = long_strength(sheets[0])
    unread = [_not_read(path, sheets[0], folder) for path in sheets[1:]]
    return LongStrength(strength.text, (*strength.findings, *unread))


def _not_read(path: Path, first: Path, folder: Path) -> Finding:
    """Finding of a sheet of strength tests beyond the first."""
    names = [each.relative_to(folder).as_posix() for each in (path, first)]
    return Finding(
        "strength-sheets",
        "warning",
        f"{names[0]} is not read: strength.tsv is made from {names[1]}.",
        file=str(path),
        fix="put the rows of both into one sheet, with columns participant_id and session.",
    )


def is_strength_sheet(path: Path) -> bool:
    """Tell whether a file has the name of a sheet of strength tests."""
    named = path.stem.casefold() == STRENGTH_NAME and path.suffix.casefold() in SAVED_AS
    return named and path.is_file()


def long_strength(path: Path) -> LongStrength:
    """Read a sheet of strength tests in either layout."""
    try:
        sheet = sheet_rows(path, Strength)
    except AqbioError as error:
        return LongStrength("", (error.finding(),))
    header, rows, remarks = _as_rows(sheet.header, sheet.rows, path)
    file = io.StringIO()
    writer = csv.writer(file, delimiter="\t", lineterminator="\n")
    writer.writerow(header)
    for _, cells in rows:
        values = zip(header, cells, strict=False)
        writer.writerow([understood_cell(name, cell.strip()) for name, cell in values])
    return LongStrength(file.getvalue() if rows else "", (*sheet.findings, *remarks))


def strength_lines(strength: LongStrength | None) -> Iterator[str]:
    """List columns of a sheet of strength tests: read, asked about, or left out."""
    if strength is None:
        return
    yield "Strength tests"
    for finding in strength.findings:
        look = "" if finding.severity == "info" else "look: "
        yield f"  {look}{finding.what} {finding.fix}"


def _as_rows(
    header: list[str], rows: Sequence[NumberedRow], path: Path
) -> tuple[list[str], list[NumberedRow], list[Finding]]:
    """Header and rows with one test a row, of a sheet that may have a column for each test."""
    given = frozenset(header)
    header = [_column_name(name, given) for name in header]
    columns = frozenset(header)
    phrases = {
        number: read_phrase(name)
        for number, name in enumerate(header)
        if name and name not in Strength.model_fields
    }
    if "value" in header or not any(_is_test(phrase, columns) for phrase in phrases.values()):
        if phrases and not {"value", "movement"} & columns:
            finding = _no_test([header[number] for number in phrases], path)
            return list(Strength.model_fields), [], [finding]
        return header, _named_movements(header, rows), []
    findings = [
        _column_finding(header[number], phrase, columns, path) for number, phrase in phrases.items()
    ]
    count: Counter[tuple[tuple[str, str], ...]] = Counter()
    tests: dict[int, dict[str, str]] = {}
    for (number, phrase), finding in zip(phrases.items(), findings, strict=True):
        if finding.rule == "strength-column":
            key = tuple(sorted(phrase.fields.items()))
            count[key] += 1
            again = {"attempt": str(count[key])} if count[key] > 1 else {}
            tests[number] = {**again, **phrase.fields}
    known = [name for name in header if name in Strength.model_fields]
    filled = {"side", "movement", "contraction", "unit"}.union(*tests.values()) - {*known}
    long_header = [*known, *sorted(filled), "value"]
    long_rows = []
    for line, cells in _named_movements(header, rows):
        shared = {name: cell for name, cell in zip(header, cells, strict=False) if name in known}
        for number, fields in tests.items():
            if number < len(cells) and cells[number].strip().casefold() not in NOT_MEASURED:
                value = _without_own_unit(cells[number], fields.get("unit", shared.get("unit", "")))
                values = {**shared, **fields, "value": value}
                long_rows.append((line, [values.get(name, "") for name in long_header]))
    return long_header, long_rows, findings


def _no_test(headings: Sequence[str], path: Path) -> Finding:
    """Answer to a sheet in which no column names a test."""
    return Finding(
        "strength-heading",
        "error",
        f"no column names a test that is known: {listed(headings)}.",
        file=str(path),
        where="line 1",
        fix="write joint and direction, side, contraction and unit into a heading, such as “Knee "
        "ext R con 60°/s (Nm)”; tests of arms and of other movements are left out.",
    )


def _without_own_unit(cell: str, unit: str) -> str:
    """A cell without the unit behind its number where that is the unit of its column."""
    match = QUANTITY.fullmatch(cell.strip())
    own = match is not None and STRENGTH_UNITS.get(match[2].casefold()) == unit
    return match[1] if match is not None and own else cell


def _column_name(name: str, header: frozenset[str]) -> str:
    """The sheet's own name of a column that the header has under another one."""
    column = COLUMN_WORDS.get(name.casefold().strip(), name)
    return name if column in header else column


def _named_movements(header: list[str], rows: Sequence[NumberedRow]) -> list[NumberedRow]:
    """Rows whose movement is one of the sheet's, where its cell names it in other words.

    What the cell says beyond the movement fills empty cells; where it has no column, or another
    cell says otherwise, the cell stays as it is.
    """
    if "movement" not in header:
        return list(rows)
    named = []
    for line, cells in rows:
        values = dict(zip(header, cells, strict=False))
        phrase = read_phrase(values.get("movement", ""))
        others = {name: text for name, text in phrase.fields.items() if name != "movement"}
        fits = all(
            name in values and understood_cell(name, values[name].strip()) in ("", text)
            for name, text in others.items()
        )
        if "movement" in phrase.fields and fits and not (phrase.unread or phrase.problem):
            values |= phrase.fields
            cells = [*(values[name] for name in header[: len(cells)]), *cells[len(header) :]]
        named.append((line, cells))
    return named


def _is_test(phrase: Phrase, header: frozenset[str]) -> bool:
    """True if a heading names a test, or a side of the test that a row names."""
    if COMPUTED & {*phrase.unread}:
        return False
    if "movement" in header:
        return "side" in phrase.fields and not phrase.unread
    parts = {*JOINTS.values(), *DIRECTIONS.values()}
    return "movement" in phrase.fields or not parts.isdisjoint(phrase.unread)


def _strange_words(phrase: Phrase) -> list[str]:
    """Words without a meaning; joints and directions only where there are no others."""
    parts = {*JOINTS.values(), *DIRECTIONS.values()}
    return [word for word in phrase.unread if word not in parts] or list(phrase.unread)


def _column_finding(heading: str, phrase: Phrase, header: frozenset[str], path: Path) -> Finding:
    """Report the meaning of a column (rule strength-column), or the reason that it is not read."""
    fields = phrase.fields
    needed = {"movement", "side"} - header
    if not _is_test(phrase, header):
        is_computed = not COMPUTED.isdisjoint(phrase.unread)
        why = "it was computed from other columns" if is_computed else "it names no test"
        what, fix = f"column “{heading}” is not read: {why}.", "nothing, if that is so."
        return Finding("strength-column-unread", "info", what, file=str(path), where="line 1",
                       fix=fix)  # fmt: skip
    speed = fields.get("velocity_deg_s", "")
    what = fix = ""
    if phrase.problem:
        what, fix = f"says {phrase.problem}", "name one test in it"
    elif phrase.unread:
        words = (*_PHRASES, *JOINTS, *CONTRACTION_WORDS)
        unread = _strange_words(phrase)
        advice = next((ADVICE[word] for word in unread if word in ADVICE), "")
        near = closest(unread[0], words)
        what = f"has words that are not understood: {', '.join(unread)}"
        fix = advice or (
            f"did you mean {near}?" if near else "write joint and direction, or delete them"
        )
    elif lacking := sorted(needed - fields.keys()):
        what, fix = f"names no {lacking[0]}", f"write the {lacking[0]} into it"
    elif "contraction" not in header | fields.keys():
        fix = "write isometric (as with a hand-held dynamometer), concentric or eccentric into it"
        what = "does not say how the muscle worked"
        if speed:
            usual = f"concentric at {speed} degrees per second"
            fix = f"did you mean {usual}? write con or ecc into it"
    elif "unit" not in header | fields.keys():
        what, fix = "names no unit", f"write it behind the words: {heading} (N m)"
    else:
        try:
            valid_unit(fields.get("unit", "N"))
            if fields.get("contraction") == "isokinetic":
                valid_contraction(f"isokinetic {speed}")
        except ValueError as error:
            what, _, fix = str(error).partition(" Fix: ")
    rule = "strength-heading"
    if not what:
        rule = "strength-column"
        what, fix = f"is read as {phrase.words}", "correct the heading if that is wrong"
    return Finding(
        rule,
        "info" if rule == "strength-column" else "error",
        f"column “{heading}” {what}.",
        file=str(path),
        where="line 1",
        fix=fix if fix.endswith("?") else f"{fix}.",
    )
