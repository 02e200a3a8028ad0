"""Every claim is complete: the six steps of CONTRIBUTING, each named where it is missing."""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import analysis
from analysis.claims import Claim
from analysis.derivation import Derivation, Lemma
from analysis.rooms import ROOMS, derivation_names
from sims.measure import _MEASURES, measurement_of

ROOT = Path(analysis.__file__).parents[1]
CLAIMS = {claim.name: claim for claim in analysis.CLAIMS}


def missing_steps(claim: Claim) -> Iterator[str]:
    """Yield the steps of CONTRIBUTING that a claim lacks."""
    room = claim.derive.__module__.rpartition(".")[2]
    arguments = set(claim.domain)
    if set(inspect.signature(claim.predict).parameters) != arguments:
        yield "1 formula: predict does not take the arguments of the domain"
    if (room, claim.name) not in set(derivation_names()) or claim.derive().name != claim.name:
        yield f"2 derivation: analysis/{room}.py lists none of the claim's name in __all__"
    try:
        takes = set(inspect.signature(measurement_of(claim.name)).parameters)
    except ValueError:
        takes = set()
    if takes != arguments | {"trial"}:
        yield f"3 measurement: sims/measure/{room}.py registers none that takes the domain's arguments and trial"
    believed = claim.derive().assumptions
    if not claim.statement.endswith(".") or not set(believed) <= set(claim.assumptions) or claim.cases < 2:
        yield "4 claim: a sentence, every assumption of the derivation, at least two points"
    if not claim.wrong_variants or not all(_explains(wrong, arguments) for wrong in claim.wrong_variants):
        yield "5 wrong variants: at least one, with the arguments of predict and a docstring that says what is wrong"
    page = ROOT / "docs" / "derivations" / f"{room}.md"
    wanted = (f"({claim.docs})=", f"```{{derivation}} {claim.name}\n", f"```{{claim}} {claim.name}\n")
    if claim.docs != f"derivation-{claim.name}" or not all(part in page.read_text("utf-8") for part in wanted):
        yield f"6 docs: docs/derivations/{room}.md has no section of that label with both directives"


def _explains(wrong, arguments) -> bool:
    return set(inspect.signature(wrong).parameters) == arguments and bool(wrong.__doc__)


def lemmas(derivation: Derivation) -> Iterator[str]:
    for step in derivation.steps:
        for fact in step.using:
            if isinstance(fact, Lemma):
                yield fact.derivation.name
                yield from lemmas(fact.derivation)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_has_all_six_steps(claim):
    assert list(missing_steps(claim)) == []


def _sound() -> Claim:
    return CLAIMS["sqnr_dot"]


def _other(**_):
    """Takes other arguments."""
    return 0.0


def _silent(output_bits, length, x, w):
    return 0.0


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({"predict": _other}, "1 formula"),
        ({"derive": lambda: CLAIMS["sqnr_rule"].derive()}, "2 derivation"),
        ({"name": "unmeasured"}, "3 measurement"),
        ({"assumptions": ()}, "4 claim"),
        ({"statement": "6 dB a bit"}, "4 claim"),
        ({"cases": 1}, "4 claim"),
        ({"wrong_variants": ()}, "5 wrong variants"),
        ({"wrong_variants": (_silent,)}, "5 wrong variants"),
        ({"docs": "derivation-other"}, "6 docs"),
    ],
)
def test_a_missing_step_is_named(changed, step):
    claim = _sound()
    if "derive" in changed:
        changed = {"derive": CLAIMS["sqnr_rule"].derive}
    assert any(found.startswith(step) for found in missing_steps(replace(claim, **changed)))


def test_names_are_unique():
    names = [name for _, name in derivation_names()]
    assert len(names) == len(set(names))
    assert len(CLAIMS) == len(analysis.CLAIMS) >= 20


def test_every_derivation_is_claimed_or_a_lemma_or_printed_beside_a_claim():
    used = {name for claim in CLAIMS.values() for name in lemmas(claim.derive())}
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "derivations").glob("*.md"))
    unclaimed = {name for _, name in derivation_names()} - CLAIMS.keys() - used
    assert [name for name in unclaimed if f"```{{derivation}} {name}\n" not in pages] == []


def test_every_measurement_belongs_to_a_claim():
    for room in ROOMS:
        import_module(f"sims.measure.{room}")
    assert {name for name, measure in _MEASURES.items() if measure.__module__.startswith("sims.")} == CLAIMS.keys()


def test_derive_finds_each_by_name_and_refuses_others():
    for room, name in derivation_names():
        assert analysis.derive(name).name == name, room
    with pytest.raises(ValueError, match=r"name='sqnr_dott' is no derivation: one of .*sqnr_dot"):
        analysis.derive("sqnr_dott")
