"""Every operand of every function of numbers and codes, against every kind of operand that is none."""

import os
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
import torch

from fxp import (
    Accumulator,
    Format,
    add,
    cast,
    conv2d,
    decode,
    dot,
    encode,
    inputs,
    matmul,
    multiply,
    quantize,
    shift,
    subtract,
)

S8, WIDE = Format(8, 0), Format(100, 0)
IMAGE, KERNEL = np.ones((1, 1, 3, 3), int), np.ones((1, 1, 2, 2), int)
REGISTER = Accumulator(8)

NUMBERS = "{name} of dtype {dtype} is not an array of float16, float32, float64 or integers: convert it; "
CODES = "{name} of dtype {dtype} are not integers: encode numbers first, or convert with astype"
PLACES = "{name} of dtype {dtype} are not integers: pass whole numbers of places"
FACTORS = "{name}.dtype={dtype} is not an integer type: encode values first, fxp.encode(x, fmt)"

CALLS = {
    "encode": ("x", NUMBERS, lambda bad: encode(bad, S8)),
    "encode in a wide word": ("x", NUMBERS, lambda bad: encode(bad, WIDE)),
    "quantize": ("x", NUMBERS, lambda bad: quantize(bad, S8)),
    "decode": ("codes", CODES, lambda bad: decode(bad, S8)),
    "decode exactly": ("codes", CODES, lambda bad: decode(bad, WIDE, exact=True)),
    "cast": ("codes", CODES, lambda bad: cast(bad, S8, S8)),
    "add to": ("a", CODES, lambda bad: add(bad, S8, 1, S8)),
    "add": ("b", CODES, lambda bad: add(1, S8, bad, S8)),
    "subtract from": ("a", CODES, lambda bad: subtract(bad, S8, 1, S8)),
    "subtract": ("b", CODES, lambda bad: subtract(1, S8, bad, S8)),
    "multiply": ("a", CODES, lambda bad: multiply(bad, S8, 1, S8)),
    "multiply by": ("b", CODES, lambda bad: multiply(1, S8, bad, S8)),
    "shift": ("codes", CODES, lambda bad: shift(bad, S8, 1)),
    "shift by": ("bits", PLACES, lambda bad: shift(1, S8, bad)),
    "dot of": ("x", FACTORS, lambda bad: dot(bad, [1])),
    "dot with": ("w", FACTORS, lambda bad: dot([1], bad)),
    "dot from": ("bias", FACTORS, lambda bad: dot([1], [1], bias=bad)),
    "matmul of": ("x", FACTORS, lambda bad: matmul(bad, [[1]])),
    "matmul with": ("w", FACTORS, lambda bad: matmul([[1]], bad)),
    "matmul from": ("bias", FACTORS, lambda bad: matmul([[1]], [[1]], bias=bad)),
    "conv2d of": ("x", FACTORS, lambda bad: conv2d(bad, KERNEL)),
    "conv2d with": ("w", FACTORS, lambda bad: conv2d(IMAGE, bad)),
    "conv2d from": ("bias", FACTORS, lambda bad: conv2d(IMAGE, KERNEL, bias=bad)),
    "limited dot of": ("x", FACTORS, lambda bad: dot(bad, [1], accumulator=REGISTER)),
    "limited matmul with": ("w", FACTORS, lambda bad: matmul([[1]], bad, accumulator=REGISTER)),
    "limited conv2d from": ("bias", FACTORS, lambda bad: conv2d(IMAGE, KERNEL, bias=bad, accumulator=REGISTER)),
}
FLOATS = [0.5, [1.0], np.float32(1), np.nan, [np.nan, 1.0], [np.inf], -np.inf, np.zeros(0)]
KINDS = [
    True,
    [True, False],
    1j,
    [1 + 0j],
    "1",
    ["a", "b"],
    b"1",
    [None],
    object(),
    {"a": 1},
    {1, 2},
    Fraction(1, 2),
    [Decimal(1)],
    np.array([1, None]),
    np.array([1, True], dtype=object),
    np.array([1, 2.5], dtype=object),
    np.datetime64("2020-01-01"),
    np.timedelta64(1, "s"),
    np.longdouble(1),
    np.zeros(2, dtype=[("re", int), ("im", int)]),
]
FOREIGN = [
    (torch.tensor([1]), "of type torch.Tensor is not a plain array: convert it, tensor.numpy(force=True)"),
    (torch.tensor(1.5), "of type torch.Tensor is not a plain array: convert it"),
    (torch.eye(2).to_sparse(), "of type torch.Tensor is not a plain array: convert it"),
    (scipy.sparse.csr_array([[1]]), "of type scipy.csr_array is not a plain array: convert it, matrix.toarray()"),
    (scipy.sparse.coo_matrix([[1.5]]), "of type scipy.coo_matrix is not a plain array: convert it"),
    (np.ma.array([1, 2], mask=[0, 1]), "of type numpy.MaskedArray is not a plain array: fill what is masked"),
]
every_operand = pytest.mark.parametrize(("name", "rule", "call"), CALLS.values(), ids=CALLS)


def refuses(error, text, call, bad):
    with pytest.raises(error, match=f"^{re.escape(text)}"):
        call(bad)


@every_operand
def test_other_kinds_are_refused_by_their_type(name, rule, call):
    for bad in KINDS if rule is NUMBERS else KINDS + FLOATS:
        refuses(TypeError, rule.format(name=name, dtype=np.asarray(bad).dtype), call, bad)


@every_operand
def test_arrays_of_other_libraries_are_refused_with_a_remedy(name, rule, call):
    for bad, text in FOREIGN:
        refuses(TypeError, f"{name} {text}", call, bad)


@every_operand
def test_rows_of_different_length_are_refused(name, rule, call):
    for bad in ([[1, 2], [3]], [[[1]], [[1, 2]]]):
        refuses(ValueError, f"{name} is not an array: its rows differ in length; pass rows of one length", call, bad)


@every_operand
def test_more_elements_than_the_machine_holds_are_refused_at_once(name, rule, call):
    """A broadcast array of 8 TiB takes no memory: the first copy of it would."""
    for shape in ((2**40,), (2**20, 2**20), (1, 1, 2**20, 2**20)):
        bad = np.broadcast_to(np.int8(1), shape)
        refuses(
            MemoryError, f"{name}.shape={shape} is not at most what this machine holds: it takes 8,192 GiB", call, bad
        )


@pytest.mark.parametrize("call", [encode, quantize], ids=lambda call: call.__name__)
@pytest.mark.parametrize("fmt", [S8, WIDE], ids=str)
def test_what_is_not_finite_is_refused(call, fmt):
    for bad, named in ((np.nan, "x=nan"), ([1.0, np.nan], "x[1]=nan"), (np.float16([np.nan]), "x[0]=nan")):
        refuses(
            ValueError, f"{named} is not a number: no code stands for it; remove or rep", lambda x: call(x, fmt), bad
        )
    for mode in ("ZERO", "WRAP", "WRAP_SIGN_MAGNITUDE", "ERROR"):
        text = f"x[0]=-inf is not finite: {mode} has no code for it; use SATURATE"
        refuses(ValueError, text, lambda x, mode=mode: call(x, fmt, overflow=mode), [-np.inf])


COLUMN, ROW = np.ones((2**20, 1), np.int8), np.ones((1, 2**20), np.int8)
PIXEL = np.ones((1, 1, 1, 1), np.int8)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda: add(COLUMN, S8, ROW, S8), (2**20, 2**20)),
        (lambda: subtract(COLUMN, S8, ROW, S8), (2**20, 2**20)),
        (lambda: multiply(COLUMN, WIDE, ROW, S8), (2**20, 2**20)),
        (lambda: shift(COLUMN, S8, ROW), (2**20, 2**20)),
        (lambda: matmul(COLUMN, ROW), (2**20, 2**20)),
        (lambda: conv2d(PIXEL, PIXEL, padding=2**19), (1, 1, 2**20 + 1, 2**20 + 1)),
        (lambda: conv2d(PIXEL, PIXEL, padding=2**40), (1, 1, 2**41 + 1, 2**41 + 1)),
    ],
)
def test_results_that_the_machine_does_not_hold_are_refused_at_once(call, shape):
    with pytest.raises(MemoryError, match=rf"^codes.shape={re.escape(str(shape))} is not at most .* take it in parts$"):
        call()


@pytest.mark.parametrize(("size", "fits"), [(512, True), (513, False)])
def test_what_fits_is_taken(monkeypatch, size, fits):
    monkeypatch.setattr(inputs, "_memory_bytes", lambda: 4096)
    if fits:
        assert encode(np.zeros(size), S8).size == size
    else:
        refuses(MemoryError, "x.shape=(513,) is not at most", lambda x: encode(x, S8), np.zeros(size))


@pytest.mark.parametrize("error", [AttributeError, ValueError, OSError])
def test_a_system_that_does_not_say_its_memory_sets_no_limit(monkeypatch, error):
    def unknown(name):
        raise error(name)

    monkeypatch.setattr(os, "sysconf", unknown, raising=False)
    assert inputs._memory_bytes.__wrapped__() == float("inf")
