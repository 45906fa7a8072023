#!/usr/bin/env python3
"""Tests tools/bench on recorded results; nothing is measured."""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import bench
import measure
import plot
import results
import tables
import text

TESTDATA = os.path.join(HERE, "testdata")


def recorded():
    with open(os.path.join(TESTDATA, "google_benchmark.json"), encoding="utf-8") as file:
        return json.load(file)["benchmarks"]


def run(name, **more):
    """A run as Google Benchmark writes it."""
    return {"name": name, "run_type": "iteration", "family_index": 0,
            "per_family_instance_index": 0, "repetition_index": 0, "iterations": 10,
            "real_time": 20.0, "cpu_time": 10.0, "time_unit": "ns", **more}


def row(implementation, median, minimum=1.0, **counters):
    return {"implementation": implementation, "of": "item", "median_ns": median,
            "minimum_ns": minimum, "maximum_ns": median, "counters": counters}


MACHINE = {"cpu": "A CPU", "system": "Debian", "kernel": "Linux 6", "usable": {"cpus": 2},
           "compiler": "g++ 12.2.0"}


def run_of(groups):
    return {"date": "2026-01-02", "source": "commit 123", "command": "bench", "repetitions": 3,
            "machine": MACHINE, "targets": [{"label": "//a:b_benchmark", "load": 0.5,
                                             "groups": groups}]}


class NameTest(unittest.TestCase):
    def test_operation_implementation_arguments(self):
        for name, parts in {
            "Pair/ashlar": ("Pair", "ashlar", ""),
            "Hold/tbb/100000": ("Hold", "tbb", "100000"),
            "Transfer/x/producers:2/consumers:2/manual_time": ("Transfer", "x",
                                                               "producers:2/consumers:2"),
            "Sparse/futex/workers:2/iterations:15/manual_time": ("Sparse", "futex", "workers:2"),
            "Hold/x/9/real_time/threads:4": ("Hold", "x", "9/threads:4"),
            "Alone": ("Alone", "", ""),
        }.items():
            self.assertEqual(results.parse_name(name), parts)


class TimeTest(unittest.TestCase):
    def test_of_an_item_if_items_are_counted(self):
        self.assertEqual(results.nanoseconds(run("A/b", items_per_second=2e8)), 5)

    def test_else_of_an_iteration_as_it_was_measured(self):
        self.assertEqual(results.nanoseconds(run("A/b")), 10)
        self.assertEqual(results.nanoseconds(run("A/b/real_time")), 20)
        self.assertEqual(results.nanoseconds(run("A/b/manual_time", time_unit="us")), 20000)


class GroupsTest(unittest.TestCase):
    def test_median_minimum_and_ratio_of_repetitions(self):
        runs = [run("A/rival", cpu_time=time) for time in (40, 10, 30)]
        runs += [run("A/ashlar", cpu_time=time) for time in (20, 10, 15)]
        group, = results.groups(runs)
        ours, rival = group["rows"]
        self.assertEqual((ours["implementation"], ours["median_ns"], ours["ratio"]),
                         ("ashlar", 15, 1))
        self.assertEqual((rival["median_ns"], rival["minimum_ns"], rival["maximum_ns"],
                          rival["ratio"]), (30, 10, 40, 2))

    def test_ratios_are_to_the_plain_one_of_ours(self):
        group, = results.groups([run(f"A/{name}", cpu_time=time) for name, time in (
            ("ashlar_other", 5), ("boost", 20), ("ashlar", 10))])
        self.assertEqual([(row["implementation"], row["ratio"]) for row in group["rows"]],
                         [("ashlar", 1), ("ashlar_other", 0.5), ("boost", 2)])

    def test_without_ours_there_is_no_ratio(self):
        group, = results.groups([run("A/one"), run("A/other")])
        self.assertNotIn("ratio", group["rows"][0])

    def test_arguments_make_groups_of_their_own(self):
        found = results.groups([run("A/x/1"), run("A/x/2"), run("B/x/1"), run("A/y/1")])
        self.assertEqual([(group["operation"], group["arguments"], len(group["rows"]))
                          for group in found], [("A", "1", 2), ("A", "2", 1), ("B", "1", 1)])

    def test_what_a_benchmark_counts_is_kept(self):
        group, = results.groups([run("A/x", worst=value, items_per_second=1e9)
                                 for value in (3, 1, 2)])
        self.assertEqual(group["rows"][0]["counters"], {"worst": 2})
        self.assertEqual(group["rows"][0]["of"], "item")

    def test_an_error_is_one(self):
        with self.assertRaisesRegex(results.BenchError, "A/x: items were lost"):
            results.groups([run("A/x", error_occurred=True, error_message="items were lost")])

    def test_recorded(self):
        found = {(group["operation"], group["arguments"]): group
                 for group in results.groups(recorded())}
        self.assertEqual(set(found), {("Pair", ""), ("Batch", "32"),
                                      ("Transfer", "producers:1/consumers:1")})
        for group in found.values():
            self.assertEqual([row["implementation"] for row in group["rows"]], ["ashlar", "mutex"])
            for of_group in group["rows"]:
                self.assertLessEqual(of_group["minimum_ns"], of_group["median_ns"])
        transfer = found["Transfer", "producers:1/consumers:1"]["rows"][0]
        self.assertEqual(list(transfer["counters"]), ["worst"])


class TextTest(unittest.TestCase):
    def test_three_digits(self):
        self.assertEqual([text.figure(value) for value in (0.3124, 4.312, 43.12, 431.2, 4312)],
                         ["0.312", "4.31", "43.1", "431", "4,312"])

    def test_nothing_and_one(self):
        self.assertEqual([text.figure(value) for value in (0, 1.764e-7)], ["0", "1.76e-07"])
        self.assertEqual([text.count(number, "bar") for number in (1, 2)], ["1 bar", "2 bars"])

    def test_a_unit_for_all(self):
        self.assertEqual(text.unit_of([row("a", 9000), row("b", 2e6)])[0], "ns")
        self.assertEqual(text.unit_of([row("a", 20000), row("b", 2e6)])[0], "µs")


class TablesTest(unittest.TestCase):
    def test_a_column_for_each_implementation(self):
        rows = [dict(row("ashlar", 10.0, 9.0, worst=1.5), ratio=1.0),
                dict(row("tbb", 21.0, 20.0), ratio=2.1)]
        other = [dict(row("ashlar", 1.0), ratio=1.0), dict(row("boost", 0.5, 0.25), ratio=0.5)]
        report = tables.report(run_of([
            {"operation": "Pair", "arguments": "", "rows": rows},
            {"operation": "Batch", "arguments": "32", "rows": other}]), "images/")
        for line in ("|  | `ashlar` | `tbb` | `boost` |",
                     "| Pair, ns | **10.0** (9.00) | 21.0 (20.0), 2.10 x |  |",
                     "| Pair: worst | 1.50 |  |  |",
                     "| Batch, 32, ns | 1.00 (1.00) |  | **0.500** (0.250), 0.500 x |",
                     "![Medians of //a:b_benchmark](images/a-b_benchmark.svg)"):
            self.assertIn(line, report.splitlines())

    def test_the_best_of_one_is_nothing(self):
        report = tables.report(run_of([{"operation": "Yield", "arguments": "",
                                        "rows": [dict(row("ashlar", 1.0), ratio=1.0)]}]))
        self.assertIn("| Yield, ns | 1.00 (1.00) |", report)

    def test_what_is_compared_with_nothing_is_a_list(self):
        report = tables.report(run_of([{"operation": "Explore", "arguments": "9",
                                        "rows": [row("a|b", 2e7, 1e7)]}]))
        self.assertIn("| Explore, 9, a\\|b, ms | 20.0 (10.0) |", report)
        self.assertNotIn("`a", report)


class PlotTest(unittest.TestCase):
    def bars(self, groups):
        run_json = run_of(groups)
        svg = xml.etree.ElementTree.fromstring(plot.draw(run_json["targets"][0], run_json))
        names = {"ours", "other"}
        return svg, [(rect.get("class"), float(rect.get("width")))
                     for rect in svg.iter("{http://www.w3.org/2000/svg}rect")
                     if rect.get("class") in names]

    def test_lengths_are_in_proportion(self):
        rows = [dict(row("ashlar", 10.0), ratio=1.0), dict(row("<rival>", 40.0), ratio=4.0)]
        svg, bars = self.bars([{"operation": "Pair", "arguments": "", "rows": rows}])
        self.assertEqual([kind for kind, _ in bars], ["ours", "other"])
        self.assertAlmostEqual(bars[1][1] / bars[0][1], 4)
        texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("<rival>", texts)
        self.assertIn("40.0  (4.00 x)", texts)

    def test_each_group_has_its_own_scale(self):
        _, bars = self.bars([{"operation": name, "arguments": "", "rows": [row("ashlar", time)]}
                             for name, time in (("Fast", 1.0), ("Slow", 1e6))])
        self.assertEqual(bars[0], bars[1])

    def test_no_font_or_script_from_outside(self):
        drawn = plot.draw(run_of([])["targets"][0], run_of([]))
        for forbidden in ("<script", "@import", "url(", "href"):
            self.assertNotIn(forbidden, drawn)
        self.assertIn("prefers-color-scheme: dark", drawn)


class CommandTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.workspace = temporary.name
        os.mkdir(os.path.join(self.workspace, "docs"))
        self.write_page(f"# Page\n{bench.BEGIN}old\n{bench.END}after\n")

    def write_page(self, page):
        with open(self.path("docs/performance.md"), "w", encoding="utf-8") as file:
            file.write(page)

    def path(self, name):
        return os.path.join(self.workspace, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def bench(self, *arguments):
        bazel = os.path.join(HERE, "fake_bazel_for_test.py")
        with contextlib.redirect_stderr(io.StringIO()) as said:
            status = bench.main([f"--bazel={bazel}", *arguments],
                                {"BUILD_WORKSPACE_DIRECTORY": self.workspace,
                                 "BUILD_WORKING_DIRECTORY": self.workspace})
        return status, said.getvalue()

    def test_runs_and_writes_into_the_page(self):
        os.mkdir(self.path("docs/performance"))
        with open(self.path("docs/performance/gone.svg"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.bench("--write", "--repetitions=3", "//queues/...")[0], 0)
        page = self.read("docs/performance.md")
        self.assertTrue(page.startswith("# Page\n") and page.endswith("after\n"), page)
        self.assertNotIn("old", page)
        self.assertIn("(performance/queues-ring_benchmark.svg)", page)
        self.assertEqual(sorted(os.listdir(self.path("docs/performance"))),
                         ["queues-ring_benchmark.svg", "results.json"])
        written = json.loads(self.read("docs/performance/results.json"))
        self.assertEqual(written["targets"][0]["label"], "//queues:ring_benchmark")
        self.assertEqual(written["machine"]["compiler"], "g++ 12.2.0")
        self.assertNotIn("cpus", written["machine"])
        flags = self.read("bin/queues/ring_benchmark.flags").split()
        self.assertIn("--benchmark_repetitions=3", flags)
        self.assertIn("--benchmark_enable_random_interleaving=true", flags)

        # What is recorded draws the same again.
        self.assertEqual(self.bench("--write", "--from=docs/performance/results.json")[0], 0)
        self.assertEqual(self.read("docs/performance.md"), page)

    def test_without_write_the_page_stays(self):
        before = self.read("docs/performance.md")
        self.assertEqual(self.bench("--output=out")[0], 0)
        self.assertEqual(self.read("docs/performance.md"), before)
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         ["queues-ring_benchmark.svg", "report.md", "results.json"])

    def test_a_target_that_fails_leaves_the_others(self):
        status, said = self.bench("--output=out", "//broken/...")
        self.assertEqual(status, 1)
        self.assertIn("FAILED: //queues:broken_benchmark: exit status 3", said)
        report = self.read("out/report.md")
        self.assertIn("Failed: exit status 3.", report)
        self.assertIn("queues-ring_benchmark.svg", report)

    def test_says_what_is_wrong(self):
        self.assertEqual(self.bench("//none"), (1, "bench: no benchmark among //none\n"))
        self.write_page("no marks")
        status, said = self.bench("--write")
        self.assertEqual(status, 1)
        self.assertIn("the page lacks the two lines", said)
        self.assertFalse(os.path.exists(self.path("bin")))  # nothing was measured

    def test_the_compiler_is_the_program_s(self):
        for content, compiler in (
                (b"\0GCC: (Debian 12.2.0-14) 12.2.0\0", "g++ 12.2.0"),
                (b"GCC: (Debian 12.2.0-14) 12.2.0\0Debian clang version 14.0.6\0", "clang 14.0.6"),
                (b"", "unknown")):
            with open(self.path("program"), "wb") as file:
                file.write(content)
            self.assertEqual(measure._compiler(self.path("program")), compiler)


class PageTest(unittest.TestCase):
    def test_shows_the_results_beside_it(self):
        docs = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs")
        with open(os.path.join(docs, "performance/results.json"), encoding="utf-8") as file:
            run_json = json.load(file)
        with open(os.path.join(docs, "performance.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(bench.with_report(page, tables.report(run_json, "performance/")), page)
        for target in run_json["targets"]:
            if target["groups"]:
                path = os.path.join(docs, "performance", tables.plot_name(target))
                with open(path, encoding="utf-8") as file:
                    self.assertEqual(file.read(), plot.draw(target, run_json))


if __name__ == "__main__":
    unittest.main()
