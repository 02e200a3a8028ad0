"""The ``claim`` directive prints one claim of the ledger, the ``ledger`` directive all of them."""

import dis
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from inspect import iscode, isfunction
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import analysis
import fxp
from _extensions.markup import badge, block, bullets, domain, entry, label, paragraph, reference, table
from analysis.claims import Claim
from analysis.claims.claim import Prediction
from analysis.rooms import ROOMS

__all__ = ["ClaimDirective", "LedgerDirective"]

Figures = Mapping[str, Mapping[str, Any]]


class ClaimDirective(SphinxDirective):
    """``{claim} NAME``: what is claimed, of what kind, where, and which plausible formulas are wrong."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the claim that the argument names."""
        (name,) = self.arguments
        return [claim_block(_claim(name, self.get_location()), last_figures(self))]


class LedgerDirective(SphinxDirective):
    """``{ledger}``: a table of all claims, then each of them, room by room."""

    def run(self) -> list[nodes.Node]:
        """Return an overview and one section a room."""
        figures = last_figures(self)
        rooms = [(room, import_module(f"analysis.claims.{room}").CLAIMS) for room in ROOMS]
        return [overview(analysis.CLAIMS), *(_section(room, claims, figures) for room, claims in rooms)]


def claim_block(claim: Claim, figures: Figures) -> nodes.container:
    """Return everything that a claim says of itself, and what the ledger last measured."""
    shown = [
        paragraph(badge(claim.kind, kind=f"fxp-{claim.kind}"), " ", nodes.strong("", claim.statement)),
        entry("Predicted by", *_prediction(claim), f"; {_tolerance(claim)}."),
        entry("Assumes", "nothing beyond the definitions." if not claim.assumptions else ""),
        bullets([assumption.statement] for assumption in claim.assumptions),
        entry("Holds for"),
        bullets(domain(*item) for item in claim.domain.items()),
        entry("Wrong, and refuted by the same measurement"),
        bullets(map(_variant, claim.wrong_variants)),
        *measured(claim, figures),
    ]
    kept = [node for node in shown if not (isinstance(node, nodes.bullet_list) and not node.children)]
    return block(*kept, classes=["fxp-claim"])


def last_figures(directive: SphinxDirective) -> Figures:
    """Return what ``python -m sims.verify --json docs/ledger.json`` wrote of each claim; nothing without that file."""
    file = Path(directive.env.srcdir, "ledger.json")
    directive.env.note_dependency(str(file))
    if not file.exists():
        return {}
    return {row["name"]: row for row in json.loads(file.read_text(encoding="utf-8"))["claims"]}


def measured(claim: Claim, figures: Figures) -> list[nodes.Node]:
    """Return a table of the points where the claim was measured; at each, the component that is farthest off."""
    if claim.name not in figures:
        return []
    row = figures[claim.name]
    unit = f" ({claim.unit})" if claim.unit else ""
    header = ["measured at", f"predicted{unit}", f"measured{unit}", "interval"]
    verdict = "confirmed" if row["confirmed"] else "refuted"
    title = entry(f"Last measured: {verdict}", "at these points.")
    return [title, table(header, map(_case, row["cases"]), widths=[52, 14, 14, 20])]


def _case(case: Mapping[str, Any]) -> list[list[str]]:
    components = zip(case["predicted"], case["measured"], case["low"], case["high"], strict=True)
    finite = [each for each in components if None not in each]
    if not finite:
        return [[case["at"]], ["–"], ["–"], ["–"]]
    predicted, found, low, high = max(finite, key=lambda each: abs(each[0] - each[1]))
    interval = "exact" if low == high else f"[{low:.5g}, {high:.5g}]"
    return [[case["at"]], [f"{predicted:.6g}"], [f"{found:.6g}"], [interval]]


def overview(claims: tuple[Claim, ...]) -> nodes.table:
    """Return a table with one line a claim, which links to its derivation."""
    rows = (
        [[label(claim.name, claim.docs)], [badge(claim.kind, kind=f"fxp-{claim.kind}")], [claim.statement]]
        for claim in claims
    )
    return table(["claim", "kind", "statement"], rows, widths=[25, 12, 63])


def _claim(name: str, location: str) -> Claim:
    for claim in analysis.CLAIMS:
        if claim.name == name:
            return claim
    raise ExtensionError(f"{location}: {name} is no claim: add it to CLAIMS of its room in analysis/claims")


def _section(room: str, claims: Iterable[Claim], figures: Figures) -> nodes.section:
    section = nodes.section("", nodes.title("", f"The room {room}"), ids=[f"ledger-{room}"], names=[f"ledger-{room}"])
    for claim in claims:
        heading = nodes.title("", "", nodes.literal(claim.name, claim.name))
        derivation = entry("Why", label("the derivation", claim.docs), ".")
        one = nodes.section(
            "", heading, claim_block(claim, figures), derivation, ids=[f"claim-{claim.name}"], names=[claim.name]
        )
        section += one
    return section


def _prediction(claim: Claim) -> list[nodes.Node | str]:
    """Return links to the functions of fxp that the prediction is or calls."""
    exports = {id(getattr(fxp, name)): name for name in fxp.__all__}
    reached = [id(claim.predict)] if id(claim.predict) in exports else list(_reached(claim.predict, {}))
    named = [exports[each] for each in reached if each in exports]
    shown = [part for name in named for part in (", ", reference(f"fxp.{name}"))]
    return shown[1:] or ["its own formula"]


def _reached(function: FunctionType, seen: dict[int, object]) -> dict[int, object]:
    """Return all that a function names, and that the helpers of its module name that it calls, by identity."""
    for value in _named(function.__code__, function.__globals__):
        if id(value) not in seen:
            seen[id(value)] = value
            if isfunction(value) and value.__module__ == function.__module__:
                _reached(value, seen)
    return seen


def _named(code: CodeType, names: Mapping[str, object]) -> Iterator[object]:
    """Yield what code names, by modules too, such as fxp.encode, and what the comprehensions in it name."""
    value: object = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            value = names.get(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(value, ModuleType):
            value = getattr(value, instruction.argval, None)
        yield value
    for inner in filter(iscode, code.co_consts):
        yield from _named(inner, names)


def _tolerance(claim: Claim) -> str:
    unit = f" {claim.unit}" if claim.unit else ""
    if claim.kind == "bound":
        return f"the measured value is at {'most' if claim.side == 'upper' else 'least'} that"
    return f"the model's error is at most {claim.tolerance:g}{unit}" if claim.tolerance else "no tolerance"


def _variant(variant: Prediction) -> list[nodes.Node | str]:
    text = inspect.getdoc(variant) or ""
    return [nodes.literal("", variant.__name__.lstrip("_")), *([": ", text.partition("\n")[0]] if text else [])]
