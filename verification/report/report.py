#!/usr/bin/env python3
"""Writes what the tests say of each verified primitive on one page, as Markdown and HTML.

    ./bazelw run //verification:report -- [FLAG...] [TARGET...]      # default: //...

It looks among the targets for those that verified_primitive() has made, runs their tests in
each configuration (Bazel runs only what has changed), and writes report.md, report.html and
the page of limits beside them. Exit status: 0 if all that was run passed, 1 if not or if the
page could not be written, 2 for bad flags.
"""
import argparse
import datetime
import os
import subprocess
import sys
import tempfile

import as_html
import as_markdown
import document
import page
import primitive as cells
from bazel import Bazel
from primitive import Primitive
from results import FAILED, MISSING, ReportError, Result

# What --deep gives the tests tagged `model`; Ashlar's --config=deep, which others lack.
_DEEP = ["--test_env=ASHLAR_MODEL_SCALE=4"]
_MODEL_KINDS = ("model_test", "mutation_test", "linearizability_test")


def parse_flags(arguments):
    parser = argparse.ArgumentParser(prog="report", formatter_class=argparse.RawTextHelpFormatter,
                                     description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", default=["//..."],
                        help="where to look for primitives [//...]")
    parser.add_argument("--output", metavar="FOLDER", default="",
                        help="where to write [verification-report/ in the workspace]")
    parser.add_argument("--configs", default=",".join(cells.CONFIGS), metavar="NAME,...",
                        help="which to run [%(default)s]")
    parser.add_argument("--deep", action="store_true",
                        help="four times the executions, and one more preemption")
    parser.add_argument("--no_run", action="store_true",
                        help="run nothing; show the results that are up to date")
    parser.add_argument("--bazel", default="", metavar="PROGRAM",
                        help="[bazelw in the workspace if there is one, else bazel]")
    flags = parser.parse_args(arguments)
    flags.configs = flags.configs.split(",")
    unknown = [config for config in flags.configs if config not in cells.CONFIGS]
    if unknown:
        parser.error(f"no such configuration: {', '.join(unknown)}")
    return flags


def find_workspace(environment):
    """The user's, which is not where `bazel run` starts programs."""
    workspace = environment.get("BUILD_WORKSPACE_DIRECTORY") or os.getcwd()
    if not any(os.path.exists(os.path.join(workspace, name))
               for name in ("WORKSPACE", "WORKSPACE.bazel", "MODULE.bazel")):
        raise ReportError(f"{workspace} is no Bazel workspace: start this with `bazel run`")
    return workspace


def find_primitives(bazel, targets):
    """Those of the targets, with the tests that are named after them."""
    where = f"set({' '.join(targets)})"
    labels = bazel.query(f'attr(tags, "\\bverified_primitive\\b", {where})')
    tests = set(bazel.query(f"tests(siblings(set({' '.join(labels)})))")) if labels else set()
    found = [Primitive(label, cells.tests_of(label, tests)) for label in labels]
    # What has the tag and no tests is a part of one, such as the check of its headers.
    found = [primitive for primitive in found if primitive.tests]
    if not found:
        raise ReportError(f"no verified_primitive among {' '.join(targets)}")
    return found


def find_checks(bazel, targets):
    return bazel.query(f'attr(tags, "\\bconformance\\b", tests(set({" ".join(targets)})))')


def run_tests(bazel, flags, primitives, checks):
    """Fills in the primitives' results; ({label: Result} of the checks, {config: why not})."""
    check_results = {label: Result() for label in checks}
    left_out = {}
    for config in cells.CONFIGS:
        runs = [(primitive, kind) for primitive in primitives
                for kind in cells.CONFIGS[config] if kind in primitive.tests]
        own = checks if config == "default" else []
        if config not in flags.configs:
            left_out[config] = "left out by --configs"
            continue
        if config != "default" and not bazel.has_config(config):
            left_out[config] = f"this workspace's .bazelrc has no --config={config}"
            continue
        deep = {primitive.tests[kind] for primitive, kind in runs
                if flags.deep and kind in _MODEL_KINDS}
        plain = {primitive.tests[kind] for primitive, kind in runs} - deep
        config_flags = [] if config == "default" else [f"--config={config}"]
        found = {}
        for labels, more in ((plain | set(own), []), (deep, _DEEP)):
            if labels:
                say(f"{config}: {cells.count(len(labels), 'test')}")
                found.update(bazel.test(sorted(labels), config_flags + more, flags.no_run))
        for primitive, kind in runs:
            result = found.get(primitive.tests[kind], Result(MISSING, "left out by Bazel"))
            primitive.results[kind, config] = result
        check_results.update({label: found[label] for label in own if label in found})
    for primitive in primitives:
        cells.note_what_says_nothing(primitive)
    return check_results, left_out


def source(workspace):
    """Which source it is, as a person would say."""
    def git(*arguments):
        run = subprocess.run(["git", "-c", "safe.directory=*", *arguments], cwd=workspace,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
                             check=False)
        return run.stdout.strip() if run.returncode == 0 else None
    try:
        commit, changes = git("rev-parse", "--short=12", "HEAD"), git("status", "--porcelain")
    except OSError:
        commit = None
    if not commit:
        return "not under git"
    return f"commit {commit}" + (", with changes that are not committed" if changes else "")


def make_folder(folder):
    """Before minutes of tests."""
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ReportError(f"cannot write in {folder}: {error.strerror}") from error


def write_pages(folder, blocks):
    limits_path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "limits.md")
    with open(limits_path, encoding="utf-8") as file:
        limits = document.parse(file.read())
    try:
        for name, page_blocks in (("report", blocks), ("limits", limits)):
            for writer, suffix in ((as_markdown, "md"), (as_html, "html")):
                path = os.path.join(folder, f"{name}.{suffix}")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(writer.write(page_blocks))
    except OSError as error:
        raise ReportError(f"cannot write {error.filename}: {error.strerror}") from error


def say(text):
    print(f"report: {text}", file=sys.stderr, flush=True)


def passed(primitives, checks):
    """Whether all that was run passed; says what did not."""
    every = [(f"{primitive.tests[kind]} ({config})", primitive.result(kind, config))
             for primitive in primitives for kind, config in primitive.runs()]
    every += checks.items()
    for name, result in every:
        if result.status == FAILED:
            say(f"FAILED: {name}: {result.why}")
        for problem in result.problems:
            say(f"FAILED: {name}: {problem}")
    missing = sum(result.status == MISSING for _, result in every)
    if missing:
        say(f"{cells.count(missing, 'test')} not run")
    return not any(result.status == FAILED or result.problems for _, result in every)


def run(arguments, environment):
    flags = parse_flags(arguments)
    workspace = find_workspace(environment)
    # Paths are meant from where the user stands.
    here = environment.get("BUILD_WORKING_DIRECTORY") or os.getcwd()
    usual = "./bazelw" if os.access(os.path.join(workspace, "bazelw"), os.X_OK) else "bazel"
    given = os.path.join(here, flags.bazel) if "/" in flags.bazel else flags.bazel
    bazel = Bazel(given or usual, workspace)
    folder = (os.path.join(here, flags.output) if flags.output else
              os.path.join(workspace, "verification-report"))
    make_folder(folder)

    primitives = find_primitives(bazel, flags.targets)
    checks, left_out = run_tests(bazel, flags, primitives, find_checks(bazel, flags.targets))
    facts = page.Facts(source(workspace), datetime.datetime.now(datetime.timezone.utc), usual,
                       _DEEP if flags.deep else [], left_out)
    write_pages(folder, page.write(facts, primitives, checks))
    good = passed(primitives, checks)
    say(f"written: {os.path.join(folder, 'report.html')}, and report.md")
    return 0 if good else 1


def main(arguments, environment):
    try:
        return run(arguments, environment)
    except ReportError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
