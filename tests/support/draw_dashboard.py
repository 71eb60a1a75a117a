#!/usr/bin/env python3
"""Draws what the dashboard's queries returned as one SVG: `draw_dashboard.py DATA.json > picture.svg`.
DATA.json is what `tests/e2e/50-metrics DATA.json` keeps: for each query its panel's title and Prometheus's answer."""
import json, math, sys
from html import escape

COLORS = ["#5794f2", "#73bf69", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff"]
WIDTH, HEIGHT, COLUMNS = 360, 170, 3


def short(value):
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value * 1000:.3g} m" if 0 < abs(value) < 0.1 else f"{value:.3g}"


def panel(title, series, x, y):
    lines = [(name, [(t, float(v)) for t, v in values if v not in ("NaN", "+Inf")]) for name, values in series]
    points = [p for _, values in lines for p in values]
    out = [f'<g transform="translate({x},{y})"><rect width="{WIDTH - 12}" height="{HEIGHT - 12}" rx="4" fill="#181b1f"/>',
           f'<text x="10" y="18" fill="#d8d9da" font-size="12">{escape(title)}</text>']
    if points:
        first, last = min(t for t, _ in points), max(t for t, _ in points)
        top = max(v for _, v in points) or 1
        place = lambda t, v: (50 + (t - first) / max(1, last - first) * (WIDTH - 75), HEIGHT - 40 - v / top * (HEIGHT - 75))
        for share in (0, 0.5, 1):
            _, row = place(first, top * share)
            out.append(f'<line x1="50" x2="{WIDTH - 25}" y1="{row:.0f}" y2="{row:.0f}" stroke="#2c3235"/>'
                       f'<text x="44" y="{row + 4:.0f}" fill="#9fa7b3" font-size="9" text-anchor="end">{short(top * share)}</text>')
        for n, (name, values) in enumerate(lines):
            path = " ".join("%.1f,%.1f" % place(*p) for p in values)
            out.append(f'<polyline points="{path}" fill="none" stroke="{COLORS[n % len(COLORS)]}" stroke-width="1.3"/>')
        legend = "  ".join(f'<tspan fill="{COLORS[n % len(COLORS)]}">{escape(name or "all")}</tspan>' for n, (name, _) in enumerate(lines[:4]))
        out.append(f'<text x="10" y="{HEIGHT - 20}" font-size="9">{legend}</text>')
    return "".join(out) + "</g>"


panels = {}
for title, _, answer in json.load(open(sys.argv[1])):
    if title.startswith(("annotation", "variable")):
        continue
    for result in answer["data"]["result"]:
        labels = result["metric"]
        name = " ".join(labels[k] for k in ("listener", "state", "code", "reason", "version", "node") if k in labels) or labels.get("pod", "")[-5:] or labels.get("__name__", "")[6:]
        panels.setdefault(title, []).append((name, result["values"]))
rows = math.ceil(len(panels) / COLUMNS)
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * COLUMNS + 12} {HEIGHT * rows + 12}" font-family="sans-serif"><rect width="100%" height="100%" fill="#111217"/>')
for n, (title, series) in enumerate(panels.items()):
    print(panel(title, series, 12 + n % COLUMNS * WIDTH, 12 + n // COLUMNS * HEIGHT))
print("</svg>")
