"""What Google Benchmark's programs measured, as figures that can be compared.

A name is Operation/implementation/arguments. What has the same operation and arguments is a group;
ours are the implementations that begin with `ashlar`.
"""
import re
import statistics

OURS = "ashlar"

# What Google Benchmark appends to a name to say how it measured.
_HOW = re.compile(r"(manual_time|real_time|process_time|(iterations|repeats|min_time):[\d.]+)")
_NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
# The keys of a run that are not counters of the benchmark's own.
_STANDARD = {"family_index", "per_family_instance_index", "repetitions", "repetition_index",
             "threads", "iterations", "real_time", "cpu_time", "items_per_second",
             "bytes_per_second"}


class BenchError(Exception):
    """What a user has to be told, in one line."""


def parse_name(name):
    """(operation, implementation, arguments) of a benchmark's name."""
    parts = [part for part in name.split("/") if not _HOW.fullmatch(part)]
    return parts[0], "".join(parts[1:2]), "/".join(parts[2:])


def is_ours(implementation):
    return implementation.startswith(OURS)


def nanoseconds(run):
    """Of an item, where items are counted; else of an iteration."""
    if run.get("items_per_second"):
        return 1e9 / run["items_per_second"]
    real = {"real_time", "manual_time"} & set(run["name"].split("/"))
    return run["real_time" if real else "cpu_time"] * _NANOSECONDS[run["time_unit"]]


def groups(runs):
    """The groups of one program's runs, each repetition a run, in their usual sequence."""
    runs = [run for run in runs if run["run_type"] == "iteration"]
    failed = [f"{run['name']}: {run['error_message']}" for run in runs if run.get("error_occurred")]
    if failed:
        raise BenchError(failed[0])
    # Interleaving has shuffled them.
    runs.sort(key=lambda run: (run["family_index"], run["per_family_instance_index"]))
    found = {}
    for run in runs:
        operation, implementation, arguments = parse_name(run["name"])
        found.setdefault((operation, arguments), {}).setdefault(implementation, []).append(run)
    return [_group(*key, of_each) for key, of_each in found.items()]


def _group(operation, arguments, of_each):
    rows = [_row(implementation, runs) for implementation, runs in of_each.items()]
    rows.sort(key=lambda row: (not is_ours(row["implementation"]), row["implementation"] != OURS))
    if is_ours(rows[0]["implementation"]):
        for row in rows:
            row["ratio"] = _rounded(row["median_ns"] / rows[0]["median_ns"])
    return {"operation": operation, "arguments": arguments, "rows": rows}


def _row(implementation, runs):
    times = [nanoseconds(run) for run in runs]
    names = [name for name, value in runs[0].items()
             if name not in _STANDARD and isinstance(value, (int, float))
             and not isinstance(value, bool)]
    return {
        "implementation": implementation,
        "of": "item" if runs[0].get("items_per_second") else "iteration",
        "median_ns": _rounded(statistics.median(times)),
        "minimum_ns": _rounded(min(times)),
        "maximum_ns": _rounded(max(times)),
        "counters": {name: _rounded(statistics.median(run[name] for run in runs))
                     for name in names},
    }


def _rounded(value):
    """To four digits, which is more than there is to know."""
    return float(f"{value:.4g}")
