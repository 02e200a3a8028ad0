"""`python -m sims.verify`: table, JSON, page, exit codes, and errors in one line."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

import analysis
from sims import measure, verify
from tests.planted_claims import CLAIM, count, square_half

FALSE_CLAIM = replace(CLAIM, name="half_square", predict=square_half, derived=None, wrong_variants=())


@pytest.fixture(autouse=True)
def planted(monkeypatch, tmp_path):
    monkeypatch.setattr(verify, "CLAIMS", (CLAIM, FALSE_CLAIM))
    monkeypatch.setattr(measure, "_MEASURES", {"triangle": count, "half_square": count})
    monkeypatch.setattr("sims.proofs.pooch.os_cache", lambda _: str(tmp_path / "cache"))
    monkeypatch.setattr("sims.proofs._fingerprint", lambda *_: "0")


def invoke(*arguments):
    return CliRunner().invoke(verify.app, ["--workers", "1", *map(str, arguments)])


def test_a_confirmed_claim_ends_well():
    result = invoke("triangle")
    assert result.exit_code == 0
    assert "confirmed" in result.stdout
    assert "1275 exact" in result.stdout
    assert "1 of 1 claims confirmed at 6 points, 1 wrong variants tried" in " ".join(result.stdout.split())


def test_a_refuted_claim_ends_with_exit_code_1_and_says_why():
    result = invoke()
    assert result.exit_code == 1
    assert "REFUTED" in result.stdout
    assert "half_square: at n=50: predicted 1250.0 , measured 1275 enumerated" in result.stdout


def test_unknown_names_are_answered_with_near_ones():
    result = invoke("triangel")
    assert result.exit_code == 2
    assert result.stderr == "error: name='triangel' is no claim: try triangle\n"


def test_json_holds_every_number(tmp_path):
    file = tmp_path / "new" / "ledger.json"
    assert invoke("triangle", "--json", file, "--seed", 3).exit_code == 0
    document = json.loads(file.read_text())
    (claim,) = document["claims"]
    assert (document["seed"], document["effort"], claim["confirmed"]) == (3, 1, True)
    assert claim["proofs"] == ["by definition", "integral, sum or limit evaluated"]
    assert claim["cases"][1] == {
        "at": "n=50",
        "predicted": [1275.0],
        "measured": [1275.0],
        "low": [1275.0],
        "high": [1275.0],
        "samples": 0,
        "agrees": True,
    }
    assert claim["wrong_variants"][0]["predicted"][1] == [1250.0]


def test_deep_takes_more_points(tmp_path):
    file = tmp_path / "ledger.json"
    assert invoke("triangle", "--deep", "--json", file).exit_code == 0
    document = json.loads(file.read_text())
    assert len(document["claims"][0]["cases"]) == verify.DEEP * CLAIM.cases


class Page(HTMLParser):
    """What a page refers to, and how many of its elements there are of each kind."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.tags = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]


def test_the_page_stands_alone(tmp_path):
    file = tmp_path / "ledger.html"
    assert invoke("--html", file).exit_code == 1
    text = file.read_text()
    page = Page(text)
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in page.addresses)
    assert page.tags.count("section") == page.tags.count("img") == 2
    assert page.tags.count("math") == 6
    assert "Forgets the diagonal." in text


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_files_that_cannot_be_written_are_refused_before_the_run(tmp_path, option, monkeypatch):
    monkeypatch.setattr(verify, "run", lambda *_, **__: pytest.fail("measured first"))
    (tmp_path / "file").write_text("")
    result = invoke(option, tmp_path / "file" / "ledger")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: '{tmp_path / 'file' / 'ledger'}' cannot be written (")
    assert result.stderr.endswith("choose another folder\n")
    assert len(result.stderr.splitlines()) == 1


def test_a_name_given_twice_is_measured_once():
    assert "1 of 1 claims" in " ".join(invoke("triangle", "triangle").stdout.split())


def test_claims_are_measured_in_parallel(monkeypatch):
    monkeypatch.undo()
    names = [claim.name for claim in analysis.CLAIMS[:2]]
    seen = []
    entries = verify.run(verify.select(names), workers=2, report=lambda entry: seen.append(entry.claim))
    assert [entry.claim for entry in entries] == names
    assert sorted(seen) == sorted(names)
    assert all(entry.confirmed for entry in entries)


def test_the_live_table_fits_the_terminal():
    claims = [replace(CLAIM, name=f"claim_{number}") for number in range(50)]
    entries = {claim.name: None for claim in claims[:30]}
    shown = [claim.name for claim in verify._latest(claims, entries, 10)]
    assert shown == [f"claim_{number}" for number in (*range(23, 30), 30, 31, 32)]
