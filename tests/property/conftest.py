"""How the property tests search: ``pytest --hypothesis-profile=NAME``.

A failure always prints the ``@reproduce_failure`` blob that repeats it. In CI (Hypothesis sees that by itself) the
examples are the same in every run; elsewhere they are random.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

#: 70 examples: all of tests/property in half a minute on a small machine
TIEOUT = settings(deadline=None, print_blob=True, max_examples=70)

settings.register_profile("tieout", TIEOUT)
settings.register_profile("ci", TIEOUT, derandomize=True, database=None)
#: a long search, by hand, after a change of the rules
settings.register_profile("deep", TIEOUT, max_examples=3000, suppress_health_check=[HealthCheck.too_slow])
#: enough to see a defect that was put in on purpose (tests/mutation)
settings.register_profile(
    "mutation", TIEOUT, max_examples=25, derandomize=True, database=None, phases=[Phase.generate]
)

if settings.get_current_profile_name() in ("default", "ci"):  # none was asked for on the command line
    settings.load_profile("ci" if settings.get_current_profile_name() == "ci" else "tieout")
