"""Sphinx extension: the directives ``derivation``, ``lemmas``, ``claim`` and ``ledger``; examples as they are run."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from _extensions.claims import ClaimDirective, LedgerDirective
from _extensions.derivations import DerivationDirective, LemmasDirective

__all__ = ["setup"]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all of them."""
    app.add_directive("derivation", DerivationDirective)
    app.add_directive("lemmas", LemmasDirective)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("ledger", LedgerDirective)
    app.connect("doctree-read", _trim_examples)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _trim_examples(_app: Sphinx, doctree: nodes.document) -> None:
    """Drop the empty line at the end of examples, which only doctest needs."""
    for example in doctree.findall(nodes.literal_block):
        text = example.astext().rstrip("\n")
        example.rawsource, example[:] = text, [nodes.Text(text)]
