"""Pictures of segments: a size over time, two circles that overlap. Pure; colours come from classes."""

from collections.abc import Sequence
from html import escape
from math import acos, pi, sqrt

from passaparola.doors.pictures import chart, level

HEIGHT, BASE = 176, 150


def line(sizes: Sequence[tuple[str, int]], label: str) -> str:
    """Sizes day by day as a line over its area, with the highest, the first and the last day in words."""
    top = max([size for _, size in sizes] + [1])
    step = 100 / max(len(sizes) - 1, 1)
    points = " ".join(f"{i * step:.2f},{_y(size, top):.1f}" for i, (_, size) in enumerate(sizes))
    return chart(
        HEIGHT,
        label,
        [
            level(BASE),
            level(_y(top, top)),
            f'<text x="0" y="{_y(top, top) - 5:.1f}">{top}</text>',
            f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none" class="c-accent">',
            f'<polygon points="0,{BASE} {points} 100,{BASE}" fill="currentColor" fill-opacity="0.1"/>',
            f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" '
            'vector-effect="non-scaling-stroke"/></svg>',
            f'<circle class="c-accent" cx="100%" cy="{_y(sizes[-1][1], top):.1f}" r="3.5" fill="currentColor"/>',
            f'<text x="0" y="{BASE + 18}">{escape(sizes[0][0])}</text>',
            f'<text x="100%" y="{BASE + 18}" text-anchor="end">{escape(sizes[-1][0])}</text>',
        ],
    )


def _y(size: int, top: int) -> float:
    return BASE - (BASE - 20) * size / top


def circles(only: int, both: int, only_other: int, label: str) -> str:
    """Two circles whose areas are the sizes, and whose shared area is what both have."""
    one, other = only + both, both + only_other
    largest = max(one, other, 1)
    radii = [max(8.0, 80 * sqrt(size / largest)) if size else 8.0 for size in (one, other)]
    apart = distance(radii[0], radii[1], both / max(largest, 1) * pi * 80 * 80)
    width = radii[0] + apart + radii[1]
    # The smaller may lie wholly inside the larger.
    left = max(radii[0], radii[1] - apart)
    wide = max(width, 2 * max(radii)) + 4
    x0, x1, y = 2 + left, 2 + left + apart, 84
    drawn = "".join(
        f'<circle class="c-{tone}" cx="{x:.1f}" cy="{y}" r="{radius:.1f}" fill="currentColor" fill-opacity="0.22" '
        'stroke="currentColor" stroke-width="2"/>'
        for tone, x, radius in (("accent", x0, radii[0]), ("friend", x1, radii[1]))
    )
    return f'<svg class="circles" viewBox="0 0 {wide:.0f} 168" role="img" aria-label="{escape(label)}">{drawn}</svg>'


def distance(one: float, other: float, area: float) -> float:
    """How far apart two circles of these radii share that area; found by halving."""
    low, high = abs(one - other), one + other
    if area <= 0:
        return high + 6
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _shared(one, other, middle) > area else (low, middle)
    return (low + high) / 2


def _shared(one: float, other: float, apart: float) -> float:
    """The area two circles have in common."""
    if apart >= one + other:
        return 0.0
    if apart <= abs(one - other):
        return pi * min(one, other) ** 2
    a = acos((apart * apart + one * one - other * other) / (2 * apart * one))
    b = acos((apart * apart + other * other - one * one) / (2 * apart * other))
    kite = sqrt((-apart + one + other) * (apart + one - other) * (apart - one + other) * (apart + one + other)) / 2
    return one * one * a + other * other * b - kite
