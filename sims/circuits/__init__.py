"""Dot products as netlists of adder cells, to be counted, simulated and synthesised."""
