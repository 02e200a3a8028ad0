"""The directives print what analysis holds, and a wrong derivation fails the build."""

import json
from dataclasses import replace
from io import StringIO

import pytest
import sympy as sp
from _extensions import claims, derivations, markup
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils

import analysis
import fxp
from analysis.claims import Claim
from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Choice, Integers, Reals

x, y, B = sp.symbols("x y B", positive=True)
Q = sp.Symbol("Q")
DOMAIN = {x: Reals(0.5, 2.0), y: Reals(1.0, 3.0), B: Integers(1, 8)}
small = Assumption("x is the half of y", sp.Eq(x, y / 2))
doubled = Definition(sp.Eq(y, 2 * B), because="y in bits")
lemma = Derivation("lemma", x, (Step(y / 2, "definition"),), DOMAIN)
right = Derivation(
    "right",
    Q,
    (
        Step(x**2 + y, "what Q is"),
        Step(y**2 / 4 + y, "x is known", using=(small,)),
        Step(B**2 + 2 * B, "in bits", using=(doubled,)),
        Step(2 * B**2 + 2 * B, "squares are not negative", relation=Relation.AT_MOST),
    ),
    {x: DOMAIN[x], B: DOMAIN[B]},
    source="A book, chapter 1",
)
rests_on_lemma = Derivation(
    "rests", Q, (Step(x + 1, "what Q is"), Step(y / 2 + 1, "by the lemma", using=(Lemma(lemma),))), DOMAIN
)
wrong = Derivation("wrong", Q, (Step(x**2, "what Q is"), Step(x**3, "planted")), DOMAIN)
PLANTED = {derivation.name: derivation for derivation in (right, wrong, lemma, rests_on_lemma)}


def too_large(*, word_bits: int, mode: str) -> float:
    """Counts a bit too many."""
    return float(word_bits + (mode == "a") + 1)


def nameless(*, word_bits: int, mode: str) -> float:
    return 0.0


def predict(*, word_bits: int, mode: str) -> float:
    return float(fxp.Format(word_bits, 0).word_bits + (mode == "a"))


def predict_by_helper(*, word_bits: int, mode: str) -> float:
    return sum(predict(word_bits=bits, mode=mode) for bits in [word_bits])


claim = Claim(
    "right",
    "Words have as many bits as they have.",
    "asymptotic",
    (small,),
    lambda: right,
    predict,
    {"word_bits": Integers(1, 8), "mode": Choice("a", "b")},
    (too_large, nameless),
    "derivation-right",
    tolerance=0.25,
    unit="bits",
)


def given(name: str) -> Derivation:
    if name not in PLANTED:
        raise ValueError(f"name={name!r} is no derivation: one of {', '.join(sorted(PLANTED))}")
    return PLANTED[name]


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Return a function that builds a page and returns its document tree as text, with the warnings."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(analysis, "derive", given)
    monkeypatch.setattr(derivations, "derivation_names", lambda: [("derivation", name) for name in PLANTED])
    monkeypatch.setattr(analysis, "CLAIMS", (claim,))
    monkeypatch.setattr(claims, "ROOMS", ())
    folder = tmp_path / "pages"
    folder.mkdir()

    def build_page(source: str) -> tuple[str, str]:
        (folder / "index.md").write_text(source, encoding="utf-8")
        settings = {"extensions": ["myst_parser", "_extensions.directives"], "nitpicky": True}
        warnings = StringIO()
        out = tmp_path / "out"
        with patch_docutils(), docutils_namespace():
            app = Sphinx(folder, None, out, out, "pseudoxml", settings, status=None, warning=warnings, freshenv=True)
            app.build(force_all=True)
        return (out / "index.pseudoxml").read_text(encoding="utf-8"), warnings.getvalue()

    return build_page


def page(*directives: str) -> str:
    return "(derivation-right)=\n(derivation-lemma)=\n# Title\n\n" + "".join(
        f"```{each}\n```\n\n" for each in directives
    )


def test_a_derivation_is_printed_with_all_that_it_rests_on(build) -> None:
    shown, warnings = build(page("{derivation} right"))
    assert warnings == ""
    for part in ("what Q is", "x is known", "assuming", "x is the half of y", "y in bits", "A book, chapter 1"):
        assert part in shown
    for step in right.steps:
        assert sp.latex(step.expression) in shown
    assert r"Q \le 2 B^{2} + 2 B" in shown, "the result, with the weakest relation of the chain"
    for part in (r"1, \dots, 8", "(0.5, 2)"):
        assert part in shown, "the domain"
    assert shown.count("✓") == 3
    assert shown.count("✓ algebra") >= 2


def test_a_lemma_links_to_its_derivation(build) -> None:
    shown, warnings = build(page("{derivation} rests"))
    assert warnings == ""
    assert 'refid="derivation-lemma"' in shown


def test_a_lemma_without_a_section_is_warned_of(build) -> None:
    _, warnings = build("# Title\n\n```{derivation} rests\n```\n")
    assert "derivation-lemma" in warnings


def test_a_wrong_derivation_fails_the_build(build) -> None:
    with pytest.raises(ExtensionError, match=r"index\.md.*wrong: 'planted' does not follow"):
        build(page("{derivation} wrong"))


def test_a_derivation_that_is_not_there_fails_the_build(build) -> None:
    with pytest.raises(ExtensionError, match="name='nothing' is no derivation: one of lemma, rests, right, wrong"):
        build(page("{derivation} nothing"))


def test_a_claim_is_printed_with_domain_prediction_and_wrong_variants(build) -> None:
    shown, warnings = build(page("{claim} right"))
    assert "py:obj reference target not found: fxp.Format" in warnings, "the reference is not on this page"
    for part in ("Words have as many bits as they have.", "asymptotic", "at most 0.25 bits", "x is the half of y"):
        assert part in shown
    for part in (r"1, \dots, 8", "one of a, b", "too_large", "Counts a bit too many.", "nameless"):
        assert part in shown
    assert "Last measured" not in shown


def test_a_claim_shows_what_the_ledger_measured(build, tmp_path) -> None:
    case = {"at": "word_bits=3", "predicted": [1.0, 3.0], "measured": [1.0, 3.25], "low": [1, 3.125], "high": [1, 3.5]}
    exact = {"at": "word_bits=4", "predicted": [4.0], "measured": [4.0], "low": [4.0], "high": [4.0]}
    empty = {"at": "word_bits=5", "predicted": [None], "measured": [None], "low": [None], "high": [None]}
    ledger = {"claims": [{"name": "right", "confirmed": True, "cases": [case, exact, empty]}]}
    (tmp_path / "pages" / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
    shown, _ = build(page("{claim} right"))
    assert "Last measured: confirmed" in shown
    cells = [line.strip() for line in shown[shown.index("<tbody>") :].splitlines() if not line.strip().startswith("<")]
    assert cells[:4] == ["word_bits=3", "3", "3.25", "[3.125, 3.5]"], "the component that is farthest off"
    assert cells[4:8] == ["word_bits=4", "4", "4", "exact"]
    assert cells[8:12] == ["word_bits=5", "–", "–", "–"]


def test_a_claim_names_what_its_helpers_call() -> None:
    by_helper = replace(claim, predict=predict_by_helper)
    assert [node.astext() for node in claims._prediction(by_helper)] == ["fxp.Format"]


def test_a_long_sum_goes_on_below() -> None:
    narrow, wide = (sum(sp.Symbol(f"a{i}") * sp.Symbol("b") for i in range(terms)) for terms in (3, 40))
    assert markup.latex(narrow) == sp.latex(narrow)
    shown = markup.latex(1 / wide)
    assert shown.startswith(r"\frac{1}{\begin{aligned} & a_{0} b + a_{1} b")
    assert shown.count(r" \\ & {} + ") >= 2
    assert markup.latex(-wide).count("-") == 40


def test_a_claim_that_is_not_there_fails_the_build(build) -> None:
    with pytest.raises(ExtensionError, match="nothing is no claim: add it to CLAIMS of its room"):
        build(page("{claim} nothing"))


def test_the_ledger_lists_every_claim(build) -> None:
    shown, warnings = build(page("{ledger}"))
    assert warnings == ""
    assert 'refid="derivation-right"' in shown
    assert "Words have as many bits as they have." in shown
