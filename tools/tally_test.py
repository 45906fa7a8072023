#!/usr/bin/env python3
"""Tests tools/tally.py."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tally import tally


def summary(label, status):
    return json.dumps({"id": {"testSummary": {"label": label}},
                       "testSummary": {"overallStatus": status}})


class TallyTest(unittest.TestCase):
    def test_no_events_are_no_tests(self):
        self.assertEqual(tally([]), (0, 0))

    def test_counts_each_status(self):
        statuses = ["PASSED", "FLAKY", "FAILED", "TIMEOUT", "NO_STATUS", "REMOTE_FAILURE"]
        lines = [summary(f"//:t{i}", status) for i, status in enumerate(statuses)]
        self.assertEqual(tally(lines), (2, 4))

    def test_what_was_not_built_failed(self):
        target = {"targetCompleted": {"label": "//:t"}}
        self.assertEqual(tally([json.dumps({"id": target, "completed": {}})]), (0, 1))
        aborted = {"id": target, "aborted": {"reason": "INCOMPLETE"}}
        self.assertEqual(tally([json.dumps(aborted)]), (0, 1))

    def test_what_this_machine_cannot_build_is_left_out(self):
        skipped = {"id": {"targetCompleted": {"label": "//:t"}}, "aborted": {"reason": "SKIPPED"}}
        self.assertEqual(tally([json.dumps(skipped)]), (0, 0))

    def test_other_events_do_not_count(self):
        lines = [json.dumps({"id": {"testResult": {"label": "//:t"}},
                             "testResult": {"status": "FAILED"}}),
                 json.dumps({"id": {"targetCompleted": {"label": "//:l"}},
                             "completed": {"success": True}}),
                 json.dumps({"id": {"buildFinished": {}}, "finished": {}})]
        self.assertEqual(tally(lines), (0, 0))


if __name__ == "__main__":
    unittest.main()
