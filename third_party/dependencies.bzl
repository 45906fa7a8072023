"""What the workspace needs from outside, by the names of the Bazel Central Registry."""

load(":cuda_repository.bzl", "cuda_repository")
load(":debian_bazel.bzl", "installed_rules", "local_coverage_tools", "local_rules_cc")
load(":system_library.bzl", "header_library", "system_library")

# Abseil's targets, by package. What C++20 has itself is left out, and so are its locks:
# ThreadSanitizer cannot see into the installed library and takes them for races.
_ABSEIL = {
    "algorithm": ["container"],
    "base": ["core_headers"],
    "cleanup": ["cleanup"],
    "container": ["btree", "flat_hash_map", "flat_hash_set", "inlined_vector", "node_hash_map"],
    "debugging": ["failure_signal_handler", "stacktrace", "symbolize"],
    "flags": ["flag", "parse", "reflection", "usage"],
    "functional": ["any_invocable", "bind_front", "function_ref"],
    "hash": ["hash"],
    "numeric": ["int128"],
    "random": ["bit_gen_ref", "distributions", "random"],
    "status": ["status", "statusor"],
    "strings": ["cord", "str_format", "strings"],
    "time": ["time"],
    "types": ["span"],
}

def _abseil_module(package, name):
    """The pkg-config module of //absl/package:name."""
    if package == "flags" and name == "flag":
        return "absl_flags"
    if package in ["algorithm", "flags", "random"]:
        return "absl_%s_%s" % (package, name)
    return "absl_" + name

# What Bazel would download, by the Debian package that brings it and where.
_DEBIAN = {
    "bazel_skylib": ("bazel-skylib", "/usr/share/bazel/tools/skylib"),
    "platforms": ("bazel-platforms", "/usr/share/bazel/platforms"),
    "rules_java": ("bazel-rules-java", "/usr/share/bazel/rules/java"),
    "rules_proto": ("bazel-rules-proto", "/usr/share/bazel/rules/proto"),
}

# The libraries that the Bazel Central Registry lacks; extensions.bzl shares them.
HWLOC = dict(
    apt = ["libhwloc-dev"],
    minimum = "2.0",
    targets = {":hwloc": "hwloc"},
)

ASIO = dict(
    apt = ["libasio-dev"],
    header = "asio/io_context.hpp",
)

BOOST_FIBER = dict(
    apt = ["libboost-fiber-dev"],
    header = "boost/fiber/future.hpp",
)

BOOST_THREAD = dict(
    apt = ["libboost-thread-dev"],
    header = "boost/thread/future.hpp",
)

BOOST_LOCKFREE = dict(
    apt = ["libboost-dev"],
    header = "boost/lockfree/queue.hpp",
)

BOOST_INTERPROCESS = dict(
    apt = ["libboost-dev"],
    header = "boost/interprocess/interprocess_fwd.hpp",
)

BOOST_POOL = dict(
    apt = ["libboost-dev"],
    header = "boost/pool/pool.hpp",
)

CONCURRENTQUEUE = dict(
    apt = ["libconcurrentqueue-dev"],
    header = "concurrentqueue/concurrentqueue.h",
)

RELACY = dict(
    apt = ["relacy-dev"],
    header = "relacy/relacy.hpp",
)

LIBUV = dict(
    apt = ["libuv1-dev"],
    minimum = "1.40",
    targets = {":libuv": "libuv"},
)

LIBURCU = dict(
    apt = ["liburcu-dev"],
    minimum = "0.13",
    targets = {":memb": "liburcu-memb"},
)

def _maybe(rule, name, **kwargs):
    if not native.existing_rule(name):
        rule(name = name, **kwargs)

def ashlar_dependencies():
    """Declares every repository a build needs, except those already there."""
    if not native.bazel_version or native.bazel_version.startswith("4."):
        _maybe(local_rules_cc, "rules_cc")
        _maybe(local_coverage_tools, "remote_coverage_tools")
        for name, (apt, path) in _DEBIAN.items():
            _maybe(installed_rules, name, apt = apt, path = path)

    _maybe(
        system_library,
        "abseil-cpp",
        apt = ["libabsl-dev"],
        minimum = "20220623",
        targets = {
            "absl/%s:%s" % (package, name): _abseil_module(package, name)
            for package, names in _ABSEIL.items()
            for name in names
        },
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
    _maybe(header_library, "asio", **ASIO)
    _maybe(header_library, "boost_fiber", **BOOST_FIBER)
    _maybe(header_library, "boost_interprocess", **BOOST_INTERPROCESS)
    _maybe(header_library, "boost_lockfree", **BOOST_LOCKFREE)
    _maybe(header_library, "boost_pool", **BOOST_POOL)
    _maybe(header_library, "boost_thread", **BOOST_THREAD)
    _maybe(header_library, "concurrentqueue", **CONCURRENTQUEUE)
    _maybe(system_library, "liburcu", **LIBURCU)
    _maybe(system_library, "libuv", **LIBUV)
    _maybe(header_library, "relacy", **RELACY)
    _maybe(cuda_repository, "local_cuda")
