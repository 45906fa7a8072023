"""Asks Bazel, in somebody's workspace."""
import os
import subprocess
import tempfile

from results import ReportError, read_events


class Bazel:
    def __init__(self, command, workspace):
        self._command = command
        self._workspace = workspace

    def _run(self, *arguments, quiet=False):
        stderr = 2  # where a user looks for progress; what is on stdout belongs there too
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} if quiet else {
            "stdout": stderr}
        try:
            return subprocess.run([self._command, *arguments], cwd=self._workspace,
                                  encoding="utf-8", errors="replace", check=False, **output)
        except OSError as error:
            raise ReportError(f"cannot start {self._command}: {error.strerror}") from error

    def query(self, expression):
        """The labels, sorted."""
        run = self._run("query", "--noshow_progress", expression, quiet=True)
        if run.returncode:
            raise ReportError(f"bazel query '{expression}' failed: {_error(run.stderr)}")
        return sorted(run.stdout.split())

    def has_config(self, name):
        """Whether the workspace's .bazelrc defines it."""
        run = self._run("info", f"--config={name}", "release", quiet=True)
        if run.returncode and "not defined" not in run.stderr:
            raise ReportError(f"bazel info --config={name} failed: {_error(run.stderr)}")
        return run.returncode == 0

    def test(self, labels, flags, only_look):
        """{label: Result} of the tests that these flags let run; `only_look` runs nothing."""
        with tempfile.TemporaryDirectory() as folder:
            events = os.path.join(folder, "events.json")
            # What failed before counts as a result too, when only looking.
            looking = ["--check_tests_up_to_date", "--cache_test_results=yes"] if only_look else []
            # When only looking, all that is not up to date would be called an error.
            run = self._run("test", "--keep_going", f"--build_event_json_file={events}", *looking,
                            *flags, "--", *labels, quiet=only_look)
            # 1: something did not build; 3: a test failed; 4: all tests were left out.
            if run.returncode not in (0, 1, 3, 4):
                why = _error(run.stderr) if only_look else "see above"
                raise ReportError(f"bazel test failed with exit status {run.returncode}: {why}")
            try:
                with open(events, encoding="utf-8") as file:
                    return read_events(file, only_look)
            except OSError as error:
                raise ReportError(f"bazel test left no events: {error.strerror}") from error


def _error(output):
    """The line that says what is wrong."""
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "FATAL"))]
    return (errors or lines or ["no output"])[-1 if not errors else 0]
