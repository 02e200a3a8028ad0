"""The ledger as one self-contained page: derivation, figure and numbers of each claim."""

import base64
import io
import os
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import sympy as sp
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.claims import Claim
from analysis.derivation import Step
from fxp.files import replacing
from sims.ledger import Entry

__all__ = ["page", "write_page"]


def write_page(claims: Sequence[Claim], entries: Sequence[Entry], path: str | os.PathLike[str], *, note: str) -> None:
    """Write the page, whole or not at all; parameters as `page`.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    text = page(claims, entries, note=note)
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def page(claims: Sequence[Claim], entries: Sequence[Entry], *, note: str) -> str:
    """Return the ledger as HTML that needs no other file: figures are embedded, formulas are MathML.

    Parameters
    ----------
    claims : sequence of Claim
        The rows.
    entries : sequence of Entry
        One a claim, in the same order.
    note : str
        What stands above the table.

    Returns
    -------
    str
        The page.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals |= {"derivation": _derivation, "figure": _figure, "numbers": _numbers, "verdict": _verdict}
    template = environment.from_string(files("sims").joinpath("templates/ledger.html").read_text(encoding="utf-8"))
    return template.render(rows=list(zip(claims, entries, strict=True)), conclusion=note)


def _verdict(entry: Entry) -> Markup:
    word = "confirmed" if entry.confirmed else "refuted"
    return Markup('<span class="{0}">{0}</span>').format(word)


def _derivation(claim: Claim, entry: Entry) -> Markup:
    derivation = claim.derive()
    marks = entry.methods or ("not proven",) * len(derivation.steps)
    steps = [_step(step, mark) for step, mark in zip(derivation.steps, marks, strict=True)]
    return Markup("<p>{}</p>{}").format(_math(derivation.quantity), Markup("").join(steps))


def _step(step: Step, mark: str) -> Markup:
    text = Markup('<div class="step">{} {}<div class="because">{} – {}</div></div>')
    return text.format(step.relation.value, _math(step.expression), step.because, mark)


def _math(expression: sp.Expr) -> Markup:
    mathml = sp.mathml(expression, printer="presentation", mul_symbol="dot")  # else 12·4ᵏ is printed as 124ᵏ
    return Markup(f'<math displaystyle="true">{mathml}</math>')  # noqa: S704 (SymPy's own markup)


def _numbers(values: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.6g}" for value in np.ravel(values))


def _figure(claim: Claim, entry: Entry) -> str:
    """Return measured against predicted values, wrong variants among them, as the address of an image."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    measured = np.concatenate([np.ravel(case.measured.value) for case in entry.cases])
    for variant in entry.variants:
        wrong = np.concatenate([np.ravel(value) for value in variant.predicted])
        axes.plot(wrong, measured, "x", alpha=0.6, label=f"wrong: {variant.name.strip('_')}")
    predicted = np.concatenate([np.ravel(case.predicted) for case in entry.cases])
    low, high = (
        np.abs(np.concatenate([np.ravel(end) for end in ends]) - measured)
        for ends in zip(*((case.measured.low, case.measured.high) for case in entry.cases), strict=True)
    )
    axes.errorbar(predicted, measured, (low, np.where(np.isfinite(high), high, 0)), fmt="o", label="predicted")
    ends = [np.min(predicted), np.max(predicted)]
    axes.plot(ends, ends, linewidth=1, color="grey", zorder=0)
    axes.set(xlabel=f"predicted {claim.unit}", ylabel=f"measured {claim.unit}", title=claim.name)
    axes.legend(fontsize="small")
    return _as_address(figure)


def _as_address(figure: Figure) -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="svg")
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.getvalue()).decode()}"
