"""Draws how many unsafe prompts are refused and safe ones answered, as SVG for light and dark pages. Standard library only.

  python3 picture.py COMPARE.json CAPTION METHOD[=STRENGTH]:NAME... > picture.svg

The first bar is the aligned base's. Whiskers are the 95 % intervals over prompts of compare.json; a method with several seeds shows their mean.
"""
import html, json, sys

path, caption, *wanted = sys.argv[1:]
data = json.load(open(path, encoding="utf-8"))


def variant(spec):
    method, _, strength = spec.partition("=")
    found = [v for v in data["variants"] if v["method"] == method and (not strength or v["strength"] == float(strength))]
    if len(found) != 1:
        sys.exit(f"{spec}: {len(found)} variants in {path}")
    return found[0]["metrics"]


rows = [("aligned base", data["base"])] + [(name, variant(spec)) for spec, _, name in (w.partition(":") for w in wanted)]
left, width, bar, row = 190, 420, 15, 50
height = 58 + row * len(rows) + 14
x = lambda percent: left + width * percent / 100
out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 70} {height}" font-family="system-ui, sans-serif" font-size="14" role="img">',
       f"<title>{html.escape(caption)}</title>",
       "<style>text{fill:#1f2328}.q{fill:#59636e;font-size:12px}.u{fill:#0b6e99}.s{fill:#c7b26b}.w{stroke:#1f2328}.g{stroke:#d1d9e0}"
       "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.q{fill:#9198a1}.u{fill:#4aa8d8}.s{fill:#8f7e3f}.w{stroke:#e6edf3}.g{stroke:#3d444d}}</style>",
       f'<text class="q" x="0" y="14">{html.escape(caption)}</text>',
       f'<rect class="u" x="{left}" y="26" width="12" height="12"/><text class="q" x="{left + 18}" y="36">unsafe prompts refused, %</text>',
       f'<rect class="s" x="{left + 215}" y="26" width="12" height="12"/><text class="q" x="{left + 233}" y="36">safe prompts answered, %</text>']
for percent in (0, 25, 50, 75, 100):
    out.append(f'<line class="g" x1="{x(percent):.1f}" x2="{x(percent):.1f}" y1="48" y2="{height - 12}"/>')
for i, (name, metrics) in enumerate(rows):
    top = 54 + row * i
    out.append(f'<text x="{left - 10}" y="{top + bar + 5}" text-anchor="end">{html.escape(name)}</text>')
    for j, (metric, look) in enumerate((("R_unsafe", "u"), ("R_safe", "s"))):
        value, interval, y = metrics[metric]["mean"], metrics[metric]["interval_over_prompts"], top + bar * j + 2 * j
        out.append(f'<rect class="{look}" x="{left}" y="{y}" width="{max(1, width * value / 100):.1f}" height="{bar}"/>')
        at = value
        if interval:
            at = max(value, interval[1])
            out.append(f'<line class="w" x1="{x(interval[0]):.1f}" x2="{x(interval[1]):.1f}" y1="{y + bar / 2}" y2="{y + bar / 2}"/>')
        out.append(f'<text class="q" x="{x(at) + 6:.1f}" y="{y + bar - 3}">{value:.1f}</text>')
print("\n".join(out + ["</svg>"]))
