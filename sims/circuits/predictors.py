"""LMS predictors as clocked circuits, written down from their equations."""

from sims.circuits.clocked import Clocked, Row, wired

__all__ = ["lms_predictor"]


def lms_predictor(
    taps: int,
    multiplier_delay: int,
    adder_delay: int,
    *,
    adders: str = "chain",
    step: str = "multiplier",
    delay: int = 0,
) -> Clocked:
    """Return an LMS predictor: e(n) = x(n) − Σ w(k, n)·x(n − k), w(k, n + 1) = w(k, n) + μ·e(n − D)·x(n − D − k).

    Parameters
    ----------
    taps : int
        Number of weights, at least 1.
    multiplier_delay, adder_delay : int
        Time that a multiplication and an addition take, at least 0.
    adders : {"chain", "tree"}
        A row of adders, or a balanced tree.
    step : {"multiplier", "shift"}
        What multiplies by μ; a shift takes no time.
    delay : int
        Clock periods D by which the update is late.

    Returns
    -------
    Clocked
        Its input is "x"; "error" is read by "scaled error" alone.
    """
    kind, time = ("scale", multiplier_delay) if step == "multiplier" else ("shift", 0)
    rows: list[Row] = [("x", "input", 0, []), ("scaled error", kind, time, [("error", delay)])]
    for k in range(1, taps + 1):
        rows.append((f"w{k}·x", "multiply", multiplier_delay, [(f"w{k}", 1), ("x", k)]))
        rows.append((f"change {k}", "multiply", multiplier_delay, [("scaled error", 0), ("x", delay + k)]))
        rows.append((f"w{k}", "add", adder_delay, [(f"w{k}", 1), (f"change {k}", 0)]))
    sums = _chain(taps) if adders == "chain" else _tree(1, taps)
    rows += [(name, "add", adder_delay, [(left, 0), (right, 0)]) for name, left, right in sums]
    last = sums[-1][0] if sums else "w1·x"
    return wired([*rows, ("error", "subtract", adder_delay, [("x", 0), (last, 0)])])


def _chain(taps: int) -> list[tuple[str, str, str]]:
    """Return name and operands of each adder that adds one more product."""
    totals = ["w1·x", *(f"sum to {k}" for k in range(2, taps + 1))]
    return [(totals[k - 1], totals[k - 2], f"w{k}·x") for k in range(2, taps + 1)]


def _tree(first: int, last: int) -> list[tuple[str, str, str]]:
    """Return name and operands of the adders that add some of the products, half by half; the last gives their sum."""
    if first == last:
        return []
    left, right = (f"w{low}·x" if low == high else f"sum {low} to {high}" for low, high in _halves(first, last))
    below = [adder for half in _halves(first, last) for adder in _tree(*half)]
    return [*below, (f"sum {first} to {last}", left, right)]


def _halves(first: int, last: int) -> list[tuple[int, int]]:
    middle = (first + last) // 2
    return [(first, middle), (middle + 1, last)]
