"""The results as Markdown."""
from text import count, figure, machine_line, title, unit_of


def report(run, image_folder=""):
    """All of it: what was run where, and for each target its table and its plot."""
    lines = [
        f"Measured on {run['date']}: {machine_line(run['machine'])}; {run['source']}; "
        f"{count(run['repetitions'], 'repetition')}.",
        "",
        "```",
        run["command"],
        "```",
    ]
    for target in run["targets"]:
        if "failed" in target:
            lines += ["", f"### `{target['label']}`", "", f"Failed: {target['failed']}."]
        if target["groups"]:
            lines += ["", f"### `{target['label']}`", "", *_target(target),
                      f"![Medians of {target['label']}]({image_folder}{plot_name(target)})"]
    return "\n".join(lines) + "\n"


def plot_name(target):
    return target["label"].lstrip("/").replace("/", "-").replace(":", "-") + ".svg"


def _target(target):
    """A table of the groups with one of ours, a column an implementation; and a list of others."""
    compared = [group for group in target["groups"] if "ratio" in group["rows"][0]]
    others = [group for group in target["groups"] if "ratio" not in group["rows"][0]]
    lines = []
    if compared:
        columns = _implementations(compared)
        lines += _row([""] + [f"`{column}`" for column in columns])
        lines += _row(["---"] + ["---:"] * len(columns))
        for group in compared:
            lines += _group(group, columns)
        lines += [""]
    if others:
        lines += _row(["", "median (least)"]) + _row(["---", "---:"])
        for group in others:
            for row in group["rows"]:
                name, scale = unit_of([row])
                what = ", ".join(filter(None, [title(group), row["implementation"]]))
                lines += _row([f"{what}, {name}", _times(row, scale)])
        lines += [""]
    lines += [f"Load average before: {target['load']:.2f}.", ""]
    return lines


def _implementations(groups):
    """Ours first, as they are in each group."""
    ours, theirs = {}, {}
    for group in groups:
        for row in group["rows"]:
            mine = row["implementation"].startswith("ashlar")
            (ours if mine else theirs)[row["implementation"]] = None
    return [*ours, *theirs]


def _group(group, columns):
    rows = {row["implementation"]: row for row in group["rows"]}
    name, scale = unit_of(group["rows"])
    # The best of one is nothing.
    best = min(row["median_ns"] for row in group["rows"]) if len(rows) > 1 else None
    cells = []
    for column in columns:
        row = rows.get(column)
        if row is None:
            cells.append("")
            continue
        ratio = "" if row is group["rows"][0] else f", {figure(row['ratio'])} x"
        cells.append(_times(row, scale, bold=row["median_ns"] == best) + ratio)
    lines = _row([f"{title(group)}, {name}", *cells])
    counters = {}
    for row in group["rows"]:
        counters.update(dict.fromkeys(row["counters"]))
    for counter in counters:
        lines += _row([f"{title(group)}: {counter}"] + [
            figure(rows[column]["counters"][counter])
            if counter in rows.get(column, {"counters": {}})["counters"] else ""
            for column in columns])
    return lines


def _times(row, scale, bold=False):
    median = figure(row["median_ns"] / scale)
    return f"{f'**{median}**' if bold else median} ({figure(row['minimum_ns'] / scale)})"


def _row(cells):
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"]
