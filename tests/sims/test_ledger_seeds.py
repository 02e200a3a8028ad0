"""The verdict on a claim does not depend on the seed: claims whose data have heavy tails, or whose slips are rare."""

import pytest

import analysis
from sims import ledger
from sims.ledger import Plan, verify

CLAIMS = {claim.name: claim for claim in analysis.CLAIMS}
SEEDS = {
    "relu_gaussian_power": range(12),
    "rate_distortion": (1, 4, 20),
    "bit_growth": range(5),
    "rounding_error_gaussian": range(3),
    "input_error_correlation": range(3),
    "mismatch_bound": range(3),
    "sqnr_quantizer_modes": range(3),
}


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, seeds in SEEDS.items() for seed in seeds])
def test_measurements_and_wrong_variants_have_one_verdict(name, seed, monkeypatch):
    monkeypatch.setattr(ledger, "_derivation", lambda claim, room: ((), ()))
    entry = verify(CLAIMS[name], Plan(seed=seed, total_cases=500))
    assert entry.faults == ()


def test_the_bound_of_mismatches_is_tried_where_it_is_closest(monkeypatch):
    monkeypatch.setattr(ledger, "_derivation", lambda claim, room: ((), ()))
    closest = verify(CLAIMS["mismatch_bound"], Plan(seed=3, total_cases=500)).worst("bound")
    assert closest.measured / closest.predicted == pytest.approx(4 / 9, abs=0.015)


def test_one_sign_bit_is_needed_for_every_power_of_two():
    both = {place for place in CLAIMS["bit_growth"].domain["length"].values if place & (place - 1) == 0}
    assert len(both) == 7
    assert len(CLAIMS["bit_growth"].domain["length"].values) <= CLAIMS["bit_growth"].cases
