"""verified_primitive: a concurrent template, and every test that checks it."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")
load(":ashlar.bzl", "ashlar_fuzz_test", "ashlar_library", "ashlar_model_test")

# Labels, so that a macro called from another workspace finds our targets.
_SCENARIOS = [
    Label("//verification/model:expectation"),
    Label("//verification/model:scenario"),
    Label("//verification/model:verified_scenario"),
]
_MODEL_MAIN = Label("//verification/model:model_main")
_MUTATION_MAIN = Label("//verification/model:mutation_main")
_OBJECTS = [
    Label("//verification/linearizability:findings"),
    Label("//verification/linearizability:object"),
    Label("//verification/linearizability:specifications"),
]
_LINEARIZABILITY_MAIN = Label("//verification/linearizability:model_main")
_STRESS_MAIN = Label("//verification/linearizability:stress_main")
_FUZZ_MAIN = Label("//verification/linearizability:fuzz_main")

def verified_primitive(
        name,
        hdrs,
        scenarios,
        spec = None,
        survivors = None,
        mutated_elsewhere = [],
        corpus = [],
        deps = [],
        test_deps = [],
        model_args = [],
        tags = [],
        testonly = None,
        **kwargs):
    """The library of a concurrent template over a Platform, and the tests that verify it.

    What is made:

      name                       the library, tagged `verified_primitive` for the report
      name_model_test            every scenario under Relacy and RC11
      name_mutation_test         each memory order weakened: a scenario must notice

      with a spec, also:

      name_linearizability_test  every execution of small programs is linearizable
      name_stress_test           so are histories of real threads
      name_fuzz_test             sequences of operations do what the specification says

    All are tagged `model` but the last two, `stress` and `fuzz`, which sanitizers run; the second
    is tagged `mutation` too. --config=deep explores further.

    Args:
      name: by custom, that of the header.
      hdrs: as for ashlar_library.
      scenarios: a .cc that defines ashlar::verification::Scenarios()
        (verification/model/scenario.h).
      spec: a .cc that defines ashlar::verification::linearizability::Objects().
      survivors: the table of the mutants that may survive
        (verification/model/survivors.h); without it none may.
      mutated_elsewhere: headers of other primitives that this one uses, as
        "<package>/<header>.h": their own mutation tests weaken what they do.
      corpus: of the fuzz test, as for ashlar_fuzz_test.
      deps: of the library; `scenarios` and `spec` may include the same.
      test_deps: what `scenarios` and `spec` include besides that and the checkers.
      model_args: flags of the model and the mutation test (verification/model/bounds.h),
        with which either takes seconds.
      tags: of the library.
      testonly: of the library. If it is, the report leaves it out.
      **kwargs: passed to ashlar_library.
    """
    ashlar_library(
        name = name,
        hdrs = hdrs,
        tags = tags + ([] if testonly else ["verified_primitive"]),
        testonly = testonly,
        deps = deps,
        **kwargs
    )
    test_deps = [":" + name] + deps + test_deps
    # Compiles in two thirds of -O2's time, and runs a tenth longer.
    _compiled_once(name + "_scenarios", scenarios, test_deps + _SCENARIOS, "-O1")

    # A report of a failure quotes them.
    sources = hdrs + [scenarios]
    ashlar_model_test(
        name = name + "_model_test",
        args = model_args,
        data = sources,
        deps = [":" + name + "_scenarios", _MODEL_MAIN],
    )
    mutation_args = []
    if survivors:
        mutation_args.append("--survivors=$(rootpath %s)" % survivors)
    if mutated_elsewhere:
        mutation_args.append("--elsewhere=" + ",".join(mutated_elsewhere))
    ashlar_model_test(
        name = name + "_mutation_test",
        args = model_args + mutation_args,
        data = sources + ([survivors] if survivors else []),
        tags = ["mutation"],
        deps = [":" + name + "_scenarios", _MUTATION_MAIN],
    )
    if not spec:
        return
    _compiled_once(name + "_spec", spec, test_deps + _OBJECTS, "-O2")
    ashlar_model_test(
        name = name + "_linearizability_test",
        # Seconds, but minutes with --config=deep.
        size = "large",
        data = hdrs + [spec],
        deps = [":" + name + "_spec", _LINEARIZABILITY_MAIN],
    )
    cc_test(
        name = name + "_stress_test",
        size = "medium",
        tags = ["stress"],
        deps = [":" + name + "_spec", _STRESS_MAIN],
    )
    ashlar_fuzz_test(
        name = name + "_fuzz_test",
        corpus = corpus,
        deps = [":" + name + "_spec", _FUZZ_MAIN],
    )

def _compiled_once(name, source, deps, optimization):
    """What several tests link, each with another main(); optimised in every build."""
    cc_library(
        name = name,
        testonly = True,
        srcs = [source],
        copts = [optimization],
        features = ["layering_check"],
        visibility = ["//visibility:private"],
        deps = deps,
        alwayslink = True,
    )
