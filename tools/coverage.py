#!/usr/bin/env python3
"""Prints how many lines of each file the tests run, after `./bazelw coverage //...`.

    tools/coverage.py [REPORT]     # default: bazel-out/_coverage/_coverage_report.dat

What a death test runs does not count: its process ends before it can report.
"""
import sys


def read(lines):
    """{file: (lines run, lines)} of an LCOV report."""
    files = {}
    for line in lines:
        key, _, value = line.rstrip("\n").partition(":")
        if key == "SF":
            name = value
        elif key == "LH":
            hit = int(value)
        elif key == "LF":
            files[name] = (hit, int(value))
    return files


def main():
    path = (sys.argv[1:] or ["bazel-out/_coverage/_coverage_report.dat"])[0]
    with open(path, encoding="utf-8") as report:
        files = read(report)
    files["all"] = tuple(map(sum, zip(*files.values()))) if files else (0, 0)
    for name, (hit, total) in files.items():
        share = 100 * hit / total if total else 100
        print(f"{share:5.1f} %  {hit:5} of {total:5}  {name}")
    return 0 if len(files) > 1 else 1


if __name__ == "__main__":
    sys.exit(main())
