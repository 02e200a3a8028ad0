"""The pages, built and loaded in a browser without a network: mathematics is there, and nothing is amiss."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import analysis
import fxp
from tests.docs import DOCS

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
WIDTHS = (1280, 390)
FORMULAS_ARE_SET = "async () => { if (window.MathJax) await MathJax.startup.promise; }"
LOCAL = ("file:", "data:", "blob:")
STATE = """() => ({
    formulas: document.querySelectorAll("mjx-container").length,
    sources: document.querySelectorAll(".math").length,
    errors: [...document.querySelectorAll("[data-mjx-error], mjx-container [fill=red]")].map(each => each.outerHTML),
})"""
WIDER = """() => [...document.querySelectorAll("div.math mjx-container")]
    .filter(each => each.scrollWidth > 1.1 * each.clientWidth)
    .map(each => `${each.scrollWidth} pixels in ${each.clientWidth}`)"""
COLOURS = """() => ["body", ".fxp-result", "mjx-container"]
    .map(each => getComputedStyle(document.querySelector(each)))
    .map(each => [each.color, each.backgroundColor])"""


@pytest.fixture(scope="session")
def html() -> Path:
    """The pages, built anew as `make docs` does, without what an earlier build may have left."""
    shutil.rmtree(HTML, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "--fresh-env", "--fail-on-warning", "--keep-going", "--quiet"]
    done = subprocess.run(
        [*command, "--builder", "html", DOCS, HTML], cwd=DOCS.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-8000:]
    return HTML


@pytest.fixture(scope="session")
def page() -> Iterator:
    """A page of a browser: one for all visits, so that MathJax is compiled once."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    if find_spec("playwright") is None:
        pytest.skip("playwright is not installed: python -m pip install -c constraints.txt '.[docs]'")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OFFLINE)
        yield browser.new_page()
        browser.close()


@pytest.fixture(scope="session")
def visit(page):
    """Return a function that loads an address and returns the state of the page, with all that it complained of."""
    complaints: list[str] = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: request.url.startswith(LOCAL) or complaints.append(f"asked for {request.url}"))

    def load(address: str) -> dict:
        complaints.clear()
        page.goto(address)
        page.evaluate(FORMULAS_ARE_SET)
        return page.evaluate(STATE) | {"complaints": [*complaints]}

    return load


def test_every_page_is_whole_without_a_network(html, page, visit) -> None:
    found, formulas = {}, 0
    for file in sorted(set(html.rglob("*.html")) - set(html.glob("_static/*"))):
        state = visit(file.as_uri())
        formulas += state["formulas"]
        found[file.relative_to(html).as_posix()] = faults(state) + overflows(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert formulas > 100


PLANTED = r"""<!DOCTYPE html><meta charset="utf-8"><title>planted</title>
<script src="{mathjax}"></script>
<span class="math">\(\frac{{1}}\)</span><span class="math">\(\nosuchmacro\)</span><span class="math">lost</span>
<img src="http://planted.invalid/picture.png"><script>console.error("planted complaint"); nothing.at.all</script>
<div style="width: 2000px">wide</div>"""


def test_formulas_fit_their_column(html, page, visit) -> None:
    """But for a tenth, for which they scroll: what is no sum is not broken into lines."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    wide = {}
    for file in sorted(html.glob("derivations/*.html")):
        visit(file.as_uri())
        wide[file.name] = page.evaluate(WIDER)
    assert {name: found for name, found in wide.items() if found} == {}


def test_planted_faults_are_found(html, page, visit, tmp_path) -> None:
    planted = tmp_path / "planted.html"
    mathjax = (html / "_static" / "tex-svg-full.js").as_uri()
    planted.write_text(PLANTED.format(mathjax=mathjax), encoding="utf-8")
    wrong = "\n".join(faults(visit(planted.as_uri())) + overflows(page))
    for part in (
        "planted complaint",
        "nothing is not defined",
        "asked for http://planted.invalid/picture.png",
        "failed: http://planted.invalid/picture.png",
        "Missing argument for",
        'fill="red"',
        "1 formulas are not set",
        "pixels wide on a screen of 1280",
        "pixels wide on a screen of 390",
    ):
        assert part in wrong


def overflows(page) -> list[str]:
    """Return how wide a page is at the widths where it does not fit."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        needed = page.evaluate("() => document.documentElement.scrollWidth")
        found += [f"{needed} pixels wide on a screen of {width}"] * (needed > width)
    return found


def faults(state: dict) -> list[str]:
    """Return what is wrong with a page."""
    missing = state["sources"] - state["formulas"]
    return [*state["complaints"], *state["errors"], *[f"{missing} formulas are not set"] * (missing > 0)]


def test_the_search_finds_a_page(html, page, visit) -> None:
    state = visit(f"{(html / 'search.html').as_uri()}?q=conventions")
    page.wait_for_selector("#search-results li a")
    assert state["complaints"] == []
    assert any(
        "conventions.html" in link.get_attribute("href") for link in page.query_selector_all("#search-results a")
    )


def test_a_derivation_in_the_dark_is_legible(html, page, visit) -> None:
    page.emulate_media(color_scheme="dark")
    state = visit((html / "derivations" / "roundoff.html").as_uri())
    colours = page.evaluate(COLOURS)
    page.emulate_media(color_scheme="light")
    assert state["formulas"] > 10
    (_, ground), (_, frame), (ink, _) = colours
    assert brightness(ink) > 150 > 100 > max(brightness(ground), brightness(frame))


def brightness(colour: str) -> float:
    """Return the mean of red, green and blue of a colour such as rgb(1, 2, 3)."""
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_mathjax_is_the_published_file(html) -> None:
    """The package that brings it is not MathJax's own: the digest is that of es5/tex-svg-full.js of MathJax 3.2.2."""
    digest = hashlib.sha256((html / "_static" / "tex-svg-full.js").read_bytes()).hexdigest()
    assert digest == "a4354ff94fd868aea0cc6eaaa79a57fda0588646fc46ee3700a349ee0a11cbe6"


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
