"""A document as one HTML file that needs no other."""
import html
import re

import document

_STYLE = """
:root {
  --text: #1c2330; --dim: #5c6675; --line: #d9dee6; --page: #ffffff; --band: #f5f7fa;
  --link: #1b5fb8; --passed: #e5f4e8; --bounded: #f4f3d3; --failed: #c62828; --missing: #f1f2f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #dfe5ee; --dim: #9aa5b5; --line: #353d4a; --page: #14181f; --band: #1c222c;
    --link: #7db4ff; --passed: #17331f; --bounded: #3a3614; --failed: #d64545; --missing: #262b34;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.5rem 5rem; max-width: 100rem;
  color: var(--text); background: var(--page);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.9rem; margin: 0 0 1rem; letter-spacing: -0.01em; }
h2 {
  font-size: 1.35rem; margin: 3rem 0 0.8rem; padding-top: 1rem; border-top: 1px solid var(--line);
}
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.5rem; }
p, ul { max-width: 52rem; }
li { margin: 0.2rem 0; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code { font: 0.88em/1.4 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.6rem 0 1.2rem; font-variant-numeric: tabular-nums; }
th, td {
  padding: 0.35rem 0.7rem; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top;
}
th { background: var(--band); font-weight: 600; white-space: nowrap; }
.wide td, .wide th { padding: 0.45rem 0.55rem; font-size: 0.85rem; line-height: 1.4; }
.wide th { white-space: normal; vertical-align: bottom; }
.number { text-align: right; white-space: nowrap; }
.passed { background: var(--passed); }
.bounded { background: var(--bounded); }
.missing { background: var(--missing); color: var(--dim); }
.failed, .failed a { background: var(--failed); color: #ffffff; font-weight: 600; }
p.passed, p.bounded, p.failed, p.missing { padding: 0.6rem 0.9rem; border-radius: 6px; }
details { margin: 0.4rem 0 1rem; }
summary { cursor: pointer; color: var(--link); }
@media print { details > * { display: block; } body { max-width: none; } }
"""


def _inline(text):
    written = ""
    for run in document.runs(text):
        if run is document.BREAK:
            written += "<br>"
        elif isinstance(run, document.Code):
            written += f"<code>{html.escape(run.text)}</code>"
        elif isinstance(run, document.Strong):
            written += f"<strong>{html.escape(run.text)}</strong>"
        elif isinstance(run, document.Link):
            target = run.target
            if ":" not in target:  # another page, which is written as HTML too
                target = re.sub(r"\.md(?=#|$)", ".html", target)
            written += f'<a href="{html.escape(target)}">{_inline(run.text)}</a>'
        else:
            written += html.escape(run, quote=False)
    return written


def _classes(*names):
    names = " ".join(filter(None, names))
    return f' class="{names}"' if names else ""


def _cell(cell, tag, number):
    if not isinstance(cell, document.Cell):
        cell = document.Cell(cell)
    return f"<{tag}{_classes(cell.status, number and 'number')}>{_inline(cell.text)}</{tag}>"


def _row(cells, tag, numbers):
    return "<tr>" + "".join(_cell(cell, tag, column in numbers)
                            for column, cell in enumerate(cells)) + "</tr>"


def _table(table):
    rows = "\n".join(_row(row, "td", table.numbers) for row in table.rows)
    return (f'<div class="scroll"><table{_classes(table.wide and "wide")}>\n'
            f'<thead>{_row(table.header, "th", table.numbers)}</thead>\n'
            f"<tbody>\n{rows}\n</tbody>\n</table></div>")


def _block(block):
    if isinstance(block, document.Heading):
        anchor = html.escape(document.slug(block.text))
        return f'<h{block.level} id="{anchor}">{html.escape(block.text)}</h{block.level}>'
    if isinstance(block, document.Paragraph):
        return f"<p{_classes(block.status)}>{_inline(block.text)}</p>"
    if isinstance(block, document.Items):
        return "<ul>\n" + "\n".join(f"<li>{_inline(i)}</li>" for i in block.items) + "\n</ul>"
    if isinstance(block, document.Table):
        return _table(block)
    summary = html.escape(block.summary)
    return f"<details><summary>{summary}</summary>\n{_blocks(block.blocks)}\n</details>"


def _blocks(blocks):
    return "\n".join(map(_block, blocks))


def write(blocks):
    title = next(block.text for block in blocks if isinstance(block, document.Heading))
    return ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            f"{_blocks(blocks)}\n</body>\n</html>\n")
