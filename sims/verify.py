"""Checks every claim of the library against a measurement: ``python -m sims.verify``.

Each claim is taken at several points of its domain, measured bit-true and compared; its derivation is proven step by
step; and each of its wrong variants must be refuted by the same measurement.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from analysis.claims import CLAIMS, Claim
from sims import ledger_page, reporting
from sims.ledger import SUITE_FALSE_ALARM, Case, Entry, Pair, Plan, Variant, verify

__all__ = ["Report", "app", "conclusion", "document", "run", "select", "summary"]

Report = Callable[[Entry], object]

DEEP = 10


def run(
    claims: Sequence[Claim], *, seed: int = 0, effort: int = 1, workers: int = 2, report: Report | None = None
) -> tuple[Entry, ...]:
    """Return the verdict on each claim.

    Parameters
    ----------
    claims : sequence of Claim
        Of `analysis.CLAIMS`: the workers look them up by name.
    seed : int
        Draws the points and all data; the verdicts of the library's claims do not depend on it.
    effort : int
        Multiplies sample sizes and numbers of points.
    workers : int
        Processes; 1 measures in this one.
    report : callable, optional
        Is given each entry when it is there.

    Returns
    -------
    tuple of Entry
        In the order of the claims.
    """
    plan = Plan(seed, effort, sum(claim.cases * effort for claim in claims))
    entries: dict[str, Entry] = {}
    for entry in _entries(claims, plan, workers):
        entries[entry.claim] = entry
        if report is not None:
            report(entry)
    return tuple(entries[claim.name] for claim in claims)


def _entries(claims: Sequence[Claim], plan: Plan, workers: int) -> Iterator[Entry]:
    """Yield entries as they come."""
    if workers == 1:
        yield from (verify(claim, plan) for claim in claims)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_verify_named, claim.name, plan) for claim in claims]
        try:
            yield from (done.result() for done in as_completed(waiting))
        finally:
            pool.shutdown(cancel_futures=True)


def _verify_named(name: str, plan: Plan) -> Entry:
    return verify(select([name])[0], plan)


def select(names: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims of these names, all where there are none.

    Raises
    ------
    ValueError
        No claim has such a name; the text proposes the nearest.
    """
    known = {claim.name: claim for claim in CLAIMS}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name.lower(), known, n=3) or sorted(known)
            raise ValueError(f"name={name!r} is no claim: try {', '.join(near)}")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else CLAIMS


def summary(claims: Sequence[Claim], entries: Mapping[str, Entry], *, title: str = "") -> Table:
    """Return the ledger as a table; claims without an entry are still being measured.

    Parameters
    ----------
    claims : sequence of Claim
        The rows.
    entries : mapping of str to Entry
        By the names of the claims.
    title : str
        What stands above it.
    """
    rows = [
        _row(claim, entries[claim.name]) if claim.name in entries else (claim.name, claim.kind, *["…"] * 6)
        for claim in claims
    ]
    caption = (
        "A row shows where prediction and measurement are the farthest apart, of a bound where they are the closest, "
        "and how many of the wrong variants were refuted."
    )
    headers = ("claim", "kind", "predicted", "measured", "unit", "wrong", "verdict", "s")
    return reporting.table(title, headers, rows, caption=caption, text_columns=2)


def _row(claim: Claim, entry: Entry) -> tuple[str, ...]:
    pair = entry.worst(claim.kind)
    predicted, measured = ("–", "–") if pair is None else _figures(claim, pair)
    refuted = sum(variant.refuted_at > 0 for variant in entry.variants)
    verdict = "confirmed" if entry.confirmed else "REFUTED"
    controls = f"{refuted}/{len(claim.wrong_variants)}"
    return claim.name, claim.kind, predicted, measured, claim.unit, controls, verdict, f"{entry.seconds:.1f}"


def _figures(claim: Claim, pair: Pair) -> tuple[str, str]:
    relation = {"upper": "≤ ", "lower": "≥ "}[claim.side] if claim.kind == "bound" else ""
    half_width = max(pair.high - pair.measured, pair.measured - pair.low)
    interval = "exact" if pair.exact else f"± {half_width:.2g}"
    return f"{relation}{pair.predicted:.5g}", f"{pair.measured:.5g} {interval}"


def conclusion(entries: Sequence[Entry], seconds: float) -> str:
    """Return what the ledger says as a whole, with the false-alarm rate of all its intervals, and every fault."""
    refuted = [entry for entry in entries if not entry.confirmed]
    points = sum(len(entry.cases) for entry in entries)
    variants = sum(len(entry.variants) for entry in entries)
    lines = [
        f"{len(entries) - len(refuted)} of {len(entries)} claims confirmed at {points} points, {variants} wrong "
        f"variants tried, {seconds:.0f} s. Chance refutes a true claim in fewer than {SUITE_FALSE_ALARM:.0e} of the "
        "runs of the whole ledger."
    ]
    lines += [f"{entry.claim}: {fault}" for entry in refuted for fault in entry.faults]
    return "\n".join(lines)


def document(claims: Sequence[Claim], entries: Sequence[Entry], *, seed: int, effort: int) -> dict[str, Any]:
    """Return the ledger as JSON: all points, all components."""
    rows = [_json(claim, entry) for claim, entry in zip(claims, entries, strict=True)]
    return {"seed": seed, "effort": effort, "false_alarm": SUITE_FALSE_ALARM, "claims": rows}


def _json(claim: Claim, entry: Entry) -> dict[str, Any]:
    return {
        "name": claim.name,
        "room": entry.room,
        "statement": claim.statement,
        "kind": claim.kind,
        "unit": claim.unit,
        "tolerance": claim.tolerance,
        "assumptions": [assumption.statement for assumption in claim.assumptions],
        "domain": {name: str(domain) for name, domain in claim.domain.items()},
        "confirmed": entry.confirmed,
        "faults": list(entry.faults),
        "proofs": list(entry.methods),
        "seconds": round(entry.seconds, 2),
        "cases": [_case(case) for case in entry.cases],
        "wrong_variants": [_variant(variant) for variant in entry.variants],
    }


def _variant(variant: Variant) -> dict[str, Any]:
    predicted = [list(map(_finite, np.ravel(value))) for value in variant.predicted]
    return {"name": variant.name, "what": variant.what, "predicted": predicted, "refuted_at": variant.refuted_at}


def _case(case: Case) -> dict[str, Any]:
    measured = case.measured
    ends = {"predicted": case.predicted, "measured": measured.value, "low": measured.low, "high": measured.high}
    numbers = {name: [_finite(number) for number in np.ravel(end)] for name, end in ends.items()}
    return {"at": case.place, **numbers, "samples": measured.samples, "agrees": case.agrees}


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


@contextmanager
def _live(claims: Sequence[Claim]) -> Iterator[Report]:
    """Yield a report that keeps a table of the entries so far on standard error, while it is a terminal."""
    console = Console(stderr=True)
    entries: dict[str, Entry] = {}
    with Live(console=console, transient=True, auto_refresh=False, vertical_overflow="visible") as live:

        def report(entry: Entry) -> None:
            entries[entry.claim] = entry
            if console.is_terminal:
                title = f"{len(entries)} of {len(claims)} claims"
                live.update(summary(_latest(claims, entries, console.height - 8), entries, title=title), refresh=True)

        yield report


def _latest(claims: Sequence[Claim], entries: Mapping[str, Entry], rows: int) -> Sequence[Claim]:
    """Return the claims whose rows fit the terminal: the last that are there, and the first that are not."""
    there = [claim for claim in claims if claim.name in entries]
    waiting = [claim for claim in claims if claim.name not in entries]
    return [*there[-max(rows - 3, 1) :], *waiting[:3]]


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    names: Annotated[list[str] | None, typer.Argument(help="claims to check; left out: all of them")] = None,
    deep: Annotated[bool, typer.Option("--deep", help=f"{DEEP} times as many points and samples")] = False,
    seed: Annotated[int, typer.Option(min=0, help="draws points and data; the verdicts do not depend on it")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="write all numbers to this file")] = None,
    html: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="write one page with figure, derivation and numbers of each claim"),
    ] = None,
) -> None:
    """Check claims: predicted against measured, derivations step by step, wrong variants refuted.

    Exit code 1 says that a claim is refuted, 2 that an option is wrong.
    """
    effort = DEEP if deep else 1
    with reporting.one_line_errors():
        claims = select(names or [])
        for target in filter(None, (json, html)):
            reporting.check_writable(target)
        started = perf_counter()
        with _live(claims) as report:
            entries = run(claims, seed=seed, effort=effort, workers=min(workers, len(claims)), report=report)
        reporting.show(summary(claims, {entry.claim: entry for entry in entries}))
        note = conclusion(entries, perf_counter() - started)
        typer.echo(note)
        if json is not None:
            reporting.write_json(document(claims, entries, seed=seed, effort=effort), json)
        if html is not None:
            ledger_page.write_page(claims, entries, html, note=note)
    if not all(entry.confirmed for entry in entries):
        raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="python -m sims.verify")
