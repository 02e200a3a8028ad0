import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Neither a deadline nor a health check that reads the clock: the machine may be busy. Draws differ from run to run, on
# continuous integration too, and what fails is printed so that it can be repeated.
settings.register_profile("fxp", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fxp")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="seed of the rng fixture, to repeat a test that failed")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a generator with a seed of its own each time, printed with the test that fails."""
    given = request.config.getoption("--seed")
    seed = np.random.SeedSequence().entropy if given is None else given
    print(f"rng: --seed {seed}")
    return np.random.default_rng(seed)
