"""Requantisers of inference libraries, bit for bit, with their specification and what their rounding costs."""
