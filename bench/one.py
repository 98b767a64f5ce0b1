"""One benchmark in this process: `python -m bench.one NAME`, on the database that the environment names."""

import sys

import django

django.setup()

from bench import (  # noqa: F401 (register their benchmarks)
    companies,
    consent,
    facts,
    funnel,
    identity,
    imports,
    lake,
    latency,
    matching,
    pages,
    policies,
    profiles,
    qualifying,
    search,
    segments,
)
from bench.harness import all_benchmarks

if __name__ == "__main__":
    all_benchmarks()[sys.argv[1]]()
