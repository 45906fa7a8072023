#!/usr/bin/env python3
"""Tests curve.py."""
import contextlib
import io
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import curve  # noqa: E402

_CSV = "seconds,with,without\n0,1,1\n5,0.5,0.25\n10,1,0\n"


def run(arguments, text=_CSV):
    """(exit status, output, errors)"""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(text)
        file.flush()
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = curve.main([*arguments, file.name])
    return status, out.getvalue(), err.getvalue()


class CurveTest(unittest.TestCase):
    def test_each_column_is_a_curve_over_the_whole_width(self):
        status, out, _ = run(["--x=seconds", "--y=with,without", "--title=a < b"])
        self.assertEqual(status, 0)
        svg = xml.etree.ElementTree.fromstring(out)
        lines = svg.findall("{http://www.w3.org/2000/svg}polyline")
        self.assertEqual([line.get("points") for line in lines],
                         ["60.0,50.0 400.0,175.0 740.0,50.0", "60.0,50.0 400.0,237.5 740.0,300.0"])
        self.assertIn("a &lt; b", out)

    def test_a_column_that_is_not_there_is_named(self):
        status, out, err = run(["--x=seconds", "--y=with,nothing"])
        self.assertEqual((status, out), (1, ""))
        self.assertIn("'nothing'", err)

    def test_an_empty_file_has_no_columns(self):
        self.assertEqual(run(["--x=seconds", "--y=with"], "")[0], 1)


if __name__ == "__main__":
    unittest.main()
