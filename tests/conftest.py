from hypothesis import HealthCheck, settings

# Neither a deadline nor a health check that reads the clock: the machine may be busy. Draws differ from run to run, on
# continuous integration too, and what fails is printed so that it can be repeated.
settings.register_profile("fxp", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fxp")
