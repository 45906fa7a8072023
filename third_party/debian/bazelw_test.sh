#!/usr/bin/env bash
# Tests bazelw against a package database, an apt-get, an id and a bazel of its own.
set -euo pipefail

launcher=$PWD/bazelw
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/bazelw_test.XXXXXX")
trap 'rm -rf "$work"' EXIT
bin=$work/bin
lists=$work/repo/third_party/debian
export DPKG_ADMINDIR=$work/dpkg  # read by dpkg-query
failures=0

# fake NAME <<<BODY: a command that shadows the system's.
fake() { { echo '#!/bin/bash'; cat; } >"$bin/$1" && chmod +x "$bin/$1"; }

# set_up UID PACKAGE...: a fresh machine on which these packages are installed.
set_up() {
  rm -rf "$bin" "$work/repo" "$DPKG_ADMINDIR" "$work"/{calls,out,err}
  mkdir -p "$bin" "$lists" "$DPKG_ADMINDIR"/{info,updates}
  cp "$launcher" "$work/repo/"
  printf '# comment\n\nbazel-bootstrap\ng++  # reason\nlibfoo-dev\n' >"$lists/packages.txt"
  printf 'clang\n' >"$lists/packages-extra.txt"
  for tool in bash cat dpkg-query mktemp rm tail; do ln -s "$(type -P "$tool")" "$bin/"; done
  fake id <<<"echo $1"
  fake apt-get <<<"echo \"apt-get \$*\" >>'$work/calls'; exit 100"
  : >"$DPKG_ADMINDIR/status"
  shift
  for package; do install_package "$package" 'install ok installed'; done
}

install_package() {
  printf 'Package: %s\nStatus: %s\nArchitecture: all\nVersion: 1\nMaintainer: x <x@y>\nDescription: x\n\n' \
    "$1" "$2" >>"$DPKG_ADMINDIR/status"
}

fake_bazel() { fake bazel <<<"printf '<%s>' bazel \"\$@\" >>'$work/calls'; exit ${1:-0}"; }

# run ARGUMENT...: the launcher; leaves status, out, err and calls.
run() {
  status=0
  PATH=$bin "$work/repo/bazelw" "$@" >"$work/out" 2>"$work/err" || status=$?
  out=$(cat "$work/out") err=$(cat "$work/err") calls=$(cat "$work/calls" 2>/dev/null || true)
}

# expect WHAT ACTUAL PATTERN
expect() {
  # shellcheck disable=SC2053  # the right side is a pattern
  if [[ $2 != $3 ]]; then
    printf '%s: %s is\n  %s\nbut should match\n  %s\n' "$case" "$1" "$2" "$3"
    failures=$((failures + 1))
  fi
}

case='silent when nothing is missing'
set_up 1000 g++ libfoo-dev
fake_bazel 7
run test '//a b' --x= ''
expect status "$status" 7
expect output "$out$err" ''
expect calls "$calls" '<bazel><test><//a b><--x=><>'

case='no user but root installs'
set_up 1000 g++
fake_bazel
run test //...
expect status "$status" 2
expect output "$out" ''
expect error "$err" $'*\napt-get install --no-install-recommends libfoo-dev'
expect calls "$calls" ''

case='without Bazel, its packages are asked for'
set_up 1000
run test //...
expect status "$status" 2
expect error "$err" $'*\napt-get install --no-install-recommends bazel-bootstrap g++ libfoo-dev'

case='a removed package whose settings remain is missing'
set_up 1000 g++
fake_bazel
install_package libfoo-dev 'deinstall ok config-files'
run test //...
expect status "$status" 2
expect error "$err" '*recommends libfoo-dev'

case='extras are asked for by the flag, which Bazel does not see'
set_up 1000 g++ libfoo-dev
fake_bazel
run --with-extras test //...
expect status "$status" 2
expect error "$err" '*recommends clang'
install_package clang 'install ok installed'
run --with-extras test //...
expect status "$status" 0
expect calls "$calls" '<bazel><test><//...>'

case='extras are asked for by a configuration that uses clang'
set_up 1000 g++ libfoo-dev
fake_bazel
for config in clang asan ubsan asan-ubsan tsan fuzz; do
  run test --config=$config //...
  expect "status with $config" "$status" 2
  run test --config $config //...
  expect "status with $config" "$status" 2
done
run test --config=opt //...
expect status "$status" 0

case='root installs exactly what is missing'
set_up 0 g++
fake apt-get <<<"
echo \"apt-get \$*\" >>'$work/calls'
[[ \" \$* \" != *' install '* ]] || cp '$work/later/status' '$DPKG_ADMINDIR/status'"
ln -s "$(type -P cp)" "$bin/"
fake_bazel
mkdir -p "$work/later"
cp "$DPKG_ADMINDIR/status" "$work/later/"
run build //a
expect status "$status" 0
expect output "$out" ''
expect error "$err" '*installing libfoo-dev*'
expect calls "$calls" '*apt-get * install --no-install-recommends libfoo-dev*<bazel><build><//a>'

case='stale package lists are updated'
set_up 0 g++
fake apt-get <<<"
echo \"apt-get \$*\" >>'$work/calls'
case \" \$* \" in
  *' update '*) : >'$work/repo/updated' ;;
  *) [[ -e '$work/repo/updated' ]] ;;
esac"
fake_bazel
run build //a
expect status "$status" 0
expect calls "$calls" $'*apt-get * update\napt-get * install * libfoo-dev*<bazel><build><//a>'

case='a failed installation shows why and what to run'
set_up 0 g++
fake apt-get <<<"echo 'E: no network'; exit 100"
fake_bazel
run build //a
expect status "$status" 2
expect error "$err" $'*E: no network*\napt-get install --no-install-recommends libfoo-dev'
expect calls "$calls" ''

[[ $failures == 0 ]] || exit 1
echo 'bazelw: all cases pass'
