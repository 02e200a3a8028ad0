"""A word is a format with its modes."""

import pytest

from fxp import Format, Overflow, Rounding, Word


def test_modes_are_found_by_either_name():
    word = Word(Format(8, 7), rounding="TRN", overflow="WRAP")
    assert (word.rounding, word.overflow) == (Rounding.FLOOR, Overflow.WRAP)
    assert Word(Format(8, 7)) == Word(Format(8, 7), rounding="HALF_EVEN", overflow="SATURATE")


def test_a_format_stands_for_the_usual_word():
    word = Word(Format(8, 7), rounding="CEIL")
    assert Word.of("error", word) is word
    assert Word.of("error", Format(8, 7)) == Word(Format(8, 7))


def test_other_things_are_refused():
    with pytest.raises(TypeError, match=r"format=8 is not a Format"):
        Word(8)
    with pytest.raises(TypeError, match=r"error=8 is not a Word: pass fxp.Word"):
        Word.of("error", 8)
    with pytest.raises(ValueError, match=r"rounding='UP' is not a mode of rounding"):
        Word(Format(8, 7), rounding="UP")
