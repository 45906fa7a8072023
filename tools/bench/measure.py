"""Builds benchmarks, runs them, and describes the machine that they ran on."""
import json
import os
import platform
import re
import subprocess
import tempfile

import results
from results import BenchError

# A program that describes the machine; its JSON is part of ours.
MACHINE_REPORT = "//tools:ashlar"


class Bazel:
    """Of the workspace, and optimising: figures of anything else mean nothing."""

    def __init__(self, command, workspace):
        self._command = command
        self._workspace = workspace

    def query(self, expression):
        return sorted(self._output("query", "--noshow_progress", expression).split())

    def build(self, labels):
        # The rivals' packages are extras, which our own launcher knows of.
        extras = ["--with-extras"] if os.path.basename(self._command) == "bazelw" else []
        run = subprocess.run([self._command, *extras, "build", "-c", "opt", "--", *labels],
                             cwd=self._workspace, stdout=2, check=False)
        if run.returncode:
            raise BenchError("the build failed")

    def programs(self, labels):
        """Where those that were built are."""
        folder = self._output("info", "-c", "opt", "bazel-bin").strip()
        return {label: os.path.join(folder, label[2:].replace(":", "/")) for label in labels}

    def _output(self, *arguments):
        try:
            run = subprocess.run([self._command, *arguments], cwd=self._workspace, encoding="utf-8",
                                 stdout=subprocess.PIPE, check=False)
        except OSError as error:
            raise BenchError(f"cannot start {self._command}: {error.strerror}") from error
        if run.returncode:
            raise BenchError(f"{os.path.basename(self._command)} {arguments[0]} failed")
        return run.stdout


def find_benchmarks(bazel, targets):
    found = bazel.query(f'attr(tags, "\\bbenchmark\\b", set({" ".join(targets)}))')
    if not found:
        raise BenchError(f"no benchmark among {' '.join(targets)}")
    return found


def run_benchmark(label, program, flags):
    """The JSON of one target: its groups, and how busy the machine was before."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        run = subprocess.run(
            [program, f"--benchmark_out={out}", "--benchmark_out_format=json",
             f"--benchmark_repetitions={flags.repetitions}",
             f"--benchmark_min_time={flags.min_time}", f"--benchmark_filter={flags.filter}",
             # What disturbs one for a while disturbs all of them alike.
             "--benchmark_enable_random_interleaving=true"],
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)
        if run.returncode:
            raise BenchError(f"exit status {run.returncode}")
        try:
            with open(out, encoding="utf-8") as file:
                runs = json.load(file)["benchmarks"]
        except (OSError, ValueError, KeyError) as error:
            # Nothing matches the filter.
            if os.path.exists(out) and os.path.getsize(out):
                raise BenchError(f"it wrote no results: {error}") from error
            runs = []
    return {"label": label, "load": round(load, 2), "groups": results.groups(runs)}


def describe_machine(reporter, program):
    """What a reader of figures wants to know, and what `ashlar info` says."""
    run = subprocess.run([reporter, "info", "--format=json"], stdout=subprocess.PIPE, check=False)
    if run.returncode:
        raise BenchError(f"{reporter} info failed")
    machine = {
        "cpu": _cpu_model(_text("/proc/cpuinfo")) or platform.machine(),
        "system": _system(_text("/etc/os-release")),
        # Without what a distribution or a hypervisor appends.
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "compiler": _compiler(program),
    }
    machine.update(json.loads(run.stdout))
    # Of each CPU its place; the counts say enough.
    machine.pop("cpus", None)
    return machine


def _text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _cpu_model(cpuinfo):
    found = re.search(r"^model name\s*:\s*(.*)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else None


def _system(os_release):
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)', os_release, re.MULTILINE)
    return found[1] if found else platform.system()


def _compiler(program):
    """What the program itself says that it was compiled by."""
    with open(program, "rb") as file:
        content = file.read()
    # The start files are always GCC's.
    clang = re.search(rb"clang version ([\d.]+)", content)
    gcc = re.search(rb"GCC: \([^)\0]*\) ([\d.]+)", content)
    if clang:
        return f"clang {clang[1].decode()}"
    return f"g++ {gcc[1].decode()}" if gcc else "unknown"
