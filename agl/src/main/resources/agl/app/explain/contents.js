// The line at the top: it marks the part that is being read; the list of pages closes by Escape or a click beside it.
'use strict';
(() => {
  const contents = document.querySelector('.contents');
  document.addEventListener('click', e => { if (!contents.contains(e.target)) contents.open = false; });
  document.addEventListener('keydown', e => { if (e.key === 'Escape') contents.open = false; });

  const links = [...document.querySelectorAll('.bar nav a')];
  const parts = links.map(a => document.getElementById(a.hash.slice(1)));
  function mark() {
    // The last part that begins above the upper third of the window.
    let here = parts.findLastIndex(p => p.getClientRects().length && p.getBoundingClientRect().top < innerHeight / 3);
    // The last parts cannot come that high: at the page's end it is the one last chosen, or the last.
    if (scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2) {
      here = Math.max(here, links.findIndex(a => a.hash === location.hash));
      if (!location.hash) here = links.length - 1;
    }
    links.forEach((a, i) => {
      if (i === here && !a.classList.contains('here')) a.parentNode.scrollLeft = a.offsetLeft - a.parentNode.offsetLeft - 40;
      a.classList.toggle('here', i === here);
      if (i === here) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
    });
  }
  let waiting = false;
  addEventListener('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  addEventListener('hashchange', mark);
  mark();
})();
