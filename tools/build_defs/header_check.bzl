"""Checks that each header of a library compiles alone.

Bazel's own parse_headers does nothing in 4.2.3, so each header gets a source
file that includes it and nothing else, compiled with the rest of the package.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

def _include_each_impl(ctx):
    sources = []
    for header in ctx.attr.headers:
        source = ctx.actions.declare_file("_headers/%s.cc" % header)
        # Twice, so that a missing include guard is found too.
        ctx.actions.write(source, '#include "{0}"\n#include "{0}"\n'.format(header))
        sources.append(source)
    return [DefaultInfo(files = depset(sources))]

_include_each = rule(
    implementation = _include_each_impl,
    attrs = {"headers": attr.string_list(doc = "Headers as an #include spells them.")},
)

def header_check(name, headers, library, testonly = None, **kwargs):
    """Compiles each of `headers` alone against `library`.

    Args:
      name: of the check; nothing depends on it, `//...` builds it.
      headers: headers as an #include spells them.
      library: the library that they belong to.
      testonly: whether the library is.
      **kwargs: passed to the cc_library, such as copts.
    """
    _include_each(
        name = name + "_sources",
        headers = headers,
        testonly = testonly,
        visibility = ["//visibility:private"],
    )
    cc_library(
        name = name,
        srcs = [name + "_sources"],
        deps = [library],
        linkstatic = True,
        testonly = testonly,
        visibility = ["//visibility:private"],
        **kwargs
    )
