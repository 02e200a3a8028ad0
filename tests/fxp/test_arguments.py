import re

import numpy as np
import pytest

from fxp import (
    Format,
    Signal,
    block_exponents,
    distance_to_limits,
    entropy_coded_quantizer,
    entropy_coded_sqnr,
    lloyd_max,
    quantized_moments,
    quantizer_noise,
    rate_distortion_sqnr,
    sqnr_block,
    sqnr_quantizer,
)
from fxp.arguments import (
    POSITIVE,
    one,
    real_numbers,
    reals,
    require_bool,
    require_shapes,
    require_signal,
    whole_numbers,
)


@pytest.mark.parametrize("values", [3, [1, 2], np.uint8(7), np.array([[5]], dtype=np.int16), 12.0, [1, 2.0], 2.0**62])
def test_whole_numbers_keep_shape_and_value(values):
    found = whole_numbers("n", values, minimum=1, remedy="count")
    assert found.dtype == np.int64
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (0, "n=0 "),
        ([1, -2], r"n\[1\]=-2 "),
        (1.5, "n=1.5 "),
        (True, "n=True "),
        ("4", "n='4' "),
        (2**63, f"n={2**63} "),
        (2.0**63, r"n=9.223372036854776e\+18 "),
        ([1.0, np.nan], r"n\[1\]=nan "),
        (np.inf, "n=inf "),
    ],
)
def test_what_is_no_whole_number_is_named(values, named):
    with pytest.raises(ValueError, match=rf"^{named}is not an integer of at least 1: count$"):
        whole_numbers("n", values, minimum=1, remedy="count")


def test_reals_take_integers_and_floats():
    assert reals("r", [1, 2], remedy="fix").dtype == np.float64
    assert reals("r", np.float32(0.5), remedy="fix") == 0.5


@pytest.mark.parametrize(
    ("values", "limits", "text"),
    [
        (np.nan, {}, "r=nan is not finite: fix"),
        ([0.0, np.inf], {}, "r[1]=inf is not finite: fix"),
        (-1, {"minimum": 0}, "r=-1.0 is not finite and at least 0: fix"),
        (0, {"minimum": POSITIVE}, "r=0.0 is not finite and positive: fix"),
        (2, {"minimum": 0, "maximum": 1}, "r=2.0 is not between 0 and 1: fix"),
        ("1", {}, "r='1' is not a real number: fix"),
        (True, {}, "r=True is not a real number: fix"),
        (1j, {}, "r=1j is not a real number: fix"),
    ],
)
def test_what_is_no_allowed_real_is_named(values, limits, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        reals("r", values, remedy="fix", **limits)


def test_infinities_are_real_numbers_that_a_ratio_may_be():
    assert real_numbers("r", [np.inf, 1], remedy="fix").tolist() == [np.inf, 1]
    with pytest.raises(ValueError, match=r"^r='a' is not a real number: fix$"):
        real_numbers("r", "a", remedy="fix")


@pytest.mark.parametrize(
    "check",
    [lambda rows: whole_numbers("r", rows, minimum=0, remedy="fix"), lambda rows: reals("r", rows, remedy="fix")],
)
def test_ragged_rows_are_named(check):
    with pytest.raises(ValueError, match=r"^r is not an array: its rows differ in length"):
        check([[1], [2, 3]])


def test_one_number_has_no_axes():
    assert one("n", np.array(3)) == 3
    with pytest.raises(ValueError, match=r"^n of shape \(1,\) is not one number: call once for each$"):
        one("n", np.array([3]))


def test_shapes_that_do_not_broadcast_are_named():
    require_shapes(a=[1, 2], b=3, c=[[1], [2], [3]])
    text = "shapes do not broadcast: a of (2,), c of (3,); give one shape, or axes of length 1"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        require_shapes(a=[1, 2], b=3, c=[1, 2, 3])


@pytest.mark.parametrize("value", ["yes", 1, None, 0.0])
def test_what_is_no_bool_is_refused(value):
    require_bool("b", np.True_)
    with pytest.raises(TypeError, match=f"^b={value!r} is not a bool: pass b=True or b=False$"):
        require_bool("b", value)


def test_what_is_no_signal_is_refused():
    require_signal("s", Signal(2.0, 1.0))
    with pytest.raises(TypeError, match=r"^s='normal' is not a Signal: pass fxp\.Signal\.gaussian\(\) or another$"):
        require_signal("s", "normal")


@pytest.mark.parametrize(
    "call",
    [
        lambda signal: sqnr_quantizer(Format(8, 7), signal),
        lambda signal: quantizer_noise(Format(8, 7), signal),
        lambda signal: quantized_moments(Format(8, 7), signal),
        lambda signal: distance_to_limits(Format(8, 7), signal),
        lambda signal: lloyd_max(signal, 4),
        lambda signal: entropy_coded_sqnr(8, signal),
        lambda signal: entropy_coded_quantizer(signal, 0.25),
        lambda signal: rate_distortion_sqnr(8, signal),
        lambda signal: sqnr_block(8, 32, signal),
        lambda signal: block_exponents(32, signal),
    ],
)
def test_every_function_of_a_signal_says_what_one_is(call):
    with pytest.raises(
        TypeError, match=r"^signal='gaussian' is not a Signal: pass fxp\.Signal\.gaussian\(\) or another$"
    ):
        call("gaussian")
