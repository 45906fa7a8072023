"""What the tests of one primitive say about it: the cells of its row."""
import collections

import results
from document import BREAK, Cell, Code
from results import BOUNDED, FAILED, MISSING, PASSED, Result

# How the macro names the tests of `x`: x_test, x_model_test, ...
KINDS = ["test", "model_test", "mutation_test", "linearizability_test", "stress_test", "fuzz_test"]

# The configurations, each with the tests that tell something there.
CONFIGS = {
    "default": KINDS,
    "tsan": ["test", "stress_test"],
    "asan-ubsan": ["test", "stress_test", "fuzz_test"],
    "fuzz": ["fuzz_test"],
}

SEARCHES = ["random", "bound", "rc11"]
ORDERS = ["relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"]


class Primitive:
    def __init__(self, label, tests):
        """`tests`: {kind: label of the test} of those that there are."""
        self.label = label
        self.name = label.rpartition(":")[2]
        self.tests = tests
        self.results = {}  # {(kind, config): Result}

    def result(self, kind, config="default"):
        return self.results.get((kind, config), Result())

    def runs(self):
        """(kind, config) of every result that there should be."""
        return [(kind, config) for config, kinds in CONFIGS.items()
                for kind in kinds if kind in self.tests]

    def status(self):
        """Of all that was run."""
        return worst(self.result(*run).status for run in self.runs())


# The rows without which a test has said nothing. A stress test may have none: an object
# whose threads may wait for ever is left out.
_ROWS = {"model_test": SEARCHES, "mutation_test": ["mutant", "place"],
         "linearizability_test": ["linearizability"]}


def note_what_says_nothing(primitive):
    """A test that passed and left no results is a problem, not a pass."""
    for (kind, config), result in primitive.results.items():
        if result.status != PASSED or result.problems:
            continue
        silent = kind in _ROWS and not any(search_of(row) in _ROWS[kind] for row in result.rows)
        if config == "fuzz" and results.fuzz_executions(result) is None:
            silent = True
        if silent:
            result.problems.append("passed, but left no results")


def tests_of(label, tests):
    """{kind: label} of those of `tests` that belong to the primitive."""
    return {kind: f"{label}_{kind}" for kind in KINDS if f"{label}_{kind}" in tests}


def worst(statuses):
    statuses = set(statuses)
    for status in (FAILED, MISSING, BOUNDED):
        if status in statuses:
            return status
    return PASSED if statuses else ""


def count(number, noun):
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def total(rows, name):
    """The sum of a property, None if no row has it."""
    numbers = [number for number in (row.number(name) for row in rows) if number is not None]
    return sum(numbers) if numbers else None


def is_complete(row):
    return row.properties.get("complete") == "true" and not row.number("cut")


def search_of(row):
    """Of SEARCHES: a row of a model test may be `bound 2`."""
    return row.kind.split(" ")[0]


def model_rows(primitive, *searches):
    return [row for row in primitive.result("model_test").rows
            if search_of(row) in (searches or SEARCHES)]


def judge(primitive, kind, rows, config="default"):
    """The cell if there is nothing more to tell: no test, not run, failed, no results. Else None.

    A test that failed may have rows that passed, as long as one of the others says why.
    """
    if kind not in primitive.tests:
        return Cell("no test", MISSING)
    result = primitive.result(kind, config)
    if result.status == MISSING:
        return Cell("not run", MISSING)
    failed = [row for row in rows if row.failure]
    if failed:
        return Cell([f"FAILED: {failed[0].failure.splitlines()[0]}", BREAK, "in ",
                     Code(failed[0].name)], FAILED)
    others = [row.failure for row in result.rows if row.failure]
    if result.status == FAILED and not (rows and others):
        return Cell(f"FAILED: {(others or [result.why])[0].splitlines()[0]}", FAILED)
    return None if rows else Cell("no results", FAILED if result.problems else MISSING)


# ---- The cells ---------------------------------------------------------------


def places(primitive):
    """{place: order} of the operations that the scenarios run, in the order of the file."""
    found = {}
    for row in primitive.result("mutation_test").rows:
        if row.kind == "mutant":
            found[place(row), row.properties.get("from", "")] = None
        elif row.kind == "place":
            found[row.name, row.properties.get("order", "")] = None
    return list(found)


def change(mutant):
    """`acquire → relaxed`; `dropped` of a wake-up, which has no order."""
    old, new = (mutant.properties.get(name, "") for name in ("from", "to"))
    return f"{old} → {new}" if old in ORDERS else new


def place(mutant):
    """A mutant's name without the change, which it ends with."""
    old, new = (mutant.properties.get(name, "") for name in ("from", "to"))
    return mutant.name.removesuffix(f"{old} -> {new}").strip()


def evidence(mutant):
    """How far RC11 explored one that nothing killed."""
    executions = mutant.number("executions")
    if not executions:
        return ""
    how_many = "all" if mutant.properties.get("all_explored") == "true" else "the first"
    return f"RC11: none of {how_many} {executions:,} executions fails"


def operations_cell(primitive):
    found = places(primitive)
    if not found:
        return Cell("no test" if "mutation_test" not in primitive.tests else "not known", MISSING)
    orders = collections.Counter(order for _, order in found)
    lines = [f"{orders[order]} {order}" for order in ORDERS if orders[order]]
    wake_ups = sum(number for order, number in orders.items() if order not in ORDERS)
    lines += [count(wake_ups, "wake-up")] if wake_ups else []
    return Cell([count(len(found), "operation")] + [run for line in lines for run in (BREAK, line)])


def scenarios_cell(primitive):
    rows = model_rows(primitive)
    if not rows:
        return judge(primitive, "model_test", rows)
    threads = [number for number in (row.number("threads") for row in rows) if number]
    text = [str(len({row.name for row in rows}))]
    if threads:
        text += [BREAK, f"of up to {count(max(threads), 'thread')}"]
    return Cell(text)


def search_cell(primitive, search):
    rows = model_rows(primitive, search)
    missing = judge(primitive, "model_test", rows)
    if missing:
        return missing
    text = [f"{total(rows, 'executions') or 0:,}"]
    if search == "random":
        return Cell(text, PASSED)
    if search == "bound":
        text += [BREAK, "bound " + ", ".join(sorted({row.kind.split(" ")[1] for row in rows
                                                     if " " in row.kind}))]
    complete = sum(map(is_complete, rows))
    if complete == len(rows):
        return Cell(text + [BREAK, "all of them"], PASSED)
    return Cell(text + [BREAK, f"all in {complete} of {len(rows)} scenarios"], BOUNDED)


def mutants(primitive):
    """{verdict: rows}: killed, accepted, survived."""
    sorted_out = {"killed": [], "accepted": [], "survived": []}
    for row in primitive.result("mutation_test").of("mutant"):
        sorted_out.setdefault(row.properties.get("verdict", ""), []).append(row)
    return sorted_out


def mutation_cell(primitive):
    rows = primitive.result("mutation_test").of("mutant")
    verdicts = mutants(primitive)
    killed, accepted = len(verdicts["killed"]), len(verdicts["accepted"])
    to_kill = len(rows) - accepted
    if to_kill and killed < to_kill:
        text = [f"FAILED: {100 * killed // to_kill}\u00a0%", BREAK, f"{killed} of {to_kill} killed"]
        return Cell(text, FAILED)
    result = primitive.result("mutation_test")
    missing = judge(primitive, "mutation_test", result.rows)
    if missing:
        return missing
    if result.status == FAILED:
        why = next((row.failure for row in result.rows if row.failure), result.why)
        return Cell(f"FAILED: {why.splitlines()[0]}", FAILED)
    text = ["100\u00a0%", BREAK, f"{killed} of {to_kill} killed"] if to_kill else ["none to kill"]
    return Cell(text + ([BREAK, f"{accepted} accepted"] if accepted else []), PASSED)


def linearizability_cell(primitive):
    rows = primitive.result("linearizability_test").of("linearizability")
    missing = judge(primitive, "linearizability_test", rows)
    if missing:
        return missing
    text = [f"{total(rows, 'executions') or 0:,} executions"]
    programs = total(rows, "programs")
    if programs is not None:
        text += [BREAK, "of " + count(programs, "program")]
    if all(map(is_complete, rows)):
        return Cell(text + [BREAK, "all of them"], PASSED)
    return Cell(text + [BREAK, "bounded"], BOUNDED)


def liveness_cell(primitive):
    rows = model_rows(primitive, "rc11")
    missing = judge(primitive, "model_test", rows)
    if missing:
        failures = [row.failure for row in rows if row.failure]
        if failures and not any("waits for ever" in failure for failure in failures):
            return Cell("not known: failed before", FAILED)
        return missing
    if all(map(is_complete, rows)):
        return Cell(["no hang", BREAK, "in any execution"], PASSED)
    return Cell(["no hang", BREAK, "within the bounds"], BOUNDED)


def sanitizer_cell(primitive, config):
    kinds = [kind for kind in CONFIGS[config] if kind in primitive.tests]
    if not kinds:
        return Cell("no test", MISSING)
    ran = {kind: primitive.result(kind, config) for kind in kinds}
    bad = [f"{kind}: {result.why}" for kind, result in ran.items() if result.status == FAILED]
    if bad:
        return Cell("FAILED: " + "; ".join(bad), FAILED)
    passed = [kind for kind, result in ran.items() if result.status == PASSED]
    if not passed:
        return Cell("not run", MISSING)
    text = [f"{count(len(passed), 'test')} passed"]
    histories = total([row for result in ran.values() for row in result.of("stress")], "histories")
    if histories is not None:
        text += [BREAK, f"{histories:,} histories"]
    if len(passed) < len(kinds):
        return Cell(text + [BREAK, f"{len(kinds) - len(passed)} not run"], MISSING)
    return Cell(text, PASSED)


def fuzz_cell(primitive):
    if "fuzz_test" not in primitive.tests:
        return Cell("no test", MISSING)
    result = primitive.result("fuzz_test", "fuzz")
    if result.status == FAILED:
        return Cell(f"FAILED: {result.why}", FAILED)
    if result.status == PASSED:
        executions = results.fuzz_executions(result)
        if executions is None:
            return Cell("no results", FAILED)
        return Cell(f"{executions:,}", PASSED)
    replay = primitive.result("fuzz_test")
    if replay.status == FAILED:
        return Cell(f"FAILED: {replay.why}", FAILED)
    if replay.status == PASSED:
        return Cell("not run; its corpus passed", MISSING)
    return Cell("not run", MISSING)
