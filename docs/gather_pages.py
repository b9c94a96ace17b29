"""Pages for an address: ``python -m docs.gather_pages [STUDY ...]``, which `make address` calls.

The documentation site with the pages of finished studies below ``studies/``, as one folder in
``build/address`` that a web server can offer. Replays hold marker positions: of recordings whose
licence allows no copy they stay at home, and a page says so in their place. Every relative link of
what is gathered is followed; one that leads nowhere fails.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
ADDRESS = BUILD / "address"

STUDIES = {"virtual_sprinters": True, "public_runners": False}
"""Names of the studies, and whether their replays may be published."""

PARTS = ("report", "tables", "figures")
"""Folders of a study's results that its pages link to."""

LINK = re.compile(r"""(?:href|src)=["']([^"'#?]+)[^"']*["']""")

WITHHELD = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<p>This replay is not published: it holds the marker positions of a recording whose licence does not
say that it may be passed on. <code>make public</code> in a checkout of aqbio makes it.</p>
<p><a href="{back}">Back to the study</a></p></html>
"""

LISTING = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>
<ul>{items}</ul></html>
"""


def gather(results: Path, site: Path, target: Path, studies: Sequence[str]) -> None:
    """Copy the site and the pages of studies into one folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site, target)
    for name in studies:
        folder = target / "studies" / name
        for part in PARTS:
            shutil.copytree(results / name / part, folder / part)
            if part != "report":
                _write_listing(folder / part, f"{name.replace('_', ' ')}: {part}")
        if not STUDIES[name]:
            _withhold_replays(folder / "report")


def _write_listing(folder: Path, title: str) -> None:
    """Write an index of a folder, which a server would not show."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    items = "".join(f'<li><a href="{name}">{html.escape(name)}</a></li>' for name in names)
    text = LISTING.format(title=html.escape(title), items=items)
    (folder / "index.html").write_text(text, encoding="utf-8")


def _withhold_replays(report: Path) -> None:
    """Put a word in the place of every replay, and remove what replays are made of."""
    for page in [*report.glob("trials/*/*.html"), report / "compare.html"]:
        back = "../" * (len(page.relative_to(report).parts) - 1) + "index.html"
        page.write_text(WITHHELD.format(title=page.stem, back=back), encoding="utf-8")
    for data in [*report.glob("trials/*/*.js"), report / "compare-data.js"]:
        data.unlink(missing_ok=True)


def dead_links(folder: Path) -> Iterator[str]:
    """Relative links of all pages that lead to no file of the folder."""
    for page in sorted(folder.rglob("*.html")):
        text = page.read_text(encoding="utf-8", errors="replace")
        for link in sorted(set(LINK.findall(re.sub(r"<script.*?</script>", "", text, flags=re.S)))):
            if re.match(r"[a-z]+:|//", link):
                continue
            target = page.parent / unquote(html.unescape(link))
            file = target / "index.html" if target.is_dir() else target
            if not file.is_file():
                yield f"{page.relative_to(folder)}: {link}"


def main(arguments: Sequence[str]) -> int:
    """Gather and check; 1 for a link that leads nowhere."""
    studies = [*arguments] or list(STUDIES)
    gather(ROOT / "results", BUILD / "site", ADDRESS, studies)
    problems = list(dead_links(ADDRESS))
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.stdout.write(f"{ADDRESS}: site, {', '.join(studies)}\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
