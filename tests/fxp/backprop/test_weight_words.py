"""Bits of weights: five rules on the published point and on a bowl, brute force, losses apart, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fxp
from fxp import BitRule

PUBLISHED = np.array([0.9547247, -0.8316406, 0.7071791])


def at(weights):
    w = np.array(weights)
    return fxp.LocalCost(lambda v: float(fxp.angle_cost(v)), w, fxp.angle_gradient(w), fxp.angle_hessian(w))


def bowl(centre, curvature, weight):
    """A cost that is its own Taylor polynomial."""
    return fxp.LocalCost(
        lambda w: 1 + curvature / 2 * float((w[0] - centre) ** 2),
        np.array([weight]),
        np.array([curvature * (weight - centre)]),
        np.array([[curvature]]),
    )


def test_the_published_weight_by_five_rules():
    answers = {rule: fxp.weight_bits(at(PUBLISHED), 0, budget=0.01, rule=rule) for rule in BitRule}
    assert [answer.bits for answer in answers.values()] == [None, 3, 2, 1, 4]
    assert "65 times the first" in answers[BitRule.FIRST_ORDER].why_void.replace("64.9", "65")
    assert answers[BitRule.BIT_TRUE].increase == pytest.approx(0.0018, abs=5e-5)


def test_granular_and_overload_loss_of_the_published_weight():
    local = at(PUBLISHED)
    three, four, five = (fxp.rounding_loss(local, 0, fxp.Format(bits, bits - 1)) for bits in (3, 4, 5))
    assert (three.value, four.value, five.value) == (0.75, 0.875, 0.9375)
    assert three.total / local.value == pytest.approx(0.0109, abs=5e-5)
    assert local.value + four.total == pytest.approx(3.06845, abs=5e-6)
    assert three.granular == four.granular > 0
    assert five.overload == 0
    # a word of one more bit in front has no overload
    assert fxp.rounding_loss(local, 0, fxp.Format(4, 2)).total == three.granular


def test_a_weight_out_of_range_is_named():
    local = bowl(1.185, 1.0, 1.185)
    answer = fxp.weight_bits(local, 0, budget=1e-3, rule=BitRule.BIT_TRUE)
    assert (answer.bits, answer.why_void) == (None, "1.185 is out of the range ±2^0: range_exponent=1")
    assert fxp.weight_bits(local, 0, budget=1e-3, rule=BitRule.BIT_TRUE, range_exponent=1).bits is not None


@given(st.floats(-0.99, 0.99), st.floats(0.1, 10), st.floats(1e-4, 0.1))
def test_words_keep_the_budget_on_a_bowl(weight, curvature, budget):
    local = bowl(weight, curvature, weight)
    for rule in BitRule:
        answer = fxp.weight_bits(local, 0, budget=budget, rule=rule)
        if rule is BitRule.FIRST_ORDER:
            assert answer.bits is None
            assert answer.increase is None
            continue
        assert answer.increase <= budget
        word = fxp.Format(answer.bits, answer.bits - 1)
        if rule is BitRule.HESSIAN_WORST_CASE:
            # an upper bound, to second order exact here; saturation breaks it in the last half step only
            loss = fxp.rounding_loss(local, 0, word)
            assert loss.granular <= answer.increase * (1 + 1e-9)
            assert abs(weight) >= word.max or loss.overload == 0
        if rule is BitRule.BIT_TRUE:
            for bits in range(answer.bits, 25):
                assert fxp.rounding_loss(local, 0, fxp.Format(bits, bits - 1)).total <= budget
            if answer.bits > 1:
                shorter = fxp.Format(answer.bits - 1, answer.bits - 2)
                assert fxp.rounding_loss(local, 0, shorter).total > budget


@given(st.floats(0.1, 10), st.floats(1e-6, 1e-2))
def test_rules_on_a_bowl_in_closed_form(curvature, budget):
    local = bowl(0.3, curvature, 0.3)
    noise = fxp.weight_bits(local, 0, budget=budget, rule="Hessian, uniform noise").bits
    worst = fxp.weight_bits(local, 0, budget=budget, rule="Hessian, worst case").bits
    assert noise == max(1, math.ceil(1 + math.log2(math.sqrt(curvature / (24 * budget)))))
    assert worst == max(1, math.ceil(1 + math.log2(math.sqrt(curvature / (8 * budget)))))
    assert noise <= worst <= noise + 1


def test_the_first_order_rule_away_from_a_minimum():
    answer = fxp.weight_bits(bowl(-4.0, 0.5, 0.3), 0, budget=0.01, rule=BitRule.FIRST_ORDER)
    assert answer.bits == 6
    assert answer.why_void == ""


def test_a_range_of_another_power_of_two():
    near, far = (
        fxp.weight_bits(bowl(0, 1, 0), 0, budget=1e-3, rule=rule, range_exponent=0) for rule in list(BitRule)[1:3]
    )
    wide = fxp.weight_bits(bowl(0, 1, 0), 0, budget=1e-3, rule=BitRule.HESSIAN_WORST_CASE, range_exponent=3)
    assert wide.bits == near.bits + 3
    assert far.bits <= near.bits


def test_rules_without_an_answer_say_why():
    ridge = fxp.LocalCost(lambda w: 1 - float(w @ w) / 9, np.zeros(1), np.zeros(1), np.array([[-2 / 9]]))
    assert "not positive" in fxp.weight_bits(ridge, 0, budget=0.1, rule=BitRule.HESSIAN_UNIFORM_NOISE).why_void
    steep = bowl(0.3, 1e18, 0.3)
    for rule in list(BitRule)[1:]:
        answer = fxp.weight_bits(steep, 0, budget=1e-3, rule=rule)
        assert answer.bits is None
        assert answer.why_void == "no word of up to 24 bits meets the budget"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"index": 3}, "index=3 is not below 3"),
        ({"index": -1}, "index=-1 is not an integer of at least 0"),
        ({"budget": 0.0}, "budget=0.0 is not finite and positive"),
        ({"budget": np.nan}, "budget"),
        ({"rule": "second order"}, "rule='second order' is not one of 'first order'; 'Hessian, worst case'"),
        ({"range_exponent": 0.5}, "range_exponent=0.5 is not an integer"),
        ({"range_exponent": 3000, "rule": BitRule.FIRST_ORDER}, "range_exponent=3000 is not at most 500"),
    ],
)
def test_refusals(changes, message):
    options = {"index": 0, "budget": 0.01, "rule": BitRule.BIT_TRUE} | changes
    with pytest.raises(ValueError, match=message):
        fxp.weight_bits(at(PUBLISHED), options.pop("index"), **options)


@pytest.mark.parametrize(
    ("cost", "gradient", "hessian", "message"),
    [
        (lambda w: 1.0, np.zeros(2), np.eye(1), "do not agree"),
        (lambda w: 1.0, np.zeros(1), np.eye(2), "do not agree"),
        (lambda w: 0.0, np.zeros(1), np.eye(1), "cost=0.0 at the weights is not positive"),
        (lambda w: math.nan, np.zeros(1), np.eye(1), "cost=nan at the weights is not positive"),
        (lambda w: 1.0, np.array([np.nan]), np.eye(1), "gradient"),
    ],
)
def test_local_costs_refuse(cost, gradient, hessian, message):
    with pytest.raises(ValueError, match=message):
        fxp.LocalCost(cost, np.zeros(1), gradient, hessian)


def test_a_cost_that_is_no_number_meets_no_budget():
    hole = fxp.LocalCost(
        lambda w: math.nan if w[0] == 1 else 1 + float((w[0] - 0.9) ** 2), np.array([0.9]), np.zeros(1), 2 * np.eye(1)
    )
    answer = fxp.weight_bits(hole, 0, budget=0.1, rule=BitRule.EXACT_GRANULAR)
    assert (answer.bits, math.isfinite(answer.increase)) == (4, True)


def test_a_word_is_asked_for():
    with pytest.raises(TypeError, match="word='sfix4' is not a Format"):
        fxp.rounding_loss(at(PUBLISHED), 0, "sfix4")
