"""Larger pictures made on the server: shares by step and people flowing between stages. Pure, like doors/pictures.py."""

from collections.abc import Mapping, Sequence
from html import escape

from passaparola.doors.pictures import LABELS_MAX

Node = tuple[str, str]


def shares(columns: Sequence[tuple[str, float, str]], label: str, marks: Sequence[tuple[float, str]] = ()) -> str:
    """Columns of shares (0 to 1) on a scale to 100 %: (word below, share, tone) each; boundaries drawn through."""
    width, height, top, base = 640, 205, 14, 170
    step = width / max(len(columns), 1)
    out = [f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">']
    for share in (0.0, 0.5, 1.0):
        y = base - (base - top) * share
        out.append(f'<line x1="0" x2="{width}" y1="{y}" y2="{y}" stroke="currentColor" class="c-line"/>')
    every = -(-len(columns) // LABELS_MAX)
    for i, (word, share, tone) in enumerate(columns):
        tall = (base - top) * min(max(share, 0.0), 1.0)
        x = i * step
        out.append(
            f'<rect x="{x + step * 0.14:.1f}" y="{base - tall:.1f}" width="{step * 0.72:.1f}" height="{tall:.1f}" rx="2" '
            f'fill="currentColor" class="c-{tone}"/>'
        )
        if i % every == 0:
            out.append(f'<text x="{x + step / 2:.1f}" y="{base + 20}" text-anchor="middle">{escape(word)}</text>')
    for position, word in marks:
        x = position * step
        out.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{base}" stroke="currentColor" stroke-dasharray="3 3" class="c-soft"/>'
            f'<text class="ink" x="{x + 5:.1f}" y="12">{escape(word)}</text>'
        )
    return "".join(out) + "</svg>"


def flow(
    moves: Mapping[tuple[str, str], int],
    left: Sequence[Node],
    right: Sequence[Node],
    rank: Sequence[str],
    label: str,
    counts: tuple[Mapping[str, str], Mapping[str, str]],
) -> str:
    """People flowing from nodes at the left to nodes at the right: ribbons as thick as they are many.

    `moves` is people by (left, right); `left` and `right` list (name, word) from top to bottom; `rank` orders names from
    low to high, so that a ribbon's tone says whether it rises, falls or stays; `counts` are the words of both sides' sums.
    """
    width, gap, bar, inner = 640.0, 14.0, 10.0, 148.0
    total = sum(moves.values()) or 1
    tall = 300.0 - gap * (max(len(left), len(right)) - 1)
    sums_left = {name: sum(n for (a, _), n in moves.items() if a == name) for name, _ in left}
    sums_right = {name: sum(n for (_, b), n in moves.items() if b == name) for name, _ in right}
    spots_left, spots_right = _spots(left, sums_left, tall / total, gap), _spots(right, sums_right, tall / total, gap)
    height = max(max((y + h for y, h in s.values()), default=0) for s in (spots_left, spots_right)) + 16
    out = [f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">']
    out_y, in_y = ({name: y for name, (y, _) in spots.items()} for spots in (spots_left, spots_right))
    for a, _ in left:
        for b, _ in right:
            if people := moves.get((a, b), 0):
                thick = people * tall / total
                out.append(_ribbon(inner + bar, width - inner - bar, out_y[a], in_y[b], thick, _tone(a, b, rank)))
                out_y[a] += thick
                in_y[b] += thick
    for spots, words, x, anchor, at, said in (
        (spots_left, left, inner, "end", inner - 8, counts[0]),
        (spots_right, right, width - inner - bar, "start", width - inner + 8, counts[1]),
    ):
        for name, word in words:
            y, h = spots[name]
            out.append(
                f'<rect x="{x}" y="{y:.1f}" width="{bar}" height="{max(h, 1.0):.1f}" rx="1.5" fill="currentColor" class="c-soft"/>'
                f'<text class="ink" x="{at}" y="{y + h / 2 + 4:.1f}" text-anchor="{anchor}">{escape(word)} '
                f'<tspan class="dim">{escape(said.get(name, ""))}</tspan></text>'
            )
    return "".join(out) + "</svg>"


def _spots(nodes: Sequence[Node], sums: Mapping[str, int], scale: float, gap: float) -> dict[str, tuple[float, float]]:
    """Where each node stands: its top and height; one of nobody still takes the room of its word."""
    y, out = 8.0, {}
    for name, _ in nodes:
        out[name] = (y, sums[name] * scale)
        y += max(sums[name] * scale, 8.0) + gap
    return out


def _tone(before: str, after: str, rank: Sequence[str]) -> str:
    if before not in rank or after not in rank:
        return "good"
    step = rank.index(after) - rank.index(before)
    return "accent" if step > 0 else "friend" if step < 0 else "soft"


def _ribbon(x0: float, x1: float, y0: float, y1: float, thick: float, tone: str) -> str:
    middle = (x0 + x1) / 2
    opacity = "0.16" if tone == "soft" else "0.42"
    return (
        f'<path class="c-{tone}" fill="currentColor" fill-opacity="{opacity}" d="M{x0:.1f},{y0:.1f} '
        f"C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f} L{x1:.1f},{y1 + thick:.1f} "
        f'C{middle:.1f},{y1 + thick:.1f} {middle:.1f},{y0 + thick:.1f} {x0:.1f},{y0 + thick:.1f} Z"/>'
    )


def pyramid(layers: Sequence[tuple[str, str, str, str]], width: int = 460, layer: int = 44) -> str:
    """A triangle in layers from the top down: (word, figure, tone, address) each; an address may be empty.

    For eyes and pointers: the same layers stand beside it as a table with links, therefore it is hidden from readers.
    """
    height, middle = layer * len(layers), 150.0
    out = [f'<svg class="chart pyramid" viewBox="0 0 {width} {height + 4}" aria-hidden="true">']
    for i, (word, figure, tone, address) in enumerate(layers):
        top, bottom = i * layer + 1.5, (i + 1) * layer - 1.5
        a, b = middle * top / height, middle * bottom / height
        corners = f"{middle - a:.1f},{top} {middle + a:.1f},{top} {middle + b:.1f},{bottom} {middle - b:.1f},{bottom}"
        y, edge = (top + bottom) / 2, middle + (a + b) / 2
        shape = (
            f'<polygon points="{corners}" fill="currentColor" class="c-{tone}"/>'
            f'<line x1="{edge + 3:.1f}" x2="304" y1="{y}" y2="{y}" stroke="currentColor" class="c-line"/>'
            f'<text class="ink" x="312" y="{y - 2}">{escape(word)}</text>'
            f'<text x="312" y="{y + 13}">{escape(figure)}</text>'
        )
        out.append(f'<a href="{escape(address)}" tabindex="-1">{shape}</a>' if address else f"<g>{shape}</g>")
    return "".join(out) + "</svg>"


def split(parts: Sequence[tuple[float, str]]) -> str:
    """One bar divided into shares (0 to 1) of the whole, each in its tone; what is missing to the whole stays empty."""
    out, x = ['<svg class="split" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'], 0.0
    for share, tone in parts:
        wide = 100 * min(max(share, 0.0), 1.0)
        out.append(f'<rect class="c-{tone}" x="{x:.2f}" width="{max(wide - 0.25, 0):.2f}" height="6" fill="currentColor"/>')
        x += wide
    return "".join(out) + "</svg>"
