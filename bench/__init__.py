"""The benchmark: our engine beside its peers, on one broker, doing the same job, checked by digests.

`python -m bench` (or `make bench`). The job is specified in ``bench.workload``; method and honest limits are in
docs/reference/benchmarks.md. Nothing here is part of the distribution.
"""
