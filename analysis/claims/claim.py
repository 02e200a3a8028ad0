"""A claim ties a derivation to the prediction that users call, and says where it holds and what would be wrong."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from analysis.derivation import Assumption, Derivation
from analysis.domain import Domain

__all__ = ["Claim", "Prediction"]

Prediction = Callable[..., ArrayLike]


@dataclass(frozen=True)
class Claim:
    """One line of the ledger.

    Parameters
    ----------
    name : str
        The name of the derivation, of the measurement, and after ``derivation-`` of the section of the docs.
    statement : str
        One sentence that a measurement could refute.
    kind : {"exact", "asymptotic", "bound"}
        "exact": equal up to `tolerance`, which covers rounding errors only; "asymptotic": equal up to `tolerance`,
        which covers the model's error on the domain; "bound": the measured value does not pass the prediction.
    assumptions : tuple of Assumption
        What is believed, that of the derivation included.
    derive : callable
        Returns the Derivation.
    predict : callable
        Takes the arguments of `domain` by keyword; returns a number or a small array. A thin call of fxp.
    domain : mapping of str to Integers, Reals or Choice
        The arguments, and where the claim holds.
    wrong_variants : tuple of callable
        Plausible wrong predictions, with the arguments of `predict`; the first line of the docstring says what is
        wrong. The measurement must refute each.
    docs : str
        The label of the section of the docs.
    tolerance : float
        In `unit`; see `kind`.
    unit : str
        Of the predicted value, "" for a pure number.
    derived : callable, optional
        The value of the derivation's closed form, with the arguments of `predict`: it must equal the prediction.
    side : {"upper", "lower"}
        Of a bound: the measured value is at most, or at least, the prediction.
    cases : int
        How many points of the domain are measured.
    """

    name: str
    statement: str
    kind: Literal["exact", "asymptotic", "bound"]
    assumptions: tuple[Assumption, ...]
    derive: Callable[[], Derivation]
    predict: Prediction
    domain: Mapping[str, Domain] = field(hash=False)
    wrong_variants: tuple[Prediction, ...]
    docs: str
    _: KW_ONLY
    tolerance: float = 0.0
    unit: str = ""
    derived: Prediction | None = None
    side: Literal["upper", "lower"] = "upper"
    cases: int = 6

    def __post_init__(self) -> None:
        if self.kind not in ("exact", "asymptotic", "bound"):
            raise ValueError(f"kind={self.kind!r} is not a kind of claim: one of exact, asymptotic, bound")
        if not self.name.isidentifier():
            raise ValueError(f"name={self.name!r} is not an identifier: name the claim like its derivation function")
        if self.tolerance < 0 or not np.isfinite(self.tolerance):
            raise ValueError(f"tolerance={self.tolerance} is not a finite number of at least 0")

    @classmethod
    def of(cls, derive: Callable[[], Derivation], statement: str, predict: Prediction, **others: Any) -> Self:
        """Return a claim with the name, the assumptions and the section of its derivation, exact unless told.

        Parameters
        ----------
        derive : callable
            Returns the Derivation.
        statement, predict
            As of the claim.
        **others
            The claim's other fields.
        """
        derivation = derive()
        usual: dict[str, Any] = {"kind": "exact", "assumptions": derivation.assumptions}
        return cls(
            derivation.name,
            statement,
            derive=derive,
            predict=predict,
            docs=f"derivation-{derivation.name}",
            **usual | others,
        )

    def points(self, rng: np.random.Generator, *, count: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield points of the domain: its two extreme corners first, then draws.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the points.
        count : int, optional
            How many, `cases` unless told.

        Yields
        ------
        dict
            The arguments of `predict`.
        """
        wanted = self.cases if count is None else count
        columns = [domain.spread(wanted, rng) for domain in self.domain.values()]
        for values in zip(*columns, strict=True):
            yield dict(zip(self.domain, values, strict=True))
