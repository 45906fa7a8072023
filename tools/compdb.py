#!/usr/bin/env python3
"""Writes compile_commands.json, from which clangd and clang-tidy learn how files compile.

    tools/compdb.py [TARGETS]      # default: //...

Bazel compiles in a folder of its own and shows each library's headers under
bazel-out/.../_virtual_includes/. Here every path is that of the real file: all those
folders become one, .cache/include/ashlar/, with a link to each folder of the workspace.
Nothing is built. Run it again after adding files or targets.
"""
import json
import os
import re
import subprocess
import sys

VIRTUAL_INCLUDES = re.compile(r"-I.*/_virtual_includes/[^/]+")
# A generated source that includes one header: how that header compiles alone.
HEADER_CHECK = re.compile(r"bazel-out/.*/_headers/ashlar/(?P<header>.*)\.cc")
# What clang rejects or warns of, and what only a real compilation writes.
DROPPED = re.compile(r"-fno-canonical-system-headers|-MD|-D__(DATE|TIME|TIMESTAMP)__=.*")
DROPPED_WITH_VALUE = {"-MF", "-o"}


def link_headers(root):
    """Makes the folder whose ashlar/ holds a link to everything in the workspace."""
    folder = os.path.join(root, ".cache", "include")
    links = os.path.join(folder, "ashlar")
    os.makedirs(links, exist_ok=True)
    for name in os.listdir(links):
        os.unlink(os.path.join(links, name))
    for name in os.listdir(root):
        if not name.startswith((".", "bazel-")):
            os.symlink(os.path.join(root, name), os.path.join(links, name))
    return folder


def real_arguments(arguments, include_folder, output_base):
    """Bazel's command line with the paths of the real files."""
    result = []
    rest = iter(arguments)
    for argument in rest:
        if argument in DROPPED_WITH_VALUE:
            next(rest)
        elif VIRTUAL_INCLUDES.fullmatch(argument):
            if "-I" + include_folder not in result:
                result.append("-I" + include_folder)
        elif not DROPPED.fullmatch(argument):
            # In Bazel's folder external/ holds the outside repositories.
            result.append(re.sub(r"^(-I)?external/", rf"\g<1>{output_base}/external/", argument))
    return result


def header_entry(arguments, root, header):
    """The entry of a header that compiles as `arguments` say of another file."""
    at = arguments.index("-c")
    arguments = arguments[:at] + ["-x", "c++-header", "-c", header] + arguments[at + 2:]
    return {"directory": root, "file": header, "arguments": arguments}


def entry(arguments, root, include_folder, output_base):
    """One compile_commands.json entry, or None for a source that no editor opens."""
    source = arguments[arguments.index("-c") + 1]
    arguments = real_arguments(arguments, include_folder, output_base)
    check = HEADER_CHECK.fullmatch(source)
    if check:
        return header_entry(arguments, root, os.path.join(root, check["header"]))
    if source.startswith(("bazel-out/", "external/")):
        return None
    return {"directory": root, "file": os.path.join(root, source), "arguments": arguments}


def entry_of_own_header(source):
    """That of x.h beside the entry of x.cc or x_test.cc, which is its check; or None."""
    header = re.sub(r"(_test)?\.cc$", ".h", source["file"])
    if not os.path.exists(header):
        return None
    return header_entry(source["arguments"], source["directory"], header)


def bazel(root, *arguments):
    command = [os.path.join(root, "bazelw"), *arguments]
    run = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode:
        sys.stderr.buffer.write(run.stderr)
        sys.exit(run.returncode)
    return run.stdout


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    targets = " + ".join(sys.argv[1:] or ["//..."])
    output_base = bazel(root, "info", "output_base").decode().strip()
    graph = bazel(root, "aquery", "--output=jsonproto", "--include_artifacts=false",
                  f"mnemonic('CppCompile', {targets})")
    include_folder = link_headers(root)
    entries = {}
    for action in json.loads(graph)["actions"]:
        found = entry(action["arguments"], root, include_folder, output_base)
        if found:
            entries[found["file"]] = found
    for found in list(entries.values()):
        own = found["file"].endswith(".cc") and entry_of_own_header(found)
        if own:
            entries.setdefault(own["file"], own)
    with open(os.path.join(root, "compile_commands.json"), "w", encoding="utf-8") as out:
        json.dump(list(entries.values()), out, indent=1)
    print(f"compile_commands.json: {len(entries)} files")


if __name__ == "__main__":
    main()
