"""What is known of an operand: its peak, its root mean square, and its law."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from fxp import laws

__all__ = ["Signal"]

Floats = NDArray[np.float64]
_ROUNDING = 1 + 1e-12  # a peak and an rms that are equal in theory may differ by a few roundings
_ORDER = 16
_UNRESOLVED = 1e-6


@dataclass(frozen=True)
class Signal:
    r"""The peak, root mean square and law of an operand; with peak and rms alone it serves the 6-dB rules.

    Parameters
    ----------
    peak : float
        Largest magnitude x_m, positive; infinite for an unbounded law.
    rms : float
        :math:`\sqrt{E[x^2]}`, also for a nonzero mean; positive, finite, at most `peak`.
    mean : float
        E[x]; its magnitude is at most `rms`.
    law : frozen continuous law of scipy.stats, or of fxp.laws, optional
        Law of the values that are not zero; needed by the exact predictors, set by the constructors below. One of
        scipy.stats must have the peak, rms and mean that are given, to a millionth, with the atom at zero.
    zero_atom : float
        P(x = 0), in [0, 1); zeros are exact in every format.
    signed : bool
        Whether negative values occur.

    Raises
    ------
    TypeError
        A number is none, or `law` is no law.
    ValueError
        A number is outside its range, or contradicts another or the law.

    Examples
    --------
    >>> Signal(peak=1.0, rms=0.5).par_db
    6.020599913279624
    >>> Signal.relu_gaussian().zero_atom, Signal.gaussian().peak
    (0.5, inf)
    >>> print(Signal.uniform())
    Uniform(low=-1.0, high=1.0)
    """

    peak: float
    rms: float
    mean: float = 0.0
    law: laws.Law | laws.Samples | None = None
    zero_atom: float = 0.0
    signed: bool = True

    def __post_init__(self) -> None:
        for name in ("peak", "rms", "mean", "zero_atom"):
            object.__setattr__(self, name, _real(name, getattr(self, name)))
        _require(self.peak > 0, f"peak={self.peak} is not positive: give the largest magnitude, math.inf if none")
        _require(0 < self.rms < math.inf, f"rms={self.rms} is not positive and finite: give the root of E[x²]")
        _require(
            self.rms <= self.peak * _ROUNDING, f"rms={self.rms} is not at most peak={self.peak}: check their units"
        )
        _require(
            abs(self.mean) <= self.rms * _ROUNDING, f"mean={self.mean} is not within rms={self.rms}: E[x]² ≤ E[x²]"
        )
        _require(0 <= self.zero_atom < 1, f"zero_atom={self.zero_atom} is not in [0, 1): give P(x = 0)")
        _require(self.signed or self.mean >= 0, f"mean={self.mean} is not that of an unsigned signal: pass signed=True")
        if self.law is not None and not hasattr(self.law, "scaled"):
            object.__setattr__(self, "law", _smooth(self.law))
            _require_those_of_law(self)

    def __str__(self) -> str:
        """Return the law, or peak and rms where there is none, and the atom at zero."""
        law = f"peak {self.peak:.4g}, rms {self.rms:.4g}" if self.law is None else str(self.law)
        return f"{law}, P(x = 0) = {self.zero_atom:.4g}" if self.zero_atom else law

    @property
    def par_db(self) -> float:
        """Peak to root mean square, dB: 20 log10(peak / rms); infinite for an unbounded law."""
        return 20 * math.log10(self.peak / self.rms)

    @classmethod
    def uniform(cls, low: float = -1.0, high: float = 1.0) -> Self:
        """Return the signal uniform on [low, high], low < high.

        Raises
        ------
        ValueError
            The interval is empty or not finite.

        Examples
        --------
        >>> round(Signal.uniform().par_db, 4)
        4.7712
        """
        low, high = _real("low", low), _real("high", high)
        rule = f"low={low}, high={high} are not the ends of a finite interval: give low < high"
        _require(math.isfinite(low) and math.isfinite(high) and low < high, rule)
        power = (low * low + low * high + high * high) / 3
        law = laws.Uniform(low, high)
        return cls(max(-low, high), math.sqrt(power), (low + high) / 2, law, signed=low < 0)

    @classmethod
    def gaussian(cls, rms: float = 1.0, *, mean: float = 0.0) -> Self:
        """Return the Gaussian signal of this rms and mean; its variance is rms² − mean², which must be positive.

        Raises
        ------
        ValueError
            `rms` is not finite or not above the magnitude of `mean`.

        Examples
        --------
        >>> Signal.gaussian(5.0, mean=3.0).law
        Gaussian(mean=3.0, deviation=4.0, low=-inf)
        """
        rms, mean = _real("rms", rms), _real("mean", mean)
        return cls(math.inf, rms, mean, laws.Gaussian(mean, _deviation(rms, mean)))

    @classmethod
    def laplace(cls, rms: float = 1.0) -> Self:
        """Return the two-sided exponential signal of this rms and zero mean.

        Raises
        ------
        ValueError
            `rms` is not positive and finite.

        Examples
        --------
        >>> Signal.laplace(2.0).rms
        2.0
        """
        rms = _real("rms", rms)
        return cls(math.inf, rms, 0.0, laws.Laplace(rms / math.sqrt(2)))

    @classmethod
    def relu_gaussian(cls, rms: float = 1.0, *, mean: float = 0.0) -> Self:
        """Return the signal max(0, g) of a Gaussian g whose rms and mean are given: unsigned, with an atom at zero.

        With :math:`s^2 = rms^2 - mean^2` and :math:`t = mean / s`, the atom is P(g ≤ 0) = Φ(−t), the mean of the
        signal s·(t·Φ(t) + φ(t)) and its mean square s²·((1 + t²)·Φ(t) + t·φ(t)).

        Raises
        ------
        ValueError
            `rms` is not finite or not above the magnitude of `mean`; the mean is below -8 standard deviations.

        Examples
        --------
        >>> Signal.relu_gaussian().rms
        0.7071067811865476
        """
        rms, mean = _real("rms", rms), _real("mean", mean)
        deviation = _deviation(rms, mean)
        t = mean / deviation
        _require(t > -8, f"mean={mean} is not above -8 standard deviations of {deviation}: nothing is left above zero")
        above, density = float(ndtr(t)), math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
        positive_mean = deviation * (t * above + density)
        power = deviation**2 * ((1 + t * t) * above + t * density)
        law = laws.Gaussian(mean, deviation, 0.0)
        return cls(math.inf, math.sqrt(power), positive_mean, law, float(ndtr(-t)), signed=False)

    @classmethod
    def sinusoid(cls, peak: float = 1.0) -> Self:
        """Return the sine wave of this peak, sampled at a uniformly random phase.

        Raises
        ------
        ValueError
            `peak` is not positive and finite.

        Examples
        --------
        >>> round(Signal.sinusoid().par_db, 4)
        3.0103
        """
        peak = _real("peak", peak)
        return cls(peak, peak / math.sqrt(2), 0.0, laws.Sinusoid(peak))

    @classmethod
    def from_law(cls, law: Any, *, zero_atom: float = 0.0) -> Self:
        """Return the signal of a frozen continuous law of scipy.stats, with an optional atom at zero.

        Parameters
        ----------
        law : frozen continuous distribution of scipy.stats
            Law of the values that are not the atom; its density is smooth between its quantiles 2**-k and 1 - 2**-k.
        zero_atom : float
            P(x = 0); the law has the rest.

        Raises
        ------
        TypeError
            `law` is not a frozen continuous distribution.
        ValueError
            The variance is not finite, or quadrature does not find the law's mass and power to 1e-6.

        Examples
        --------
        >>> from scipy import stats
        >>> round(Signal.from_law(stats.expon(), zero_atom=0.5).rms, 12)
        1.0
        """
        smooth, atom = _smooth(law), _real("zero_atom", zero_atom)
        peak, rms, mean, signed = _numbers(smooth, atom)
        return cls(peak, rms, mean, smooth, atom, signed=signed)

    @classmethod
    def from_samples(cls, samples: ArrayLike) -> Self:
        """Return the signal whose values are these samples, equally likely: an exact description of the samples.

        Parameters
        ----------
        samples : array_like of float
            Values of any shape, finite, not all zero.

        Raises
        ------
        ValueError
            There are no samples, one is not finite, or all are zero.

        Examples
        --------
        >>> Signal.from_samples([0.0, 3.0, 0.0, 4.0])
        Signal(peak=4.0, rms=2.5, mean=1.75, law=Samples(), zero_atom=0.5, signed=False)
        """
        values = np.array(samples, dtype=np.float64).reshape(-1)
        _require(values.size > 0, "samples=[] holds no sample: give at least one that is not zero")
        _require(bool(np.all(np.isfinite(values))), f"samples={values} are not all finite: remove the rest")
        _require(bool(np.any(values)), f"samples={values} are all zero: give one that is not, a law of the rest")
        nonzero = values[values != 0]
        nonzero.flags.writeable = False
        peak, power = float(np.max(np.abs(values))), float(np.mean(values * values))
        atom = 1 - nonzero.size / values.size
        law = laws.Samples(nonzero)
        return cls(peak, math.sqrt(power), float(np.mean(values)), law, atom, signed=bool(np.any(values < 0)))

    def scaled(self, factor: float) -> Self:
        """Return the signal multiplied by `factor`, which is positive and finite.

        Raises
        ------
        ValueError
            `factor` is not positive and finite.

        Examples
        --------
        >>> Signal.uniform().scaled(4.0) == Signal.uniform(-4.0, 4.0)
        True
        """
        factor = _real("factor", factor)
        _require(0 < factor < math.inf, f"factor={factor} is not positive and finite: it scales a signal")
        law = None if self.law is None else self.law.scaled(factor)
        return type(self)(
            self.peak * factor, self.rms * factor, self.mean * factor, law, self.zero_atom, signed=self.signed
        )

    def sample(self, rng: np.random.Generator, shape: int | tuple[int, ...]) -> Floats:
        """Return independent draws of the signal, of this shape.

        Raises
        ------
        ValueError
            The signal has no law.

        Examples
        --------
        >>> Signal.relu_gaussian().sample(np.random.default_rng(1), (2, 3)).min()
        np.float64(0.0)
        """
        sizes = tuple(np.atleast_1d(shape).tolist())
        values = self.known_law.sample(rng, sizes)
        return np.where(rng.random(sizes) < self.zero_atom, 0.0, values) if self.zero_atom else values

    def nodes(self, edges: ArrayLike = ()) -> tuple[Floats, Floats]:
        """Return points and weights that integrate over the law, the atom at zero included: exact to about 1e-12.

        ``E[g(x)] = sum(weights * g(points))`` for each g that is smooth between the `edges`, in any order. Samples
        are their own points.

        Raises
        ------
        ValueError
            The signal has no law.

        Examples
        --------
        >>> points, weights = Signal.gaussian().nodes([2.0])
        >>> round(float(weights[points > 2].sum()), 12)
        0.022750131948
        """
        if isinstance(self.known_law, laws.Samples):
            points = self.known_law.values
            weights = np.full(points.size, 1 / points.size)
        else:
            panels = self.known_law.panels()
            inside = np.clip(np.asarray(edges, dtype=np.float64).reshape(-1), panels[0], panels[-1])
            cuts = np.union1d(panels, inside)
            points, weights = (part.reshape(-1) for part in self.known_law.nodes(cuts[:-1], cuts[1:], _ORDER))
        return np.r_[0.0, points], np.r_[self.zero_atom, (1 - self.zero_atom) * weights]

    @property
    def known_law(self) -> laws.Law | laws.Samples:
        """The law of the values that are not zero.

        Raises
        ------
        ValueError
            The signal has none.

        Examples
        --------
        >>> Signal.uniform().known_law
        Uniform(low=-1.0, high=1.0)
        """
        if self.law is None:
            raise ValueError(
                "law=None is not a law, which this needs: the signal has no law, only peak and rms: "
                "use Signal.gaussian, .from_law or .from_samples"
            )
        return self.law


def _deviation(rms: float, mean: float) -> float:
    rule = f"rms={rms} is not finite and above the magnitude of mean={mean}: the variance is rms² − mean²"
    _require(abs(mean) < rms < math.inf, rule)
    return math.sqrt((rms - mean) * (rms + mean))


def _smooth(law: Any) -> laws.ScipyLaw:
    if not all(hasattr(law, name) for name in ("dist", "pdf", "ppf", "isf", "support", "stats", "rvs")):
        raise TypeError(f"law={law!r} is not a frozen continuous law of scipy.stats: pass e.g. stats.norm(0, 1)")
    return laws.ScipyLaw(law)


def _numbers(law: laws.ScipyLaw, atom: float) -> tuple[float, float, float, bool]:
    """Return peak, rms and mean of the law with the atom at zero, and whether it has negative values."""
    _require(0 <= atom < 1, f"zero_atom={atom} is not in [0, 1): give P(x = 0)")
    mean, variance = (float(moment) for moment in law.distribution.stats(moments="mv"))
    _require(math.isfinite(mean) and math.isfinite(variance), f"law of variance {variance} has no finite power")
    power = mean**2 + variance
    _require_resolved(law, power)
    low, high = (float(end) for end in law.distribution.support())
    return max(-low, high), math.sqrt((1 - atom) * power), (1 - atom) * mean, low < 0


def _require_those_of_law(signal: Signal) -> None:
    """Refuse a signal of a scipy.stats law whose numbers are not those of that law."""
    assert isinstance(signal.law, laws.ScipyLaw)
    peak, rms, mean, signed = _numbers(signal.law, signal.zero_atom)
    remedy = f"of law={signal.law} with zero_atom={signal.zero_atom}: Signal.from_law sets it"
    for name, given, own, scale in (
        ("peak", signal.peak, peak, peak),
        ("rms", signal.rms, rms, rms),
        ("mean", signal.mean, mean, rms),
    ):
        alike = given == own or abs(given - own) <= _UNRESOLVED * scale < math.inf
        _require(alike, f"{name}={given} is not the {own:.7g} {remedy}")
    _require(signal.signed or not signed, f"signed=False is not the sign {remedy}")


def _require_resolved(law: laws.Law, power: float) -> None:
    panels = law.panels()
    points, weights = law.nodes(panels[:-1], panels[1:], _ORDER)
    mass, found = float(np.sum(weights)), float(np.sum(weights * points**2))
    rule = f"law of mass {mass} and power {found} by quadrature is not of mass 1 and power {power}: pass samples of it"
    _require(abs(mass - 1) < _UNRESOLVED and abs(found - power) < _UNRESOLVED * power, rule)


def _real(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}={value!r} is not a real number: pass an int or float")
    number = float(value)
    _require(not math.isnan(number), f"{name}={value} is not a number: NaN has no place in a signal")
    return number


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(rule)
