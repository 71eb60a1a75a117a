#!/usr/bin/env python3
"""Draws the live page as Chromium shows it, as one SVG: `draw_live.py ADMIN_URL [SECONDS] > picture.svg`."""
import sys, time

sys.dont_write_bytecode = True
from chromium import Chromium

WIDTH, HEIGHT = 1200, 740
TAKE = """(() => {
  for (const e of document.querySelectorAll('script, noscript, link, meta')) e.remove();
  for (const p of document.querySelectorAll('path')) p.setAttribute('d', p.getAttribute('d').replace(/(\\d\\.\\d)\\d/g, '$1'));
  document.querySelector('style').append(':root { color-scheme: light; }');
  return new XMLSerializer().serializeToString(document.documentElement);
})()"""

with Chromium() as browser:
    browser.open(sys.argv[1], WIDTH, HEIGHT)
    time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 60)
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
          f'<foreignObject width="{WIDTH}" height="{HEIGHT}">{browser.run(TAKE)}</foreignObject></svg>')
