"""How often an accumulator below the guaranteed width overflows: from the sums of a few images, or from moments."""
