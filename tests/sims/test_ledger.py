"""The ledger: verdicts on planted claims, true and false, in every way that a claim can fail."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.derivation import Derivation
from analysis.domain import Choice, Integers
from sims import ledger, measure
from sims.ledger import Plan, agrees, verify
from sims.measure import Measurement, measures
from sims.proofs import proven_methods
from tests.planted_claims import CLAIM, count, square_half, triangle, wrong_triangle

PLAN = Plan(total_cases=100)


@pytest.fixture(autouse=True)
def planted(monkeypatch, tmp_path):
    monkeypatch.setattr(measure, "_MEASURES", {"triangle": count})
    monkeypatch.setattr("sims.proofs.pooch.os_cache", lambda _: str(tmp_path))
    monkeypatch.setattr("sims.proofs._fingerprint", lambda *_: "0")


def test_a_true_claim_is_confirmed():
    entry = verify(CLAIM, PLAN)
    assert entry.confirmed
    assert entry.faults == ()
    assert len(entry.cases) == CLAIM.cases
    assert entry.variants[0].refuted_at == CLAIM.cases
    assert entry.variants[0].what == "Forgets the diagonal."
    assert entry.methods[1] == "integral, sum or limit evaluated"
    assert entry.intervals == 0


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"derive": wrong_triangle}, "triangle: 'pairs' does not follow"),
        ({"predict": square_half}, "at n=50: predicted 1250.0 , measured 1275 enumerated"),
        ({"derived": square_half}, "the derivation gives 0.5, the prediction is 1.0"),
        ({"wrong_variants": (lambda n: n * (n + 1) / 2,)}, "the wrong variant <lambda> is not refuted"),
        ({"name": "square"}, "name='square' has no measurement"),
        ({"predict": lambda n: [n, n]}, "measured 1275 enumerated"),
        ({"wrong_variants": ()}, "no wrong variant was tried"),
        ({"wrong_variants": (lambda n: np.nan,)}, "the wrong variant <lambda> gives nan, which is no prediction"),
        ({"wrong_variants": (lambda n: [n, n],)}, "which is no prediction, at n=1"),
        ({"cases": 0}, "no point was measured"),
        ({"predict": lambda n: {}["n"]}, "KeyError: 'n'"),
    ],
)
def test_what_is_wrong_with_a_claim_is_said(changed, fault):
    entry = verify(replace(CLAIM, **changed), PLAN)
    assert not entry.confirmed
    assert any(fault in each for each in entry.faults), entry.faults


def test_a_measurement_that_raises_refutes_and_raises_nothing(monkeypatch):
    def broken(n, trial):
        raise ValueError("no such\ncircuit")

    monkeypatch.setattr(measure, "_MEASURES", {"triangle": broken})
    assert verify(CLAIM, PLAN).faults == ("ValueError: no such circuit",)


def test_the_suites_false_alarm_is_shared_out(monkeypatch):
    seen = []

    def noisy(n, trial):
        seen.append(trial.false_alarm)
        return Measurement(n * (n + 1) / 2 + 1, n, n * n + 1, samples=10)

    monkeypatch.setattr(measure, "_MEASURES", {"triangle": noisy})
    entry = verify(CLAIM, PLAN)
    assert entry.intervals * seen[0] <= ledger.SUITE_FALSE_ALARM


def test_the_seed_decides_the_points_and_nothing_else():
    first, again, other = (verify(CLAIM, Plan(seed=seed, total_cases=100)) for seed in (1, 1, 2))
    assert [case.place for case in first.cases] == [case.place for case in again.cases]
    assert [case.place for case in first.cases] != [case.place for case in other.cases]
    assert first.confirmed
    assert other.confirmed


def test_the_extreme_corners_come_first():
    places = [case.place for case in verify(CLAIM, PLAN).cases]
    assert places[:2] == ["n=1", "n=50"]


MEASURED = Measurement(10.0, 9.0, 11.0, samples=100)


@pytest.mark.parametrize(
    ("kind", "side", "predicted", "stands"),
    [
        ("exact", "upper", 10.9, True),
        ("exact", "upper", 11.6, False),
        ("asymptotic", "upper", 8.6, True),
        ("asymptotic", "upper", 8.4, False),
        ("bound", "upper", 8.4, False),
        ("bound", "upper", 50.0, True),
        ("bound", "lower", -5.0, True),
        ("bound", "lower", 11.6, False),
        ("exact", "upper", np.nan, False),
        ("bound", "upper", np.nan, False),
    ],
)
def test_agreement_is_two_sided_but_for_bounds(kind, side, predicted, stands):
    claim = replace(CLAIM, kind=kind, side=side, tolerance=0.5)
    assert agrees(claim, np.asarray(predicted), MEASURED) is stands


def test_shapes_must_match():
    assert not agrees(CLAIM, np.array([10.0, 10.0]), MEASURED)


@pytest.mark.parametrize(("kind", "predicted"), [("exact", 2.5), ("asymptotic", 2.5), ("bound", 1.1)])
def test_the_hardest_component_is_shown(kind, predicted):
    measured = Measurement([1.0, 2.0], [0.5, 1.0], [1.5, 3.0], samples=9)
    case = ledger.Case("", np.array([1.1, 2.5]), measured, agrees=True)
    entry = ledger.Entry("claim", "room", (), (case,), (), (), 0.0)
    assert entry.worst(kind).predicted == predicted


def test_of_equal_distances_the_largest_number_is_shown():
    assert verify(CLAIM, PLAN).worst("exact") == ledger.Pair(1275, 1275, 1275, 1275, exact=True)


def test_proofs_are_kept_until_the_source_changes(tmp_path, monkeypatch):
    checked = []
    prove = Derivation.check
    monkeypatch.setattr(Derivation, "check", lambda self: checked.append(self.name) or prove(self))
    for print_ in ("a", "a", "b"):
        monkeypatch.setattr("sims.proofs._fingerprint", lambda *_, print_=print_: print_)
        proven_methods(triangle(), "room", folder=tmp_path)
    assert checked == ["triangle", "triangle"]


def test_a_failed_proof_is_not_kept(tmp_path):
    for _ in range(2):
        with pytest.raises(ValueError, match="'pairs' does not follow"):
            proven_methods(wrong_triangle(), "room", folder=tmp_path)


def test_a_damaged_or_unwritable_cache_does_no_harm(tmp_path):
    (tmp_path / "triangle-0.json").write_text("{")
    methods = proven_methods(triangle(), "room", folder=tmp_path)
    blocked = tmp_path / "triangle-0.json" / "cache"
    assert proven_methods(triangle(), "room", folder=blocked) == methods


def test_one_measurement_a_claim():
    with pytest.raises(ValueError, match="name='triangle' is measured by tests.planted_claims already"):
        measures("triangle")(count)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"kind": "likely"}, "kind='likely' is not a kind of claim"),
        ({"name": "6 dB"}, "name='6 dB' is not an identifier"),
        ({"tolerance": -1.0}, "tolerance=-1.0 is not a finite number of at least 0"),
    ],
)
def test_claims_are_validated(changed, text):
    with pytest.raises(ValueError, match=text):
        replace(CLAIM, **changed)


def test_choices_are_all_taken_in_turn():
    domain = {"mode": Choice("a", "b", "c"), "n": Integers(1, 9)}
    points = list(replace(CLAIM, domain=domain).points(np.random.default_rng(0), count=6))
    assert sorted(point["mode"] for point in points) == list("aabbcc")


@pytest.mark.parametrize("content", ["[]", '"by"', '["luck", "luck"]', "{"])
def test_a_cache_of_no_proofs_is_not_believed(tmp_path, content):
    (tmp_path / "triangle-0.json").write_text(content)
    assert proven_methods(triangle(), "room", folder=tmp_path)[0] == "by definition"


def test_another_chain_of_the_same_name_is_checked_anew(tmp_path, monkeypatch):
    monkeypatch.undo()
    proven_methods(triangle(), "no such room", folder=tmp_path)
    with pytest.raises(ValueError, match="'pairs' does not follow"):
        proven_methods(wrong_triangle(), "no such room", folder=tmp_path)
