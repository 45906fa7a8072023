#!/usr/bin/env python3
"""Tests the `ashlar` command as users meet it, against Python's split and wc."""
import collections
import json
import os
import pty
import random
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ASHLAR = os.path.abspath("tools/ashlar")


def run(*args, code=0, **kwargs):
    """Runs the command; returns (stdout, stderr) as bytes."""
    done = subprocess.run([ASHLAR, *args], stdout=kwargs.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, timeout=120, **kwargs)
    assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def run_json(*args, **kwargs):
    out, _ = run(*args, "--format=json", **kwargs)
    return json.loads(out)


def error(*args, code, **kwargs):
    """Runs a command that has to fail with one line, which is returned."""
    out, err = run(*args, code=code, **kwargs)
    text = err.decode()
    assert text.startswith("ashlar: ") and text.count("\n") == 1 and text.endswith("\n"), text
    assert not out, out
    return text


class AshlarTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(shutil.rmtree, self.root)

    def path(self, name):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(self, name, data):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    # What is there.

    def test_help_names_every_command_and_workload(self):
        out, _ = run("help")
        for word in (b"info", b"workloads", b"run", b"wordcount", b"nqueens", b"--workers"):
            self.assertIn(word, out)
        self.assertEqual(run("--help")[0], out)
        out, _ = run("help", "wordcount")
        self.assertIn(b"--top N", out)
        self.assertEqual(run("run", "wordcount", "--help")[0], out)

    def test_without_arguments_it_helps_and_fails(self):
        out, err = run(code=2)
        self.assertEqual(out, b"")
        self.assertIn(b"ashlar run NAME", err)

    def test_version_is_that_of_the_module(self):
        with open("MODULE.bazel") as f:
            version = re.search(r'version = "([^"]+)"', f.read()).group(1)
        self.assertEqual(run("--version")[0], f"ashlar {version}\n".encode())

    def test_workloads_are_listed(self):
        out, _ = run("workloads")
        self.assertRegex(out.decode(), r"wordcount PATH\.\.\. +\S")
        self.assertRegex(out.decode(), r"nqueens N +\S")

    def test_info_agrees_with_the_system(self):
        info = run_json("info")
        self.assertGreaterEqual(info["sockets"], 1)
        self.assertGreaterEqual(info["numa_nodes"], 1)
        usable = [cpu["id"] for cpu in info["cpus"] if cpu["usable"]]
        self.assertEqual(usable, sorted(os.sched_getaffinity(0)))
        self.assertLessEqual(info["usable"]["cpus"], len(usable))
        self.assertIn(b"usable", run("info")[0])

    def test_info_and_workers_honour_the_affinity_mask(self):
        one = min(os.sched_getaffinity(0))
        mask = dict(preexec_fn=lambda: os.sched_setaffinity(0, {one}))
        self.assertEqual(run_json("info", **mask)["usable"]["cpus"], 1)
        self.assertEqual(run_json("run", "nqueens", "6", **mask)["engine"]["workers"], 1)

    # nqueens.

    def test_nqueens_counts(self):
        for workers in ("1", "2", "5"):
            report = run_json("run", "nqueens", "10", "--workers", workers)
            self.assertEqual(report["solutions"], 724)
            self.assertEqual(report["engine"]["workers"], int(workers))
            self.assertEqual(len(report["engine"]["per_worker"]), int(workers))
        self.assertIn(b"8 queens: 92 solutions", run("run", "nqueens", "8")[0])

    def test_nqueens_checks_its_size(self):
        for n in ("0", "-1", "21", "eight", ""):
            self.assertIn("N has to be a whole number from 1 to 20",
                          error("run", "nqueens", n, code=2))
        self.assertIn("missing argument: N", error("run", "nqueens", code=2))
        self.assertIn("too many arguments", error("run", "nqueens", "1", "2", code=2))

    # wordcount.

    def expect(self, report, files):
        """Compares a report with what Python and wc say of the same files."""
        counter = collections.Counter()
        size = 0
        for name in files:
            with open(name, "rb") as f:
                data = f.read()
            size += len(data)
            counter.update(data.split())
        self.assertEqual(report["files"], len(files))
        self.assertEqual(report["bytes"], size)
        self.assertEqual(report["words"], sum(counter.values()))
        self.assertEqual(report["distinct_words"], len(counter))
        self.assertEqual(report["undercount"], 0)
        wc = subprocess.run(["wc", "-l", "-c", "--files0-from=-"], check=True,
                            input="\0".join(files).encode(), stdout=subprocess.PIPE)
        lines, size = wc.stdout.split(b"\n")[-2].split()[:2]
        self.assertEqual((report["lines"], report["bytes"]), (int(lines), int(size)))
        top = sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:20]
        shown = [(bytes.fromhex(e["hex"]) if "hex" in e else e["word"].encode(), e["count"])
                 for e in report["top"]]
        self.assertEqual(shown, top)

    def test_wordcount_agrees_with_python_and_wc(self):
        rng = random.Random(1)
        files = []
        for i in range(300):
            words = [rng.choice([b"a", b"bb", b"the", b"\xc3\xa9", b"\xff", b"x" * 20, b"\x00"])
                     for _ in range(rng.randrange(200))]
            text = b"".join(w + rng.choice([b" ", b"\n", b"\t", b"\r\n", b"\v", b"\f", b"  "])
                            for w in words)
            files.append(self.write(f"d{i % 5}/e{i % 3}/f{i}", text + rng.choice([b"", b"end"])))
        files.append(self.write("empty", b""))
        files.append(self.write("binary", rng.randbytes(200_000)))
        files.append(self.write("no newline", b"one two"))
        for workers in ("1", "3"):
            self.expect(run_json("run", "wordcount", self.root, "--workers", workers), files)

    def test_wordcount_of_a_file_of_many_chunks(self):
        rng = random.Random(2)
        words = [b"%d" % rng.randrange(10**rng.randrange(1, 9)) for _ in range(100_000)]
        text = b"".join(w + rng.choice([b" ", b"\n", b"\t"]) for w in words) * 30
        self.assertGreater(len(text), 12 << 20)
        self.expect(run_json("run", "wordcount", self.write("large", text), "--workers=4"),
                    [self.path("large")])

    def test_wordcount_in_text(self):
        out, err = run("run", "wordcount", self.write("f", b"b a b\x1b[31m b\n"), "--top=1")
        self.assertIn(b"1 file, 13 bytes, 1 line, 4 words, 3 different\n", out)
        self.assertIn(b"             2  b\n", out)
        self.assertRegex(out.decode(), r"worker 0: +\d+ % busy")
        self.assertEqual(err, b"")
        out, _ = run("run", "wordcount", self.path("f"), "--top=3")
        self.assertIn(b"  b\\x1b[31m\n", out)  # never as a command to the terminal

    def test_words_that_are_not_text_are_valid_json(self):
        out, _ = run("run", "wordcount", self.write("f", b'\xff" \\x \x01 \xed\xa0\x80'),
                     "--format=json")
        shown = {e.get("hex", e["word"]) for e in json.loads(out.decode("utf-8"))["top"]}
        self.assertEqual(shown, {"ff22", "\\x", "\x01", "eda080"})

    def test_links_pipes_and_devices_are_skipped(self):
        self.write("d/f", b"one two")
        os.symlink("f", self.path("d/link"))
        os.symlink("..", self.path("d/loop"))
        os.symlink("self", self.path("d/self"))
        os.mkfifo(self.path("d/pipe"))
        report = run_json("run", "wordcount", self.root, "/dev/null", self.path("d/link"))
        self.assertEqual((report["files"], report["words"], report["skipped"]), (1, 2, 6))

    def test_what_cannot_be_read_is_reported_and_counted(self):
        good = self.write("good", b"one two")
        bad = ["/proc/self/mem"]  # nobody reads its first page
        if os.geteuid() != 0:
            os.chmod(self.write("secret", b"x"), 0)
            os.mkdir(self.path("closed"), 0)
            self.addCleanup(os.chmod, self.path("closed"), stat.S_IRWXU)
            bad += [self.path("secret"), self.path("closed")]
        out, err = run("run", "wordcount", good, *bad, "--format=json")
        report = json.loads(out)
        self.assertEqual((report["files"], report["words"]), (1, 2))
        self.assertEqual(report["unreadable"], len(bad))
        self.assertEqual(err.count(b"\n"), len(bad))
        for path in bad:
            self.assertIn(f"ashlar: cannot read '{path}': ".encode(), err)

    def test_files_without_a_size_are_read(self):
        report = run_json("run", "wordcount", "/proc/self/status")
        self.assertGreater(report["words"], 10)

    def test_missing_path_is_an_error(self):
        good = self.write("good", b"one")
        missing = self.root + "/missing"
        self.assertIn(f"cannot read '{missing}'", error("run", "wordcount", good, missing, code=1))
        self.assertIn("cannot read ''", error("run", "wordcount", "", code=1))
        error("run", "wordcount", good + "/below", code=1)
        self.assertIn("missing argument: PATH...", error("run", "wordcount", code=2))

    # Options.

    def test_usage_errors(self):
        for args in (["fly"], ["run"], ["run", "--workers", "2"], ["run", "fly"], ["help", "fly"],
                     ["info", "x"], ["info", "--fly"], ["workloads", "x"],
                     ["run", "nqueens", "8", "--fly"], ["run", "nqueens", "8", "--workers"],
                     ["run", "nqueens", "8", "--format=xml"],
                     ["run", "wordcount", "/dev/null", "--top=-1"]):
            error(*args, code=2)

    def test_worker_counts_are_checked(self):
        for workers in ("0", "-1", "1025", "99999999999999999999", "many", "", "1.5"):
            self.assertIn("--workers needs a whole number from 1 to 1024",
                          error("run", "nqueens", "6", "--workers", workers, code=2))
        self.assertEqual(run_json("run", "nqueens", "6", "--workers=64")["solutions"], 4)

    def test_trace_opens_as_chrome_trace_events(self):
        path = self.path("trace.json")
        report = run_json("run", "nqueens", "9", "--workers=2", "--trace", path)
        with open(path) as f:
            trace = json.load(f)
        names = {(e["name"], e["args"]["name"]) for e in trace["traceEvents"]
                 if e["ph"] == "M" and "name" in e["args"]}
        self.assertIn(("process_name", "ashlar run nqueens"), names)
        self.assertEqual(len([n for n in names if n[0] == "thread_name"]), 2)
        spans = [e for e in trace["traceEvents"] if e["ph"] == "X"]
        self.assertEqual(len(spans), report["trace"]["spans"])
        self.assertGreater(len(spans), 0)
        threads = {e["tid"] for e in trace["traceEvents"] if e["name"] == "thread_name"}
        for span in spans:
            self.assertIn(span["tid"], threads)
            self.assertGreaterEqual(span["ts"], 0)
            self.assertGreaterEqual(span["dur"], 0)
        self.assertEqual(os.listdir(self.root), ["trace.json"])

    def test_full_disk_for_the_trace_is_an_error_beside_the_result(self):
        out, err = run("run", "nqueens", "8", "--format=json", "--trace=/dev/full", code=1)
        self.assertEqual(json.loads(out)["solutions"], 92)
        self.assertEqual(err, b"ashlar: cannot write the trace to '/dev/full': "
                              b"No space left on device\n")

    def test_trace_that_cannot_be_written_is_an_error_before_the_run(self):
        error("run", "nqueens", "20", "--trace", self.root + "/missing/trace", code=1)
        error("run", "nqueens", "20", "--trace", self.root, code=1)

    def test_full_disk_for_the_output_is_an_error(self):
        with open("/dev/full", "wb") as full:
            _, err = run("run", "nqueens", "8", stdout=full, code=1)
        self.assertEqual(err, b"ashlar: cannot write to standard output: "
                              b"No space left on device\n")

    # The terminal.

    def test_progress_is_drawn_on_a_terminal_alone(self):
        self.assertEqual(run("run", "nqueens", "12")[1], b"")
        ours, theirs = pty.openpty()
        env = dict(os.environ, TERM="xterm")
        with subprocess.Popen([ASHLAR, "run", "nqueens", "14", "--workers=1"], stderr=theirs,
                              stdout=subprocess.DEVNULL, env=env) as process:
            os.close(theirs)
            drawn = b""
            try:
                while True:
                    more = os.read(ours, 4096)
                    if not more:
                        break
                    drawn += more
            except OSError:  # the other end is closed
                pass
        os.close(ours)
        self.assertEqual(process.returncode, 0)
        if drawn:  # a fast machine is done before the first line
            self.assertIn(b"\r\x1b[Knqueens [", drawn)
            self.assertTrue(drawn.endswith(b"\r\x1b[K"), drawn[-50:])


if __name__ == "__main__":
    sys.exit(unittest.main())
