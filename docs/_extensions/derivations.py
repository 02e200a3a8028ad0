"""The ``derivation`` directive: prints the steps of a derivation, and fails the build when one does not follow."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import sympy as sp
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import analysis
from _extensions.markup import badge, block, bullets, domain, entry, equation, formula, label, latex, paragraph
from analysis.derivation import Assumption, Definition, Derivation, Lemma, Method, Relation, Step
from analysis.rooms import derivation_names
from sims.proofs import proven_methods

__all__ = ["DerivationDirective", "LemmasDirective"]

SIGNS = {Relation.EQUAL: "=", Relation.AT_MOST: r"\le", Relation.AT_LEAST: r"\ge", Relation.ASYMPTOTIC: r"\sim"}
Fact = Assumption | Definition | Lemma


class DerivationDirective(SphinxDirective):
    """``{derivation} NAME``: the result, what it assumes, where it holds, and each step with what convinced of it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the derivation that the argument names."""
        (name,) = self.arguments
        return [derivation_block(name, self.get_location())]


class LemmasDirective(SphinxDirective):
    """``{lemmas}``: every derivation that no page in the same folder has a section for, each with its label."""

    def run(self) -> list[nodes.Node]:
        """Return one section a derivation."""
        sources = Path(self.env.doc2path(self.env.docname)).parent.glob("*.md")
        told = set(re.findall(r"^\(derivation-(\w+)\)=$", "\n".join(map(_text, sources)), re.MULTILINE))
        return [self._section(name) for _, name in derivation_names() if name not in told]

    def _section(self, name: str) -> nodes.section:
        label_of_it = f"derivation-{name}"
        heading = nodes.title("", name.replace("_", " ").capitalize())
        section = nodes.section(
            "", heading, derivation_block(name, self.get_location()), ids=[label_of_it], names=[label_of_it]
        )
        self.state.document.note_explicit_target(section)
        return section


def derivation_block(name: str, location: str) -> nodes.container:
    """Return everything of a derivation, proven."""
    try:
        derivation = analysis.derive(name)
        methods = proven_methods(derivation, dict(_rooms())[name])
    except ValueError as error:
        raise ExtensionError(f"{location}: {error}") from error
    return block(*summary(derivation), steps(derivation, methods), classes=["fxp-derivation"])


def summary(derivation: Derivation) -> list[nodes.Node]:
    """Return the result of a derivation, its assumptions, domain and source."""
    result = equation(f"{latex(derivation.quantity)} {SIGNS[derivation.relation]} {latex(derivation.result)}")
    shown: list[nodes.Node] = [block(result, classes=["fxp-result"])]
    if derivation.assumptions:
        shown += [entry("Assumes"), bullets([assumption.statement] for assumption in derivation.assumptions)]
    if derivation.domain:
        shown += [entry("Checked for"), bullets(domain(*item) for item in derivation.domain.items())]
    if derivation.source:
        shown.append(entry("Source", derivation.source))
    return shown


def steps(derivation: Derivation, methods: Sequence[str]) -> nodes.enumerated_list:
    """Return the chain, one list item a step."""
    left = latex(derivation.quantity)
    lefts = [left, *[""] * (len(methods) - 1)]
    items = [_step(*each) for each in zip(derivation.steps, methods, lefts, strict=True)]
    return nodes.enumerated_list("", *items, classes=["fxp-steps"], enumtype="arabic", prefix="", suffix=".")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _rooms() -> Iterator[tuple[str, str]]:
    """Yield name and room of each derivation."""
    return ((name, room) for room, name in derivation_names())


def _step(step: Step, method: str, left: str) -> nodes.list_item:
    mark = badge(method if method == Method.DEFINITION else f"✓ {method}", kind="fxp-proof")
    shown: list[nodes.Node] = [paragraph(step.because, " ", mark, classes=["fxp-reason"])]
    if step.using:
        shown.append(bullets(map(_fact, step.using), classes=["fxp-facts"]))
    limit = rf"\quad ({latex(step.limit[0])} \to {latex(sp.sympify(step.limit[1]))})" if step.limit else ""
    shown.append(equation(f"{left} {SIGNS[step.relation]} {latex(step.expression)}{limit}"))
    return nodes.list_item("", *shown)


def _fact(fact: Fact) -> list[nodes.Node | str]:
    equations = [] if fact.equation is None else [formula(latex(fact.equation))]
    match fact:
        case Assumption():
            return ["assuming ", nodes.emphasis("", fact.statement), *_before(": ", equations)]
        case Definition():
            return [f"{fact.because}: ", *equations]
        case Lemma():
            name = fact.derivation.name
            return ["by ", label(name, f"derivation-{name}"), ": ", *equations]


def _before(separator: str, equations: list[nodes.Node]) -> list[nodes.Node | str]:
    return [separator, *equations] if equations else []
