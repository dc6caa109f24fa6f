"""Pictures made on the server: numbers in, SVG out. Pure; colours come from classes, so that the page's theme decides.

Every picture stands beside its numbers in words, therefore pictures are hidden from screen readers unless labelled.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape

# The drawings of a page, and the least pixels each is shown at: a card on a telephone of 360 has 290 left for it.
WIDTHS = (("roomy", 480), ("tight", 270))


def _points(values: Sequence[float], width: float, height: float) -> list[tuple[float, float]]:
    """Values as points from left to right, the highest touching the top."""
    top = max(max(values), 1)
    step = width / max(len(values) - 1, 1)
    return [(round(i * step, 2), round(height - height * value / top, 2)) for i, value in enumerate(values)]


def sparkline(values: Sequence[float], tone: str = "accent") -> str:
    """A line of the period's days with the area under it lightly filled; a flat line where nothing happened."""
    if not values:
        return ""
    points = _points(list(values) if len(values) > 1 else [*values, *values], 100, 28)
    line = " ".join(f"{x},{y + 1}" for x, y in points)
    return (
        f'<svg class="spark c-{tone}" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">'
        f'<polygon points="0,30 {line} 100,30" fill="currentColor" fill-opacity="0.1"/>'
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )


def flow(here: float, after: float, tone: str = "accent") -> str:
    """One column of the funnel: how much is left here (0 to 1) flowing to how much is left at the next step."""
    y0, y1 = (round(98 - 94 * min(max(share, 0.0), 1.0), 2) for share in (here, after))
    curve = f"M0,{y0} C45,{y0} 55,{y1} 100,{y1}"
    return (
        f'<svg class="flow c-{tone}" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{curve} L100,100 L0,100 Z" fill="currentColor" fill-opacity="0.14"/>'
        f'<path d="{curve}" fill="none" stroke="currentColor" stroke-width="2" vector-effect="non-scaling-stroke"/></svg>'
    )


def bar(share: float, tone: str = "accent", kind: str = "meter") -> str:
    """A horizontal bar filled to `share` (0 to 1); anything above nothing is visible."""
    width = round(100 * min(max(share, 0.0), 1.0), 2)
    width = max(width, 0.8) if share > 0 else 0
    return (
        f'<svg class="{kind}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="c-line" width="100" height="4" fill="currentColor"/>'
        f'<rect class="c-{tone}" width="{width}" height="4" fill="currentColor"/></svg>'
    )


def stairs(level: int) -> str:
    """The stage as one, two or three steps filled; none filled below the first."""
    steps = ((0, 9), (7, 5), (14, 1))
    rects = "".join(
        f'<rect x="{x}" y="{y}" width="5" height="{13 - y}" rx="1" fill="currentColor" '
        f'class="{"c-accent" if i < level else "c-line"}"/>'
        for i, (x, y) in enumerate(steps)
    )
    return f'<svg viewBox="0 0 19 14" aria-hidden="true">{rects}</svg>'


def fitting(draw: Callable[[int], str]) -> str:
    """A drawing for a wide and one for a narrow card: the page shows the one that fits, hidden ones are not read out.

    `draw` is given the least width in pixels its drawing is shown at. It says where things are in per cent of the width
    and in pixels of the height, so that the drawing fills any card and its words are equally large on all.
    """
    shown = "".join(f'<div class="{name}">{draw(width)}</div>' for name, width in WIDTHS)
    return f'<div class="drawing">{shown}</div>'


def word_width(word: str) -> int:
    """About how many pixels a word takes in a picture; rather too many than too few."""
    return 7 * len(word) + 8


def chart(height: float, label: str, parts: Iterable[str]) -> str:
    """A drawing as wide as its card and so many pixels high."""
    return f'<svg class="chart" width="100%" height="{height:.0f}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def words_below(words: Sequence[str], base: float, width: int) -> list[str]:
    """The words below columns; as many are left out between them as the width asks."""
    step = 100 / max(len(words), 1)
    every = -(-max((word_width(word) for word in words), default=1) * len(words) // width) or 1
    return [
        f'<text x="{(i + 0.5) * step:.2f}%" y="{base + 18:.0f}" text-anchor="middle">{escape(word)}</text>'
        for i, word in enumerate(words)
        if i % every == 0
    ]


def level(y: float) -> str:
    """A line across the whole drawing."""
    return f'<line x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" class="c-line"/>'


def column(place: tuple[float, float], base: float, tall: float, tone: str) -> str:
    """A column standing on `base`; `place` is where its room begins and how wide that is, in per cent."""
    x, step = place
    return (
        f'<rect x="{x + step * 0.13:.2f}%" y="{base - tall:.1f}" width="{step * 0.74:.2f}%" height="{tall:.1f}" rx="2" '
        f'fill="currentColor" class="c-{tone}"/>'
    )


def histogram(
    counts: Sequence[tuple[str, int]], marks: Sequence[tuple[float, str]], label: str, shades: Sequence[str], width: int
) -> str:
    """Columns with a word below each and boundaries (position between columns, its word) drawn through.

    `counts` is (word, people), `shades` one tone class a column, `label` the sentence for screen readers, `width` the least
    pixels it is shown at. The boundaries' words stand above the columns, below each other where they are close.
    """
    step = 100 / max(len(counts), 1)
    top = max([count for _, count in counts], default=1) or 1
    rows = _rows([(position * step * width / 100, word) for position, word in marks])
    head = 18 + 15 * max(rows, default=0)
    base = head + 135
    out = [level(base)]
    for i, (_, count) in enumerate(counts):
        tall = max(135 * count / top, 1.5) if count else 0
        out.append(column((i * step, step), base, tall, shades[i]))
    out += words_below([word for word, _ in counts], base, width)
    for (position, word), row in zip(marks, rows, strict=True):
        x, y = position * step, 12 + 15 * row
        past = x * width / 100 + word_width(word) > width
        out.append(
            f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{y - 10}" y2="{base}" stroke="currentColor" stroke-dasharray="3 3" '
            'class="c-soft"/>'
            f'<text class="ink" x="{x:.2f}%" dx="{-6 if past else 6}" y="{y}" text-anchor="{"end" if past else "start"}">'
            f"{escape(word)}</text>"
        )
    return chart(base + 26, label, out)


def _rows(marks: Sequence[tuple[float, str]]) -> list[int]:
    """In which row from the top each boundary's word stands (place in pixels, word): below the one it would touch."""
    rows: list[int] = []
    free_from = 0.0
    for x, word in marks:
        rows.append(rows[-1] + 1 if rows and x < free_from else 0)
        free_from = x + 6 + word_width(word)
    return rows
