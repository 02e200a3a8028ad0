"""Adaptive filters: how large a step may be, how they learn, and what finite words cost."""
