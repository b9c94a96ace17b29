"""Sections of the page one by one: what goes wrong in one is said there, the others are whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from aqbio.errors import AqbioError

Contain = Callable[[str], AbstractContextManager[None]]
"""Gives what turns any exception inside, by the name of the part, into an `AqbioError`."""

_MISSING = Markup(
    '<section class="missing"><h2>A part of this page is missing</h2>\n<p>{}</p></section>\n'
)


class Sections:
    """Values and sections of a page, each made by itself."""

    def __init__(self, environment: jinja2.Environment, contain: Contain) -> None:
        self.environment, self.contain = environment, contain
        self.missing: set[str] = set()
        environment.globals["section"] = self.section

    def value(self, name: str, make: Callable[[], Any]) -> Any:
        """Make a value of the page; where that fails, a section that asks for it says why."""
        try:
            with self.contain(name):
                made = self._made(make)
        except AqbioError as error:
            self.missing.add(error.what)
            made = self.environment.undefined(hint=error.what)
        self.environment.globals[name] = made
        return made

    def _made(self, make: Callable[[], Any]) -> Any:
        """Make a value; one that rests on a missing one is missing for the same reason."""
        try:
            return make()
        except jinja2.UndefinedError as error:
            if str(error) not in self.missing:
                raise
            return self.environment.undefined(hint=str(error))

    def section(self, template: str) -> Markup:
        """Render a section, or say why it is missing."""
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


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries by column name."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
