"""Widths whose saturation a requantiser hides, against every input, and against clamping at every step."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import Accumulator, Format, Rounding, dot, guaranteed_bits, lossless_bits, reference
from fxp.lossless_widths import clamps_unseen, lossless_sum_bits

MODES = [mode for mode in Rounding if mode is not Rounding.STOCHASTIC]
WEIGHTS = [(0, 0), (7, 7), (-8, -8), (5, -8), (2, -4), (-1, 1)]
GRID = Format(40, 4)  # of the sums below


def shows(sums, bits, target, rounding):
    """Return whether saturating these finished sums in a register changes the code of one."""
    clamped = [reference.overflow(total, Format(bits, 0), "SATURATE") for total in sums]
    codes = [[reference.cast(each, GRID, target, rounding=rounding) for each in totals] for totals in (clamped, sums)]
    return codes[0] != codes[1]


@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("x_signed", [True, False])
@pytest.mark.parametrize("name", ["sfix2_En2", "ufix3_En1", "sfix3_En4", "ufix3_En6", "sfix8", "sfix1"])
def test_no_input_shows_and_one_bit_less_does(rounding, x_signed, name):
    x_format, w_format, target = Format(2, 2, signed=x_signed), Format(4, 2), Format.parse(name)
    inputs = list(itertools.product(range(x_format.min_code, x_format.max_code + 1), repeat=2))
    for weights, bias in itertools.product(WEIGHTS, [0, 9, -40]):
        w = np.array(weights)[:, None]
        (bits,) = lossless_bits(w, x_format, w_format=w_format, target=target, rounding=rounding, bias=bias).tolist()
        sums = list({reference.dot(xs, weights) + bias for xs in inputs})
        assert not shows(sums, bits, target, rounding)
        assert bits == 2 or shows(sums, bits - 1, target, rounding)
        assert bits <= guaranteed_bits(w, x_format, bias=bias)[0]


def test_clamping_at_every_step_shows():
    """The certificate speaks of the finished sum: one that leaves the register and comes back is lost on the way."""
    x_format, w_format, target = Format(3, 0, signed=False), Format(4, 0), Format(2, -2, signed=False)
    w, x = [7, 7, -8, -8], [2, 2, 1, 1]
    (bits,) = lossless_bits(np.array(w)[:, None], x_format, w_format=w_format, target=target).tolist()
    codes = [
        reference.cast(int(dot(x, w, accumulator=limit).codes), Format(16, 0), target)
        for limit in (None, Accumulator(bits, every_step=False), Accumulator(bits))
    ]
    assert codes == [3, 3, 0]


@given(
    low=st.integers(-(2**70), 2**70),
    size=st.integers(0, 2**70),
    shift=st.integers(0, 60),
    least_code=st.integers(-300, 300),
    codes=st.integers(0, 600),
    rounding=st.sampled_from(MODES),
    data=st.data(),
)
def test_no_drawn_sum_shows_from_the_least_width_on(low, size, shift, least_code, codes, rounding, data):
    def requantize(total):
        return min(max(reference.shift_round(total, shift, rounding), least_code), least_code + codes)

    bits = lossless_sum_bits(low, low + size, requantize)
    word = Format(bits + data.draw(st.integers(0, 3)), 0)
    total = data.draw(st.integers(low, low + size))
    assert requantize(reference.overflow(total, word, "SATURATE")) == requantize(total)
    assert clamps_unseen(low, low + size, least=word.min_code, most=word.max_code, requantize=requantize)
    assert bits == 2 or not clamps_unseen(
        low, low + size, least=-(1 << bits - 2), most=(1 << bits - 2) - 1, requantize=requantize
    )


@given(
    low=st.integers(-60, 60),
    size=st.integers(0, 60),
    least=st.integers(-60, 60),
    span=st.integers(0, 40),
    data=st.data(),
)
def test_any_range_and_any_rising_requantiser(low, size, least, span, data):
    """Ranges beside all sums, and requantisers of uneven steps, too."""
    steps = data.draw(st.lists(st.integers(-60, 120), max_size=6))

    def requantize(total):
        return sum(total >= step for step in steps)

    totals = range(low, low + size + 1)
    hidden = all(requantize(min(max(total, least), least + span)) == requantize(total) for total in totals)
    found = clamps_unseen(low, low + size, least=least, most=least + span, requantize=requantize)
    assert found == hidden


def test_kernels_of_convolutions_wide_words_and_left_shifts():
    w, wide = np.arange(-12, 12).reshape(2, 3, 2, 2), {"w_format": Format(5, 0), "target": Format(8, -3)}
    x_format = Format(8, 0, signed=False)
    as_matrix = lossless_bits(w.reshape(2, 12).T, x_format, **wide, bias=[3, -4])
    np.testing.assert_array_equal(lossless_bits(w, x_format, **wide, bias=[3, -4]), as_matrix)
    narrow, huge = Format(64, 0, signed=False), Format(72, 0)
    assert lossless_bits([[2**70]], narrow, w_format=huge, target=Format(128, 4)).tolist() == [124 + 1]
    assert lossless_bits([[2**70]], narrow, w_format=huge, target=Format(128, 0)).tolist() == [128]
    assert lossless_bits([[2**70]], narrow, w_format=huge, target=Format(8, -8)).tolist() == [16]
    assert lossless_bits(np.zeros((3, 0), int), x_format, **wide).shape == (0,)


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        (
            {"rounding": "STOCHASTIC"},
            ValueError,
            r"rounding=STOCHASTIC gives a sum no code of its own: choose a determ",
        ),
        ({"rounding": "NEAREST"}, ValueError, r"rounding='NEAREST' is not a mode of rounding: choose one of"),
        ({"w": [1, 2]}, ValueError, r"w.shape=\(2,\) is not \(K, N\) or \(O, C/groups, KH, KW\)"),
        ({"w": [[1], [-9]]}, ValueError, r"w\[1, 0\]=-9 is not between -8 and 7: w_format=sfix4 has no such code"),
        ({"w": [[1.5]]}, TypeError, r"w of dtype float64 are not integers"),
        ({"w_format": 4}, TypeError, r"w_format=4 is not a Format"),
        ({"target": "sfix4"}, TypeError, r"target='sfix4' is not a Format: pass fxp.Format\(word_bits, frac_bits\)"),
        ({"x_format": None}, TypeError, r"x_format=None is not a Format"),
        ({"bias": [1, 2]}, ValueError, r"bias.shape=\(2,\) does not match: pass one integer, or one for"),
        ({"bias": 0.5}, TypeError, r"bias.dtype=float64 is not an integer type"),
    ],
)
def test_bad_arguments_are_refused(changed, kind, message):
    sound = {"w": [[1]], "x_format": Format(8, 0), "w_format": Format(4, 0), "target": Format(4, 0)}
    with pytest.raises(kind, match=f"^{message}"):
        lossless_bits(**(sound | changed))
