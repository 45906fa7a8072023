"""What the workspace needs from outside, by the names of the Bazel Central Registry."""

load(":cuda_repository.bzl", "cuda_repository")
load(":debian_bazel.bzl", "local_coverage_tools", "local_rules_cc")
load(":system_library.bzl", "header_library", "system_library")

def _absl(package, names):
    """Labels of one Abseil package, each to its pkg-config module."""
    prefix = {
        "random": "absl_random_",
        "flags": "absl_flags_",
    }.get(package, "absl_")
    special = {
        "flags:flag": "absl_flags",
        "algorithm:container": "absl_algorithm_container",
        "numeric:representation": "absl_numeric_representation",
    }
    return {
        "absl/%s:%s" % (package, n): special.get("%s:%s" % (package, n), prefix + n)
        for n in names
    }

def _merge(dicts):
    all = {}
    for d in dicts:
        all.update(d)
    return all

_ABSL = _merge([
    _absl("algorithm", ["algorithm", "container"]),
    _absl("base", ["base", "config", "core_headers", "dynamic_annotations", "endian", "log_severity", "prefetch"]),
    _absl("cleanup", ["cleanup"]),
    _absl("container", ["btree", "fixed_array", "flat_hash_map", "flat_hash_set", "inlined_vector", "node_hash_map"]),
    _absl("debugging", ["failure_signal_handler", "leak_check", "stacktrace", "symbolize"]),
    _absl("flags", ["flag", "parse", "usage", "reflection"]),
    _absl("functional", ["any_invocable", "bind_front", "function_ref"]),
    _absl("hash", ["hash"]),
    _absl("memory", ["memory"]),
    _absl("meta", ["type_traits"]),
    _absl("numeric", ["bits", "int128"]),
    _absl("random", ["random", "distributions", "bit_gen_ref"]),
    _absl("status", ["status", "statusor"]),
    _absl("strings", ["strings", "cord", "str_format"]),
    _absl("synchronization", ["synchronization"]),
    _absl("time", ["time"]),
    _absl("types", ["any", "optional", "span", "variant"]),
    _absl("utility", ["utility"]),
])

# Where bazel-bootstrap's sister packages put what Bazel would download.
_DEBIAN = {
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/platforms",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_proto": "/usr/share/bazel/rules/proto",
}

# The libraries that the Bazel Central Registry lacks; extensions.bzl shares them.
HWLOC = dict(
    apt = ["libhwloc-dev"],
    minimum = "2.0",
    targets = {":hwloc": "hwloc"},
)

RELACY = dict(
    apt = ["relacy-dev"],
    env = "RELACY_PATH",
    header = "relacy/relacy.hpp",
)

def _maybe(rule, name, **kwargs):
    if not native.existing_rule(name):
        rule(name = name, **kwargs)

def ashlar_dependencies():
    """Declares every repository a build needs, except those already there."""
    if not native.bazel_version or native.bazel_version.startswith("4."):
        _maybe(local_rules_cc, "rules_cc")
        _maybe(local_coverage_tools, "remote_coverage_tools")
        for name, path in _DEBIAN.items():
            _maybe(native.local_repository, name, path = path)

    _maybe(
        system_library,
        "abseil-cpp",
        apt = ["libabsl-dev"],
        minimum = "20220623",
        targets = _ABSL,
    )
    _maybe(
        system_library,
        "googletest",
        apt = ["libgtest-dev", "libgmock-dev"],
        minimum = "1.12",
        targets = {":gtest": "gmock", ":gtest_main": "gmock_main"},
    )
    _maybe(
        system_library,
        "google_benchmark",
        apt = ["libbenchmark-dev"],
        minimum = "1.7",
        targets = {
            ":benchmark": "benchmark",
            # Debian ships the library without its .pc file.
            ":benchmark_main": "-lbenchmark_main -lbenchmark -lpthread",
        },
    )
    _maybe(
        system_library,
        "oneTBB",
        apt = ["libtbb-dev"],
        minimum = "2021",
        targets = {":tbb": "tbb"},
    )
    _maybe(system_library, "hwloc", **HWLOC)
    _maybe(header_library, "relacy", **RELACY)
    _maybe(cuda_repository, "local_cuda")
