#!/usr/bin/env python3
"""Runs benchmarks and sets ours beside their rivals: JSON, a Markdown table, and SVG plots.

    ./bazelw run //tools/bench -- [FLAG...] [TARGET...]      # default: //...

Of the targets it takes those tagged `benchmark`, builds them with -c opt and runs them one at a
time. docs/performance.md says how it measures; --write puts the results there. Exit status: 0, 1 if
something failed, 2 for bad flags.
"""
import argparse
import datetime
import json
import os
import shlex
import subprocess
import sys

import measure
import plot
import tables
from results import BenchError

BEGIN = "<!-- Written by tools/bench; do not edit. -->\n"
END = "<!-- The end of what tools/bench writes. -->\n"


def parse_flags(arguments):
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", default=["//..."],
                        help="where to look for benchmarks [//...]")
    parser.add_argument("--repetitions", type=int, default=9, metavar="N",
                        help="of each benchmark, interleaved at random [%(default)s]")
    parser.add_argument("--min_time", type=float, default=0.1, metavar="SECONDS",
                        help="of each repetition [%(default)s]")
    parser.add_argument("--filter", default=".", metavar="REGEX",
                        help="which benchmarks of a target [all]")
    parser.add_argument("--from", dest="recorded", default="", metavar="FILE",
                        help="run nothing; show the results of this JSON")
    parser.add_argument("--output", default="", metavar="FOLDER",
                        help="where to write [benchmark-results/ in the workspace]")
    parser.add_argument("--write", action="store_true",
                        help="write into docs/performance/ and docs/performance.md")
    parser.add_argument("--bazel", default="", metavar="PROGRAM",
                        help="[bazelw in the workspace if there is one, else bazel]")
    flags = parser.parse_args(arguments)
    if flags.repetitions < 1:
        parser.error("--repetitions must be at least 1")
    if flags.write and flags.output:
        parser.error("--write and --output exclude each other")
    return flags


def run_all(flags, arguments, workspace):
    """The JSON of a run."""
    usual = os.path.join(workspace, "bazelw")
    bazel = measure.Bazel(flags.bazel or (usual if os.access(usual, os.X_OK) else "bazel"),
                          workspace)
    labels = measure.find_benchmarks(bazel, flags.targets)
    bazel.build(labels + [measure.MACHINE_REPORT])
    programs = bazel.programs(labels + [measure.MACHINE_REPORT])
    run = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "source": source(workspace),
        "command": " ".join(["./bazelw run //tools/bench", *(["--"] if arguments else []),
                             *map(shlex.quote, arguments)]),
        "repetitions": flags.repetitions,
        "min_time": flags.min_time,
        "machine": measure.describe_machine(programs[measure.MACHINE_REPORT], programs[labels[0]]),
        "targets": [],
    }
    for label in labels:
        say(label)
        try:
            target = measure.run_benchmark(label, programs[label], flags)
        except BenchError as error:
            # The others' minutes are not for nothing.
            say(f"FAILED: {label}: {error}")
            target = {"label": label, "failed": str(error), "groups": []}
        run["targets"].append(target)
    return run


def source(workspace):
    def git(*arguments):
        try:
            run = subprocess.run(["git", "-c", "safe.directory=*", *arguments], cwd=workspace,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 encoding="utf-8", check=False)
        except OSError:
            return ""
        return run.stdout.strip() if run.returncode == 0 else ""
    commit = git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return "not under git"
    return f"commit {commit}" + (" with changes" if git("status", "--porcelain") else "")


def with_report(page, report):
    """The page with the report between the two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError("the page lacks the two lines between which tools/bench writes")
    return f"{before}{BEGIN}\n{report}\n{END}{after}"


def write(run, folder):
    """The JSON and the plots; those of another run go."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        if name.endswith(".svg"):
            os.unlink(os.path.join(folder, name))
    _write_file(os.path.join(folder, "results.json"),
                json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    for target in run["targets"]:
        if target["groups"]:
            _write_file(os.path.join(folder, tables.plot_name(target)), plot.draw(target, run))


def _write_file(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def run_command(arguments, environment):
    flags = parse_flags(arguments)
    # `bazel run` starts programs elsewhere; paths are meant from where the user stands.
    workspace = environment.get("BUILD_WORKSPACE_DIRECTORY") or os.getcwd()
    here = environment.get("BUILD_WORKING_DIRECTORY") or os.getcwd()
    page = os.path.join(workspace, "docs", "performance.md")
    if flags.write:
        with open(page, encoding="utf-8") as file:
            text = file.read()
        with_report(text, "")  # before minutes of measurements
    if flags.recorded:
        with open(os.path.join(here, flags.recorded), encoding="utf-8") as file:
            run = json.load(file)
    else:
        run = run_all(flags, arguments, workspace)
    if flags.write:
        write(run, os.path.join(workspace, "docs", "performance"))
        _write_file(page, with_report(text, tables.report(run, "performance/")))
        say(f"written: {page}")
    else:
        folder = os.path.join(here, flags.output) if flags.output else os.path.join(
            workspace, "benchmark-results")
        write(run, folder)
        _write_file(os.path.join(folder, "report.md"), tables.report(run))
        say(f"written: {os.path.join(folder, 'report.md')}")
    return 1 if any("failed" in target for target in run["targets"]) else 0


def main(arguments, environment):
    try:
        return run_command(arguments, environment)
    except (BenchError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
