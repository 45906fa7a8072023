#!/usr/bin/env python3
"""Tests tools/coverage.py."""
import os
import subprocess
import sys
import tempfile
import unittest

COVERAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "coverage.py")
REPORT = "SF:a/x.h\nDA:1,5\nDA:2,0\nLH:1\nLF:2\nend_of_record\nSF:b/y.cc\nDA:7,1\nDA:8,1\nLH:2\nLF:2\nend_of_record\n"


def run(report):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(report)
        file.flush()
        return subprocess.run([sys.executable, COVERAGE, file.name], stdout=subprocess.PIPE, text=True)


class CoverageTest(unittest.TestCase):
    def test_prints_each_file_and_all(self):
        result = run(REPORT)
        self.assertEqual(result.returncode, 0)
        self.assertEqual([line.split() for line in result.stdout.splitlines()], [
            ["50.0", "%", "1", "of", "2", "a/x.h"],
            ["100.0", "%", "2", "of", "2", "b/y.cc"],
            ["75.0", "%", "3", "of", "4", "all"],
        ])

    def test_an_empty_report_is_a_failure(self):
        self.assertEqual(run("").returncode, 1)


if __name__ == "__main__":
    unittest.main()
