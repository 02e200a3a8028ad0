"""The verdict on a claim: on its derivation, on the prediction against the measurement, and on the wrong variants."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.claims import Claim
from analysis.claims.claim import Prediction
from analysis.derivation import DerivationError
from sims.measure import Measurement, Trial, measurement_of
from sims.proofs import proven_methods

__all__ = ["SUITE_FALSE_ALARM", "Case", "Entry", "Pair", "Plan", "Variant", "agrees", "verify"]

FloatArray = NDArray[np.float64]
Point = Mapping[str, Any]

SUITE_FALSE_ALARM = 1e-6
INTERVALS_A_CASE = 16  # of which most claims use one: the suite's false alarm is shared out for so many
CLOSED_FORM = 1e-9  # relative: the same number by two routes in double precision
NOTHING = 1e-12  # what two routes may differ by at zero, in dB too


@dataclass(frozen=True)
class Plan:
    """How a run of the ledger measures.

    Parameters
    ----------
    seed : int
        Draws the points of the domains and all data.
    effort : int
        Multiplies sample sizes and numbers of points.
    total_cases : int
        Points of all claims of the run together, among which the suite's false alarm is shared out.
    """

    seed: int = 0
    effort: int = 1
    total_cases: int = 1000

    @property
    def false_alarm(self) -> float:
        """The probability that one interval misses."""
        return SUITE_FALSE_ALARM / (self.total_cases * INTERVALS_A_CASE)


@dataclass(frozen=True)
class Pair:
    """A predicted number and the measured one, with the ends of its interval."""

    predicted: float
    measured: float
    low: float
    high: float
    exact: bool

    @property
    def distance(self) -> float:
        """Between prediction and measurement."""
        return abs(self.predicted - self.measured)


@dataclass(frozen=True)
class Case:
    """Prediction and measurement at one point of the domain, which `place` tells in words."""

    place: str
    predicted: FloatArray
    measured: Measurement
    agrees: bool

    def pairs(self) -> Iterator[Pair]:
        """Yield the components one by one."""
        columns = (self.predicted, self.measured.value, self.measured.low, self.measured.high)
        if self.predicted.shape == self.measured.value.shape:
            for predicted, value, low, high in zip(*(np.ravel(column).tolist() for column in columns), strict=True):
                yield Pair(predicted, value, low, high, exact=self.measured.samples == 0)


@dataclass(frozen=True)
class Variant:
    """A wrong prediction: what it predicts at each point, and at how many of them the measurement refuted it."""

    name: str
    what: str
    predicted: tuple[FloatArray, ...]
    refuted_at: int


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    Parameters
    ----------
    claim : str
        Its name.
    room : str
        Its room.
    methods : tuple of str
        What convinced the machine of each step of the derivation.
    cases : tuple of Case
        What was measured.
    variants : tuple of Variant
        Of which each must be refuted somewhere.
    faults : tuple of str
        Why the claim is refuted; empty for a confirmed one.
    seconds : float
        Wall time of measurement and derivation.
    """

    claim: str
    room: str
    methods: tuple[str, ...]
    cases: tuple[Case, ...]
    variants: tuple[Variant, ...]
    faults: tuple[str, ...]
    seconds: float

    @property
    def confirmed(self) -> bool:
        """Whether nothing spoke against the claim."""
        return not self.faults

    @property
    def intervals(self) -> int:
        """How many intervals could have missed."""
        return sum(case.measured.value.size for case in self.cases if case.measured.samples)

    def worst(self, kind: str) -> Pair | None:
        """Return where a claim of that kind was tried hardest, None where nothing was measured.

        That is where prediction and measurement are the farthest apart, and of a bound where they are the closest,
        relative to the bound.
        """
        pairs = [pair for case in self.cases for pair in case.pairs()]
        if kind == "bound":
            return min(pairs, key=lambda pair: pair.distance / (abs(pair.predicted) or 1), default=None)
        return max(pairs, key=lambda pair: (pair.distance, abs(pair.predicted)), default=None)


def verify(claim: Claim, plan: Plan) -> Entry:
    """Return the verdict on a claim.

    A claim is confirmed when every step of its derivation is proven, its closed form equals the prediction, the
    measurement agrees at every point, and each wrong variant is refuted at one point at least.

    Parameters
    ----------
    claim : Claim
        The claim.
    plan : Plan
        Seed, effort and false alarm.

    Returns
    -------
    Entry
        Its line; what went wrong is among its faults, and raises nothing.
    """
    started = time.perf_counter()
    room = claim.derive.__module__.rpartition(".")[2]
    methods, faults = _derivation(claim, room)
    cases: list[Case] = []
    variants: tuple[Variant, ...] = ()
    try:
        rng = np.random.default_rng([plan.seed, crc32(claim.name.encode())])
        points = tuple(claim.points(rng, count=claim.cases * plan.effort))
        trial = Trial(rng, plan.false_alarm, plan.effort)
        cases.extend(_measure(claim, arguments, trial) for arguments in points)
        variants = tuple(_refute(claim, wrong, points, cases) for wrong in claim.wrong_variants)
        faults += (*_disagreements(claim, cases), *_closed_form(claim, points, cases), *_not_refuted(variants))
        faults += _nothing_tried(cases, variants)
    except Exception as error:  # whatever a claim's own functions raise is a fault of the claim
        faults += (f"{type(error).__name__}: {' '.join(str(error).split())}",)
    seconds = time.perf_counter() - started
    return Entry(claim.name, room, methods, tuple(cases), variants, faults, seconds)


def agrees(claim: Claim, predicted: FloatArray, measured: Measurement) -> bool:
    """Return whether a measurement lets a prediction of the claim stand.

    Parameters
    ----------
    claim : Claim
        Its kind, tolerance and side.
    predicted : ndarray
        Of the shape of the measurement.
    measured : Measurement
        With its interval.

    Returns
    -------
    bool
        For a bound: the interval does not lie beyond it. Else: the interval, wider by the tolerance, contains the
        prediction.
    """
    if predicted.shape != measured.value.shape:
        return False
    above = predicted >= measured.low - claim.tolerance
    below = predicted <= measured.high + claim.tolerance
    if claim.kind == "bound":
        return bool(np.all(above if claim.side == "upper" else below))
    return bool(np.all(above & below))


def _derivation(claim: Claim, room: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return proven_methods(claim.derive(), room), ()
    except DerivationError as error:
        return (), (str(error),)


def _nothing_tried(cases: Sequence[Case], variants: Sequence[Variant]) -> tuple[str, ...]:
    """Return what a claim lacks that could have refuted it."""
    measured = [case for case in cases if case.measured.value.size]
    lacking = {"point was measured": measured, "wrong variant was tried": variants}
    return tuple(f"no {what}" for what, found in lacking.items() if not found)


def _measure(claim: Claim, arguments: Point, trial: Trial) -> Case:
    measured = measurement_of(claim.name)(**arguments, trial=trial)
    predicted = _value(claim.predict(**arguments))
    place = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return Case(place, predicted, measured, agrees(claim, predicted, measured))


def _value(prediction: ArrayLike) -> FloatArray:
    return np.asarray(prediction, dtype=np.float64)


def _refute(claim: Claim, wrong: Prediction, points: Sequence[Point], cases: Sequence[Case]) -> Variant:
    predicted = tuple(_value(wrong(**arguments)) for arguments in points)
    for value, case in zip(predicted, cases, strict=True):
        if value.shape != case.measured.value.shape or not np.all(np.isfinite(value)):
            raise ValueError(
                f"the wrong variant {wrong.__name__} gives {value}, which is no prediction, at {case.place}"
            )
    stands = [agrees(claim, value, case.measured) for value, case in zip(predicted, cases, strict=True)]
    what, _, _ = (wrong.__doc__ or "").strip().partition("\n")
    return Variant(wrong.__name__, what, predicted, stands.count(False))


def _not_refuted(variants: Sequence[Variant]) -> tuple[str, ...]:
    return tuple(f"the wrong variant {each.name} is not refuted" for each in variants if not each.refuted_at)


def _disagreements(claim: Claim, cases: Sequence[Case]) -> tuple[str, ...]:
    return tuple(
        f"at {case.place}: predicted {case.predicted} {claim.unit}, measured {case.measured}"
        for case in cases
        if not case.agrees
    )


def _closed_form(claim: Claim, points: Sequence[Point], cases: Sequence[Case]) -> tuple[str, ...]:
    """Return the points where the derivation's closed form is not the prediction."""
    if claim.derived is None:
        return ()
    pairs = [(case, _value(claim.derived(**arguments))) for arguments, case in zip(points, cases, strict=True)]
    return tuple(
        f"at {case.place}: the derivation gives {derived}, the prediction is {case.predicted}"
        for case, derived in pairs
        if not np.allclose(derived, case.predicted, rtol=CLOSED_FORM, atol=NOTHING)
    )
