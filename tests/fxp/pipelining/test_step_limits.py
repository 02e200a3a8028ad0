"""The step size at a clock against graphs and limits put together by hand, and clocks against all delays there are."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fxp
from fxp import (
    Process,
    clock_step_tradeoff,
    critical_path,
    fastest_clock,
    iteration_bound,
    lms_graph,
    min_loop_delay,
    min_period,
    step_limit_at_clock,
)

PROCESS = Process([0.1, 0.5, -0.5, 0.1])
THREE = {"multiplier_delay": 10, "adder_delay": 1}
TIMES = st.fractions(Fraction(1, 4), 8, max_denominator=4)
DESIGNS = st.fixed_dictionaries(
    {
        "multiplier_delay": TIMES,
        "adder_delay": TIMES,
        "adders": st.sampled_from(["chain", "tree"]),
        "step": st.sampled_from(["multiplier", "shift"]),
    }
)


def test_figures_of_the_example():
    rows = clock_step_tradeoff(PROCESS, 3, **THREE)
    assert [(row.period, row.delay, row.critical_path, row.iteration_bound) for row in rows] == [
        (34, 0, 34, 34),
        (20, 1, 21, 17),
        (12, 2, 21, Fraction(34, 3)),
        (11, 3, 21, Fraction(34, 4)),
        (10, 4, 21, Fraction(34, 5)),
    ]
    assert [round(row.mean_square_limit, 4) for row in rows[:2]] == [0.6588, 0.4785]
    assert {(row.tier, row.mean_tier) for row in rows} == {("gaussian", "independent regressors")}


@settings(max_examples=25, deadline=None)
@given(taps=st.integers(1, 4), design=DESIGNS, spare=st.fractions(0, 20, max_denominator=4))
def test_the_limits_are_those_of_the_least_delay(taps, design, spare):
    period = max(design["multiplier_delay"], design["adder_delay"]) + spare
    found = step_limit_at_clock(PROCESS, taps, period, **design)
    delay = min_loop_delay(lms_graph(taps=taps, **design), period)
    graph, R = lms_graph(taps=taps, **design, delay=delay), PROCESS.correlation_matrix(taps)
    assert (found.period, found.delay) == (period, delay)
    assert (found.critical_path, found.iteration_bound) == (critical_path(graph), iteration_bound(graph))
    assert found.iteration_bound <= min_period(graph).period <= found.period
    assert found.mean_limit == fxp.mean_step_limit(R, delay=delay)
    assert found.mean_square_limit == fxp.mean_square_step_limit(R, delay=delay) < found.mean_limit
    simple = step_limit_at_clock(PROCESS, taps, period, **design, tier="small_step")
    assert simple.mean_square_limit == fxp.small_step_limit(R, delay=delay) <= found.mean_square_limit * (1 + 1e-12)


def test_the_operator_knows_that_regressors_of_a_delay_line_depend_on_each_other():
    exact = [step_limit_at_clock(PROCESS, 3, period, **THREE, tier="operator") for period in (20, 12, 10)]
    limits = [fxp.operator_step_limit(PROCESS, 3, delay=delay) for delay in (1, 2, 4)]
    assert [each.mean_square_limit for each in exact] == limits
    assert fastest_clock(PROCESS, 3, 0.25, **THREE, tier="operator") == exact[1]
    with pytest.raises(ValueError, match=r"^autoregressive=\(0.5,\) is not empty"):
        step_limit_at_clock(Process([1.0], [0.5]), 2, 10, **THREE, tier="operator")


@settings(max_examples=15, deadline=None)
@given(taps=st.integers(1, 4), design=DESIGNS)
def test_the_tradeoff_is_that_of_all_delays(taps, design):
    rows = clock_step_tradeoff(PROCESS, taps, **design)
    slowest = max(design["multiplier_delay"], design["adder_delay"])
    best = [min_period(lms_graph(taps=taps, **design, delay=delay)).period for delay in range(rows[-1].delay + 3)]
    firsts = [delay for delay, period in enumerate(best) if period < min(best[:delay], default=period + 1)]
    assert [(row.delay, row.period) for row in rows] == [(delay, best[delay]) for delay in firsts]
    assert (rows[0].delay, rows[-1].period) == (0, slowest)
    for slow, fast in itertools.pairwise(rows):
        assert slow.mean_limit > fast.mean_limit
        assert slow.mean_square_limit > fast.mean_square_limit
        assert step_limit_at_clock(PROCESS, taps, (slow.period + fast.period) / 2, **design).delay == fast.delay


@pytest.mark.parametrize("tier", ["small_step", "gaussian"])
def test_the_fastest_clock_is_the_last_that_leaves_the_step_size(tier):
    rows = clock_step_tradeoff(PROCESS, 3, **THREE, tier=tier)
    for slow, fast in itertools.pairwise(rows):
        assert fastest_clock(PROCESS, 3, fast.mean_square_limit, **THREE, tier=tier) == slow
        assert fastest_clock(PROCESS, 3, fast.mean_square_limit * (1 - 1e-9), **THREE, tier=tier) == fast
    assert fastest_clock(PROCESS, 3, 1e-6, **THREE, tier=tier) == rows[-1]


def test_shared_registers_are_counted_once():
    found = step_limit_at_clock(PROCESS, 3, 34, **THREE)
    assert found.registers == 3 + 3, "the delay line, and the weights, which sum and product read"
    late = step_limit_at_clock(PROCESS, 1, 1000, **THREE)
    assert (late.delay, late.registers) == (0, 2)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"process": [1, 0]}, TypeError, r"process=\[1, 0\] is not a Process: pass fxp.Process"),
        ({"taps": 0}, ValueError, r"taps=0 is not an integer of at least 1: give the number of weights"),
        (
            {"period": 9},
            ValueError,
            r"period=9 is not at least 10, which the units and the loops without the delay need",
        ),
        ({"period": float("nan")}, ValueError, r"period=nan is not a finite number of at least 0: give a time"),
        ({"multiplier_delay": -1}, ValueError, r"multiplier_delay=-1 is not a finite number of at least 0"),
        ({"adders": "ring"}, ValueError, r"adders='ring' is not one of chain, tree: choose one"),
        ({"step": "adder"}, ValueError, r"step='adder' is not one of multiplier, shift: choose one"),
        ({"tier": "exact"}, ValueError, r"tier='exact' is not one of small_step, gaussian, operator: choose one"),
    ],
)
def test_bad_arguments_are_refused(changes, kind, message):
    arguments = {"process": PROCESS, "taps": 3, "period": 10, **THREE} | changes
    with pytest.raises(kind, match=f"^{message}"):
        step_limit_at_clock(**arguments)
    if "period" not in changes:
        del arguments["period"]
        for function in (clock_step_tradeoff, lambda **others: fastest_clock(step_size=0.1, **others)):
            with pytest.raises(kind, match=f"^{message}"):
                function(**arguments)


@pytest.mark.parametrize(
    ("step_size", "message"),
    [
        (0, r"step_size=0.0 is not finite and positive: give μ"),
        (float("nan"), r"step_size=nan is not finite and positive"),
        ([0.1, 0.2], r"step_size of shape \(2,\) is not one number"),
        (0.7, r"step_size=0.7 is not below 0.6588089, the largest limit of any clock period: take a smaller one"),
    ],
)
def test_step_sizes_that_no_clock_leaves_are_refused(step_size, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        fastest_clock(PROCESS, 3, step_size, **THREE)
