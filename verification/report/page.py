"""The page: a row for each primitive, and what stands behind it."""
import datetime
import re
from dataclasses import dataclass, field

import primitive as cells
from document import Cell, Code, Details, Heading, Items, Link, Paragraph, Strong, Table, slug
from results import BOUNDED, FAILED, MISSING, PASSED


@dataclass
class Facts:
    """What the page says of itself."""
    source: str  # "commit 1234567, with changes that are not committed"
    written: datetime.datetime
    command: str  # that starts Bazel there
    model_flags: list = field(default_factory=list)  # of the tests tagged `model`
    left_out: dict = field(default_factory=dict)  # {configuration: why}


def _time(milliseconds):
    if not milliseconds:
        return ""
    time = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return f"{time:%Y-%m-%d %H:%M}"


def _test_command(facts, config, labels, is_model):
    flags = ([] if config == "default" else [f"--config={config}"]) + (
        facts.model_flags if is_model else [])
    return Code(" ".join([facts.command, "test", *flags, *labels]))


# ---- The head ----------------------------------------------------------------


def _verdict(primitives, checks):
    every = [primitive.result(*run) for primitive in primitives for run in primitive.runs()]
    every += checks.values()
    failed = sum(result.status == FAILED for result in every)
    broken = sum(bool(result.problems) for result in every)
    missing = sum(result.status == MISSING for result in every)
    passed = sum(result.status == PASSED for result in every)
    text = f"{cells.count(passed, 'test')} passed, {failed} failed, {missing} not run."
    if failed or broken:
        bad = " Some left no results." if broken else ""
        return Paragraph([Strong("FAILED"), f": {text}{bad}"], FAILED)
    if missing:
        return Paragraph([Strong("Incomplete"), f": {text}"], MISSING)
    return Paragraph([Strong("Passed"), f": {text}"], PASSED)


def _compilers(primitives):
    """{compiler: configurations}."""
    found = {}
    for primitive in primitives:
        for (_, config), result in primitive.results.items():
            if result.compiler:
                found.setdefault(result.compiler, set()).add(config)
    return {compiler: [c for c in cells.CONFIGS if c in configs]
            for compiler, configs in found.items()}


def _bounds(primitives):
    rows = [row for primitive in primitives for row in cells.model_rows(primitive)]
    if not rows:
        return "not known: no model test was run"
    random = [row.number("executions") or 0 for row in rows if row.kind == "random"]
    bounds = sorted({row.kind.split(" ")[1] for row in rows if row.kind.startswith("bound ")})
    rc11 = [row for row in rows if row.kind == "rc11"]
    cut = sum(not cells.is_complete(row) for row in rc11)
    text = []
    if random:
        text.append(f"up to {max(random):,} random schedules of each scenario")
    if bounds:
        text.append(f"every schedule with at most {' or '.join(bounds)} preemptions")
    if rc11:
        text.append("every execution that RC11 allows" if not cut else
                    "the executions that RC11 allows, all of them in "
                    f"{len(rc11) - cut} of {cells.count(len(rc11), 'scenario')}")
    return "; ".join(text) + ". Where a limit came first, the cell says so"


def _head(facts, primitives, checks):
    compilers = [f"{compiler} ({', '.join(configs)})"
                 for compiler, configs in sorted(_compilers(primitives).items())]
    return [
        Heading(1, "Verification report"),
        _verdict(primitives, checks),
        Items([
            [Strong("Source:"), f" {facts.source}"],
            [Strong("Written:"), f" {facts.written:%Y-%m-%d %H:%M} UTC; when each result was "
             "got, by a run or from Bazel's cache, stands with it"],
            [Strong("Compilers:"), " ", "; ".join(compilers) or "not known"],
            [Strong("Memory models:"), " RC11 with C++20's release sequences and its “strongly "
             "happens before”, explored exhaustively by Ashlar's own checker; that of Relacy, "
             "sampled and searched with a bound"],
            [Strong("Bounds:"), " ", _bounds(primitives)],
        ]),
        Paragraph(["The primitives here are model-checked up to these bounds. That is not a "
                   "proof of them. ", Link("What it does not show", "limits.md"), "."]),
    ]


# ---- The table ---------------------------------------------------------------


_HEADER = ["Primitive", "Operations and orders", "Scenarios", "Relacy, random", "Relacy, bounded",
           "RC11 executions", "Mutation score", "Linearizable", "Liveness", "TSan", "ASan + UBSan",
           "Fuzz executions"]


def _linked(cell, heading):
    """The cell's first run leads to the details, if there are any."""
    if cell.text == "no test":
        return cell
    text = cell.text if isinstance(cell.text, list) else [cell.text]
    return Cell([Link(text[0], "#" + slug(heading))] + text[1:], cell.status)


def _row(primitive, name):
    tests, scenarios, orders = (f"{name}: {part}" for part in ("tests", "scenarios", "orders"))
    return [
        _linked(Cell([Code(name)], primitive.status()), name),
        _linked(cells.operations_cell(primitive), orders),
        _linked(cells.scenarios_cell(primitive), scenarios),
        _linked(cells.search_cell(primitive, "random"), scenarios),
        _linked(cells.search_cell(primitive, "bound"), scenarios),
        _linked(cells.search_cell(primitive, "rc11"), scenarios),
        _linked(cells.mutation_cell(primitive), orders),
        _linked(cells.linearizability_cell(primitive), f"{name}: histories"),
        _linked(cells.liveness_cell(primitive), scenarios),
        _linked(cells.sanitizer_cell(primitive, "tsan"), tests),
        _linked(cells.sanitizer_cell(primitive, "asan-ubsan"), tests),
        _linked(cells.fuzz_cell(primitive), f"{name}: fuzzing"),
    ]


def _not_run(facts, primitives, checks):
    """The commands that fill the gaps, one a configuration."""
    missing = {}
    for primitive in primitives:
        for kind, config in primitive.runs():
            if primitive.result(kind, config).status == MISSING:
                missing.setdefault(config, []).append(primitive.tests[kind])
    missing.setdefault("default", []).extend(
        label for label, result in checks.items() if result.status == MISSING)
    items = [[_test_command(facts, config, sorted(labels), False)]
             + ([": " + facts.left_out[config]] if config in facts.left_out else [])
             for config, labels in missing.items() if labels]
    if not items:
        return []
    return [Paragraph("Not run, and how to run it:"), Items(items)]


# ---- The details of a primitive ----------------------------------------------


def _status_text(result):
    if result.status == MISSING:
        return Cell("not run" + (f": {result.why}" if result.why else ""), MISSING)
    if result.status == FAILED:
        crash = [row.failure for row in result.rows if row.failure and "exited" in row.failure]
        return Cell(f"FAILED: {(crash + [result.why])[0]}", FAILED)
    return Cell("passed" + (f", {result.why}" if result.why else ""), PASSED)


def _tests(facts, primitive):
    rows = []
    for kind, config in primitive.runs():
        result = primitive.result(kind, config)
        is_model = kind in ("model_test", "mutation_test", "linearizability_test")
        rows.append([Code(f"{primitive.name}_{kind}"), config, _status_text(result),
                     _time(result.started),
                     [_test_command(facts, config, [primitive.tests[kind]], is_model)]])
        rows += [["", "", Cell(problem, FAILED), "", ""] for problem in result.problems]
    return [Table(["Test", "Configuration", "Result", "Result of (UTC)", "Again"], rows)]


def _search_text(row):
    if row is None:
        return Cell("", MISSING)
    number = f"{row.number('executions') or 0:,}"
    if row.failure:
        return Cell([f"FAILED after {number}: {row.failure.splitlines()[0]}"], FAILED)
    if row.kind == "random":
        return Cell(number, PASSED)
    if cells.is_complete(row):
        return Cell(number + ", all", PASSED)
    cut = row.number("cut")
    return Cell(number + (f", and {cut:,} cut short" if cut else ", of more"), BOUNDED)


def _scenarios(primitive):
    rows = cells.model_rows(primitive)
    if not rows:
        return [Paragraph("No results.")]
    kinds = sorted({row.kind for row in rows},
                   key=lambda kind: (cells.SEARCHES.index(kind.split(" ")[0]), kind))
    found = {(row.name, row.kind): row for row in rows}
    lines = []
    for name in dict.fromkeys(row.name for row in rows):
        of_name = [found.get((name, kind)) for kind in kinds]
        seconds = sum(row.seconds for row in of_name if row)
        threads = next((row.properties.get("threads", "") for row in of_name if row), "")
        lines.append([Code(name), threads, *map(_search_text, of_name), f"{seconds:.2f}"])
    titles = {"random": "Relacy, random", "rc11": "RC11"}
    header = ["Scenario", "Threads"] + [titles.get(kind, f"Relacy, {kind}") for kind in kinds]
    return [Table(header + ["Seconds"], lines, set(range(1, len(header) + 1)))]


def _mutant(row):
    verdict = row.properties.get("verdict", "")
    executions = row.number("executions")
    after = f"{executions:,}" if executions is not None else ""
    start = [Code(cells.place(row)), cells.change(row)]
    if verdict == "killed":
        by = [Code(row.properties.get("by", "")), f" ({row.properties.get('search', '')})"]
        return [*start, Cell("killed", PASSED), by, after, row.properties.get("reason", "")]
    if verdict == "accepted":
        return [*start, Cell("accepted", BOUNDED), "", after, cells.evidence(row)]
    return [*start, Cell("SURVIVED", FAILED), "", after, cells.evidence(row)]


# What an accepted survivor is said to be (model/survivors.h).
_CLAIMS = {"equivalent": "no scenario can tell",
           "unseen": "neither checker can tell"}


def _survivor(row):
    """An accepted one, with its reason and what was looked at again."""
    claim = row.properties.get("claim", "")
    proof = cells.evidence(row)
    return [Code(cells.place(row)), f", {cells.change(row)}; ",
            Strong(_CLAIMS.get(claim, claim or "accepted")),
            f": {row.properties.get('reason', '')}", f". {proof}." if proof else ""]


def _orders(primitive):
    rows = primitive.result("mutation_test").rows
    mutants = [row for row in rows if row.kind == "mutant"]
    needless = [row for row in rows if row.kind == "place"]
    if not mutants and not needless:
        return [Paragraph("No results.")]
    blocks = []
    failed = [[Strong("FAILED"), ": ", Code(row.name), " ", row.failure] for row in rows
              if row.failure]
    if failed:
        blocks.append(Items(failed))
    accepted = cells.mutants(primitive)["accepted"]
    if accepted:
        blocks += [Paragraph("Accepted survivors:"), Items(list(map(_survivor, accepted)))]
    blocks.append(Details(
        cells.count(len(mutants), "mutant") + ": where, which change, who noticed, after how many",
        [Table(["Place", "Change", "Verdict", "By", "Executions", "What happened"],
               list(map(_mutant, mutants)), {4})]))
    if needless:
        blocks.append(Details(
            cells.count(len(needless), "operation") + " whose order has no weaker one",
            [Table(["Place", "Order"],
                   [[Code(row.name), row.properties.get("order", "")] for row in needless])]))
    return blocks


def _histories(primitive):
    lines = []
    for kind, config in primitive.runs():
        if kind not in ("linearizability_test", "stress_test"):
            continue
        for row in primitive.result(kind, config).rows:
            status = Cell(f"FAILED: {row.failure.splitlines()[0]}", FAILED) if row.failure else (
                Cell("all executions", PASSED) if cells.is_complete(row) else
                Cell("passed", PASSED if row.kind == "stress" else BOUNDED))
            figures = [row.properties.get(name, "")
                       for name in ("programs", "executions", "histories", "operations",
                                    "overlapping")]
            lines.append([Code(row.name), row.kind, config, status]
                         + [f"{int(f):,}" if f.isdecimal() else f for f in figures])
    if not lines:
        return [Paragraph("No results.")]
    return [Table(["Object", "How", "Configuration", "Result", "Programs", "Executions",
                   "Histories", "Operations", "Overlapping"], lines, {4, 5, 6, 7, 8})]


def _fuzzing(primitive):
    lines = []
    for config in ("default", "fuzz", "asan-ubsan"):
        result = primitive.result("fuzz_test", config)
        for row in result.rows:
            if row.kind == "fuzz":
                lines.append([Code(row.name), config, _status_text(result)]
                             + [f"{row.number(name):,}" if row.number(name) is not None else ""
                                for name in ("inputs", "operations")])
    table = [Table(["Object", "Configuration", "Result", "Inputs", "Operations"], lines, {3, 4})]
    cell = cells.fuzz_cell(primitive)
    text = cell.text if isinstance(cell.text, list) else [cell.text]
    return [Paragraph(["Executions under libFuzzer: ", *text])] + (table if lines else [])


def _sections(facts, primitive):
    """{title: blocks} of those that the primitive has tests for."""
    sections = {"tests": _tests(facts, primitive)}
    if "model_test" in primitive.tests:
        sections["scenarios"] = _scenarios(primitive)
    if "mutation_test" in primitive.tests:
        sections["orders"] = _orders(primitive)
    if {"linearizability_test", "stress_test"} & primitive.tests.keys():
        sections["histories"] = _histories(primitive)
    if "fuzz_test" in primitive.tests:
        sections["fuzzing"] = _fuzzing(primitive)
    return sections


def _primitive(facts, primitive, name):
    blocks = [Heading(2, name), Paragraph([Code(primitive.label)])]
    for title, section in _sections(facts, primitive).items():
        blocks += [Heading(3, f"{name}: {title}"), *section]
    return blocks


# ---- The checkers' own checks ------------------------------------------------


def _sentence(name):
    """`EveryCountIsExact` as `Every count is exact`; shorter names as they are."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    if "".join(words) != name or len(words) < 4:
        return name
    return " ".join([words[0]] + [word.lower() for word in words[1:]])


def _added_up(rows):
    """One row for those that differ in a trailing /NUMBER: parts of one test."""
    groups = {}
    for row in rows:
        groups.setdefault((row.kind, re.sub(r"/\d+$", "", row.name)), []).append(row)
    lines = []
    for (_, name), parts in groups.items():
        figures = {}
        for key in dict.fromkeys(key for part in parts for key in part.properties):
            values = [part.properties.get(key, "") for part in parts]
            figures[key] = (f"{sum(map(int, values)):,}" if all(v.isdecimal() for v in values)
                            else ", ".join(dict.fromkeys(values)))
        failed = [part.failure for part in parts if part.failure]
        lines.append((name, figures, failed))
    return lines


def _check(label, result):
    blocks = [Heading(3, label.lstrip("/")), Paragraph(_check_summary(result), result.status)]
    lines = [line for line in _added_up(result.rows) if line[1] or line[2]]
    if not lines:
        return blocks
    columns = list(dict.fromkeys(key for _, figures, _ in lines for key in figures))
    table = [[_sentence(name), Cell("FAILED" if failed else "passed", FAILED if failed else PASSED)]
             + [_value(figures.get(column, "")) for column in columns]
             for name, figures, failed in lines]
    numbers = {2 + i for i, column in enumerate(columns)
               if all(figures.get(column, "0").replace(",", "").isdecimal()
                      for _, figures, _ in lines)}
    return blocks + [Table(["Check", "Result"] + columns, table, numbers)]


def _value(text):
    return [Link("link", text)] if re.match("https?://", text) else text


def _check_summary(result):
    cases = f", {cells.count(len(result.rows), 'case')}" if result.rows else ""
    when = f", result of {_time(result.started)} UTC" if result.started else ""
    status = _status_text(result).text
    return status[0].upper() + status[1:] + cases + when + "."


def _checks(checks):
    if not checks:
        return []
    return [Heading(2, "The checkers, checked"),
            Paragraph("What the checkers find is worth as much as they are. These tests compare "
                      "them with published counts and with brute force, and expect them to find "
                      "known bugs.")] + [
        block for label, result in checks.items() for block in _check(label, result)]


_HOW_TO_READ = [
    ("Operations and orders", "the places of the header that the scenarios execute, each with the "
     "memory order that stands there"),
    ("Relacy, random", "how many random schedules were run, over all scenarios"),
    ("Relacy, bounded", "how many schedules with at most so many preemptions; “all of them” if the "
     "search came to its end"),
    ("RC11 executions", "how many executions our checker explored, each once; “all of them” if "
     "there are no others with at most one accident, such as a sleep that ends for no reason"),
    ("Mutation score", "of the mutants, each an order weakened by a step, or a fence or a wake-up "
     "left out: how many make a scenario fail. Accepted ones do not count; each has a reason, "
     "which stands with the orders"),
    ("Linearizable", "small programs against a sequential specification, in every execution"),
    ("Liveness", "a hang is an execution in which every thread that has not ended waits for ever; "
     "our checker looks for it in every scenario"),
    ("TSan, ASan + UBSan", "tests with real threads that passed under clang's sanitizers"),
    ("Fuzz executions", "inputs that libFuzzer ran with AddressSanitizer, on one thread"),
    ("Colours of the HTML page", "green passed, in all that there is to run; yellow "
     "passed, and a limit came before the end; grey was not run; red failed"),
]


def _title(primitive, primitives):
    """Its name, or its label if others have that name too."""
    same = [other for other in primitives if other.name == primitive.name]
    return primitive.name if len(same) == 1 else primitive.label


def write(facts, primitives, checks):
    """The page's blocks. `checks`: {label: Result} of the tests of the checkers themselves."""
    names = {primitive.label: _title(primitive, primitives) for primitive in primitives}
    rows = [_row(primitive, names[primitive.label]) for primitive in primitives]
    return [
        *_head(facts, primitives, checks),
        Table(_HEADER, rows, wide=True),
        *_not_run(facts, primitives, checks),
        Heading(2, "How to read the table"),
        Items([[Strong(title), f": {text}."] for title, text in _HOW_TO_READ]),
        *(block for primitive in primitives
          for block in _primitive(facts, primitive, names[primitive.label])),
        *_checks(checks),
    ]
