"""What Bazel keeps of a test run: its build events, and a JUnit file for each test."""
import json
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

# The status of a test, and of what a page says of it.
PASSED = "passed"
BOUNDED = "bounded"  # passed, and there is more that was not explored
FAILED = "failed"
MISSING = "missing"  # not run


class ReportError(Exception):
    """What a user has to know, in one line."""


@dataclass
class Row:
    """A <testcase>."""
    name: str
    kind: str  # its classname
    seconds: float = 0.0
    properties: dict = field(default_factory=dict)
    failure: str = ""

    def number(self, name):
        """A property that is a number, or None."""
        text = self.properties.get(name, "")
        return int(text) if text.isdecimal() else None


@dataclass
class Result:
    """A test in one configuration."""
    status: str = MISSING
    why: str = ""  # it is not passed
    rows: list = field(default_factory=list)
    compiler: str = ""
    # When Bazel here ran the test, or got its result from a cache; in milliseconds since 1970.
    started: int = 0
    logs: list = field(default_factory=list)
    problems: list = field(default_factory=list)  # with its files

    def of(self, kind):
        return [row for row in self.rows if row.kind == kind]


def parse_junit(text, path):
    """(rows, compiler) of a JUnit file's text."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ReportError(f"{path}: not well-formed XML: {error}") from error
    if root.tag not in ("testsuites", "testsuite"):
        raise ReportError(f"{path}: no test results: <{root.tag}>")
    rows, compiler = [], ""
    for suite in root.iter("testsuite"):
        for entry in suite.iterfind("properties/property"):
            if entry.get("name") == "compiler":
                compiler = entry.get("value", "").strip()
        for case in suite.iterfind("testcase"):
            properties = {entry.get("name", ""): entry.get("value", "")
                          for entry in case.iterfind("properties/property")}
            failures = [entry.get("message") or "failed"
                        for tag in ("failure", "error") for entry in case.iterfind(tag)]
            try:
                seconds = float(case.get("time") or 0)
            except ValueError as error:
                raise ReportError(f"{path}: not a time: {case.get('time')}") from error
            rows.append(Row(case.get("name", ""), case.get("classname", ""), seconds, properties,
                            "\n".join(failures)))
    return rows, compiler


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from error


_STATUS = {"PASSED": PASSED, "FLAKY": PASSED, "NO_STATUS": MISSING}
_WHY = {"PASSED": "", "FLAKY": "only when repeated", "NO_STATUS": "out of date",
        "FAILED": "see its log"}


def _add_files(result, outputs):
    files = {output.get("name"): urllib.parse.unquote(re.sub("^file://", "", output.get("uri", "")))
             for output in outputs}
    if "test.log" in files:
        result.logs.append(files["test.log"])
    try:
        if "test.xml" not in files:
            raise ReportError("no test.xml")
        rows, compiler = parse_junit(_read(files["test.xml"]), files["test.xml"])
        result.rows += rows
        result.compiler = compiler or result.compiler
    except ReportError as error:
        result.problems.append(str(error))


def read_events(lines, only_look):
    """{label: Result} of one build event file, given line by line.

    With `only_look` nothing was built: what could not be is not run, else it failed.
    """
    results, attempts = {}, {}
    for line in lines:
        try:
            event = json.loads(line)
            identity = event["id"]
        except (ValueError, TypeError, KeyError) as error:
            raise ReportError(f"not a build event: {line.strip()[:60]!r}") from error
        if "testResult" in event:
            label = identity["testResult"]["label"]
            # Of several attempts the last counts; of several shards each.
            attempts.setdefault(label, {})[identity["testResult"].get("shard", 1)] = \
                event["testResult"]
        elif "testSummary" in event:
            result = results.setdefault(identity["testSummary"]["label"], Result())
            overall = event["testSummary"]["overallStatus"]
            result.status = _STATUS.get(overall, FAILED)
            result.why = _WHY.get(overall, overall.lower().replace("_", " "))
        elif "targetCompleted" in identity and not event.get("completed", {}).get("success"):
            label = identity["targetCompleted"]["label"]
            if event.get("aborted", {}).get("reason") == "SKIPPED":
                results[label] = Result(MISSING, "not for this machine")
            elif only_look:
                results[label] = Result(MISSING, "out of date")
            else:
                results[label] = Result(FAILED, "does not build")
    for label, shards in attempts.items():
        result = results.setdefault(label, Result())
        for _, attempt in sorted(shards.items()):
            _add_files(result, attempt.get("testActionOutput", []))
            result.started = max(result.started, int(attempt.get("testAttemptStartMillisEpoch", 0)))
    return results


_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)|^Done (\d+) runs in", re.M)


def fuzz_executions(result):
    """How many inputs libFuzzer says that it has run, or None."""
    total = None
    for path in result.logs:
        found = _EXECUTED.search(_read(path))
        if found:
            total = (total or 0) + int(found[1] or found[2])
    return total
