"""A small line chart as SVG, for the documentation: one axis of figures, one logarithmic axis of sizes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 400, 60, 50, 20, 130
COLOURS = ("#1f5fa8", "#b4451f", "#2f7d3b", "#7a3fa0", "#8a6d00")


@dataclass(frozen=True)
class Curve:
    """A name and its points (size > 0, figure >= 0), sizes ascending."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(curves: Sequence[Curve], figure: str, size: str) -> str:
    """Return `curves` drawn with the axes called `figure` and `size`."""
    sizes = [math.log10(at) for curve in curves for at, _ in curve.points]
    low, high = math.floor(min(sizes)), math.ceil(max(sizes))
    most = _rounded_up(max(value for curve in curves for _, value in curve.points))

    def x(at: float) -> float:
        return LEFT + (math.log10(at) - low) / max(1, high - low) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for step in range(5):
        value = most * step / 4
        lines.append(
            f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for power in range(low, high + 1):
        lines.append(
            f'<text x="{x(10**power):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>'
        )
    for number, curve in enumerate(curves):
        lines += _drawn(curve, COLOURS[number % len(COLOURS)], [(x(at), y(value)) for at, value in curve.points])
    lines += [
        f'<text x="{LEFT}" y="14">{figure}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{size}</text>',
        "</svg>\n",
    ]
    return "\n".join(lines)


def _drawn(curve: Curve, colour: str, places: Sequence[tuple[float, float]]) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
    x, y = places[-1]
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}',
        f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{curve.name}</text>',
    ]


def _rounded_up(value: float) -> float:
    power: float = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value)
