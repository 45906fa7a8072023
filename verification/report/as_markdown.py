"""A document as GitHub's Markdown."""
import re

import document


def _plain(text):
    text = " ".join(text.split("\n"))
    text = re.sub(r"([\\`*\[\]<|])", r"\\\1", text)
    return re.sub(r"(?<!\w)_|_(?!\w)|&(?=#?\w+;)", r"\\\g<0>", text)


def _code(text):
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    # In a table, even within code.
    return fence + space + " ".join(text.split("\n")).replace("|", "\\|") + space + fence


def _inline(text):
    written = ""
    for run in document.runs(text):
        if run is document.BREAK:
            written += "<br>"
        elif isinstance(run, document.Code):
            written += _code(run.text)
        elif isinstance(run, document.Strong):
            written += f"**{_plain(run.text)}**"
        elif isinstance(run, document.Link):
            written += f"[{_inline(run.text)}]({run.target})"
        else:
            written += _plain(run)
    return written


def _cell(cell):
    text = _inline(cell.text if isinstance(cell, document.Cell) else cell)
    return f"**{text}**" if isinstance(cell, document.Cell) and cell.status == "failed" else text


def _table(table):
    rule = ["---:" if column in table.numbers else "---" for column in range(len(table.header))]
    lines = [list(map(_inline, table.header)), rule] + [list(map(_cell, row)) for row in table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _block(block):
    if isinstance(block, document.Heading):
        return "#" * block.level + " " + _plain(block.text)
    if isinstance(block, document.Paragraph):
        return _inline(block.text)
    if isinstance(block, document.Items):
        return "\n".join("* " + _inline(item) for item in block.items)
    if isinstance(block, document.Table):
        return _table(block)
    summary = _plain(block.summary)
    return f"<details><summary>{summary}</summary>\n\n{_blocks(block.blocks)}\n\n</details>"


def _blocks(blocks):
    return "\n\n".join(map(_block, blocks))


def write(blocks):
    return _blocks(blocks) + "\n"
