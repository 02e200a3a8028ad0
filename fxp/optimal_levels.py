"""The scalar quantiser of least noise with a given number of levels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from fxp.arguments import require_bool, require_signal
from fxp.densities import companded, density, is_log_concave, smooth_law
from fxp.signals import Signal

__all__ = ["LloydMax", "lloyd_max"]

Floats = NDArray[np.float64]
MAX_LEVEL_BITS = 14
_TOLERANCE = 1e-15
_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class LloydMax:
    """A scalar quantiser: a value between two neighbouring thresholds becomes the level between them.

    Parameters
    ----------
    levels : ndarray of float64, shape (2**word_bits,)
        Increasing; each is the mean of the values in its cell.
    thresholds : ndarray of float64, shape (2**word_bits - 1,)
        Increasing; each is midway between two levels.
    sqnr_db : float
        E[x²] over the mean square of the error, dB.
    """

    levels: Floats
    thresholds: Floats
    sqnr_db: float


@dataclass(frozen=True, eq=False)
class _Fit:
    """Levels, the mass of their cells, half the gradient of the noise power, and that power."""

    levels: Floats
    masses: Floats
    gradient: Floats
    noise: float

    @property
    def thresholds(self) -> Floats:
        return (self.levels[1:] + self.levels[:-1]) / 2

    @property
    def residual(self) -> float:
        """The largest distance of a level from its centroid."""
        return float(np.max(np.abs(self.gradient / self.masses)))


def lloyd_max(signal: Signal, word_bits: int, *, local: bool = False) -> LloydMax:
    r"""Return the quantiser of 2**word_bits levels with the greatest SQNR (exact: to 1e-12 in the conditions below).

    Its levels are the centroids of their cells and its thresholds lie midway between the levels,

    .. math:: y_i = E[x \mid t_i \le x < t_{i+1}], \qquad t_i = (y_{i-1} + y_i) / 2

    found by damped Newton steps on the noise power, whose Hessian is tridiagonal, from the companding quantiser with a
    density of levels proportional to the cube root of the law's. Its levels are no multiples of a step: a table has to
    decode them. N(0, 1) at 1 to 8 bits: 4.40, 9.30, 14.62, 20.22, 26.01, 31.91, 37.87, 43.85 dB.

    Assumptions: the law has a density whose logarithm is concave (uniform, Gaussian, Laplace, …), and no atom. The two
    conditions then hold for one quantiser only; else they may hold for several, and the best need not be found.

    Parameters
    ----------
    signal : Signal
        With a law that has a density.
    word_bits : int
        Bits of a code, 1 to 14.
    local : bool
        Also take laws that are not log-concave (ReLU, sinusoid, mixtures): the quantiser that is returned satisfies
        the two conditions, and another may be better.

    Returns
    -------
    LloydMax
        Levels, thresholds, SQNR in dB.

    Raises
    ------
    TypeError
        `signal` is not a Signal, or `local` not a bool.
    ValueError
        `word_bits` is out of range; the signal has no density; its law is not log-concave and `local` is not set; or,
        with `local`, the iteration does not settle.

    References
    ----------
    S. P. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982) 129-137; P. E. Fleischer,
    Sufficient conditions for achieving minimum distortion in a quantizer, 1964 (uniqueness).
    Derivation: :ref:`derivation-lloyd_max`.

    Examples
    --------
    >>> best = lloyd_max(Signal.gaussian(), 2)
    >>> best.levels.round(4), round(best.sqnr_db, 2)
    (array([-1.5104, -0.4528,  0.4528,  1.5104]), 9.3)
    """
    require_signal("signal", signal)
    require_bool("local", local)
    if (
        isinstance(word_bits, bool)
        or not isinstance(word_bits, int | np.integer)
        or not 1 <= word_bits <= MAX_LEVEL_BITS
    ):
        raise ValueError(
            f"word_bits={word_bits!r} is not an integer between 1 and {MAX_LEVEL_BITS}: give a word length"
        )
    if not local and (signal.zero_atom > 0 or not is_log_concave(smooth_law(signal))):
        raise ValueError(
            "signal has a law that is not log-concave: the conditions may hold for several quantisers; pass local=True "
            "to take one of them"
        )
    fit = _settled(signal, companded(smooth_law(signal), 2 ** int(word_bits)))
    return LloydMax(fit.levels, fit.thresholds, float(10 * np.log10(signal.rms**2 / fit.noise)))


def _settled(signal: Signal, levels: Floats) -> _Fit:
    """Return where the gradient vanishes: Newton steps, damped toward Lloyd's where they do not lower the noise."""
    fit, damping = _fit(signal, levels), 1e-3
    for _ in range(_ROUNDS):
        step = _newton_step(signal, fit, damping)
        following = _fit(signal, fit.levels - step) if _is_short(step, fit.levels) else None
        if abs(np.sum(fit.gradient * step)) < _TOLERANCE * fit.noise:
            return fit if following is None or following.residual > fit.residual else following
        if following is not None and following.noise <= fit.noise * (1 + 1e-13):
            fit, damping = following, damping / 10
        else:
            damping *= 10
    raise ValueError(f"signal does not settle in {_ROUNDS} rounds at {levels.size} levels: take a smoother law")


def _fit(signal: Signal, levels: Floats) -> _Fit:
    thresholds = (levels[1:] + levels[:-1]) / 2
    points, weights = signal.nodes(thresholds)
    cells = np.searchsorted(thresholds, points)
    errors = levels[cells] - points
    masses, gradient = (
        np.bincount(cells, each, levels.size).astype(np.float64) for each in (weights, weights * errors)
    )
    return _Fit(levels, masses, gradient, float(np.sum(weights * errors**2)))


def _is_short(step: Floats, levels: Floats) -> bool:
    """Return whether no level passes the middle of a gap: longer steps may throw the outermost levels far away."""
    return bool(np.all(np.maximum(np.abs(step[1:]), np.abs(step[:-1])) < np.diff(levels) / 2))


def _newton_step(signal: Signal, fit: _Fit, damping: float) -> Floats:
    """Return the step of Newton's method on the noise power; heavy damping turns it into a short step of Lloyd's."""
    here = density(smooth_law(signal), fit.thresholds) * (1 - signal.zero_atom)
    coupling = np.diff(fit.levels) * here / 4
    bands = np.zeros((3, fit.levels.size))
    bands[0, 1:] = bands[2, :-1] = -coupling
    bands[1] = fit.masses * (1 + damping)
    bands[1, 1:] -= coupling
    bands[1, :-1] -= coupling
    return np.asarray(solve_banded((1, 1), bands, fit.gradient))
