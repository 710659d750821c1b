"""Writes a terminal's screen as an SVG on a fixed grid.

Text keeps its cells whatever font is found: every run of it says how long it is. Lines, blocks and
the glyphs of states are drawn as shapes, so that they need no font and always meet.
"""

import itertools
from xml.sax.saxutils import escape

CELL = 9.0
ROW = 19.0
MARGIN = 12.0
BACKGROUND = "#14161b"
FOREGROUND = "#d4d7dd"
FONTS = "'DejaVu Sans Mono',Menlo,Consolas,'Cascadia Mono','Liberation Mono',monospace"
COLOURS = {
    "black": "#14161b",
    "red": "#c9515b",
    "green": "#6fae63",
    "brown": "#c8a046",
    "blue": "#4f86d9",
    "magenta": "#b070c8",
    "cyan": "#45a5b5",
    "white": "#d4d7dd",
    "brightblack": "#3a404c",
    "brightred": "#ff6b74",
    "brightgreen": "#98d982",
    "brightbrown": "#f2cb5e",
    "brightyellow": "#f2cb5e",
    "brightblue": "#7fb2ff",
    "brightmagenta": "#df9df5",
    "bfightmagenta": "#df9df5",
    "brightcyan": "#72d6e5",
    "brightwhite": "#ffffff",
}
# The same sixteen where a program names them by number: pyte turns numbers into these values.
NUMBERED = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
    "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
).split()
NAMES = (
    "black red green brown blue magenta cyan white brightblack brightred brightgreen brightyellow "
    "brightblue brightmagenta brightcyan brightwhite"
).split()
COLOURS |= {number: COLOURS[name] for number, name in zip(NUMBERED, NAMES)}
# Where the strokes of a line-drawing character go from the middle of its cell.
STROKES = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ur", "┘": "ul", "├": "udr", "┤": "udl",
    "┬": "lrd", "┴": "lru", "┼": "lrud",
}  # fmt: skip
# Corners: from a side, over the middle, to a side.
CORNERS = {"╭": "rd", "╮": "ld", "╯": "lu", "╰": "ru"}
BLOCKS = "▁▂▃▄▅▆▇█"


def colour(name, default):
    """A colour of pyte's as CSS."""
    if name == "default":
        return default
    return COLOURS.get(name, f"#{name}")


def mixed(front, back, share):
    """`share` of `front` over `back`."""
    pair = zip(bytes.fromhex(front[1:]), bytes.fromhex(back[1:]))
    return "#" + bytes(round(f * share + b * (1 - share)) for f, b in pair).hex()


def look(char):
    """Foreground, background and weight of a cell."""
    front, back = colour(char.fg, FOREGROUND), colour(char.bg, BACKGROUND)
    if char.reverse:
        front, back = back, front
    if char.blink:  # Stands for dim: see Screen in render.py.
        front = mixed(front, back, 0.62)
    return front, back, char.bold, char.italics, char.underscore


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def side(letter, x, y):
    """The middle of a side of the cell at x, y."""
    return {
        "l": (x, y + ROW / 2),
        "r": (x + CELL, y + ROW / 2),
        "u": (x + CELL / 2, y),
        "d": (x + CELL / 2, y + ROW),
    }[letter]


def at(*point):
    return ",".join(number(value) for value in point)


def shape(glyph, x, y):
    """(path, is a stroke) of a glyph that is drawn, or None."""
    middle = (x + CELL / 2, y + ROW / 2)
    if glyph in STROKES:
        return "".join(f"M{at(*middle)}L{at(*side(s, x, y))}" for s in STROKES[glyph]), True
    if glyph in CORNERS:
        start, end = (side(s, x, y) for s in CORNERS[glyph])
        return f"M{at(*start)}Q{at(*middle)} {at(*end)}", True
    if glyph in BLOCKS:
        height = ROW * (BLOCKS.index(glyph) + 1) / 8
        return f"M{at(x, y + ROW)}h{number(CELL)}v{number(-height)}h{number(-CELL)}z", False
    if glyph == "▀":
        return f"M{at(x, y)}h{number(CELL)}v{number(ROW / 2)}h{number(-CELL)}z", False
    cx, cy = middle
    if glyph == "–":
        return f"M{at(x + 1.6, cy)}h{number(CELL - 3.2)}", True
    if glyph in "●○":
        r = 3.6
        circle = f"M{at(cx - r, cy)}a{r},{r} 0 1 0 {2 * r},0a{r},{r} 0 1 0 {-2 * r},0z"
        return circle, glyph == "○"
    if glyph == "▲":
        return f"M{at(cx, cy - 4.2)}L{at(cx + 4.4, cy + 3.6)}L{at(cx - 4.4, cy + 3.6)}z", False
    if glyph == "▸":
        return f"M{at(cx - 2.5, cy - 4)}L{at(cx + 4, cy)}L{at(cx - 2.5, cy + 4)}z", False
    if glyph == "✖":
        # A cross with thick arms: a plus turned by 45 degrees.
        a, b = 1.4, 4.2
        points = [(0, -a), (b - a, -b), (b, a - b), (a, 0), (b, b - a), (b - a, b)]
        points += [(-px, -py) for px, py in points]
        points = [(cx + px, cy + py) for px, py in points]
        return "M" + "L".join(at(*point) for point in points) + "z", False
    if glyph == "×":
        d = 2.8
        return (f"M{at(cx - d, cy - d)}L{at(cx + d, cy + d)}"
                f"M{at(cx - d, cy + d)}L{at(cx + d, cy - d)}"), True  # fmt: skip
    return None


def runs(cells):
    """Neighbouring cells of one look: (first column, look, characters)."""
    start, current, text = 0, None, []
    for column, char in enumerate(cells):
        this = look(char)
        if this != current:
            if text:
                yield start, current, text
            start, current, text = column, this, []
        text.append(char.data or " ")
    if text:
        yield start, current, text


def words(text):
    """The parts of a run that are set as text: (offset, part). Long gaps and drawn glyphs split."""
    part, begin, gap = "", 0, 0
    for offset, glyph in enumerate(text + [None]):
        drawn = glyph is None or shape(glyph, 0, 0) is not None
        # A glyph that many fonts take from another one stands alone.
        alone = not drawn and ord(glyph) > 0xFF and glyph not in "…“”’"
        gap = gap + 1 if glyph == " " else 0
        if drawn or alone or gap > 1:
            if part.strip():
                yield begin, part.rstrip()
            part = ""
            if alone:
                yield offset, glyph
            begin = offset + 1
        else:
            if not part:
                begin = offset
            part += glyph


def set_text(x, y, part, front, bold, italic, underline):
    indent = len(part) - len(part.lstrip())
    x, part = x + indent * CELL, part.lstrip()
    marks = f' fill="{front}"' if front != FOREGROUND else ""
    marks += ' font-weight="bold"' if bold else ""
    marks += ' font-style="italic"' if italic else ""
    marks += ' text-decoration="underline"' if underline else ""
    length = f' textLength="{number(len(part) * CELL)}"' if len(part) > 1 else ""
    return f'<text x="{number(x)}" y="{number(y + 14)}"{length}{marks}>{escape(part)}</text>'


def backgrounds(cells, y):
    """A rectangle for every stretch of one background."""
    found, column = [], 0
    for back, stretch in itertools.groupby(look(char)[1] for char in cells):
        count = len(list(stretch))
        if back != BACKGROUND:
            x, width = MARGIN + column * CELL, count * CELL
            found.append(
                f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
                f'height="{number(ROW)}" fill="{back}"/>'
            )
        column += count
    return found


def row(cells, y):
    """One line of the screen: backgrounds, shapes, text."""
    under, over, shapes = backgrounds(cells, y), [], {}
    for column, (front, _, bold, italic, underline), text in runs(cells):
        x = MARGIN + column * CELL
        for offset, glyph in enumerate(text):
            drawn = shape(glyph, x + offset * CELL, y)
            if drawn:
                shapes.setdefault((front, drawn[1]), []).append(drawn[0])
        for offset, part in words(text):
            over.append(set_text(x + offset * CELL, y, part, front, bold, italic, underline))
    for (front, is_stroke), paths in shapes.items():
        how = f'fill="none" stroke="{front}" stroke-width="1.3"' if is_stroke else f'fill="{front}"'
        under.append(f'<path d="{"".join(paths)}" {how}/>')
    return under + over


def picture(screen, title):
    """The screen as an SVG document."""
    width = number(2 * MARGIN + screen.columns * CELL)
    height = number(2 * MARGIN + screen.lines * ROW)
    body = []
    for line in range(screen.lines):
        cells = [screen.buffer[line][column] for column in range(screen.columns)]
        body += row(cells, MARGIN + line * ROW)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
            f'<g font-family="{FONTS}" font-size="14.5" fill="{FOREGROUND}" '
            f'xml:space="preserve">',
            *body,
            "</g>",
            "</svg>",
            "",
        ]
    )
