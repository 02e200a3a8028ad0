"""The tables of the documentation, from the results of the synthesis."""

from collections.abc import Sequence

from benchmarks.synthesis.comparison import POINT, Accuracy, Record, compare, formulas, smallest

STRUCTURES = {
    "expression": "x0·w0 + x1·w1 + …",
    "ripple": "arrays and ripple accumulator",
    "tree": "arrays and adder tree",
    "columns": "carry-save, column by column",
    "Dadda": "carry-save, Dadda",
}

__all__ = ["POINT", "markdown"]


def markdown(records: Sequence[Record]) -> str:
    """Return all tables."""
    best = smallest(records)
    parts = [
        f"{len(best)} dot products, {len(records)} synthesised circuits.",
        "Area of the smallest of the five circuits of each dot product, in NAND2:",
        _by_formula(best, "area"),
        "Look-up tables of four inputs, of the same circuits:",
        _by_formula(best, "luts"),
        "Area by structure:",
        _by_structure(records),
    ]
    return "\n\n".join(parts)


def _by_formula(records: Sequence[Record], quantity: str) -> str:
    rows = [(f"`{name}`", compare(records, formula, quantity)) for name, formula in formulas().items()]
    return "\n".join([_header("formula"), *(_row(name, found) for name, found in rows)])


def _by_structure(records: Sequence[Record]) -> str:
    rows = [
        (f"{words}: `{name}`", compare([record for record in records if record["structure"] == key], formulas()[name]))
        for key, words in STRUCTURES.items()
        for name in ("gate_area", "compressor", "published")
    ]
    return "\n".join([_header("structure and formula"), *(_row(name, found) for name, found in rows)])


def _header(first: str) -> str:
    return f"| {first} | one unit | median error | 90th percentile | worst | misordered |\n|---|---|---|---|---|---|"


def _row(name: str, found: Accuracy) -> str:
    shares = (found.median, found.percentile90, found.worst, found.misordered)
    return f"| {name} | {found.unit:.2f} | " + " | ".join(f"{100 * share:.0f} %" for share in shares) + " |"
