"""What rounding the weights of a trained system costs: an example in closed form, and rules for the bits of any."""
