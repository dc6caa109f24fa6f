"""Larger pictures made on the server: shares by step and people flowing between stages. Pure, like doors/pictures.py."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from passaparola.doors.pictures import chart, column, level, word_width, words_below

Node = tuple[str, str]
Spots = Mapping[str, tuple[float, float]]

# Of a flow, in pixels: between two nodes, a node's bar, and the width from which words stand beside the ribbons.
GAP, BAR, OUTSIDE_FROM = 14.0, 8, 400
# How tall words are.
LINE = 17
# How much of the width the triangle takes, in per cent; its words stand in the rest.
TRIANGLE = 52


def shares(columns: Sequence[tuple[str, float, str]], label: str, width: int) -> str:
    """Columns of shares (0 to 1) on a scale to 100 %: (word below, share, tone) each."""
    top, base = 8, 178
    step = 100 / max(len(columns), 1)
    out = [level(base - (base - top) * share) for share in (0.0, 0.5, 1.0)]
    for i, (_, share, tone) in enumerate(columns):
        out.append(column((i * step, step), base, (base - top) * min(max(share, 0.0), 1.0), tone))
    return chart(base + 26, label, [*out, *words_below([word for word, _, _ in columns], base, width)])


def flow(
    moves: Mapping[tuple[str, str], int],
    sides: tuple[Sequence[Node], Sequence[Node]],
    rank: Sequence[str],
    label: str,
    counts: tuple[Mapping[str, str], Mapping[str, str]],
    width: int,
) -> str:
    """People flowing from nodes at the left to nodes at the right: ribbons as thick as they are many.

    `moves` is people by (left, right); `sides` list (name, word) from top to bottom, left and right; `rank` orders names
    from low to high, so that a ribbon's tone says whether it rises, falls or stays; `counts` are the words of both sides'
    sums. Where there is room (`width` in pixels) the words stand outside the bars, otherwise on the ribbons.
    """
    outside = width >= OUTSIDE_FROM
    total = sum(moves.values()) or 1
    tall = 300.0 - GAP * (max(len(nodes) for nodes in sides) - 1)
    sums = [
        {name: sum(n for key, n in moves.items() if key[side] == name) for name, _ in sides[side]} for side in (0, 1)
    ]
    spots = [_spots(nodes, sums[side], tall / total, GAP) for side, nodes in enumerate(sides)]
    height = max(max((y + h for y, h in s.values()), default=0) for s in spots) + 16
    margin = 24 if outside else 0
    out = [
        f'<svg x="{margin}%" width="{100 - 2 * margin}%" height="{height:.0f}" viewBox="0 0 100 {height:.0f}" '
        f'preserveAspectRatio="none">{"".join(_ribbons(moves, sides, spots, tall / total, rank))}</svg>'
    ]
    for side, nodes in enumerate(sides):
        place, leftwards = (margin, 100 - margin)[side], (side == 0) == outside
        for name, word in nodes:
            out.append(_bar(leftwards, place, spots[side][name]))
            count = counts[side].get(name, "")
            if not outside and spots[side][name][1] < LINE:
                out.append(_plate(leftwards, place, spots[side][name], f"{word} {count}"))
            out.append(_word(leftwards, place, spots[side][name], word, count))
    return chart(height, label, out)


def _ribbons(
    moves: Mapping[tuple[str, str], int],
    sides: Sequence[Sequence[Node]],
    spots: Sequence[Spots],
    scale: float,
    rank: Sequence[str],
) -> Iterator[str]:
    out_y, in_y = ({name: y for name, (y, _) in of.items()} for of in spots)
    for a, _ in sides[0]:
        for b, _ in sides[1]:
            if people := moves.get((a, b), 0):
                thick = people * scale
                yield _ribbon(0, 100, out_y[a], in_y[b], thick, _tone(a, b, rank))
                out_y[a] += thick
                in_y[b] += thick


def _bar(leftwards: bool, place: float, spot: tuple[float, float]) -> str:
    y, h = spot
    shift = f' transform="translate(-{BAR})"' if leftwards else ""
    return (
        f'<rect x="{place}%" y="{y:.1f}" width="{BAR}" height="{max(h, 1.0):.1f}" rx="1.5" fill="currentColor" '
        f'class="c-soft"{shift}/>'
    )


def _plate(leftwards: bool, place: float, spot: tuple[float, float], words: str) -> str:
    """What lies behind words that are taller than their node: ribbons of others run below them."""
    (y, h), wide = spot, word_width(words) - 4
    shift = -wide - BAR - 4 if leftwards else BAR + 4
    return (
        f'<rect x="{place}%" y="{y + h / 2 - LINE / 2:.1f}" width="{wide}" height="{LINE}" rx="3" class="plate" '
        f'transform="translate({shift})"/>'
    )


def _word(leftwards: bool, place: float, spot: tuple[float, float], word: str, count: str) -> str:
    """A node's word and sum beside its bar; the halo keeps it readable where it stands on a ribbon."""
    y, h = spot
    away = BAR + 8
    return (
        f'<text class="ink halo" x="{place}%" dx="{-away if leftwards else away}" y="{y + h / 2 + 4:.1f}" '
        f'text-anchor="{"end" if leftwards else "start"}">{escape(word)} <tspan class="dim">{escape(count)}</tspan></text>'
    )


def _spots(nodes: Sequence[Node], sums: Mapping[str, int], scale: float, gap: float) -> Spots:
    """Where each node stands: its top and height; one of nobody still takes the room of its word."""
    y, out = 8.0, dict[str, tuple[float, float]]()
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


def pyramid(layers: Sequence[tuple[str, str, str, str]], layer: int = 44) -> str:
    """A triangle in layers from the top down: (word, figure, tone, address) each; an address may be empty.

    For eyes and pointers: the same layers stand beside it as a table with links, therefore it is hidden from readers.
    """
    height = layer * len(layers)
    out = [f'<svg class="chart pyramid" width="100%" height="{height}" aria-hidden="true">']
    for i, (word, figure, tone, address) in enumerate(layers):
        top, bottom = i * layer + 1.5, (i + 1) * layer - 1.5
        a, b = 50 * top / height, 50 * bottom / height
        tall, y = bottom - top, (top + bottom) / 2
        corners = f"{50 - a:.1f},0 {50 + a:.1f},0 {50 + b:.1f},{tall} {50 - b:.1f},{tall}"
        edge = TRIANGLE * (0.5 + (a + b) / 200)
        shape = (
            f'<svg y="{top}" width="{TRIANGLE}%" height="{tall}" viewBox="0 0 100 {tall}" preserveAspectRatio="none">'
            f'<polygon points="{corners}" fill="currentColor" class="c-{tone}"/></svg>'
            f'<line x1="{edge + 1:.1f}%" x2="{TRIANGLE + 2}%" y1="{y}" y2="{y}" stroke="currentColor" class="c-line"/>'
            f'<text class="ink" x="{TRIANGLE + 4}%" y="{y - 2}">{escape(word)}</text>'
            f'<text x="{TRIANGLE + 4}%" y="{y + 13}">{escape(figure)}</text>'
        )
        out.append(f'<a href="{escape(address)}" tabindex="-1">{shape}</a>' if address else f"<g>{shape}</g>")
    return "".join(out) + "</svg>"


def split(parts: Sequence[tuple[float, str]]) -> str:
    """One bar divided into shares (0 to 1) of the whole, each in its tone; what is missing to the whole stays empty."""
    out, x = ['<svg class="split" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'], 0.0
    for share, tone in parts:
        wide = 100 * min(max(share, 0.0), 1.0)
        out.append(
            f'<rect class="c-{tone}" x="{x:.2f}" width="{max(wide - 0.25, 0):.2f}" height="6" fill="currentColor"/>'
        )
        x += wide
    return "".join(out) + "</svg>"
