"""A thousand LMS predictors of 3 taps, 10,000 iterations, updates 5 late: ``python -m benchmarks lms``.

padasip has neither words nor a delay, and runs one filter at a time: its row is one run, times their number.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare, peers
from fxp import FixedPointLms, Format, Process, encode

RUNS, ITERATIONS = 1_000, 10_000
TAPS, DELAY, STEP_SHIFT = 3, 5, 5
DATA, ERROR, WEIGHTS = Format(12, 9), Format(14, 11), Format(16, 14)
LMS = FixedPointLms(TAPS, DATA, DATA, WEIGHTS, STEP_SHIFT, delay=DELAY, output=ERROR, error=ERROR)


def lines(series: np.ndarray) -> np.ndarray:
    """Return what the filters see of a series at each iteration, the latest first."""
    return np.lib.stride_tricks.sliding_window_view(series[..., :-1], TAPS, axis=-1)[..., ::-1]


def loop(codes: np.ndarray) -> np.ndarray:
    """Return the errors by a loop over iterations, all runs at once; float64 holds every value exactly."""
    series = codes.astype(np.float64)
    x, d = lines(series), series[:, TAPS:] * 2.0 ** (ERROR.frac_bits - DATA.frac_bits)
    to_output = 2.0 ** (ERROR.frac_bits - DATA.frac_bits - WEIGHTS.frac_bits)
    to_weights = 2.0 ** (WEIGHTS.frac_bits - ERROR.frac_bits - STEP_SHIFT - DATA.frac_bits)
    errors, w = np.empty(d.shape), np.zeros((len(d), TAPS))
    for n in range(d.shape[1]):
        y = np.clip(np.rint((w * x[:, n]).sum(axis=1) * to_output), ERROR.min_code, ERROR.max_code)
        np.clip(d[:, n] - y, ERROR.min_code, ERROR.max_code, out=errors[:, n])
        if n >= DELAY:
            updates = errors[:, n - DELAY, None] * x[:, n - DELAY] * to_weights
            w = np.clip(np.rint(w + updates), WEIGHTS.min_code, WEIGHTS.max_code)
    return errors


def padasip_contestant(codes: np.ndarray) -> Contestant:
    from padasip.filters import FilterLMS

    series = codes[0] * DATA.step
    x, d = np.ascontiguousarray(lines(series)), series[TAPS:]
    remark = f"float64, no words, no delay; one run, times {len(codes):,}"
    call = lambda: FilterLMS(n=TAPS, mu=2.0**-STEP_SHIFT, w="zeros").run(d, x)  # noqa: E731
    return Contestant("padasip, FilterLMS", call, remark=remark)


def tables() -> Iterator[Table]:
    process = Process([0.1, 0.5, -0.5, 0.1])
    codes = encode(process.sample(np.random.default_rng(0), (RUNS, ITERATIONS + TAPS)), DATA)
    contestants = [
        Contestant("NumPy, loop over iterations", lambda: loop(codes), np.asarray),
        Contestant("fxp.FixedPointLms", lambda: LMS.predict(codes), lambda run: run.errors),
        *peers({"padasip": padasip_contestant}, codes),
    ]
    title = f"{RUNS:,} LMS predictors of {TAPS} taps, delay {DELAY}, {ITERATIONS:,} iterations, words of 12 to 16 bits"
    table = compare(title, contestants, loop(codes))
    yield replace(table, rows=tuple(replace(row, seconds=row.seconds * _scale(row.name)) for row in table.rows))


def _scale(name: str) -> int:
    return RUNS if name.startswith("padasip") else 1
