"""Sphinx extension: the directives ``derivation``, ``claim`` and ``ledger``."""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from _extensions.claims import ClaimDirective, LedgerDirective
from _extensions.derivations import DerivationDirective

__all__ = ["setup"]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.add_directive("derivation", DerivationDirective)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("ledger", LedgerDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
