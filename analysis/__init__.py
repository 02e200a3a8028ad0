"""Why it is true: derivations, and torch modules read as fixed-point networks."""
