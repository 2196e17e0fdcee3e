// The presenter mode: large type, one step at a time. A step is the figure, the question, or a block's text with one of its listings or
// tables. Keys: right and left, or a clicker's page keys; digits answer the question; P and Escape end it.
'use strict';
(() => {
  const button = document.getElementById('present');
  const steps = [];
  document.querySelectorAll('.opening, .ask, .block').forEach(section => {
    const asides = [...section.querySelectorAll(':scope > .show > *')];
    if (asides.length === 0) steps.push([section]);
    asides.forEach(aside => steps.push([section, aside]));
  });
  if (steps.length === 0) return;
  let at = -1;
  button.hidden = false;

  function show(step) {
    at = step;
    const on = at >= 0;
    document.documentElement.classList.toggle('present', on);
    if (on && steps[at][1]?.matches('details')) steps[at][1].open = true;
    document.querySelectorAll('.opening, .ask, .block, .show > *').forEach(e => e.classList.toggle('off', on && !steps[at].includes(e)));
    button.textContent = on ? `${at + 1} of ${steps.length} · Esc` : 'Present';
    button.title = on ? 'Right and left: the next and the last step. Escape: back to the page.' : 'One step at a time in large type (key P)';
    window.scrollTo(0, 0);
    window.dispatchEvent(new Event('resize'));
  }

  function go(step) {
    const other = document.querySelector(`.steps a[rel=${step < 0 ? 'prev' : 'next'}]`);
    if (step >= 0 && step < steps.length) show(step);
    else if (other) location.href = other.href + '#present';
  }

  const keys = {
    ArrowRight: () => go(at + 1), PageDown: () => go(at + 1), ArrowLeft: () => go(at - 1), PageUp: () => go(at - 1),
    Home: () => show(0), End: () => show(steps.length - 1), Escape: () => show(-1)
  };
  button.addEventListener('click', () => {
    show(at < 0 ? 0 : -1);
    button.blur();
  });
  document.addEventListener('keydown', e => {
    // A slider keeps its arrow keys, a matrix and a point to drag stop theirs.
    if (e.ctrlKey || e.altKey || e.metaKey || e.target.closest?.('input, select, textarea') && !e.key.startsWith('Page')) return;
    if (e.key === 'p' || e.key === 'P') show(at < 0 ? 0 : -1);
    else if (at >= 0 && /^[1-9]$/.test(e.key)) document.querySelectorAll('.ask:not(.off) li button')[e.key - 1]?.click();
    else if (at >= 0 && keys[e.key]) keys[e.key]();
    else return;
    e.preventDefault();
  });
  if (location.hash === '#present') show(0);
})();
