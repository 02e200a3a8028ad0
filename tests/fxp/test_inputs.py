"""What NumPy would misread: integers of mixed types, ragged rows, arrays of other libraries."""

import numpy as np
import pytest

from fxp.formats import Format
from fxp.inputs import array_of, codes_of, element, integers, object_array


@pytest.mark.parametrize(
    ("operand", "dtype"),
    [
        ([1, 2], np.int64),
        ([], np.int64),
        ([[], []], np.int64),
        (np.uint8([1]), np.uint8),
        (np.uint64([2**64 - 1]), np.uint64),
        ([2**63], np.uint64),
        ([2**63, -1], object),
        ([2**64], object),
        (np.array([1, 2], dtype=object), np.int64),
        (np.array([np.int8(1), 2**64], dtype=object), object),
    ],
)
def test_integers_of_any_size(operand, dtype):
    found = integers(operand, np.asarray(operand))
    assert found.dtype == dtype
    assert found.tolist() == [int(item) for item in operand] if np.ndim(operand) == 1 else found.size == 0


@pytest.mark.parametrize(
    "operand",
    [[1.0], [1, 0.5], [2**63, 0.5], True, [True], "1", 1j, None, np.array([1.0]), np.zeros(0), np.array([2, "a"])],
)
def test_others_are_no_integers(operand):
    assert integers(operand, np.asarray(operand)) is None


def test_codes_are_int64_or_python_integers_by_the_word_length():
    assert codes_of("codes", np.uint8([1]), "fmt", Format(63, 0)).dtype == np.int64
    wide = codes_of("codes", np.uint8([1]), "fmt", Format(64, 0))
    assert wide.dtype == object
    assert type(wide[0]) is int


def test_the_first_element_is_named():
    array = np.arange(6).reshape(2, 3)
    assert element("x", array, array >= 4) == "x[1, 1]=4"
    assert element("x", np.array(7), np.array(True)) == "x=7"


def test_arrays_of_objects_keep_lists_and_shapes():
    assert object_array([2**80] * 6, (2, 3)).tolist() == [[2**80] * 3] * 2
    assert object_array([], (0, 4)).shape == (0, 4)


def test_arrays_pass_unchanged():
    x = np.arange(3)
    assert array_of("x", x) is x
