"""The project's rules: one place for the include prefix, the tags and the defaults."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def _prefix():
    package = native.package_name()
    return "ashlar/" + package if package else "ashlar"

def ashlar_library(name, **kwargs):
    """A library whose headers are included as "ashlar/<package>/<header>.h"."""
    cc_library(
        name = name,
        include_prefix = _prefix(),
        **kwargs
    )

def ashlar_test(name, size = "small", deps = [], **kwargs):
    """A GoogleTest test."""
    cc_test(
        name = name,
        size = size,
        deps = deps + ["@googletest//:gtest_main"],
        **kwargs
    )

def ashlar_model_test(name, size = "small", deps = [], tags = [], **kwargs):
    """A test of a shipped template under Relacy; it brings its own main() and no GoogleTest."""
    cc_test(
        name = name,
        size = size,
        deps = deps,
        tags = tags + ["model"],
        **kwargs
    )

def ashlar_fuzz_test(name, srcs, corpus = [], deps = [], tags = [], **kwargs):
    """LLVMFuzzerTestOneInput: libFuzzer under --config=fuzz, elsewhere a replay of the corpus."""
    cc_test(
        name = name,
        srcs = srcs,
        data = corpus,
        args = ["$(rootpaths %s)" % c for c in corpus],
        deps = deps + select({
            str(Label("//tools/build_defs:fuzzing")): [],
            "//conditions:default": [Label("//tools/build_defs:replay_main")],
        }),
        linkopts = select({
            str(Label("//tools/build_defs:fuzzing")): ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = tags + ["fuzz"],
        **kwargs
    )

def ashlar_benchmark(name, srcs, deps = [], tags = [], **kwargs):
    """A Google Benchmark program. Manual, so that //... never needs a rival's package."""
    cc_binary(
        name = name,
        testonly = True,
        srcs = srcs,
        deps = deps + ["@google_benchmark//:benchmark_main"],
        tags = tags + ["benchmark", "manual"],
        **kwargs
    )

def ashlar_binary(name, **kwargs):
    cc_binary(name = name, **kwargs)
