#!/usr/bin/env bash
# run_readme.sh PROGRAM [README]: runs the program of a page, and given the page compares what it
# prints with the first ``` block after the program. Called by ashlar_readme_test.
set -euo pipefail
if [[ $# == 1 ]]; then
  exec "./$1"
fi
"./$1" >"$TEST_TMPDIR/output"
awk '/^```cpp$/ { program = 1 }
     on && /^```$/ { exit }
     on
     program && ended && /^```$/ { on = 1 }
     program && /^```$/ { ended = 1 }' "$2" >"$TEST_TMPDIR/expected"
[[ -s $TEST_TMPDIR/expected ]] || { echo "$2 shows no output" >&2; exit 1; }
diff -u --label "$2" --label 'what it prints' "$TEST_TMPDIR/expected" "$TEST_TMPDIR/output"
