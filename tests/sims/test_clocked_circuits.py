"""Clocked circuits against equations written out, against each other, and retimed graphs against those as drawn."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import lms_graph, min_period, reference, retime
from sims.circuits.clocked import CODES, RESIDUES, from_graph, run, settling_time, waiting_time, wired
from sims.circuits.latching import fastest_right_period, latched
from sims.circuits.predictors import lms_predictor
from sims.circuits.register_placement import least_delay, least_period, shifted
from sims.circuits.self_timed import time_a_result
from sims.measure.pipelining import _shift

DESIGN = {
    "taps": st.integers(1, 5),
    "adders": st.sampled_from(["chain", "tree"]),
    "step": st.sampled_from(["multiplier", "shift"]),
    "delay": st.integers(0, 4),
}
SIGNALS = st.lists(st.integers(-(2**11), 2**11 - 1), min_size=30, max_size=30)


def errors(samples, taps, delay, step):
    """Return the errors of the LMS equations in words of 24 bits with 12 fractional ones."""

    def wrapped(value):
        return (value + 2**23) % 2**24 - 2**23

    def scaled(value, bits):
        return wrapped(reference.shift_round(value, bits, "HALF_EVEN"))

    weights, out, lines = [0] * taps, [], []
    for n in range(len(samples)):
        line = [samples[n - k] if n >= k else 0 for k in range(1, taps + 1)]
        lines.append(line)
        prediction = wrapped(sum(scaled(w * x, 12) for w, x in zip(weights, line, strict=True)))
        out.append(wrapped(samples[n] - prediction))
        if n >= delay:
            late = scaled(out[n - delay], 3) if step == "shift" else scaled(out[n - delay] * 410, 12)
            weights = [wrapped(w + scaled(late * x, 12)) for w, x in zip(weights, lines[n - delay], strict=True)]
    return out


@settings(max_examples=40, deadline=None)
@given(samples=SIGNALS, **DESIGN)
def test_predictor_and_graph_compute_the_equations(samples, taps, adders, step, delay):
    expected = errors(samples, taps, delay, step)
    circuit = lms_predictor(taps, 2, 1, adders=adders, step=step, delay=delay)
    assert run(circuit, samples, CODES)["error"] == expected
    graph = lms_graph(taps=taps, multiplier_delay=2, adder_delay=1, adders=adders, step=step, delay=delay)
    assert run(from_graph(graph), samples, CODES)["error"] == expected


@settings(max_examples=30, deadline=None)
@given(samples=SIGNALS, ratio=st.integers(1, 6), spare=st.fractions(0, 9, max_denominator=2), **DESIGN)
def test_retimed_predictors_put_out_the_same_codes_later(samples, ratio, spare, taps, adders, step, delay):
    graph = lms_graph(taps=taps, multiplier_delay=ratio, adder_delay=1, adders=adders, step=step, delay=delay)
    retimed = retime(graph, min_period(graph).period + spare)
    before, after = (run(from_graph(each), samples, CODES) for each in (graph, retimed))
    for node, data in graph.nodes(data=True):
        shift = retimed.nodes[node]["lag"] - retimed.nodes["x"]["lag"]
        late, early = max(shift, 0), max(-shift, 0)
        assert before[node][early : len(samples) - late] == after[node][late : len(samples) - early], data["operation"]


@settings(max_examples=20, deadline=None)
@given(multiplier=st.integers(1, 9), adder=st.integers(1, 4), **DESIGN)
def test_the_last_change_comes_when_all_units_have_settled(multiplier, adder, taps, adders, step, delay):
    circuit = lms_predictor(taps, multiplier, adder, adders=adders, step=step, delay=delay)
    samples = np.random.default_rng(0).integers(1, 10**9, 16).tolist()
    assert settling_time(circuit, samples, RESIDUES) == waiting_time(circuit)


@settings(max_examples=10, deadline=None)
@given(multiplier=st.integers(1, 9), adder=st.integers(1, 4), **DESIGN)
def test_placements_are_no_faster_than_circuits_without_a_clock(multiplier, adder, taps, adders, step, delay):
    circuit = lms_predictor(taps, multiplier, adder, adders=adders, step=step, delay=delay)
    period = least_period(circuit)
    assert time_a_result(circuit, "error") <= period <= waiting_time(circuit)


def test_a_ring_by_hand():
    ring = wired([("a", "wire", 1, [("c", 1)]), ("b", "wire", 5, [("a", 0)]), ("c", "wire", 3, [("b", 1)])])
    assert (waiting_time(ring), least_period(ring), time_a_result(ring, "a")) == (6, 5, Fraction(9, 2))
    assert least_delay(ring, 5, delayed="a") == 0
    moved = shifted(ring, (0, 1, 0))
    assert [unit.operands[0].registers for unit in moved.units] == [1, 1, 0]
    assert waiting_time(moved) == 8


def test_circuits_that_cannot_be_are_refused():
    bare = wired([("a", "wire", 1, [("b", 0)]), ("b", "wire", 1, [("a", 0)])])
    with pytest.raises(ArithmeticError, match=r"^the circuit has a loop without a register: nothing in it settles"):
        run(bare, [1], CODES)
    with pytest.raises(ArithmeticError, match=r"^lags \(0, 1\) leave an operand fewer than no registers"):
        shifted(bare, (0, 1))
    with pytest.raises(ArithmeticError, match=r"^no delay before a reaches a period of 0"):
        least_delay(bare, 0, delayed="a")


def test_a_shift_is_found_only_where_every_code_agrees():
    codes = [(7 * n**3 + n) % 101 for n in range(60)]
    assert _shift([*codes[2:], 7, 8], codes) == 2
    assert _shift(codes, [*codes[2:], 7, 8]) == -2
    with pytest.raises(ArithmeticError, match=r"^0 shifts make the codes agree"):
        _shift(codes, [code + 1 for code in codes])
    with pytest.raises(ArithmeticError, match=r"^49 shifts make the codes agree: .* or they stand still"):
        _shift([0] * 60, [0] * 60)


@settings(max_examples=15, deadline=None)
@given(multiplier=st.integers(0, 6), adder=st.integers(1, 4), seed=st.integers(0, 2**32 - 1), **DESIGN)
def test_registers_take_the_right_codes_down_to_the_time_that_units_settle_in(
    multiplier, adder, seed, taps, adders, step, delay
):
    samples = np.random.default_rng(seed).integers(1, 10**9, 24).tolist()
    circuit = lms_predictor(taps, multiplier, adder, adders=adders, step=step, delay=delay)
    assert fastest_right_period(circuit, samples, RESIDUES) == waiting_time(circuit)


@settings(max_examples=20, deadline=None)
@given(samples=SIGNALS, spare=st.integers(0, 5), **DESIGN)
def test_a_slower_clock_takes_the_same_codes(samples, spare, taps, adders, step, delay):
    circuit = lms_predictor(taps, 2, 1, adders=adders, step=step, delay=delay)
    taken = latched(circuit, samples, CODES, period=waiting_time(circuit) + spare)
    assert taken == [run(circuit, samples, CODES)[unit.name] for unit in circuit.units]


def test_the_time_of_one_unit_is_told_apart():
    circuit = lms_predictor(3, 10, 1)
    samples = list(range(3, 60))
    assert settling_time(circuit, samples, RESIDUES, unit="sum to 3") == 12
    assert settling_time(circuit, samples, RESIDUES, unit="error") == 13
    assert settling_time(circuit, samples, RESIDUES) == settling_time(circuit, samples, RESIDUES, unit="w1") == 34
