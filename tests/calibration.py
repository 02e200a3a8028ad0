"""How often the statistical assertions err, measured: false alarms of true claims, and power against wrong ones.

Rates of 1e-2 and 1e-3 are counted. The rate at 1e-9, which the assertions use, is too small to count: it is measured
by importance sampling, with samples from the law under which the false alarm is likely, weighted back.

``python -m tests.calibration`` prints the tables of docs/statistics.md; with ``--write`` it puts them there.
"""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from sims import intervals
from sims.intervals import Interval
from tests.statistical import (
    DECIBELS,
    POWER,
    detectable_distance,
    discrepancy,
    disjoint_pairs,
    distance,
    excludes,
    largest_distance,
    resolution,
)

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
REPEATS = 10_000
POWER_REPEATS = 1_000
COUNTED = (1e-2, 1e-3)
RARE = 1e-9
COLUMNS = 500  # repeats at a time
BATCH = 32


@dataclass(frozen=True)
class Case:
    """An assertion on a law for which its claim is true."""

    name: str
    samples: int
    draw: Callable  # (rng, shape) -> arrays of samples
    find: Callable  # (*arrays, false_alarm) -> Interval
    truth: float
    guaranteed: bool = False  # the false alarm is an upper bound for the rate, not the rate


@dataclass(frozen=True)
class Law:
    """A law of finitely many atoms, dense enough to stand for a continuous one, and an estimate from its samples."""

    name: str
    samples: int
    atoms: tuple[np.ndarray, ...]
    probabilities: np.ndarray
    find: Callable  # (*arrays, false_alarm) -> Interval
    truth: float
    influences: np.ndarray  # of each atom on the estimate


@dataclass(frozen=True)
class Rate:
    """A measured rate as a multiple of the nominal one, and the deviation of that measurement."""

    ratio: float
    deviation: float


def uniform(rng, shape):
    return rng.uniform(-0.5, 0.5, shape)


def relu(rng, shape):
    return np.maximum(rng.standard_normal(shape), 0)


def moving_sum(rng, shape):
    noise = rng.standard_normal((BATCH * shape[0] + 1, shape[1]))
    return noise[1:] + noise[:-1]


def ratio_db(first, second, *, false_alarm):
    found = intervals.log_ratio_interval(first, second, false_alarm=false_alarm)
    return Interval(DECIBELS * found.low, DECIBELS * found.high)


def power_ratio_db(signal, error, *, false_alarm):
    return ratio_db(signal**2, error**2, false_alarm=false_alarm)


def variance(samples, *, false_alarm):
    return intervals.covariance_interval(samples, samples, false_alarm=false_alarm)


def bounded(samples, *, false_alarm):
    return intervals.bounded_mean_interval(samples, -0.5, 0.5, false_alarm=false_alarm)


def batched(samples, *, false_alarm):
    return intervals.mean_interval(intervals.batch_means(samples, len(samples) // BATCH), false_alarm=false_alarm)


def neighbours(samples, *, false_alarm):
    return intervals.covariance_interval(*disjoint_pairs(samples, 3), false_alarm=false_alarm)


def share(hits, *, false_alarm):
    return intervals.clopper_pearson(hits.sum(axis=0), len(hits), false_alarm=false_alarm)


CASES = (
    Case(
        "mean of uniform errors",
        1000,
        lambda rng, shape: (uniform(rng, shape),),
        intervals.mean_interval,
        truth=0.0,
    ),
    Case(
        "mean power of uniform errors",
        1000,
        lambda rng, shape: (uniform(rng, shape) ** 2,),
        intervals.mean_interval,
        truth=1 / 12,
    ),
    Case(
        "mean power of Gaussian samples",
        2000,
        lambda rng, shape: (rng.standard_normal(shape) ** 2,),
        intervals.mean_interval,
        truth=1.0,
    ),
    Case(
        "mean product of two ReLU outputs",
        3000,
        lambda rng, shape: (relu(rng, shape) * relu(rng, shape),),
        intervals.mean_interval,
        truth=1 / (2 * np.pi),
    ),
    Case(
        "mean of 256 batches of a moving sum",
        256,
        lambda rng, shape: (moving_sum(rng, shape),),
        batched,
        truth=0.0,
    ),
    Case(
        "mean of uniform errors, bounds given",
        1000,
        lambda rng, shape: (uniform(rng, shape),),
        bounded,
        truth=0.0,
        guaranteed=True,
    ),
    Case(
        "variance of Gaussian samples",
        2000,
        lambda rng, shape: (rng.standard_normal(shape),),
        variance,
        truth=1.0,
    ),
    Case(
        "noise power of uniform errors, dB",
        1000,
        lambda rng, shape: (uniform(rng, shape), np.ones(shape)),
        power_ratio_db,
        truth=-10 * np.log10(12),
    ),
    Case(
        "SNR of Gaussian samples and uniform errors, dB",
        2000,
        lambda rng, shape: (rng.standard_normal(shape), uniform(rng, shape)),
        power_ratio_db,
        truth=10 * np.log10(12),
    ),
    Case(
        "covariance of uniform pairs",
        1000,
        lambda rng, shape: (uniform(rng, shape), uniform(rng, shape)),
        intervals.covariance_interval,
        truth=0.0,
    ),
    Case(
        "covariance of neighbours 3 apart",
        1000,
        lambda rng, shape: (uniform(rng, shape),),
        neighbours,
        truth=0.0,
    ),
    Case(
        "proportion of 0.3",
        1000,
        lambda rng, shape: (rng.random(shape) < 0.3,),
        share,
        truth=0.3,
        guaranteed=True,
    ),
)


def ends(case, rng, *, repeats, samples, false_alarms):
    """Return the low and high ends, each of shape (false alarms, repeats); infinite where samples are refused."""
    chunks = []
    for start in range(0, repeats, COLUMNS):
        columns = case.draw(rng, (samples, min(COLUMNS, repeats - start)))
        chunks.append([_ends(columns, partial(case.find, false_alarm=rate)) for rate in false_alarms])
    return np.moveaxis(np.concatenate(chunks, axis=2), 1, 0)


def _ends(columns, find):
    """Return both ends; all samples are refused for the sake of one, so halve them until only that one is left out."""
    count = columns[0].shape[1]
    try:
        found = find(*columns)
    except ValueError:
        if count == 1:
            return np.array([[-np.inf], [np.inf]])
        halves = np.s_[: count // 2], np.s_[count // 2 :]
        return np.concatenate([_ends([column[:, half] for column in columns], find) for half in halves], axis=1)
    return np.stack([found.low, found.high])


def false_alarms(case, rng, *, repeats=REPEATS):
    """Return how often the true claim is rejected at each of the false alarms that are counted."""
    low, high = ends(case, rng, repeats=repeats, samples=case.samples, false_alarms=COUNTED)
    return np.count_nonzero(excludes(Interval(low, high), case.truth, case.truth), axis=1)


def stated_discrepancy(case, rng, *, samples, false_alarm, pilots=25):
    """Return the discrepancy that the assertion says it detects, the median over draws of their own."""
    alarms = (false_alarm, 2 * (1 - POWER))
    low, high = ends(case, rng, repeats=pilots, samples=samples, false_alarms=alarms)
    interval, middle = (Interval(low[row], high[row]) for row in (0, 1))
    return float(np.median(discrepancy(interval, middle, (middle.low + middle.high) / 2)))


def detections(case, rng, *, samples, false_alarm=RARE, repeats=POWER_REPEATS):
    """Return the stated discrepancy, and how often claims wrong by it, below and above, are rejected."""
    wrong = stated_discrepancy(case, rng, samples=samples, false_alarm=false_alarm)
    found = Interval(*ends(case, rng, repeats=repeats, samples=samples, false_alarms=[false_alarm])[:, 0])
    claims = case.truth - wrong, case.truth + wrong
    return wrong, [int(np.count_nonzero(excludes(found, claim, claim))) for claim in claims]


def distribution_rejections(rng, *, samples, shift, false_alarm, repeats):
    """Return how often a uniform law is rejected where its distribution function is claimed shifted."""
    rejected = 0
    for start in range(0, repeats, COLUMNS):
        drawn = uniform(rng, (samples, min(COLUMNS, repeats - start)))
        apart = distance(drawn, lambda x: np.clip(x + 0.5 - shift, 0, 1))
        rejected += np.count_nonzero(apart > largest_distance(samples, false_alarm=false_alarm))
    return rejected


def grid(density, low, high, count):
    """Return atoms and their probabilities, in proportion to a density."""
    atoms = np.linspace(low, high, count)
    return atoms, density(atoms) / density(atoms).sum()


def bell(x):
    return np.exp(-(x**2) / 2)


def pairs(first, second):
    """Return the atoms and probabilities of two independent variables."""
    atoms = np.meshgrid(first[0], second[0], indexing="ij")
    return *(atom.ravel() for atom in atoms), np.outer(first[1], second[1]).ravel()


def mean_law(name, samples, atoms, probabilities):
    truth = probabilities @ atoms
    return Law(name, samples, (atoms,), probabilities, intervals.mean_interval, truth, atoms - truth)


def variance_law(name, samples, atoms, probabilities):
    powers = (atoms - probabilities @ atoms) ** 2
    truth = probabilities @ powers
    return Law(name, samples, (atoms,), probabilities, variance, truth, powers - truth)


def ratio_law(name, samples, first, second, probabilities):
    means = probabilities @ first, probabilities @ second
    truth = DECIBELS * np.log(means[0] / means[1])
    influences = first / means[0] - second / means[1]
    return Law(name, samples, (first, second), probabilities, ratio_db, truth, influences)


def laws():
    """Return the laws whose false alarms of 1e-9 are measured."""
    error, error_odds = grid(np.ones_like, -0.5, 0.5, 401)
    normal, normal_odds = grid(bell, -9, 9, 721)
    positive, positive_odds = grid(bell, 0.05, 9, 180)
    left, right, both = pairs((positive, positive_odds), (positive, positive_odds))
    signal, noise, joint = pairs(grid(bell, -8, 8, 161), grid(np.ones_like, -0.5, 0.5, 41))
    first, second, square = pairs(*[grid(np.ones_like, -0.5, 0.5, 81)] * 2)
    return (
        mean_law("mean of uniform errors", 50, error, error_odds),
        mean_law("mean of uniform errors", 1000, error, error_odds),
        mean_law("mean power of uniform errors", 1000, error**2, error_odds),
        mean_law("mean power of Gaussian samples", 2000, normal**2, normal_odds),
        mean_law("mean power of Gaussian samples", 8000, normal**2, normal_odds),
        mean_law("mean product of two ReLU outputs", 16000, np.r_[0, left * right], np.r_[0.75, both / 4]),
        mean_law("mean of events of probability 0.1", 2000, np.array([0.0, 1.0]), np.array([0.9, 0.1])),
        variance_law("variance of Gaussian samples", 2000, normal, normal_odds),
        Law(
            "covariance of uniform pairs",
            1000,
            (first, second),
            square,
            intervals.covariance_interval,
            truth=0.0,
            influences=first * second,
        ),
        ratio_law("noise power of uniform errors, dB", 1000, error**2, np.ones_like(error), error_odds),
        ratio_law("noise power of Gaussian errors, dB", 2000, normal**2, np.ones_like(normal), normal_odds),
        ratio_law("SNR of Gaussian samples and uniform errors, dB", 2000, signal**2, noise**2, joint),
    )


def tilted(law, reach):
    """Return probabilities under which the studentised mean influence is `reach`, least unlike those of the law.

    The exponent is the influence on the studentised mean, ψ - reach·ψ²/(2σ), times what brings it to `reach`.
    """
    influences = law.influences / np.sqrt(law.probabilities @ law.influences**2)
    exponents = influences - reach * influences**2 / 2

    def odds(strength):
        logarithms = strength * exponents
        weights = law.probabilities * np.exp(logarithms - logarithms.max())
        return weights / weights.sum()

    def excess(strength):
        mean = odds(strength) @ influences
        return mean / np.sqrt(odds(strength) @ influences**2 - mean**2) - reach

    return odds(brentq(excess, 0, 3 * reach))


def rare_rate(law, rng, *, repeats, false_alarm=RARE):
    """Return the rate of a false alarm too rare to count, by importance sampling of either side."""
    sides = [_rare_side(law, rng, side, repeats, false_alarm) for side in (1, -1)]
    missed = np.array(sides) / false_alarm
    return Rate(float(missed.mean(axis=1).sum()), float(np.sqrt(missed.var(axis=1).sum() / repeats)))


def _rare_side(law, rng, side, repeats, false_alarm):
    """Return the weight of each repeat in which the interval lies wholly on one side of the truth, 0 of the others."""
    odds = tilted(law, side * resolution(1.0, law.samples, false_alarm=false_alarm))
    weights = []
    for start in range(0, repeats, COLUMNS):
        drawn = rng.choice(len(odds), p=odds, size=(law.samples, min(COLUMNS, repeats - start)))
        low, high = _ends([column[drawn] for column in law.atoms], partial(law.find, false_alarm=false_alarm))
        missed = low > law.truth if side == 1 else high < law.truth
        logarithms = np.log(law.probabilities / odds)[drawn].sum(axis=0)
        weights.append(missed * np.exp(np.where(missed, logarithms, 0)))
    return np.concatenate(weights)


def counted_table(rng, repeats):
    """Return the rows of the table of rates that are counted, and of power."""
    for case in CASES:
        alarms = false_alarms(case, rng, repeats=repeats)
        wrong, found = detections(case, rng, samples=4 * case.samples)
        yield _counted_row(case.name, case.samples, alarms, wrong, found, repeats)
    samples, shift = 1000, float(detectable_distance(4000))
    reject = partial(distribution_rejections, rng)
    alarms = [reject(samples=samples, shift=0, false_alarm=rate, repeats=repeats) for rate in COUNTED]
    found = [
        reject(samples=4 * samples, shift=wrong, false_alarm=RARE, repeats=POWER_REPEATS) for wrong in (-shift, shift)
    ]
    yield _counted_row("distribution of uniform errors", samples, alarms, shift, found, repeats)


def _counted_row(name, samples, alarms, wrong, found, repeats):
    rates = [f"{count / repeats:.5f}" for count in alarms]
    return (name, str(samples), *rates, str(4 * samples), f"{wrong:.3g}", f"{min(found) / POWER_REPEATS:.3f}")


def rare_table(rng, repeats):
    """Return the rows of the table of rates of 1e-9."""
    for law in laws():
        here, student = rare_rate(law, rng, repeats=repeats), rare_rate(student_of(law), rng, repeats=repeats)
        yield law.name, str(law.samples), _times(here), _times(student)


def student_of(law):
    """Return a law with Student's interval of the mean influence, as textbooks have it, in place of its own."""

    def find(influences, *, false_alarm):
        reach = influences.std(axis=0, ddof=1) * resolution(1.0, len(influences), false_alarm=false_alarm)
        return Interval(influences.mean(axis=0) - reach, influences.mean(axis=0) + reach)

    return replace(law, atoms=(law.influences,), find=find, truth=0.0)


def _times(rate):
    return f"{rate.ratio:.2g} ± {rate.deviation:.1g}"


def markdown(headers, rows):
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


COUNTED_HEADERS = (
    "claim",
    "n",
    "rate at 1e-2",
    "rate at 1e-3",
    "n for power",
    "discrepancy stated at 1e-9",
    "power",
)
RARE_HEADERS = ("claim", "n", "rate / 1e-9", "Student's interval: rate / 1e-9")


def main():
    arguments = argparse.ArgumentParser(description="Measure how often the statistical assertions err.")
    arguments.add_argument("--repeats", type=int, default=REPEATS, help="of each rate that is counted")
    arguments.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    given = arguments.parse_args()
    rng = np.random.default_rng()
    tables = {
        "counted": markdown(COUNTED_HEADERS, counted_table(rng, given.repeats)),
        "rare": markdown(RARE_HEADERS, rare_table(rng, given.repeats // 10)),
    }
    page = PAGE.read_text(encoding="utf-8")
    for name, text in tables.items():
        print(f"{text}\n")
        page = re.sub(
            f"(?s)(<!-- {name} -->).*(<!-- end of {name} -->)",
            lambda marks, text=text: f"{marks[1]}\n{text}\n{marks[2]}",
            page,
        )
    if given.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
