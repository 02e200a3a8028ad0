"""What an accumulator is, and every refusal."""

import numpy as np
import pytest

import fxp
from fxp.formats import Format, Overflow, Rounding
from fxp.registers import Accumulator


def test_defaults_and_names_of_modes():
    plain = Accumulator(16)
    assert plain == Accumulator(np.int64(16), overflow="SAT", every_step=np.True_, rounding="TRN", drop_bits=np.int8(0))
    assert (plain.overflow, plain.rounding, plain.order) == (Overflow.SATURATE, Rounding.FLOOR, "row_column_channel")
    assert type(plain.word_bits) is int
    assert fxp.Accumulator is Accumulator


def test_words_and_ranges():
    tiled = Accumulator(8, tile=4, outer_bits=12, overflow="SAT_SYM")
    assert (tiled.word, tiled.last_word, Accumulator(8).last_word) == (Format(8, 0), Format(12, 0), Format(8, 0))
    assert tiled.range_of(tiled.word) == (-127, 127)
    for mode in ("SAT", "ZERO", "WRAP", "WRAP_SM", "ERROR"):
        limit = Accumulator(8, overflow=mode)
        assert limit.range_of(limit.word) == (-128, 127)


@pytest.mark.parametrize("bits", [2, 63])
def test_ends_of_the_widths(bits):
    assert Accumulator(bits, tile=1, outer_bits=bits, drop_bits=63).word_bits == bits


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word_bits": 1}, r"word_bits=1 is not between 2 and 63: see fxp.Accumulator"),
        ({"word_bits": 64}, r"word_bits=64 is not between 2 and 63"),
        ({"drop_bits": -1}, r"drop_bits=-1 is not between 0 and 63"),
        ({"drop_bits": 64}, r"drop_bits=64 is not between 0 and 63"),
        ({"tile": 0, "outer_bits": 8}, r"tile=0 is not at least 1: see fxp.Accumulator"),
        ({"tile": 4, "outer_bits": 64}, r"outer_bits=64 is not between 2 and 63"),
        ({"tile": 4}, r"tile=4, outer_bits=None is not a pair: give the number of products of a tile together with"),
        ({"outer_bits": 8}, r"tile=None, outer_bits=8 is not a pair"),
        (
            {"order": "column"},
            r"order='column' is not an order of products: choose one of row_column_channel, channel_",
        ),
        ({"overflow": "CLIP"}, r"overflow='CLIP' is not a mode of overflow: choose one of SATURATE=SAT"),
        ({"rounding": "UP"}, r"rounding='UP' is not a mode of rounding"),
        ({"rounding": "STOCHASTIC"}, r"rounding=STOCHASTIC is not repeatable: dropped bits need a mode without draws"),
    ],
)
def test_values_that_are_not_allowed_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Accumulator(**{"word_bits": 16, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word_bits": 8.0}, r"word_bits=8.0 is not an integer: pass a whole number"),
        ({"word_bits": True}, r"word_bits=True is not an integer"),
        ({"drop_bits": "1"}, r"drop_bits='1' is not an integer"),
        ({"tile": 4.0, "outer_bits": 8}, r"tile=4.0 is not an integer"),
        ({"tile": 4, "outer_bits": 8.0}, r"outer_bits=8.0 is not an integer"),
        ({"every_step": 1}, r"every_step=1 is not a bool: pass every_step=True or every_step=False"),
    ],
)
def test_values_of_another_kind_are_refused(options, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        Accumulator(**{"word_bits": 16, **options})


def test_options_are_keywords():
    with pytest.raises(TypeError, match="positional"):
        Accumulator(16, "WRAP")
