import re

import numpy as np
import pytest

from fxp.arguments import reals, whole_numbers


@pytest.mark.parametrize("values", [3, [1, 2], np.uint8(7), np.array([[5]], dtype=np.int16)])
def test_whole_numbers_keep_shape_and_value(values):
    found = whole_numbers("n", values, minimum=1, remedy="count")
    assert found.dtype == np.int64
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    ("values", "named"),
    [(0, "n=0 "), ([1, -2], "n=-2 "), (1.0, "n=1.0 "), (True, "n=True "), ("4", "n='4' "), (2**63, f"n={2**63} ")],
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
        ([0.0, np.inf], {}, "r=inf is not finite: fix"),
        (-1, {"minimum": 0}, "r=-1.0 is not finite and at least 0: fix"),
        (2, {"minimum": 0, "maximum": 1}, "r=2.0 is not between 0 and 1: fix"),
        ("1", {}, "r='1' is not a real number: fix"),
        (True, {}, "r=True is not a real number: fix"),
        (1j, {}, "r=1j is not a real number: fix"),
    ],
)
def test_what_is_no_allowed_real_is_named(values, limits, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        reals("r", values, remedy="fix", **limits)
