// Draws every formula of the page with KaTeX; until then, and where scripts are off, the reader sees the TeX.
'use strict';
document.querySelectorAll('.tex').forEach(element => {
  const tex = element.textContent;
  katex.render(tex, element, { displayMode: element.classList.contains('display'), throwOnError: false });
});
