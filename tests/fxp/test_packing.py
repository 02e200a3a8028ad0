"""Packed weights: how far the sums of a window go, against every choice of operands."""

import itertools

import numpy as np
import pytest

from fxp.kernels.windows import window_reach


@pytest.mark.parametrize("window", [1, 2, 4])
@pytest.mark.parametrize(("low", "high"), [(0, 3), (-2, 1), (-3, 0)])
def test_the_reach_of_a_window_is_that_of_its_worst_operands(window, low, high):
    panels = np.random.default_rng(window).integers(-5, 6, (2, 1, 4, 3)).astype(np.int16)
    columns = panels.transpose(0, 1, 3, 2).reshape(-1, 4 // window, window)
    sums = [
        sum(x * int(v) for x, v in zip(operands, weights, strict=True))
        for weights in columns.reshape(-1, window)
        for operands in itertools.product((low, 0, high), repeat=window)
    ]
    assert window_reach(panels, window, low, high) == max(map(abs, sums))


def test_the_widest_products_do_not_wrap_around():
    panels = np.full((1, 1, 8, 1), -(2**15), np.int16)
    assert window_reach(panels, 8, -(2**15), 2**15 - 1) == 2**33
