"""Figures as people read them."""

_UNITS = (("ns", 1), ("µs", 1e3), ("ms", 1e6), ("s", 1e9))


def figure(value):
    """Three digits: 0.312, 4.31, 43.1, 431, 4,310."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    if value >= 1:
        return f"{value:.2f}"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.3g}"


def count(number, thing):
    """1 repetition, 2 repetitions."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def unit_of(rows):
    """(its name, its nanoseconds) for all rows of a group: the least keeps some digits."""
    least = min(row["median_ns"] for row in rows)
    return [unit for unit in _UNITS if least >= 10 * unit[1] or unit is _UNITS[0]][-1]


def title(group):
    """Transfer, producers 2, consumers 2."""
    arguments = group["arguments"].replace(":", " ").split("/")
    return ", ".join([group["operation"], *filter(None, arguments)])


def machine_line(machine):
    usable = machine["usable"]["cpus"]
    return (f"{machine['cpu']}, {usable} {'CPU' if usable == 1 else 'CPUs'}, "
            f"{machine['system']}, {machine['kernel']}, {machine['compiler']} -c opt")
