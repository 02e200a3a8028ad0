"""Makes vectors.jsonl from the specification: ``python -m tests.conformance.make_vectors``."""

import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from fxp import reference
from fxp.files import replacing
from fxp.formats import Format, Overflow, Rounding

VECTORS = Path(__file__).with_name("vectors.jsonl")
WORDS = (1, 2, 8, 16, 31, 32, 33, 53, 54, 63, 64, 65, 128)
ERROR = "!"
DRAW_BITS = 53


def lines() -> Iterator[str]:
    """Yield the lines of the file: for each word, signed and unsigned, few dropped bits and many."""
    for word_bits in WORDS:
        for fmt in (Format(word_bits, word_bits // 2), Format(word_bits, -2, signed=False)):
            yield line(fmt, 3, near_codes(fmt, 3))
            yield line(fmt, 67, near_ties(fmt, 67))


def line(fmt: Format, dropped: int, inputs: list[int]) -> str:
    draws = [draw(number, dropped, index) for index, number in enumerate(inputs)]
    case = {
        "word_bits": fmt.word_bits,
        "frac_bits": fmt.frac_bits,
        "signed": fmt.signed,
        "input_frac_bits": fmt.frac_bits + dropped,
        "inputs": joined(inputs),
        "draws": joined(draws),
        "codes": {
            rounding.name: {
                overflow.name: joined(
                    code(number, fmt, dropped, rounding, overflow, u) for number, u in zip(inputs, draws, strict=True)
                )
                for overflow in Overflow
            }
            for rounding in Rounding
        },
    }
    return json.dumps(case, separators=(",", ":"))


def near_codes(fmt: Format, dropped: int) -> list[int]:
    """Return inputs around the ends of the format and around zero: codes, ties, their neighbours; and far ones."""
    unit, half = 1 << dropped, 1 << (dropped - 1)
    edges = (fmt.min_code - 1, 0, fmt.max_code)
    beside = [code * unit + rest for code in edges for rest in (1, half - 1, half + 1, unit - 1)]
    ties = [code * unit + half for code in (*edges, fmt.min_code, -1, 1, fmt.max_code + 1)]
    far = [(code << fmt.word_bits) + fmt.max_code // 3 for code in (-3, 1, 5)]
    whole = [code * unit for code in (fmt.min_code - 1, fmt.min_code, fmt.max_code + 1, *far)]
    return sorted({*beside, *ties, *whole})


def near_ties(fmt: Format, dropped: int) -> list[int]:
    """Return ties, and numbers that only the last of many dropped bits tells from a tie or from a code."""
    unit, half = 1 << dropped, 1 << (dropped - 1)
    edges = (fmt.min_code - 1, 0, fmt.max_code)
    return [
        code * unit + rest for code, rest in zip((*edges, *edges), (half, half - 1, half + 1, -1, 1, half), strict=True)
    ]


def draw(number: int, dropped: int, index: int) -> int:
    """Return u of an input in units of 2**-53: its fraction, the draw below, the smallest or the largest in turn."""
    threshold = (number % (1 << dropped) << DRAW_BITS) >> dropped
    most = (1 << DRAW_BITS) - 1
    return (threshold, max(threshold - 1, 0), min(threshold + 1, most), most, 0)[index % 5]


def code(number: int, fmt: Format, dropped: int, rounding: Rounding, overflow: Overflow, u: int) -> int | str:
    value = number / Fraction(2) ** (fmt.frac_bits + dropped)
    try:
        return reference.encode(value, fmt, rounding=rounding, overflow=overflow, u=Fraction(u, 1 << DRAW_BITS))
    except OverflowError:
        return ERROR


def joined(items: Iterable[object]) -> str:
    return " ".join(map(str, items))


if __name__ == "__main__":
    with replacing(VECTORS) as draft:
        draft.write_text("".join(f"{text}\n" for text in lines()), encoding="utf-8", newline="\n")
