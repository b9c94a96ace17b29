"""The page of every file and column, from the dictionary; the site is built with it."""

from __future__ import annotations

from aqbio.io.dictionary import File, Variable, columns, common, files, special, tables

HEAD = """\
# Every file and what is in it

Made from `aqbio/io/dictionary.yaml`. The same
words stand in the files: attributes `long_name`, `units`, `reflection`, `frame` and `positive` of
NetCDF variables, and the JSON file beside every table.

**Mirror** says how a vector behaves in the mirror image of a run: of an axial one (angular
momentum, a moment) x and y change their signs, of a polar one (a place, a velocity, a force) z, of
a spread none; what is canonical holds left steps as right ones already
([methods.md](methods.md#frames-units-signs)).

**Stored to** is how finely a series over time or a phase is stored: numbers are off by half of it
at most, whatever their size, and read in double precision. Everything else keeps every digit.

## Kinds of NetCDF files
In the study's folder of results.

| file | stage | frame | what |
| --- | --- | --- | --- |
"""
TABLES = """
## Tables
`tables/<name>.tsv` and, of what is drawn, `figures/<name>.tsv`; beside each a JSON file with the
same words. A name with GROUP, AXIS or PARTITION stands for a column of each. *bars*, *curves* and
*ground_forces* are kinds of tables: every figure has its own. *evidence* is for machines:
`participants/<id>/multiverse/steps.nc`.
"""
COLUMNS = "| column | unit | meaning |\n| --- | --- | --- |\n"
VARIABLES = "| variable | unit | stored to | mirror | meaning |\n| --- | --- | --- | --- | --- |\n"


HOLES = ("group", "axis", "partition", "contact_model", "error", "model", "common")
"""What stands for many in names of columns."""


def files_page() -> str:
    """The page as text."""
    special_of = {stage: special(stage) for stage in files()}
    parts = [HEAD, *(_file(stage, file) for stage, file in files().items())]
    parts += ["\n## Variables of all files\n", VARIABLES, *_rows(common())]
    for stage, words in special_of.items():
        if words:
            parts += [f"\n## In files of stage {stage} only\n", VARIABLES, *_rows(words)]
    parts += [TABLES]
    for name in tables():
        parts += [f"\n### {name}\n", COLUMNS, *_columns(name)]
    return "".join(parts)


def _columns(table: str) -> list[str]:
    """Rows of a table's columns; those that stand for many are listed once, in capitals."""
    words = columns(table, **{hole: [hole.upper()] for hole in HOLES})
    return [
        f"| `{name}` | {column.get('unit', '')} | {column['description']} |\n".replace(
            "||", "\\|\\|"
        )
        for name, column in words.items()
    ]


def _file(stage: str, file: File) -> str:
    return f"| `{file.path}` | {stage} | {file.frame} | {file.meaning} |\n"


def _rows(words: dict[str, Variable]) -> list[str]:
    return [
        f"| `{name}` | {variable.unit} | {variable.precision or ''} | {variable.reflection} "
        f"| {_meaning(variable)} |\n"
        for name, variable in words.items()
    ]


def _meaning(variable: Variable) -> str:
    positive = f"; positive: {variable.positive}" if variable.positive else ""
    meaning = f"{variable.meaning}{positive}".replace("|", "\\|")
    return f"{meaning} ([{variable.source}]({variable.source}))" if variable.source else meaning
