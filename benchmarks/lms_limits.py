"""Ten thousand mean-square step-size limits of LMS with three taps: ``python -m benchmarks lms_limits``."""

from collections.abc import Iterator

import numpy as np
from scipy.optimize import brentq

from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare
from fxp import mean_square_step_limit

COUNT = 10_000
TAPS = 3
DELAYS = np.arange(COUNT) % 13


def plain(R: np.ndarray, delay: int) -> float:
    """Return the root by Brent's method, of the sum in the form that is published."""
    values = np.linalg.eigvalsh(R)
    pole = 2 * np.sin(np.pi / (2 * (2 * delay + 3))) / values[-1]

    def excess(step: float) -> float:
        a = step * values
        omega = 2 * np.arcsin(a / 2)
        c_0, c_d = np.cos(omega * (2 * delay + 1) / 4 - np.pi / 4), np.cos(omega * (2 * delay - 1) / 4 + np.pi / 4)
        passed = a * c_0 / (2 * c_d - a * c_0)
        return float((passed / (1 - passed)).sum()) - 1

    return brentq(excess, 0, pole * (1 - 1e-12), rtol=1e-12)


def tables() -> Iterator[Table]:
    factors = np.random.default_rng(0).standard_normal((COUNT, TAPS, 4))
    R = factors @ factors.swapaxes(1, 2)
    contestants = [
        Contestant(
            "SciPy's brentq, one by one", lambda: np.array([plain(*each) for each in zip(R, DELAYS, strict=True)])
        ),
        Contestant("fxp.mean_square_step_limit, all at once", lambda: mean_square_step_limit(R, delay=DELAYS)),
        Contestant(
            "fxp.mean_square_step_limit, one by one",
            lambda: np.array(
                [mean_square_step_limit(each, delay=delay) for each, delay in zip(R, DELAYS, strict=True)]
            ),
        ),
    ]
    yield compare("10⁴ mean-square limits, 3 taps, delays 0 to 12", contestants, turns=3)
