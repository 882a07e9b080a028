"""A seeded world of customers, documents and mistakes, with the answers: which discrepancies must be found.

For demonstrations, tests and benchmarks. The same arguments give the same bytes; no clock is read.
"""
