"""Timings as tables in Markdown, in full and in short."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OURS = re.compile(r"fxp\b")


@dataclass(frozen=True)
class Row:
    """A contestant's seconds, 10⁹ multiplications a second, wrong results, and what it does otherwise."""

    name: str
    seconds: float
    gmacs: float | None = None
    wrong: int | None = None
    remark: str = ""

    @property
    def is_ours(self) -> bool:
        return OURS.match(self.name) is not None


@dataclass(frozen=True)
class Table:
    """Rows of one run, of which the first is the line that the others are measured by; `results` were compared."""

    title: str
    rows: tuple[Row, ...]
    results: int | None = None


def table_of(record: dict) -> Table:
    """Return the table whose fields a dictionary holds."""
    return Table(record["title"], tuple(Row(**row) for row in record["rows"]), record["results"])


def markdown(table: Table) -> str:
    """Return a table in full."""
    speeds = any(row.gmacs for row in table.rows)
    counted = table.results is not None
    remarks = counted or any(row.remark for row in table.rows)
    heads = [table.title, "time", *["GMAC/s"] * speeds, "ratio", *["wrong results" if counted else "remark"] * remarks]
    cells = [
        [
            row.name,
            duration(row.seconds),
            *[f"{row.gmacs:.3g}" if row.gmacs else "–"] * speeds,
            f"{row.seconds / table.rows[0].seconds:.2f}",
            *[deviation(row, table.results) or verdict(row, counted=counted)] * remarks,
        ]
        for row in table.rows
    ]
    return grid(heads, cells)


def summary(tables: Iterable[Table]) -> str:
    """Return one line a table: our first time, and how many times as long the others take."""
    return grid(["work", "fxp", "others, times fxp"], [_line(table) for table in tables])


def _line(table: Table) -> list[str]:
    ours = next(row for row in table.rows if row.is_ours)
    others = (_other(row, ours, table.results) for row in table.rows if row is not ours)
    return [table.title, duration(ours.seconds), "; ".join(others)]


def _other(row: Row, ours: Row, results: int | None) -> str:
    ratio = row.seconds / ours.seconds
    wrong = deviation(row, results)
    return f"{row.name} {ratio:.{0 if ratio >= 10 else 2}f}{f' ({wrong})' if wrong else ''}"


def deviation(row: Row, results: int | None) -> str:
    """Return what is wrong with a contestant's results; nothing where nothing is."""
    if row.wrong is None:
        return row.remark
    return f"{row.wrong:,} of {results:,}: {row.remark}" if row.wrong else ""


def verdict(row: Row, *, counted: bool) -> str:
    """Return what is to say of a contestant without a deviation."""
    if not counted:
        return ""
    return "none" if row.wrong == 0 else "not compared"


def duration(seconds: float) -> str:
    """Return seconds with three digits."""
    scale, unit = (1, "s") if seconds >= 1 else (1e3, "ms")
    return f"{seconds * scale:.3g}\N{NO-BREAK SPACE}{unit}"


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; all columns but the first are flush right where they are numbers."""
    rule = ["---", *["---:" if head != "others, times fxp" else "---" for head in heads[1:]]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))
