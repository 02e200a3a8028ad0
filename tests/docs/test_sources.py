"""The pages and the reference name all that there is."""

import json
import re

import pytest
from _extensions import reference

import analysis
import fxp
from sims.__main__ import commands
from tests.docs import DOCS


@pytest.mark.parametrize("package", [fxp, analysis])
def test_the_reference_holds_every_export_once(package) -> None:
    sources = dict(reference.pages(package))
    listed = re.findall(r"^\.\. auto(?:function|class|data):: (\w+)$", "\n".join(sources.values()), re.MULTILINE)
    assert sorted(listed) == package.__all__


def test_the_table_by_topic_has_a_line_for_every_export_and_command() -> None:
    table = reference.topics_table()
    listed = re.findall(r"^   \* - (?::py:obj:)?`+([\w. -]+)`+\n     - \S", table, re.MULTILINE)
    exports = [f"{package.__name__}.{name}" for package in (fxp, analysis) for name in package.__all__]
    assert sorted(listed) == sorted([*exports, *(command for command, _ in commands())])


def test_the_commands_show_their_help() -> None:
    page = reference.commands_page()
    for command, line in commands():
        assert f"Usage: {command} " in page
        assert f"\n{line}\n" in page


@pytest.mark.parametrize("modes", [fxp.Rounding, fxp.Overflow])
def test_the_conventions_list_every_mode_with_its_other_name(modes) -> None:
    page = (DOCS / "conventions.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)? ?\|", page, re.MULTILINE))
    for mode in modes:
        names = [name for name, member in modes.__members__.items() if member is mode]
        assert names == [mode.name, *filter(None, [rows[mode.name]])]


def test_the_ledger_that_the_pages_show_is_of_these_claims() -> None:
    file = DOCS / "ledger.json"
    if not file.exists():
        pytest.skip("no docs/ledger.json: python -m sims.verify --json docs/ledger.json")
    rows = json.loads(file.read_text(encoding="utf-8"))["claims"]
    assert [row["name"] for row in rows] == [claim.name for claim in analysis.CLAIMS]
    assert [row["name"] for row in rows if not row["confirmed"]] == []


def test_every_page_with_an_example_ends_it_before_the_fence() -> None:
    """A fence behind an output would be taken for a part of it, or end the example unseen."""
    for page in (*DOCS.glob("*.md"), *DOCS.glob("tutorials/*.md"), *DOCS.glob("how_to/*.md")):
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            assert block.startswith(">>> "), f"{page.name}: an example that does not run"
            assert block.endswith("\n\n"), f"{page.name}: {block[-80:]!r}"
