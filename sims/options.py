"""Checks of the options that experiments have in common; every message names the value and the rule."""

__all__ = ["require_at_least", "require_seed"]


def require_at_least(minimum: int, remedy: str, **numbers: int | None) -> None:
    """Raise ValueError unless each number that is given is at least `minimum`.

    Examples
    --------
    >>> require_at_least(1, "give a number of test images", images=100, counted=None)
    """
    for name, number in numbers.items():
        if number is not None and number < minimum:
            raise ValueError(f"{name}={number} is not at least {minimum}: {remedy}")


def require_seed(seed: int) -> None:
    """Raise ValueError unless the seed is one.

    Examples
    --------
    >>> require_seed(0)
    """
    if seed < 0:
        raise ValueError(f"seed={seed} is negative: give 0 or more")
