"""Pictures made on the server: numbers in, SVG out. Pure; colours come from classes, so that the page's theme decides.

Every picture stands beside its numbers in words, therefore pictures are hidden from screen readers unless labelled.
"""

from collections.abc import Sequence
from html import escape

# More words than this under a picture touch each other on a telephone.
LABELS_MAX = 8


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


def histogram(
    counts: Sequence[tuple[str, int]], marks: Sequence[tuple[float, str]], label: str, shades: Sequence[str]
) -> str:
    """Columns with a word below each and boundaries (position between columns, its word) drawn through.

    `counts` is (word, people), `shades` one tone class a column, `label` the sentence for screen readers.
    """
    width, height, base = 640, 195, 160
    step = width / max(len(counts), 1)
    top = max([count for _, count in counts], default=1) or 1
    out = [f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">']
    out.append(f'<line x1="0" x2="{width}" y1="{base}" y2="{base}" stroke="currentColor" class="c-line"/>')
    every = -(-len(counts) // LABELS_MAX)
    for i, (word, count) in enumerate(counts):
        tall = round((base - 30) * count / top, 1)
        tall = max(tall, 1.5) if count else 0
        x = i * step
        out.append(
            f'<rect x="{x + step * 0.12:.1f}" y="{base - tall:.1f}" width="{step * 0.76:.1f}" height="{tall:.1f}" rx="2" '
            f'fill="currentColor" class="c-{shades[i]}"/>'
        )
        if i % every == 0:
            out.append(f'<text x="{x + step / 2:.1f}" y="{base + 20}" text-anchor="middle">{escape(word)}</text>')
    row, free_from = 0, 0.0
    for position, word in marks:
        x = position * step
        # Boundaries close together: their words stand below each other.
        row = row + 1 if x < free_from else 0
        free_from = x + 12 + 8 * len(word)
        out.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{base}" stroke="currentColor" stroke-dasharray="3 3" class="c-soft"/>'
            f'<text class="ink" x="{x + 6:.1f}" y="{13 + 14 * row}">{escape(word)}</text>'
        )
    return "".join(out) + "</svg>"
