#!/usr/bin/env python3
"""Draws columns of a CSV as curves, in one SVG that needs no other file.

    curve.py --title="What" --x=seconds --y="with compaction,without" FILE.csv > FILE.svg

Columns of --y are shares from 0 to 1, and shown in percent.
"""
import argparse
import csv
import html
import sys

_STYLE = """
  .page { fill: #ffffff } .text { fill: #1f2328 } .dim { fill: #59636e } .grid { stroke: #d8dee4 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #e6edf3 } .dim { fill: #9aa4b0 } .grid { stroke: #2b333c }
  }
  text { font: 13px system-ui, "DejaVu Sans", sans-serif }
  .head { font-weight: 600 } .small { font-size: 11px }
  polyline { fill: none; stroke-width: 1.8 }
"""
_COLORS = ["#2f6fd0", "#d0702f", "#8a94a0", "#3f9a55"]

_WIDTH, _HEIGHT = 760, 380
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 50, 740, 300


def draw(title, caption, x_name, y_names, rows):
    """The SVG; `rows` are dictionaries of numbers by column."""
    last = max(row[x_name] for row in rows) or 1
    x_of = lambda value: _LEFT + (_RIGHT - _LEFT) * value / last
    y_of = lambda share: _BOTTOM - (_BOTTOM - _TOP) * share
    shapes = [_text(20, 28, "text head", title)]
    for percent in range(0, 101, 20):
        y = y_of(percent / 100)
        shapes.append(f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        shapes.append(_text(_LEFT - 8, y + 4, "dim small", f"{percent} %", "end"))
    for i in range(6):
        shapes.append(_text(x_of(last * i / 5), _BOTTOM + 18, "dim small",
                            f"{last * i / 5:,.0f}", "middle"))
    shapes.append(_text((_LEFT + _RIGHT) / 2, _BOTTOM + 36, "dim small", x_name, "middle"))
    for i, name in enumerate(y_names):
        color = _COLORS[i % len(_COLORS)]
        points = " ".join(f"{x_of(row[x_name]):.1f},{y_of(row[name]):.1f}" for row in rows)
        shapes.append(f'<polyline stroke="{color}" points="{points}"/>')
        x = _LEFT + i * 170
        shapes.append(f'<line stroke="{color}" stroke-width="3" x1="{x}" x2="{x + 18}" '
                      f'y1="{_BOTTOM + 54}" y2="{_BOTTOM + 54}"/>')
        shapes.append(_text(x + 24, _BOTTOM + 58, "text small", name))
    shapes.append(_text(20, _HEIGHT - 6, "dim small", caption))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img">',
        f"<title>{html.escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>',
        *shapes,
        "</svg>",
    ]) + "\n"


def _text(x, y, kind, text, anchor="start"):
    return (f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
            f"{html.escape(text)}</text>")


def main(arguments):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--title", default="")
    parser.add_argument("--caption", default="")
    parser.add_argument("--x", required=True)
    parser.add_argument("--y", required=True, help="columns, with commas between them")
    parser.add_argument("file")
    options = parser.parse_args(arguments)
    names = options.y.split(",")
    with open(options.file, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in [options.x, *names] if not rows or name not in rows[0]]
    if missing:
        print(f"curve: {options.file} has no column '{missing[0]}'", file=sys.stderr)
        return 1
    numbers = [{name: float(row[name]) for name in [options.x, *names]} for row in rows]
    sys.stdout.write(draw(options.title, options.caption, options.x, names, numbers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
