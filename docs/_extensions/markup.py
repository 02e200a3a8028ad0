"""Small docutils nodes that the directives are made of."""

from collections.abc import Iterable

import sympy as sp
from docutils import nodes
from sphinx.addnodes import pending_xref
from sympy.printing.conventions import split_super_sub
from sympy.printing.latex import LatexPrinter, translate

from analysis.domain import Choice, Domain, Integers, Reals

__all__ = [
    "badge",
    "block",
    "bullets",
    "domain",
    "entry",
    "equation",
    "formula",
    "label",
    "latex",
    "paragraph",
    "reference",
    "table",
]

Content = Iterable[nodes.Node | str]

LINE = 64  # signs of a line of mathematics: what fits beside a short left side in the column of the theme


def paragraph(*content: nodes.Node | str, classes: Iterable[str] = ()) -> nodes.paragraph:
    """Return a paragraph of nodes and plain text."""
    return nodes.paragraph("", "", *_nodes(content), classes=list(classes))


def block(*content: nodes.Node, classes: Iterable[str]) -> nodes.container:
    """Return a division of the page that the style sheet knows by its classes."""
    return nodes.container("", *content, classes=list(classes))


def bullets(items: Iterable[Content], *, classes: Iterable[str] = ()) -> nodes.bullet_list:
    """Return a list with one paragraph an item."""
    return nodes.bullet_list("", *(nodes.list_item("", paragraph(*item)) for item in items), classes=list(classes))


def entry(term: str, *content: nodes.Node | str) -> nodes.paragraph:
    """Return a paragraph that begins with a term in bold."""
    return paragraph(nodes.strong(term, term), " ", *content)


def badge(text: str, *, kind: str) -> nodes.inline:
    """Return a short word in a coloured frame."""
    return nodes.inline(text, text, classes=["badge", kind])


def label(text: str, target: str) -> pending_xref:
    """Return a link to a label; the build warns when nothing carries it."""
    shown = nodes.inline(text, text)
    return pending_xref("", shown, refdomain="std", reftype="ref", reftarget=target, refexplicit=True, refwarn=True)


def reference(name: str) -> pending_xref:
    """Return a link to an object of the reference by its full name; the build warns when it is not documented."""
    shown = nodes.literal(name, name)
    return pending_xref("", shown, refdomain="py", reftype="obj", reftarget=name, refwarn=True)


def latex(expression: sp.Basic) -> str:
    """Return mathematics with upright words, no products of their letters, and with long sums on several lines."""
    names = {each: _symbol(each.name) for each in expression.atoms(sp.Symbol)}
    return str(_Printer({"symbol_names": names, "ln_notation": True}).doprint(expression))


class _Printer(LatexPrinter):
    """SymPy's, but a sum that is wider than a line goes on below, inside fractions and brackets too."""

    def _print_Add(self, expr: sp.Add, order: str | None = None) -> str:  # noqa: N802
        if _width(expr) <= LINE:
            return str(super()._print_Add(expr, order))
        lines: list[list[sp.Expr]] = []
        for term in self._as_ordered_terms(expr, order=order):
            if not lines or sum(map(_width, [*lines[-1], term])) > LINE:
                lines.append([])
            lines[-1].append(term)
        shown = r" \\ & ".join(self._terms(line, first=line is lines[0]) for line in lines)
        return rf"\begin{{aligned}} & {shown} \end{{aligned}}"

    def _terms(self, terms: list[sp.Expr], *, first: bool) -> str:
        """Return terms with their signs; the first of all carries none when it is positive."""
        signed = "".join(map(self._with_sign, terms))
        return signed.removeprefix(" + ") if first else f"{{}}{signed}"

    def _with_sign(self, term: sp.Expr) -> str:
        negative = term.could_extract_minus_sign()
        term = -term if negative else term
        shown = self._print(term)
        bracketed = rf"\left({shown}\right)" if self._needs_add_brackets(term) else shown
        return f" {'-' if negative else '+'} {bracketed}"


def _width(expression: sp.Expr) -> int:
    """Return how many signs wide an expression is, set in two dimensions."""
    return max(map(len, sp.pretty(expression, use_unicode=True, wrap_line=False).splitlines()))


def _symbol(name: str) -> str:
    base, above, below = split_super_sub(name)
    scripts = (("^", above), ("_", below))
    marks = (f"{mark}{{{' '.join(map(_word, parts))}}}" for mark, parts in scripts if parts)
    return _word(base) + "".join(marks)


def _word(text: str) -> str:
    shown = str(translate(text))
    return rf"\mathrm{{{text}}}" if shown == text and len(text) > 1 and text.isalpha() else shown


def equation(tex: str) -> nodes.math_block:
    """Return a displayed equation without a number."""
    return nodes.math_block(tex, tex, number=None, label=None, **{"no-wrap": False})


def formula(tex: str) -> nodes.math:
    """Return an equation inside a line."""
    return nodes.math(tex, tex)


def domain(name: sp.Symbol | str, values: Domain) -> list[nodes.Node | str]:
    """Return what a symbol or an argument can be: a symbol as mathematics, an argument as code."""
    shown = formula(latex(name)) if isinstance(name, sp.Symbol) else nodes.literal(name, name)
    match values:
        case Integers():
            return [shown, " integer, ", formula(rf"{values.low}, \dots, {values.high}")]
        case Reals():
            return [shown, " real, ", formula(rf"({values.low:g}, {values.high:g})")]
        case Choice():
            return [shown, f" one of {values}"]


def table(header: Iterable[str], rows: Iterable[Iterable[Content]], *, widths: Iterable[int]) -> nodes.table:
    """Return a table whose cells hold one paragraph each."""
    columns = list(widths)
    group = nodes.tgroup("", cols=len(columns))
    group += [nodes.colspec(colwidth=width) for width in columns]
    group += nodes.thead("", _row([name] for name in header))
    group += nodes.tbody("", *(_row(cells) for cells in rows))
    return nodes.table("", group)


def _row(cells: Iterable[Content]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", paragraph(*cell)) for cell in cells))


def _nodes(content: Content) -> list[nodes.Node]:
    return [nodes.Text(part) if isinstance(part, str) else part for part in content]
