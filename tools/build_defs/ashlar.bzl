"""The project's rules: one place for the include prefix, the tags and the defaults.

Warnings are errors in the project's own .bazelrc, never here: a downstream build,
with a compiler that we have not seen, must not fail over one.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load(":header_check.bzl", "header_check")

# With clang, an include whose library is not among the direct deps is an error.
_FEATURES = ["layering_check"]

# A Label, so that a macro called from another workspace finds our targets.
_FUZZING = str(Label("//tools/build_defs:fuzzing"))
_REPLAY_MAIN = Label("//tools/build_defs:replay_main")
_RUN_README = Label("//tools/build_defs:run_readme.sh")

def _prefix():
    package = native.package_name()
    return "ashlar/" + package if package else "ashlar"

def ashlar_library(
        name,
        hdrs = [],
        srcs = [],
        features = [],
        include_prefix = None,
        tags = [],
        target_compatible_with = None,
        testonly = None,
        **kwargs):
    """A library whose headers are included as "ashlar/<package>/<header>.h".

    Each header is compiled alone as well, by `//...`: x.h by x.cc or x_test.cc, where clang-format
    puts it first, or by itself. Those that are only text for another header belong in
    textual_hdrs.

    Args:
      name: by custom, that of the header.
      hdrs: public headers, as a list of file names.
      srcs: as for cc_library, but a list.
      features: besides layering_check.
      include_prefix: what another workspace puts in place of ashlar/<package>.
      tags: as for cc_library.
      target_compatible_with: as for cc_library.
      testonly: as for cc_library.
      **kwargs: passed to cc_library.
    """
    prefix = include_prefix or _prefix()
    cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        features = _FEATURES + features,
        include_prefix = prefix,
        tags = tags,
        target_compatible_with = target_compatible_with,
        testonly = testonly,
        **kwargs
    )
    stems = [header[:-len(".h")] for header in hdrs]
    first = srcs + native.glob([stem + "_test.cc" for stem in stems])
    alone = [
        stem + ".h"
        for stem in stems
        if stem + ".cc" not in first and stem + "_test.cc" not in first
    ]
    if alone:
        header_check(
            name = name + "_headers",
            headers = [prefix + "/" + header for header in alone],
            library = ":" + name,
            features = _FEATURES + features,
            tags = tags,
            target_compatible_with = target_compatible_with,
            testonly = testonly,
        )

def ashlar_test(name, size = "small", deps = [], features = [], **kwargs):
    """A GoogleTest test; main() comes with it."""
    cc_test(
        name = name,
        size = size,
        features = _FEATURES + features,
        deps = deps + ["@googletest//:gtest_main"],
        **kwargs
    )

def ashlar_model_test(name, size = "medium", copts = [], features = [], tags = [], **kwargs):
    """A program that checks templates under a checker, with a main() of its own.

    verified_primitive() makes those of a primitive. Tagged `model`, by which the sanitizers
    leave it out.

    Args:
      name: of the test.
      size: at the default bounds; seconds, but of computing.
      copts: besides -O2.
      features: besides layering_check.
      tags: besides `model`.
      **kwargs: passed to cc_test.
    """
    cc_test(
        name = name,
        size = size,
        # Executions a second count in every build.
        copts = ["-O2"] + copts,
        features = _FEATURES + features,
        tags = tags + ["model"],
        **kwargs
    )

def ashlar_fuzz_test(name, corpus, deps = [], features = [], linkopts = [], size = "small", tags = [], **kwargs):
    """LLVMFuzzerTestOneInput: libFuzzer under --config=fuzz, elsewhere a replay of the corpus.

    Args:
      name: of the test.
      corpus: inputs worth keeping, as labels of files or filegroups; at least one file.
      deps: what the source includes.
      features: besides layering_check.
      linkopts: as for cc_test.
      size: of the replay.
      tags: besides `fuzz`.
      **kwargs: passed to cc_test.
    """
    cc_test(
        name = name,
        size = size,
        # libFuzzer gets no file: given any, it replays those instead of exploring.
        args = select({
            _FUZZING: [],
            "//conditions:default": ["$(rootpaths %s)" % label for label in corpus],
        }),
        data = corpus,
        features = _FEATURES + features,
        linkopts = linkopts + select({
            _FUZZING: ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = tags + ["fuzz"],
        deps = deps + select({
            _FUZZING: [],
            "//conditions:default": [_REPLAY_MAIN],
        }),
        **kwargs
    )

def ashlar_benchmark(name, deps = [], features = [], tags = [], **kwargs):
    """A Google Benchmark program, with its main().

    Tagged `benchmark`, and `manual` so that `//...` never needs a rival's package.
    """
    cc_binary(
        name = name,
        testonly = True,
        features = _FEATURES + features,
        tags = tags + ["benchmark", "manual"],
        deps = deps + ["@google_benchmark//:benchmark_main"],
        **kwargs
    )

def ashlar_readme_file(name, block, readme = "README.md"):
    """A file of the package that a page shows.

    Args:
      name: of the file.
      block: which of the page's ```cpp blocks, from 1.
      readme: the page.
    """
    native.genrule(
        name = name + "_block",
        srcs = [readme],
        outs = [name],
        # Errors are reported where the block stands in the page.
        cmd = """awk -v block=%d '
            /^```cpp$$/ { on = ++blocks == block; if (on) print "#line " NR + 1 " \\"'$<'\\""; next }
            /^```$$/ { on = 0 }
            on' $< >$@""" % block,
        visibility = ["//visibility:private"],
    )

def ashlar_readme_test(
        name,
        deps,
        readme = "README.md",
        output = False,
        size = "small",
        features = [],
        tags = [],
        **kwargs):
    """Compiles and runs the first ```cpp block of a README: a whole program that returns 0.

    Args:
      name: of the test, by custom readme_test.
      deps: what the program includes.
      readme: the page.
      output: whether the program has to print the first ``` block after it, exactly.
      size: as for cc_test.
      features: besides layering_check.
      tags: as for cc_test.
      **kwargs: passed to cc_binary.
    """
    program = name + "_program"
    ashlar_readme_file(program + ".cc", block = 1, readme = readme)
    cc_binary(
        name = program,
        testonly = True,
        srcs = [program + ".cc"],
        features = _FEATURES + features,
        tags = tags,
        visibility = ["//visibility:private"],
        deps = deps,
        **kwargs
    )
    native.sh_test(
        name = name,
        size = size,
        srcs = [_RUN_README],
        args = ["$(rootpath :%s)" % program] + (["$(rootpath %s)" % readme] if output else []),
        data = [program, readme],
        tags = tags,
    )

def ashlar_binary(name, features = [], **kwargs):
    """A program."""
    cc_binary(
        name = name,
        features = _FEATURES + features,
        **kwargs
    )
