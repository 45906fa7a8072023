#!/usr/bin/env python3
"""Stands in for Bazel: its benchmarks copy a recorded result, and note their flags beside it."""
import os
import stat
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTDATA = os.path.join(HERE, "testdata")

BENCHMARK = f"""#!/bin/sh
# GCC: (Debian 12.2.0-14) 12.2.0
for flag; do
  case $flag in --benchmark_out=*) cp {TESTDATA}/google_benchmark.json "${{flag#*=}}" ;; esac
done
echo "$@" >"$0.flags"
"""
BROKEN = "#!/bin/sh\nexit 3\n"
ASHLAR = f"#!/bin/sh\ncat {TESTDATA}/ashlar_info.json\n"


def main():
    command, *arguments = sys.argv[1:]
    folder = os.path.join(os.getcwd(), "bin")
    if command == "query":
        if "broken" in arguments[-1]:
            print("//queues:broken_benchmark")
        if "none" not in arguments[-1]:
            print("//queues:ring_benchmark")
    elif command == "build":
        for name, text in (("queues/broken_benchmark", BROKEN),
                           ("queues/ring_benchmark", BENCHMARK), ("tools/ashlar", ASHLAR)):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, stat.S_IRWXU)
    elif command == "info":
        print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
