"""Experiments that could refute what the library predicts."""
