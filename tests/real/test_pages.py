"""The pages of a real sprinter in a real browser: quiet, accessible, within their budgets."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.real,
    pytest.mark.workflow,
    pytest.mark.opensim,
    pytest.mark.browser,
    pytest.mark.xdist_group("ja1"),
]

STUDY = "ja1_sprint"


@pytest.fixture(scope="module")
def report(run_study) -> Path:
    return run_study(STUDY).results / "report"


def sizes(report: Path) -> dict[str, int]:
    """Bytes of what the budgets of docs/pages.md are about: the largest of each kind."""
    trials = sorted(report.glob("trials/JA1/*.html"))
    shared = [one for one in report.glob("assets/**/*") if one.suffix in (".js", ".css")]
    return {
        "index": (report / "index.html").stat().st_size,
        "athlete": (report / "athletes" / "JA1.html").stat().st_size,
        "trial": max(one.stat().st_size + one.with_suffix(".js").stat().st_size for one in trials),
        "shared": sum(one.stat().st_size for one in shared),
    }


def test_pages_keep_their_budgets(report):
    found = sizes(report)
    budgets = {"index": 500_000, "athlete": 500_000, "trial": 300_000, "shared": 800_000}
    assert {name: size for name, size in found.items() if size > budgets[name]} == {}


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_pages_are_quiet_and_accessible(report, width, scheme):
    from tests.chromium import axe, beyond, chromium, heard

    names = ["index.html", "results.html", "next.html", "quality.html", "methods.html"]
    names += ["athletes/JA1.html"]
    names += [str(one.relative_to(report)) for one in report.glob("trials/JA1/*.html")]
    assert len(names) > 7
    with chromium() as browser:
        for name in names:
            size = {"width": width, "height": 844}
            view = browser.new_page(viewport=size, color_scheme=scheme)
            messages, addresses = heard(view)
            view.goto((report / name).as_uri())
            view.wait_for_load_state("networkidle")
            if name.startswith("trials"):
                view.wait_for_selector("#replay[data-ready]", timeout=60_000)
            assert view.evaluate("document.documentElement.scrollWidth") <= width, name
            found = axe.Axe().run(view, options={"preload": False})
            assert found.violations_count == 0, (name, found.generate_report())
            assert messages == [], name
            assert beyond(report.parent, addresses) == [], name
            view.close()
