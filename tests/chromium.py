"""A real Chromium for tests of the pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
sync_api = pytest.importorskip("playwright.sync_api")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

LOOK_RULES = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
"""Rules of axe whose outcome colours or the width of the window decide."""

# Machines that test have no graphics: the processor draws three dimensions, and flat pages without
# the detour of a graphics card that it plays.
OPTIONS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--disable-gpu-rasterization",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[sync_api.Browser]:
    """The browser of this machine."""
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine: install the package chromium.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield browser
        browser.close()


def heard(view: sync_api.Page) -> tuple[list[str], list[str]]:
    """Messages of the console, and addresses that are asked for, from now on."""
    messages: list[str] = []
    addresses: list[str] = []
    view.on("console", lambda message: messages.append(message.text))
    view.on("pageerror", lambda error: messages.append(str(error)))
    view.on("request", lambda request: addresses.append(request.url))
    return messages, addresses


def beyond(folder: Path, addresses: list[str]) -> list[str]:
    """Addresses that are not files of a folder, nor held by the page itself."""
    inside = (folder.as_uri(), "data:", "blob:")
    return [address for address in addresses if not address.startswith(inside)]
