"""Finds derivations by name."""

from collections.abc import Iterator
from importlib import import_module

from analysis.derivation import Derivation

__all__ = ["ROOMS", "derivation_names", "derive"]

ROOMS = (
    "roundoff",
    "whiteness",
    "dither",
    "signals",
    "quantizers",
    "clipping",
    "limits",
    "blocks",
    "sqnr",
    "dot_products",
    "output_bits",
    "accumulators",
    "overflow",
    "requantizers",
    "costs",
    "pipelining",
    "filters",
    "lms",
    "lms_curves",
    "moments",
    "lms_words",
    "lms_updates",
    "backprop",
    "mismatch",
)
"""The rooms with derivations: modules of the same name are in analysis, analysis.claims and sims.measure.

A new room is listed here; the ledger shows the rooms in this order.
"""


def derivation_names() -> Iterator[tuple[str, str]]:
    """Yield room and name of each derivation, room by room."""
    for room in ROOMS:
        for name in import_module(f"analysis.{room}").__all__:
            yield room, name


def derive(name: str) -> Derivation:
    """Return a derivation by name.

    Parameters
    ----------
    name : str
        The name of a claim, or of a lemma that claims rest on.

    Returns
    -------
    Derivation
        Not yet checked: ``.check()`` does that.

    Raises
    ------
    ValueError
        No room has a derivation of that name.

    Examples
    --------
    >>> derive("sqnr_dot").check()[-1].method
    <Method.ALGEBRA: 'algebra'>
    """
    rooms = {known: room for room, known in derivation_names()}
    if name not in rooms:
        raise ValueError(f"name={name!r} is no derivation: one of {', '.join(sorted(rooms))}")
    derivation: Derivation = getattr(import_module(f"analysis.{rooms[name]}"), name)()
    return derivation
