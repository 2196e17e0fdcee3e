// Draws every formula of the page with KaTeX; until then, or without scripts, the TeX source is shown.
'use strict';
document.querySelectorAll('.tex').forEach(element => {
  const tex = element.textContent;
  katex.render(tex, element, { displayMode: element.classList.contains('display'), throwOnError: false });
});
