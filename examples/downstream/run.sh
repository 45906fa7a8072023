#!/usr/bin/env bash
# run.sh [BAZEL-OPTION...]
#
# Builds this workspace, runs its programs and tests, and one of Ashlar's own tests from here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
bazel=../../bazelw
# This workspace has a build server of its own, which nobody needs afterwards.
trap '$bazel shutdown' EXIT

# prints TARGET OUTPUT
prints() {
  local output
  output=$($bazel run "${options[@]}" "$1")
  [[ $output == "$2" ]] || { echo "$1 printed '$output' instead of '$2'" >&2; exit 1; }
  echo "$output"
}

options=("$@")
prints //:count_primes '78498 primes below a million'
prints //:two_ends 'both ends together: 5000050000'
$bazel test "${options[@]}" //... @ashlar//base:check_test
