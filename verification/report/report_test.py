#!/usr/bin/env python3
"""Tests the report, with files of results and a program that stands in for Bazel.

    report_test.py --update      # writes testdata/report.md anew
"""
import contextlib
import html.parser
import io
import json
import os
import re
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import as_html
import as_markdown
import document
import primitive
import report
import results
from document import Cell, Code, Details, Heading, Items, Link, Paragraph, Strong, Table

TESTDATA = os.path.join(HERE, "testdata")
GOLDEN = os.path.join(TESTDATA, "report.md")


def passing(name, log=None):
    result = {"status": "PASSED", "xml": os.path.join(TESTDATA, name + ".xml")}
    return {**result, "log": os.path.join(TESTDATA, log)} if log else result


def two_primitives():
    """One that passes all, of another one some tests failed, some are missing."""
    mailbox = "//post:mailbox"
    stress = passing("mailbox_stress_test")
    unit = passing("litmus_table_test")
    failing = {"status": "FAILED", "xml": os.path.join(TESTDATA, "latch_model_test.xml")}
    surviving = {"status": "FAILED", "xml": os.path.join(TESTDATA, "latch_mutation_test.xml")}
    return {
        "primitives": ["//post:latch", mailbox, "//post:mailbox_headers"],
        "tests": [f"{mailbox}_{kind}" for kind in primitive.KINDS] + [
            "//post:latch_test", "//post:latch_model_test", "//post:latch_mutation_test",
            "//post:latch_benchmark_test"],
        "checks": ["//checker:litmus_table_test"],
        "results": {
            "default": {
                f"{mailbox}_test": unit,
                f"{mailbox}_model_test": passing("mailbox_model_test"),
                f"{mailbox}_mutation_test": passing("mailbox_mutation_test"),
                f"{mailbox}_linearizability_test": passing("mailbox_linearizability_test"),
                f"{mailbox}_stress_test": stress,
                f"{mailbox}_fuzz_test": passing("mailbox_fuzz_test"),
                "//post:latch_test": {"status": "BROKEN"},
                "//post:latch_model_test": failing,
                "//post:latch_mutation_test": surviving,
                "//checker:litmus_table_test": passing("litmus_table_test"),
            },
            "tsan": {f"{mailbox}_test": unit, f"{mailbox}_stress_test": stress},
            "asan-ubsan": {f"{mailbox}_test": unit, f"{mailbox}_stress_test": stress,
                           f"{mailbox}_fuzz_test": passing("mailbox_fuzz_test")},
            "fuzz": {f"{mailbox}_fuzz_test": passing("mailbox_fuzz_test", "fuzz.log")},
        },
    }


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.output = os.path.join(self.folder, "verification-report")
        with open(os.path.join(self.folder, "WORKSPACE"), "w", encoding="utf-8"):
            pass

    def run_report(self, answers, *flags):
        """(exit status, what it says)."""
        with open(os.path.join(self.folder, "answers.json"), "w", encoding="utf-8") as file:
            json.dump(answers, file)
        said = io.StringIO()
        arguments = ["--bazel=" + os.path.join(HERE, "fake_bazel_for_test.py"), *flags]
        environment = {"BUILD_WORKSPACE_DIRECTORY": self.folder,
                       "BUILD_WORKING_DIRECTORY": self.folder}
        with contextlib.redirect_stderr(said):
            try:
                status = report.main(arguments, environment)
            except SystemExit as end:
                status = end.code
        return status, said.getvalue()

    def page(self, name="report.md"):
        with open(os.path.join(self.output, name), encoding="utf-8") as file:
            return file.read()

    def calls(self):
        with open(os.path.join(self.folder, "calls.txt"), encoding="utf-8") as file:
            return file.read()

    def golden_page(self):
        text = self.page()
        text = re.sub(r"\*\*Written:\*\* [^;]*;", "**Written:** 2026-11-21 21:00 UTC;", text)
        return text

    def cells(self, name):
        """The texts of a primitive's row."""
        row = next(line for line in self.page().splitlines() if line.startswith(f"| [`{name}`]")
                   or line.startswith(f"| **[`{name}`]"))
        return re.sub(r"\[(.*?)\]\(#.*?\)", r"\1", row.replace("**", "")).strip("| ").split(" | ")

    # ---- What the page says

    def test_the_page_is_as_expected(self):
        status, said = self.run_report(two_primitives())
        self.assertEqual(status, 1)
        if "--update" in UPDATE:
            with open(GOLDEN, "w", encoding="utf-8") as file:
                file.write(self.golden_page())
        with open(GOLDEN, encoding="utf-8") as file:
            self.assertEqual(self.golden_page(), file.read())
        self.assertIn("FAILED: //post:latch_model_test (default): see its log", said)
        self.assertIn("FAILED: //post:latch_test (default): does not build", said)

    def test_all_passed(self):
        answers = two_primitives()
        answers["primitives"] = ["//post:mailbox"]
        status, said = self.run_report(answers)
        self.assertEqual(status, 0, said)
        self.assertIn("**Passed**: 13 tests passed, 0 failed, 0 not run.", self.page())
        self.assertNotIn("FAILED", self.page())

    def test_what_was_not_run_is_never_green(self):
        answers = two_primitives()
        answers["primitives"] = ["//post:mailbox"]
        answers["results"] = {"default": {}}
        status, said = self.run_report(answers)
        self.assertEqual(status, 0)
        self.assertIn("13 tests not run", said)
        self.assertEqual(self.cells("mailbox")[2:], ["not run"] * 10)
        self.assertIn("**Incomplete**", self.page())
        self.assertIn("`bazel test --config=tsan //post:mailbox_stress_test //post:mailbox_test`: "
                      "this workspace's .bazelrc has no --config=tsan", self.page())
        self.assertNotIn('class="passed"', self.page("report.html"))

    def test_a_configuration_may_be_left_out(self):
        self.run_report(two_primitives(), "--configs=default,fuzz")
        self.assertNotIn("--config=tsan", self.calls())
        self.assertIn("--config=fuzz", self.calls())
        self.assertIn("left out by --configs", self.page())

    def test_only_looking_runs_nothing(self):
        self.run_report(two_primitives(), "--no_run")
        for call in self.calls().splitlines():
            if call.startswith("test"):
                self.assertIn("--check_tests_up_to_date", call)

    def test_deep_is_for_model_tests(self):
        self.run_report(two_primitives(), "--deep", "--configs=default")
        deep = [c for c in self.calls().splitlines() if "ASHLAR_MODEL_SCALE=4" in c]
        self.assertEqual(len(deep), 1)
        self.assertIn("//post:mailbox_linearizability_test", deep[0])
        self.assertNotIn("stress_test", deep[0])

    def test_passed_without_results_is_a_failure(self):
        answers = two_primitives()
        answers["primitives"] = ["//post:mailbox"]
        for xml, says in ((None, "no test.xml"), ("/nowhere/test.xml", "No such file"),
                          (os.path.join(HERE, "limits.md"), "not well-formed XML"),
                          (os.path.join(TESTDATA, "litmus_table_test.xml"), "left no results")):
            result = {"status": "PASSED"}
            answers["results"]["default"]["//post:mailbox_model_test"] = (
                {**result, "xml": xml} if xml else result)
            status, said = self.run_report(answers, "--configs=default")
            self.assertEqual(status, 1)
            self.assertIn(says, said)
            self.assertIn("no results", self.cells("mailbox"))
            self.assertIn("**FAILED**", self.page())

    def test_a_scenario_may_be_for_one_checker_only(self):
        answers = two_primitives()
        answers["primitives"] = ["//post:mailbox"]
        path = os.path.join(self.folder, "relacy.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('<testsuite><testcase name="One" classname="random"/></testsuite>')
        answers["results"]["default"]["//post:mailbox_model_test"] = {
            "status": "PASSED", "xml": path}
        status, said = self.run_report(answers, "--configs=default")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.cells("mailbox")[4:6], ["no results", "no results"])
        self.assertNotIn("FAILED", self.page())

    def test_a_fuzzer_that_does_not_say_how_far_it_came_is_a_failure(self):
        answers = two_primitives()
        answers["primitives"] = ["//post:mailbox"]
        del answers["results"]["fuzz"]["//post:mailbox_fuzz_test"]["log"]
        status, said = self.run_report(answers, "--configs=fuzz")
        self.assertEqual(status, 1)
        self.assertIn("left no results", said)
        self.assertEqual(self.cells("mailbox")[-1], "no results")

    def test_a_test_that_crashed_has_failed_everywhere(self):
        answers = two_primitives()
        path = os.path.join(self.folder, "crash.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('<testsuites><testsuite name="x"><testcase name="post/x" time="1">'
                       '<error message="exited with error code 134"/></testcase>'
                       '</testsuite></testsuites>')
        answers["results"]["default"]["//post:mailbox_mutation_test"] = {
            "status": "FAILED", "xml": path}
        answers["results"]["default"]["//post:mailbox_model_test"] = {
            "status": "TIMEOUT", "xml": path}
        self.run_report(answers, "--configs=default")
        row = self.cells("mailbox")
        self.assertIn("FAILED: exited with error code 134", row[6])
        self.assertIn("FAILED: exited with error code 134", row[5])

    def test_a_test_that_failed_is_not_green_because_its_rows_are(self):
        answers = two_primitives()
        for kind in ("model_test", "mutation_test", "linearizability_test", "stress_test"):
            answers["results"]["default"]["//post:mailbox_" + kind]["status"] = "TIMEOUT"
        self.run_report(answers, "--configs=default")
        row = self.cells("mailbox")
        for cell in row[3:9]:
            self.assertEqual(cell, "FAILED: timeout")

    # ---- What goes wrong

    def test_bad_flags(self):
        for flag in ("--config=tsan,what", "--configs=what", "--nonsense"):
            status, said = self.run_report(two_primitives(), flag)
            self.assertEqual(status, 2, flag)
            self.assertIn("error", said)

    def test_no_workspace(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            status = report.main([], {"BUILD_WORKSPACE_DIRECTORY": "/"})
        self.assertEqual(status, 1)
        self.assertEqual(said.getvalue(),
                         "report: / is no Bazel workspace: start this with `bazel run`\n")

    def test_no_primitives(self):
        answers = {**two_primitives(), "primitives": []}
        status, said = self.run_report(answers, "//post/...")
        self.assertEqual((status, said), (1, "report: no verified_primitive among //post/...\n"))

    def test_bazel_fails(self):
        for command in ("query", "info", "test"):
            status, said = self.run_report({**two_primitives(), "fail": command})
            self.assertEqual(status, 1)
            self.assertRegex(said.splitlines()[-1], "^report: bazel " + command + " .*failed")

    def test_bazel_is_missing(self):
        status, said = self.run_report(two_primitives(), "--bazel=/nowhere/bazel")
        self.assertEqual(status, 1)
        self.assertIn("cannot start /nowhere/bazel: No such file", said)

    def test_a_folder_that_cannot_be_written(self):
        status, said = self.run_report(two_primitives(), "--output=WORKSPACE/here",
                                       "--configs=default")
        self.assertEqual(status, 1)
        self.assertRegex(said.splitlines()[-1], "^report: cannot write in .*: Not a directory")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "calls.txt")))

    def test_an_output_is_meant_from_where_the_user_stands(self):
        self.run_report(two_primitives(), "--output=there", "--configs=default")
        self.assertTrue(os.path.exists(os.path.join(self.folder, "there", "limits.html")))

    # ---- How it is written

    def test_links_lead_somewhere_and_html_is_well_formed(self):
        self.run_report(two_primitives())
        anchors, links = {}, []
        for name in ("report.html", "limits.html"):
            reader = HtmlReader()
            reader.feed(self.page(name))
            reader.close()
            self.assertEqual(reader.open, [], name)
            self.assertEqual(reader.mismatches, [], name)
            self.assertEqual(len(set(reader.anchors)), len(reader.anchors), "twice")
            anchors[name] = reader.anchors
            links += [(name, link) for link in reader.links]
        self.assertGreater(len(links), 20)
        for name, link in links:
            if not link.startswith("https://"):
                page, _, anchor = link.partition("#")
                self.assertIn(page or name, anchors)
                if anchor:
                    self.assertIn(anchor, anchors[page or name])
        # In Markdown they are the same, and GitHub makes the anchors from the headings.
        for anchor in re.findall(r"\]\(#(.*?)\)", self.page()):
            self.assertIn(anchor, anchors["report.html"])


class HtmlReader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.mismatches, self.anchors, self.links = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if "id" in attributes:
            self.anchors.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        # Nothing from elsewhere.
        if tag in ("script", "link", "img") or "src" in attributes:
            self.mismatches.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.mismatches.append(tag)


class ResultsTest(unittest.TestCase):
    def test_reads_rows_with_properties_and_failures(self):
        with open(os.path.join(TESTDATA, "latch_model_test.xml"), encoding="utf-8") as file:
            rows, compiler = results.parse_junit(file.read(), "")
        self.assertEqual(compiler, "g++ 12.2.0")
        self.assertEqual([row.kind for row in rows], ["random", "bound 2", "rc11"])
        self.assertEqual(rows[0].number("executions"), 50000)
        self.assertIsNone(rows[0].number("nothing"))
        self.assertTrue(rows[2].failure.startswith("waits for ever: T1 at post/latch.h:20\n"))

    def test_what_is_no_result_is_one_line(self):
        for text, says in (("", "no element found"), ("<html/>", "no test results: <html>"),
                           ("<testsuites><testsuite></testsuites>", "mismatched tag"),
                           ('<testsuite><testcase time="x"/></testsuite>', "not a time: x")):
            with self.assertRaisesRegex(results.ReportError, says) as caught:
                results.parse_junit(text, "test.xml")
            self.assertEqual(len(str(caught.exception).splitlines()), 1)

    def test_of_attempts_the_last_counts_of_shards_each(self):
        def event(shard, attempt, start):
            return json.dumps({
                "id": {"testResult": {"label": "//:t", "shard": shard, "attempt": attempt}},
                "testResult": {"testAttemptStartMillisEpoch": str(start), "testActionOutput": [
                    {"name": "test.xml",
                     "uri": f"file://{TESTDATA}/mailbox_fuzz_test.xml"}]}})
        summary = json.dumps({"id": {"testSummary": {"label": "//:t"}},
                              "testSummary": {"overallStatus": "FLAKY"}})
        found = results.read_events([event(1, 1, 5), event(1, 2, 7), event(2, 1, 6), summary],
                                    only_look=False)["//:t"]
        self.assertEqual((len(found.rows), found.started), (2, 7))
        self.assertEqual((found.status, found.why), (results.PASSED, "only when repeated"))

    def test_what_cannot_be_built_failed_unless_only_looking(self):
        line = json.dumps({"id": {"targetCompleted": {"label": "//:t"}}, "completed": {}})
        self.assertEqual(results.read_events([line], False)["//:t"].status, results.FAILED)
        self.assertEqual(results.read_events([line], True)["//:t"].status, results.MISSING)

    def test_events_that_are_none(self):
        for line in ("", "{", "[]", "{}", "3"):
            with self.assertRaisesRegex(results.ReportError, "not a build event"):
                results.read_events([line], False)

    def test_reads_what_libfuzzer_says(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            for log, count in (("Done 12 runs in 20 second(s)\n", 12), ("nothing", None),
                               ("Done 7 runs in 1 s\nstat::number_of_executed_units: 7\n", 7)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(log)
                self.assertEqual(results.fuzz_executions(results.Result(logs=[path])), count)


class DocumentTest(unittest.TestCase):
    BLOCKS = [
        Heading(1, "A <page>"),
        Paragraph(["See ", Link("this", "other.md#a"), ", ", Code("a | `b`"), " & ", Strong("c*")]),
        Table(["A", "B"], [["1 | 2", Cell("x_y _z_", "failed")]], {0}),
        Items(["one"]), Details("More", [Paragraph("below")]),
    ]

    def test_markdown_is_escaped(self):
        self.assertEqual(as_markdown.write(self.BLOCKS), (
            "# A \\<page>\n\nSee [this](other.md#a), ``a \\| `b` ``".replace("``a", "`` a")
            + " & **c\\***\n\n"
            "| A | B |\n| ---: | --- |\n| 1 \\| 2 | **x_y \\_z\\_** |\n\n* one\n\n"
            "<details><summary>More</summary>\n\nbelow\n\n</details>\n"))

    def test_html_is_escaped(self):
        text = as_html.write(self.BLOCKS)
        self.assertIn('<h1 id="a-page">A &lt;page&gt;</h1>', text)
        self.assertIn('<a href="other.html#a">this</a>, <code>a | `b`</code> &amp; ', text)
        self.assertIn('<td class="number">1 | 2</td><td class="failed">x_y _z_</td>', text)

    def test_reads_the_page_of_limits(self):
        with open(os.path.join(HERE, "limits.md"), encoding="utf-8") as file:
            text = file.read()
        blocks = document.parse(text)
        self.assertEqual(blocks[0], Heading(1, "What the report does not show"))
        self.assertEqual(sum(isinstance(block, Heading) for block in blocks),
                         len(re.findall("^#", text, re.M)))
        self.assertEqual(sum(len(b.items) for b in blocks if isinstance(b, Items)),
                         len(re.findall(r"^\* ", text, re.M)))
        # Written again, it says the same.
        again = document.parse(as_markdown.write(blocks))
        self.assertEqual(again, blocks)

    def test_reads_inline_markup(self):
        self.assertEqual(document.parse("a `b` **c**\n[d](e)"), [
            Paragraph(["a ", Code("b"), " ", Strong("c"), " ", Link("d", "e")])])


UPDATE = [argument for argument in sys.argv if argument == "--update"]

if __name__ == "__main__":
    unittest.main(argv=[a for a in sys.argv if a not in UPDATE])
