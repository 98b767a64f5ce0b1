"""`python -m bench [NAME]`: run all benchmarks or one, each in a process and a database of its own."""

import sys

from bench.harness import ON_A_MILLION, make_million, make_template, run_alone, say, server

NAMES = (
    *("append", "read", "clean", "score", "route", "rescore", "assign", "fold", "funnel", "index", "search"),
    *("import", "import_large", "latency", "pages", "company_names", "identity_resolve"),
    *("consent_one", "consent_million", "suppression_upload", "lake_flow", "lake_scan"),
    *("segment_rebuild", "segment_live", "segment_visible", "segment_preview"),
    *("matching_public", "matching_chinese", "matching_growth"),
    *("profile_timeline", "profile_hear"),
)


def main(arguments: list[str]) -> int:
    """Returns 0 when every benchmark ran."""
    names = arguments or list(NAMES)
    if unknown := set(names) - set(NAMES):
        say(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
        return 2
    make_template()
    try:
        if ON_A_MILLION & set(names):
            make_million()
        return max(run_alone(name) for name in names)
    finally:
        server.stop()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
