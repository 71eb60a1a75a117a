"""Draws an HTML page as Chromium shows it, as one SVG without scripts that follows the reader's light or dark theme."""
import time

# What a picture cannot do goes.
TAKE = """(() => {
  for (const e of document.querySelectorAll('script, noscript, link, meta')) e.remove();
  for (const p of document.querySelectorAll('path')) p.setAttribute('d', p.getAttribute('d').replace(/(\\d\\.\\d)\\d/g, '$1'));
  return new XMLSerializer().serializeToString(document.documentElement);
})()"""

# For a page whose sizes follow the window: they are those of this window from then on.
FIXED = """(() => {
  for (const e of document.querySelectorAll('h1, p, main, footer'))
    for (const name of ['fontSize', 'padding', 'gap']) e.style[name] = getComputedStyle(e)[name];
  Object.assign(document.body.style, {backgroundAttachment: 'scroll', minHeight: innerHeight + 'px'});
})();"""


def draw(browser, url, width, height, seconds=1, prepare="0"):
    """`prepare`: JavaScript to run before the picture is taken."""
    browser.open(url, width, height)
    time.sleep(seconds)
    browser.run(prepare)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
            f'<foreignObject width="{width}" height="{height}">{browser.run(TAKE)}</foreignObject></svg>\n')
