#!/usr/bin/env python3
"""Tests tools/compdb.py: a header must be found under its real path."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compdb

BIN = "bazel-out/k8-fastbuild/bin"
VIRTUAL = BIN + "/base/_virtual_includes"


class CompdbTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = os.path.realpath(temporary.name)
        for path, text in {
            "base/low.h": "#pragma once\n",
            "base/high.h": '#include "ashlar/base/low.h"\n',
            "base/user.cc": '#include "ashlar/base/high.h"\n',
            f"{VIRTUAL}/low/ashlar/base/low.h": "#error the copy\n",
            f"{VIRTUAL}/high/ashlar/base/high.h": "#error the copy\n",
        }.items():
            os.makedirs(os.path.dirname(os.path.join(self.root, path)), exist_ok=True)
            with open(os.path.join(self.root, path), "w") as file:
                file.write(text)

    def entry(self, source):
        arguments = ["g++", "-fno-canonical-system-headers", "-iquote", ".",
                     f"-I{VIRTUAL}/low", f"-I{VIRTUAL}/high", "-isystem", "external/x/include",
                     "-MD", "-MF", "user.d", "-c", source, "-o", "user.o"]
        return compdb.entry(arguments, self.root, compdb.link_headers(self.root), "/output")

    def headers(self, entry):
        """The real paths of what the entry's file includes."""
        run = subprocess.run(entry["arguments"] + ["-M"], cwd=entry["directory"],
                             stdout=subprocess.PIPE, check=True, text=True)
        words = run.stdout.replace("\\\n", " ").split()[1:]
        return {os.path.relpath(os.path.realpath(os.path.join(self.root, word)), self.root)
                for word in words}

    def test_included_headers_are_the_real_files(self):
        entry = self.entry("base/user.cc")
        self.assertEqual(entry["file"], self.root + "/base/user.cc")
        self.assertLessEqual({"base/low.h", "base/high.h"}, self.headers(entry))

    def test_a_header_check_becomes_the_entry_of_its_header(self):
        entry = self.entry(f"{BIN}/base/_headers/ashlar/base/high.h.cc")
        self.assertEqual(entry["file"], self.root + "/base/high.h")
        self.assertLessEqual({"base/low.h", "base/high.h"}, self.headers(entry))

    def test_a_source_gives_the_entry_of_its_own_header(self):
        for source in ("base/high.cc", "base/high_test.cc"):
            entry = compdb.entry_of_own_header(self.entry(source))
            self.assertEqual(entry["file"], self.root + "/base/high.h")
            self.assertLessEqual({"base/low.h", "base/high.h"}, self.headers(entry))
        self.assertIsNone(compdb.entry_of_own_header(self.entry("base/user.cc")))

    def test_other_generated_sources_have_no_entry(self):
        self.assertIsNone(self.entry(f"{BIN}/base/generated.cc"))
        self.assertIsNone(self.entry("external/x/x.cc"))

    def test_outside_repositories_are_found_where_bazel_keeps_them(self):
        self.assertIn("/output/external/x/include", self.entry("base/user.cc")["arguments"])

    def test_only_flags_that_clang_knows_remain(self):
        self.assertNotIn("-fno-canonical-system-headers", self.entry("base/user.cc")["arguments"])

    def test_links_are_made_afresh(self):
        compdb.link_headers(self.root)
        os.rename(os.path.join(self.root, "base"), os.path.join(self.root, "ground"))
        folder = compdb.link_headers(self.root)
        self.assertEqual(os.listdir(folder + "/ashlar"), ["ground"])


if __name__ == "__main__":
    unittest.main()
