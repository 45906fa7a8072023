#!/usr/bin/env bash
# Each test that README.md names as carrying a claim stands in a source of this package.
set -euo pipefail
cd "$(dirname "$0")"
names=$(sed -n '/^### Which test/,$p' README.md | awk -F'|' 'NF == 5 {print $4}' |
  grep -o '`[A-Za-z]*`' | tr -d '`')
[[ $(wc -w <<<"$names") -gt 50 ]]
for name in $names; do
  grep -qw "$name" ./*_test.cc ./*_scenarios.cc || {
    echo "README.md: there is no test $name"
    failed=1
  }
done
[[ -z ${failed-} ]]
