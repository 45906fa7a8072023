#!/usr/bin/env python3
"""Sums up test runs: `N passed, N failed`, over Bazel's build event files.

    ./bazelw test --build_event_json_file=events.json //...
    tools/tally.py events.json

A target that could not be built counts as failed, as does a test that timed out.
"""
import json
import sys


def tally(lines):
    """(passed, failed) of one build event file, given line by line."""
    passed, failed = set(), set()
    for line in lines:
        event = json.loads(line)
        kind = event.get("id", {})
        if "testSummary" in event:
            ok = event["testSummary"]["overallStatus"] in ("PASSED", "FLAKY")
            (passed if ok else failed).add(kind["testSummary"]["label"])
        elif "targetCompleted" in kind and not event.get("completed", {}).get("success"):
            if event.get("aborted", {}).get("reason") != "SKIPPED":
                failed.add(kind["targetCompleted"]["label"])
    return len(passed), len(failed)


def main():
    results = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            results.append(tally(file))
    passed = sum(p for p, _ in results)
    failed = sum(f for _, f in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
