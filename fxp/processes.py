"""Stationary processes: what a predictor or an adaptive filter is fed with."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import hankel, solve_toeplitz, toeplitz

from fxp.arguments import one, reals, require_signal, require_word, whole_numbers
from fxp.signals import Signal

__all__ = ["Process", "require_process"]

Floats = NDArray[np.float64]

KINDS = ("moving_average", "autoregressive")
FORGOTTEN = 2.0**-60  # what is left of the state before the first sample that `Process.sample` returns
LARGEST_POLE = 1 - 1e-6  # beyond, the start of a sample would take tens of millions of draws
LARGEST_CONDITION = 1e10  # of the equations of the autocorrelation, which then has 7 digits or more
NEWTON_STEPS = 64  # 26 of them halve an error of 1 to the root of a rounding error
MISFIT = 1e-9  # of r_0, between the autocorrelation asked for and that of the factor found


@dataclass(frozen=True)
class Process:
    r"""A stationary process of zero mean: independent draws of one law through a linear filter.

    .. math:: x_n = \sum_{k=1}^{p} a_k x_{n-k} + \sum_{j=0}^{q} b_j g_{n-j}

    Parameters
    ----------
    moving_average : sequence of float
        b_0 … b_q, finite, not all zero.
    autoregressive : sequence of float
        a_1 … a_p, finite; the roots of z^p − Σ a_k z^(p−k) lie inside of the unit circle. None by default.
    drive : Signal
        Law of the independent draws g, of zero mean; Gaussian of unit power by default. Signs are
        ``Signal.from_samples([-1, 1])``.

    Raises
    ------
    TypeError
        `drive` is not a Signal.
    ValueError
        A coefficient is no finite number, all of `moving_average` are zero, the process is not stationary or float64
        cannot tell its autocorrelation or hold its power, or the drive has a mean or no law.

    Examples
    --------
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> process.autocorrelation(3).round(12)
    array([ 0.52, -0.25,  0.  ,  0.01])
    >>> round(Process([1.0], autoregressive=[0.9]).power, 6)
    5.263158
    """

    moving_average: tuple[float, ...]
    autoregressive: tuple[float, ...] = ()
    drive: Signal = field(default_factory=Signal.gaussian)

    def __post_init__(self) -> None:
        for name in ("moving_average", "autoregressive"):
            object.__setattr__(self, name, _coefficients(name, getattr(self, name)))
        if not any(self.moving_average):
            raise ValueError(f"moving_average={self.moving_average} is all zero: give a coefficient that is not")
        if self.largest_pole > LARGEST_POLE:
            raise ValueError(
                f"autoregressive={self.autoregressive} has a pole at radius {self.largest_pole:.7g}, not within "
                f"{LARGEST_POLE:.7g}: the process is not stationary, or nearly so"
            )
        condition = np.linalg.cond(_equations(np.array(self.autoregressive), len(self.autoregressive)))
        if condition > LARGEST_CONDITION:
            raise ValueError(
                f"autoregressive={self.autoregressive} has poles so near the unit circle that float64 cannot tell "
                f"the autocorrelation: condition {condition:.1g}, not within {LARGEST_CONDITION:.0e}; move them inwards"
            )
        require_signal("drive", self.drive)
        if abs(self.drive.mean) > 1e-12 * self.drive.rms:
            raise ValueError(f"drive of mean {self.drive.mean} has not zero mean: subtract it")
        _ = self.drive.known_law
        with np.errstate(over="ignore", invalid="ignore"):
            power = self.power
        if not 0 < power < math.inf:
            raise ValueError(f"process of power {power:g} is beyond what float64 holds: scale its coefficients")

    @classmethod
    def from_autocorrelation(
        cls,
        autocorrelation: ArrayLike,
        *,
        kind: Literal["moving_average", "autoregressive"],
        drive: Signal | None = None,
    ) -> Self:
        """Return a process whose autocorrelation begins with these values (exact to 1e-9 of r_0).

        Nearly always to rounding: only where a moving average's spectrum has zeros of an order above 2 is less left.

        Parameters
        ----------
        autocorrelation : array_like of float, shape (lags + 1,)
            r_0 … r_L with a positive definite Toeplitz matrix.
        kind : {"moving_average", "autoregressive"}
            Whether the autocorrelation is zero beyond these lags (the factor of minimum phase is taken), or goes on as
            that of the autoregressive process of this order.
        drive : Signal, optional
            Law of the draws; Gaussian of unit power by default.

        Raises
        ------
        ValueError
            The values are no autocorrelation of that kind, or `kind` is another word.

        Examples
        --------
        >>> Process.from_autocorrelation([1.0, 0.5], kind="autoregressive").autoregressive
        (0.5,)
        >>> process = Process.from_autocorrelation([1.25, 0.5], kind="moving_average")
        >>> np.round(process.moving_average, 12)
        array([1. , 0.5])
        """
        require_word("kind", kind, KINDS)
        law = Signal.gaussian() if drive is None else drive
        require_signal("drive", law)
        values = reals("autocorrelation", autocorrelation, remedy="give r_0 … r_L")
        if values.ndim != 1 or not len(values) or np.linalg.eigvalsh(toeplitz(values))[0] <= 0:
            raise ValueError(
                f"autocorrelation={values} has no positive definite Toeplitz matrix: give r_0 … r_L of a process"
            )
        if kind == "moving_average":
            return cls(tuple(_minimum_phase(values) / law.rms), drive=law)
        feedback = solve_toeplitz(values[:-1], values[1:]) if len(values) > 1 else np.zeros(0)
        innovation = float(values[0] - feedback @ values[1:])
        return cls((innovation**0.5 / law.rms,), tuple(feedback), law)

    @property
    def largest_pole(self) -> float:
        """Largest magnitude of a pole, 0 of a moving average."""
        return float(np.max(np.abs(np.roots([1.0, *(-a for a in self.autoregressive)])), initial=0.0))

    @property
    def power(self) -> float:
        """E[x²]."""
        return float(self.autocorrelation(0)[0])

    @property
    def rms(self) -> float:
        """√E[x²]."""
        return math.sqrt(self.power)

    def autocorrelation(self, lags: int) -> Floats:
        """Return r_k = E[x_n x_(n−k)] for k = 0 … `lags` (exact to rounding, which poles near the circle amplify).

        Parameters
        ----------
        lags : int
            Largest lag, at least 0.

        Returns
        -------
        ndarray of float64, shape (lags + 1,)
            In the unit of x².

        Raises
        ------
        ValueError
            `lags` is no such number.

        Examples
        --------
        >>> Process([1.0], autoregressive=[0.5]).autocorrelation(2) * 3
        array([4., 2., 1.])
        """
        last = one("lags", whole_numbers("lags", lags, minimum=0, remedy="give the largest lag"))
        a, b = np.array(self.autoregressive), np.array(self.moving_average)
        order = max(len(a), len(b) - 1)
        numerator = np.r_[b, np.zeros(order + 1 - len(b))]
        impulse = self._filtered(np.r_[1.0, np.zeros(order)])
        crossed = np.array([numerator[k:] @ impulse[: order + 1 - k] for k in range(order + 1)])
        values = np.linalg.solve(_equations(a, order), crossed).tolist()
        for _ in range(order, last):
            values.append(sum(weight * values[-j] for j, weight in enumerate(a, start=1)))
        return np.array(values[: last + 1]) * self.drive.rms**2

    def correlation_matrix(self, taps: int) -> Floats:
        """Return the autocorrelation matrix R of `taps` successive samples (exact to rounding).

        Parameters
        ----------
        taps : int
            At least 1.

        Returns
        -------
        ndarray of float64, shape (taps, taps)
            Symmetric and Toeplitz.

        Raises
        ------
        ValueError
            `taps` is no such number.

        Examples
        --------
        >>> Process([1.0, 0.5]).correlation_matrix(2)
        array([[1.25, 0.5 ],
               [0.5 , 1.25]])
        """
        count = one("taps", whole_numbers("taps", taps, minimum=1, remedy="give the number of samples"))
        return np.asarray(toeplitz(self.autocorrelation(count - 1)))

    def sample(self, rng: np.random.Generator, shape: int | tuple[int, ...]) -> Floats:
        """Return independent runs of the process, each stationary from its first sample (to 2**-60 of its state).

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws.
        shape : int or tuple of int
            Shape of the result; time is the last axis.

        Returns
        -------
        ndarray of float64
            Of that shape.

        Raises
        ------
        ValueError
            `shape` is no such shape.

        Examples
        --------
        >>> Process([3.0, 1.0], drive=Signal.from_samples([-1, 1])).sample(np.random.default_rng(0), 4)
        array([ 4.,  4., -2., -4.])
        """
        *runs, length = _shape(shape)
        start = len(self.moving_average) - 1
        if self.autoregressive and self.largest_pole > 0:
            start += len(self.autoregressive) * int(np.ceil(np.log(FORGOTTEN) / np.log(self.largest_pole)))
        draws = self.drive.sample(rng, (*runs, length + start))
        return self._filtered(draws)[..., start:]

    def _filtered(self, draws: Floats) -> Floats:
        from scipy.signal import lfilter  # here, because it loads scipy.stats

        feedback = np.r_[1.0, -np.array(self.autoregressive)]
        return np.asarray(lfilter(self.moving_average, feedback, draws, axis=-1))


def require_process(process: Process) -> None:
    """Raise TypeError unless it is a Process.

    Examples
    --------
    >>> require_process(Process([1.0]))
    """
    if not isinstance(process, Process):
        raise TypeError(f"process={process!r} is not a Process: pass fxp.Process or fxp.Process.from_autocorrelation")


def _shape(shape: int | tuple[int, ...]) -> list[int]:
    sizes = whole_numbers("shape", shape, minimum=0, remedy="give sizes, time last")
    if sizes.ndim > 1 or not sizes.size:
        raise ValueError(f"shape={shape!r} is no size or row of sizes: give sizes, time last")
    return [int(size) for size in np.atleast_1d(sizes)]


def _equations(a: Floats, order: int) -> Floats:
    """Return the matrix of r_k − Σ a_j r_|k−j| = Σ b_j h_(j−k), of which order + 1 lines decide r_0 … r_order."""
    matrix = np.eye(order + 1)
    for k in range(order + 1):
        for j, weight in enumerate(a, start=1):
            matrix[k, abs(k - j)] -= weight
    return matrix


def _coefficients(name: str, values: ArrayLike) -> tuple[float, ...]:
    numbers = reals(name, values, remedy="give coefficients")
    if numbers.ndim != 1:
        raise ValueError(f"{name} of shape {numbers.shape} is not one row of coefficients: give a list of numbers")
    return tuple(numbers.tolist())


def _minimum_phase(values: Floats) -> Floats:
    """Return b with Σ b_j b_(j+k) = r_k and all roots inside of the unit circle, or on it, by Wilson's iteration.

    Newton's method for these equations, which from b = (1, 0, …) keeps the roots inside: it converges to the factor of
    minimum phase, quadratically, or halving the error each time where the spectrum has a zero.
    """
    lags = values / values[0]
    factor = best = np.eye(len(lags))[0]
    for _ in range(NEWTON_STEPS):
        products = _products(factor)
        with contextlib.suppress(np.linalg.LinAlgError):
            factor = np.linalg.solve(products, lags + products @ factor / 2)
        if _misfit(factor, lags) < _misfit(best, lags):
            best = factor
    if _misfit(best, lags) > MISFIT:
        raise ValueError(
            f"autocorrelation={values} has a spectrum that is negative somewhere, or zero to a high order: no moving "
            f"average of order {len(values) - 1} is found for it; take kind='autoregressive'"
        )
    return np.asarray(best * values[0] ** 0.5)


def _products(factor: Floats) -> Floats:
    """Return the matrix of c ↦ Σ_j b_j c_(j+k) + c_j b_(j+k), k = 0 …, twice the autocorrelation where c = b."""
    nothing = np.zeros(len(factor) - 1)
    return np.asarray(toeplitz(np.r_[factor[0], nothing], factor) + hankel(factor))


def _misfit(factor: Floats, lags: Floats) -> float:
    return float(np.max(np.abs(_products(factor) @ factor / 2 - lags)))
