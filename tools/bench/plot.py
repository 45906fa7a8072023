"""The results of one target as bars, in one SVG that needs no other file."""
import html

from results import is_ours
from text import count, figure, machine_line, title, unit_of

_STYLE = """
  .page { fill: #ffffff } .text { fill: #1f2328 } .dim { fill: #59636e }
  .ours { fill: #2f6fd0 } .other { fill: #a9b4c0 } .least { stroke: #1f2328 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #e6edf3 } .dim { fill: #9aa4b0 }
    .ours { fill: #5a9bff } .other { fill: #5b6673 } .least { stroke: #e6edf3 }
  }
  text { font: 13px system-ui, "DejaVu Sans", sans-serif }
  .head { font-weight: 600 } .small { font-size: 11px }
"""

_WIDTH = 760
_LEFT = 170  # of the bars; names stand before it
_LONGEST = 440
_BAR, _STEP = 16, 22


def draw(target, run):
    """Groups one below the other, each on a scale of its own that begins at zero."""
    shapes = []
    y = 34
    shapes.append(_text(20, y, "text head", target["label"]))
    for group in target["groups"]:
        unit, scale = unit_of(group["rows"])
        y += 34
        of = group["rows"][0]["of"]
        per = "an item" if of == "item" else "an iteration"
        shapes.append(_text(20, y, "text", f"{title(group)}: {unit} {per}"))
        y += 10
        longest = max(row["median_ns"] for row in group["rows"])
        for row in group["rows"]:
            shapes += _bar(row, y, _LONGEST / longest, scale)
            y += _STEP
    y += 22
    shapes.append(_text(20, y, "dim small", machine_line(run["machine"])))
    y += 16
    shapes.append(_text(20, y, "dim small", f"{run['date']}, medians of "
                        f"{count(run['repetitions'], 'repetition')}; the line in a bar is the "
                        "least"))
    height = y + 18
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img">',
        f"<title>{html.escape(target['label'])}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{height}" rx="8"/>',
        *shapes,
        "</svg>",
    ]) + "\n"


def _bar(row, y, pixels, scale):
    kind = "ours" if is_ours(row["implementation"]) else "other"
    length = max(row["median_ns"] * pixels, 1)
    least = _LEFT + row["minimum_ns"] * pixels
    value = figure(row["median_ns"] / scale)
    if row.get("ratio", 1) != 1:
        value += f"  ({figure(row['ratio'])} x)"
    middle = y + _BAR - 4
    return [
        _text(_LEFT - 8, middle, "text", row["implementation"] or "-", anchor="end"),
        f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>',
        f'<line class="least" x1="{least:.1f}" x2="{least:.1f}" y1="{y}" y2="{y + _BAR}"/>',
        _text(_LEFT + length + 8, middle, "text", value),
    ]


def _text(x, y, kind, text, anchor="start"):
    return (f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">'
            f"{html.escape(text)}</text>")
