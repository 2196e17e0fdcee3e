// Draws every formula of the page with KaTeX; until then, or without scripts, the TeX source is shown. Symbols that the page names are
// marked with their number, so that symbols.js can light them. A displayed formula too wide for its column is broken at its wide spaces,
// then made smaller.
'use strict';
(() => {
  const SMALLEST = 0.6;
  const names = [...document.querySelectorAll('.symbols button')].flatMap((b, i) => b.dataset.tex.split(' ; ').map(tex => ({ tex: tex, i: i })))
    .sort((a, b) => b.tex.length - a.tex.length);
  const quoted = names.map(n => n.tex.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const anyName = names.length ? new RegExp(`(?<![A-Za-z\\\\])(?:${quoted})(?![A-Za-z_])`, 'g') : null;

  function marked(tex) {
    return anyName ? tex.replace(anyName, found => `{\\htmlData{sym=${names.find(n => n.tex === found).i}}{${found}}}`) : tex;
  }

  function render(tex, element, display) {
    katex.render(marked(tex), element, { displayMode: display, throwOnError: false, strict: false, trust: c => c.command === '\\htmlData' });
  }

  const tooWide = element => element.clientWidth > 0 && element.scrollWidth > element.clientWidth;

  const balanced = tex => tex.split('{').length === tex.split('}').length;

  function display(element) {
    const tex = element.dataset.source;
    element.style.fontSize = '';
    render(tex, element, true);
    for (const space of [/\\qquad/, /\\q?quad/]) {
      const parts = tex.split(space);
      if (!tooWide(element) || parts.length === 1 || !parts.every(balanced)) continue;
      element.replaceChildren(...parts.map(part => {
        const line = document.createElement('span');
        render(part, line, true);
        return line;
      }));
    }
    if (tooWide(element)) element.style.fontSize = Math.max(SMALLEST, 0.99 * element.clientWidth / element.scrollWidth) + 'em';
  }

  const all = [...document.querySelectorAll('.tex')];
  all.forEach(element => { element.dataset.source = element.textContent; });
  const displayed = all.filter(element => element.classList.contains('display'));
  all.filter(element => !displayed.includes(element)).forEach(element => render(element.dataset.source, element, false));
  displayed.forEach(display);
  // No line begins with the comma after a formula.
  all.filter(element => /^[,.;:)?!]/.test(element.nextSibling?.nodeType === Node.TEXT_NODE ? element.nextSibling.textContent : '')).forEach(element => {
    const kept = document.createElement('span'), text = element.nextSibling;
    kept.className = 'kept';
    element.replaceWith(kept);
    kept.append(element, text.textContent[0]);
    text.textContent = text.textContent.slice(1);
  });
  // A column's width changes with the window, in the presenter mode, and when the fonts arrive.
  let width = 0;
  new ResizeObserver(() => {
    const now = document.documentElement.clientWidth + document.body.className.length / 1000;
    if (now !== width) displayed.forEach(display);
    width = now;
  }).observe(document.body);
  document.fonts.ready.then(() => displayed.forEach(display));
})();
