"""The pages, built and loaded in a browser without a network: mathematics is there, and nothing is amiss."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import analysis
import fxp
from tests.docs.conftest import DOCS

HTML = DOCS / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFLINE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = {"desktop": 1280, "telephone": 390}
FORMULAS_ARE_SET = "async () => { if (window.MathJax) await MathJax.startup.promise; }"
STATE = """() => ({
    formulas: document.querySelectorAll("mjx-container").length,
    sources: document.querySelectorAll(".math").length,
    errors: [...document.querySelectorAll("mjx-merror, [data-mjx-error]")].map(each => each.textContent),
    width: document.documentElement.scrollWidth,
})"""


@pytest.fixture(scope="session")
def html() -> Path:
    """The pages, built anew as `make docs` does."""
    command = [sys.executable, "-m", "sphinx", "--fresh-env", "--fail-on-warning", "--keep-going", "--quiet"]
    done = subprocess.run(
        [*command, "--builder", "html", DOCS, HTML], cwd=DOCS.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-8000:]
    return HTML


@dataclass
class Visit:
    """What a page asked for and complained of."""

    complaints: list[str] = field(default_factory=list)

    def watch(self, page) -> None:
        """Note every error of the console, of scripts and of requests, and each request to a network."""
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:", "blob:")) or self.complaints.append(request.url),
        )


@pytest.fixture(scope="session")
def browser() -> Iterator:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    if find_spec("playwright") is None:
        pytest.skip("playwright is not installed: pip install 'fxp[docs]'")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OFFLINE)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page()
    yield page
    page.close()


def visit(page, url: str) -> dict:
    """Load a page; return its state, with its complaints."""
    visit = Visit()
    visit.watch(page)
    page.goto(url)
    page.evaluate(FORMULAS_ARE_SET)
    return {**page.evaluate(STATE), "complaints": visit.complaints}


@pytest.mark.parametrize("device", WIDTHS)
def test_every_page_is_whole_without_a_network(html, browser, device) -> None:
    faults, formulas = {}, 0
    for file in sorted(html.rglob("*.html")):
        page = browser.new_page(viewport={"width": WIDTHS[device], "height": 800})
        state = visit(page, file.as_uri())
        page.close()
        formulas += state["formulas"]
        wrong = state["complaints"] + state["errors"]
        wrong += ["formulas are missing"] * (state["sources"] > 0 and state["formulas"] < state["sources"])
        wrong += [f"{state['width']} pixels wide"] * (state["width"] > WIDTHS[device])
        if wrong:
            faults[str(file.relative_to(html))] = wrong
    assert faults == {}
    assert formulas > 100


def test_the_search_finds_a_page(html, page) -> None:
    state = visit(page, f"{(html / 'search.html').as_uri()}?q=conventions")
    page.wait_for_selector("#search-results li a")
    assert state["complaints"] == []
    assert any(
        "conventions.html" in link.get_attribute("href") for link in page.query_selector_all("#search-results a")
    )


def test_a_derivation_in_the_dark_is_legible(html, page) -> None:
    page.emulate_media(color_scheme="dark")
    state = visit(page, (html / "derivations" / "roundoff.html").as_uri())
    assert state["formulas"] > 10
    colours = page.evaluate(
        "() => ['body', '.fxp-result', 'mjx-container'].map(each => document.querySelector(each))"
        ".map(each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor])"
    )
    (_, ground), (_, frame), (ink, _) = colours
    assert brightness(ink) > 150 > 100 > max(brightness(ground), brightness(frame))


def brightness(colour: str) -> float:
    """Return the mean of red, green and blue of a colour such as rgb(1, 2, 3)."""
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_no_page_names_a_foreign_script_style_or_image(html) -> None:
    foreign = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
    remote = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//")
    named = {str(file): foreign.findall(file.read_text(encoding="utf-8")) for file in html.rglob("*.html")}
    named |= {str(file): remote.findall(file.read_text(encoding="utf-8")) for file in html.rglob("*.css")}
    assert {file: found for file, found in named.items() if found} == {}


@pytest.mark.parametrize("package", [fxp, analysis])
def test_every_export_has_an_entry(html, package) -> None:
    inventory = InventoryFile.loads((html / "objects.inv").read_bytes(), uri="")
    documented = {item for kind, items in inventory.data.items() if kind.startswith("py:") for item in items}
    assert {f"{package.__name__}.{name}" for name in package.__all__} <= documented
