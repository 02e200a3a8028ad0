"""The list of all claims, room by room."""

from importlib import import_module

from analysis.claims.claim import Claim
from analysis.rooms import ROOMS

__all__ = ["CLAIMS", "Claim"]

CLAIMS: tuple[Claim, ...] = tuple(claim for room in ROOMS for claim in import_module(f"analysis.claims.{room}").CLAIMS)
