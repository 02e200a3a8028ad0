"""Predictors and filters in fixed point: the best weights, what words cost them, and the fewest bits for a loss."""
