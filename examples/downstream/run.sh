#!/usr/bin/env bash
# Builds and runs this workspace, and one of Ashlar's own tests from here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
bazel=../../bazelw
# This workspace has a build server of its own, which nobody needs afterwards.
trap '$bazel shutdown' EXIT

$bazel run //:two_ends
$bazel test //... @ashlar//base:check_test
