"""A page, whatever it will be written as: blocks that hold runs of text.

Text is a str, or a list of str, Code, Strong, Link and BREAK. as_markdown.py and as_html.py
write it, and escape what they have to; `parse` reads the little Markdown of limits.md.
"""
import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Strong:
    text: str


@dataclass(frozen=True)
class Link:
    """`target` may be a web address, `#slug` on this page, or `page.md#slug`."""
    text: object
    target: str


BREAK = object()  # to a new line, within a cell


@dataclass(frozen=True)
class Cell:
    """`status` colours it: one of results.py's, or none."""
    text: object
    status: str = ""


@dataclass
class Heading:
    level: int
    text: str


@dataclass
class Paragraph:
    text: object
    status: str = ""


@dataclass
class Items:
    items: list


@dataclass
class Table:
    """Cells may be text. Columns in `numbers` are aligned to the right."""
    header: list
    rows: list
    numbers: set = field(default_factory=set)
    wide: bool = False


@dataclass
class Details:
    """Shown when asked for."""
    summary: str
    blocks: list


def slug(heading):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def runs(text):
    """Text as a list of runs."""
    return text if isinstance(text, list) else [text]


_INLINE = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|"
                     r"\[(?P<text>[^\]]+)\]\((?P<target>[^)]+)\)")


def _parse_inline(line):
    text, end = [], 0
    for match in _INLINE.finditer(line):
        if match.start() > end:
            text.append(line[end:match.start()])
        end = match.end()
        if match["code"]:
            text.append(Code(match["code"]))
        elif match["strong"]:
            text.append(Strong(match["strong"]))
        else:
            text.append(Link(match["text"], match["target"]))
    return text + ([line[end:]] if end < len(line) else [])


def parse(markdown):
    """Blocks of a text of headings, paragraphs and lists of one level."""
    blocks = []
    for block in re.split(r"\n\s*\n", markdown.strip()):
        lines = block.split("\n")
        heading = re.fullmatch(r"(#+) (.*)", lines[0])
        if heading:
            blocks.append(Heading(len(heading[1]), heading[2]))
        elif lines[0].startswith("* "):
            items = re.split(r"\n\* ", "\n" + block)[1:]
            blocks.append(Items([_parse_inline(" ".join(item.split())) for item in items]))
        else:
            blocks.append(Paragraph(_parse_inline(" ".join(block.split()))))
    return blocks
