"""Kernels, encode, casts and APyTypes against the golden vectors."""

import json
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from fxp.formats import Format, Overflow, Rounding
from fxp.kernels.encode import encode_codes
from fxp.quantization import cast, encode
from fxp.rescaling import limits
from tests.conformance.make_vectors import DRAW_BITS, ERROR, VECTORS, WORDS, lines

MODES = [(rounding, overflow) for rounding in Rounding for overflow in Overflow]
APYTYPES_ROUNDING = {
    Rounding.FLOOR: "TRN",
    Rounding.CEIL: "TO_POS",
    Rounding.TOWARD_ZERO: "TRN_ZERO",
    Rounding.HALF_UP: "RND",
    Rounding.HALF_DOWN: "RND_MIN_INF",
    Rounding.HALF_TOWARD_ZERO: "RND_ZERO",
    Rounding.HALF_AWAY: "RND_INF",
    Rounding.HALF_EVEN: "RND_CONV",
    Rounding.HALF_ODD: "RND_CONV_ODD",
}
APYTYPES_OVERFLOW = {Overflow.SATURATE: "SAT", Overflow.WRAP: "WRAP"}
APYTYPES_WORD = 300  # holds every input


class Scripted(np.random.Generator):
    """A generator whose draws are given."""

    def __init__(self, draws):
        super().__init__(np.random.PCG64(0))
        self.draws = draws

    def random(self, shape):
        return np.reshape(self.draws, shape)


@dataclass(frozen=True)
class Case:
    format: Format
    input_frac_bits: int
    inputs: tuple[int, ...]
    draws: tuple[int, ...]
    codes: dict[str, dict[str, str]]

    @classmethod
    def read(cls, text):
        case = json.loads(text)
        return cls(
            Format(case["word_bits"], case["frac_bits"], signed=case["signed"]),
            case["input_frac_bits"],
            tuple(map(int, case["inputs"].split())),
            tuple(map(int, case["draws"].split())),
            case["codes"],
        )

    def __str__(self):
        return f"{self.format}-from-En{self.input_frac_bits}"

    def expected(self, rounding, overflow):
        return [
            token if token == ERROR else int(token) for token in self.codes[rounding.name][overflow.name].split(" ")
        ]


CASES = [Case.read(text) for text in VECTORS.read_text(encoding="utf-8").splitlines()]
SIGNED_CASES = [case for case in CASES if case.format.signed]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def check(case, call, possible):
    """`call(indices, u, rounding, overflow)` gives the expected codes of all inputs that are `possible`, or raises."""
    for rounding, overflow in MODES:
        expected = case.expected(rounding, overflow)
        inside = [index for index in possible if expected[index] != ERROR]
        u = np.array(case.draws, dtype=float) / 2.0**DRAW_BITS
        assert call(inside, u[inside], rounding, overflow).tolist() == [expected[index] for index in inside]
        for index in set(possible) - set(inside):
            with pytest.raises(OverflowError, match="is outside"):
                call([index], u[[index]], rounding, overflow)


def test_the_file_is_what_the_script_makes():
    assert VECTORS.read_text(encoding="utf-8").splitlines() == list(lines())
    assert VECTORS.stat().st_size < 1_000_000


def test_the_vectors_cover_what_they_say():
    assert {(case.format.word_bits, case.format.signed) for case in CASES} == {
        (word_bits, signed) for word_bits in WORDS for signed in (True, False)
    }
    assert all(set(case.codes) == {mode.name for mode in Rounding} for case in CASES)
    assert all(set(row) == {mode.name for mode in Overflow} for case in CASES for row in case.codes.values())
    assert sum(len(case.expected(*modes)) for case in CASES for modes in MODES) == 46_200


@pytest.mark.parametrize("modes", [(a, b) for kind in (Rounding, Overflow) for a in kind for b in kind if a != b])
def test_the_vectors_tell_every_two_modes_apart(modes):
    if isinstance(modes[0], Rounding):
        pairs = [[case.codes[mode.name]["SATURATE"] for case in CASES] for mode in modes]
    else:
        pairs = [[case.codes["FLOOR"][mode.name] for case in CASES] for mode in modes]
    assert pairs[0] != pairs[1]


@every_case
def test_encode_of_integers(case):
    """An input is an integer, and the point of the format moved by the bits after its own."""
    fmt = Format(case.format.word_bits, case.format.frac_bits - case.input_frac_bits, signed=case.format.signed)

    def call(indices, u, rounding, overflow):
        x = [case.inputs[index] for index in indices]
        return encode(x, fmt, rounding=rounding, overflow=overflow, rng=Scripted(u))

    check(case, call, range(len(case.inputs)))


@every_case
def test_encode_of_floats(case):
    exact = [Fraction(number) / Fraction(2) ** case.input_frac_bits for number in case.inputs]
    possible = [index for index, value in enumerate(exact) if float(value) == value]
    assert possible

    def call(indices, u, rounding, overflow):
        x = np.array([float(exact[index]) for index in indices])
        return encode(x, case.format, rounding=rounding, overflow=overflow, rng=Scripted(u))

    check(case, call, possible)


@every_case
def test_cast(case):
    source = Format(128, case.input_frac_bits)
    possible = [index for index, code in enumerate(case.inputs) if source.min_code <= code <= source.max_code]
    assert possible

    def call(indices, u, rounding, overflow):
        codes = [case.inputs[index] for index in indices]
        return cast(codes, source, case.format, rounding=rounding, overflow=overflow, rng=Scripted(u))

    check(case, call, possible)


@pytest.mark.parametrize("case", [case for case in CASES if case.format.word_bits <= 63], ids=str)
def test_kernel(case):
    possible = [index for index, code in enumerate(case.inputs) if -(2**63) <= code < 2**63]

    def call(indices, u, rounding, overflow):
        codes, out = np.array([case.inputs[index] for index in indices], np.int64), np.empty(len(indices), np.int64)
        shift, ends = case.input_frac_bits - case.format.frac_bits, limits(case.format, overflow)
        first = encode_codes(codes, u, shift, *ends, rounding.value, overflow.value, out)
        if overflow is Overflow.ERROR and first >= 0:
            raise OverflowError(f"codes[{first}] is outside")
        return out

    check(case, call, possible)


@pytest.fixture(scope="module")
def apytypes():
    return pytest.importorskip("apytypes", reason="APyTypes, an oracle that no one here wrote, is not installed")


def words(codes, bits):
    return [code % (1 << bits) for code in codes]


def apytypes_differences(apytypes, rounding, overflow, quantization, limit):
    """Yield case and input where a cast of APyTypes differs from the vector."""
    for case in SIGNED_CASES:
        numbers = apytypes.APyFixedArray(
            words(case.inputs, APYTYPES_WORD), bits=APYTYPES_WORD, frac_bits=case.input_frac_bits
        )
        result = numbers.cast(
            bits=case.format.word_bits,
            frac_bits=case.format.frac_bits,
            quantization=apytypes.QuantizationMode[quantization],
            overflow=apytypes.OverflowMode[limit],
        )
        expected = words(case.expected(rounding, overflow), case.format.word_bits)
        for number, found, code in zip(case.inputs, result.to_bits(), expected, strict=True):
            if found != code:
                yield str(case), number


@pytest.mark.parametrize("rounding", APYTYPES_ROUNDING)
@pytest.mark.parametrize("overflow", APYTYPES_OVERFLOW)
def test_casts_of_apytypes(apytypes, rounding, overflow):
    modes = APYTYPES_ROUNDING[rounding], APYTYPES_OVERFLOW[overflow]
    assert list(apytypes_differences(apytypes, rounding, overflow, *modes)) == []


@pytest.mark.parametrize(
    ("rounding", "overflow", "quantization", "limit"),
    [
        (Rounding.TOWARD_ZERO, Overflow.WRAP, "TRN_MAG", "WRAP"),
        (Rounding.CEIL, Overflow.WRAP, "TRN_AWAY", "WRAP"),
        (Rounding.FLOOR, Overflow.WRAP, "TRN", "NUMERIC_STD"),
        (Rounding.FLOOR, Overflow.WRAP_SIGN_MAGNITUDE, "TRN", "NUMERIC_STD"),
    ],
)
def test_modes_of_apytypes_that_resemble_ours_deviate(apytypes, rounding, overflow, quantization, limit):
    assert list(apytypes_differences(apytypes, rounding, overflow, quantization, limit))


def test_floats_of_apytypes_round_away_at_ties_and_wrap(apytypes):
    for case in SIGNED_CASES:
        expected = words(case.expected(Rounding.HALF_AWAY, Overflow.WRAP), case.format.word_bits)
        for number, code in zip(case.inputs, expected, strict=True):
            exact = Fraction(number) / Fraction(2) ** case.input_frac_bits
            if float(exact) == exact:
                bits = {"bits": case.format.word_bits, "frac_bits": case.format.frac_bits}
                assert apytypes.APyFixed.from_float(float(exact), **bits).to_bits() == code
