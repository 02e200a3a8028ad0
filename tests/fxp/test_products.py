"""Products in parts and on several threads: every row once, whatever the parts."""

import numpy as np
import pytest

from fxp import products as products_of_kernels
from fxp import sharing
from fxp.accumulators import matmul
from fxp.products import LANES
from fxp.registers import Accumulator
from fxp.sharing import shared

ROWS = 41


@pytest.fixture
def many_threads(monkeypatch):
    """Let every product, however small, be shared among three threads."""
    monkeypatch.setattr(products_of_kernels, "WORTH_THREADS", 0)
    monkeypatch.setattr(sharing.config, "NUMBA_NUM_THREADS", 3)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_parts_cover_every_item_once_in_order(threads):
    for count in range(30):
        parts = shared(count, range, threads)
        assert [item for part in parts for item in part] == list(range(count))
        assert len(parts) == (1 if threads == 1 else max(1, min(count, threads * sharing.PARTS)))


@pytest.mark.parametrize("columns", [1, LANES - 1, LANES])
@pytest.mark.parametrize("part", [1, 2**20])
@pytest.mark.parametrize(
    "accumulator",
    [
        Accumulator(9),
        Accumulator(9, overflow="ZERO"),
        Accumulator(9, drop_bits=2),
        Accumulator(9, every_step=False),
        Accumulator(9, tile=3, outer_bits=10),
    ],
    ids=["saturating", "stepped", "dropping", "finished", "tiled"],
)
def test_threads_share_rows_and_change_nothing(request, monkeypatch, columns, part, accumulator):
    monkeypatch.setattr(products_of_kernels, "PART", part)
    rng = np.random.default_rng(7)
    x, w, bias = rng.integers(-128, 128, (ROWS, 10)), rng.integers(-9, 9, (10, columns)), np.arange(columns)
    alone = matmul(x, w, bias=bias, accumulator=accumulator, prefixes=True)
    request.getfixturevalue("many_threads")
    together = matmul(x, w, bias=bias, accumulator=accumulator, prefixes=True)
    assert alone.overflowed > 0
    assert (together.overflowed, together.persistent) == (alone.overflowed, alone.persistent)
    for found, expected in zip(
        (together.codes, together.prefixes.sums, together.prefixes.lowest, together.prefixes.highest),
        (alone.codes, alone.prefixes.sums, alone.prefixes.lowest, alone.prefixes.highest),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_small_products_stay_on_the_caller_s_thread(monkeypatch):
    monkeypatch.setattr(sharing, "ThreadPoolExecutor", None)
    monkeypatch.setattr(sharing.config, "NUMBA_NUM_THREADS", 3)
    x, w = np.full((ROWS, 10), 100), np.ones((10, 2), int)
    assert (matmul(x, w, accumulator=Accumulator(8)).codes == 127).all()
    monkeypatch.setattr(products_of_kernels, "WORTH_THREADS", 0)
    with pytest.raises(TypeError, match="not callable"):
        matmul(x, w, accumulator=Accumulator(8))
