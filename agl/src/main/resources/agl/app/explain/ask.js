// The question of a page. Its numbers are covered until one has predicted something, or asks for them.
'use strict';
(() => {
  const ask = document.querySelector('.ask');
  if (!ask) return;
  const verdict = ask.querySelector('.verdict');
  document.body.classList.add('covered');

  function uncover() {
    document.body.classList.remove('covered');
    document.querySelectorAll('.cover').forEach(e => e.remove());
  }

  document.querySelectorAll('.show > .numbers').forEach(panel => {
    const cover = document.createElement('p');
    cover.className = 'cover';
    const link = document.createElement('a');
    link.href = '#predict';
    link.textContent = 'First predict';
    const show = document.createElement('button');
    show.type = 'button';
    show.textContent = 'Show the numbers';
    show.addEventListener('click', uncover);
    const or = document.createElement('span');
    or.textContent = ', or ';
    cover.append(link, or, show);
    panel.querySelector('h3').after(cover);
  });

  ask.querySelectorAll('button').forEach(button => button.addEventListener('click', () => {
    const right = 'right' in button.dataset;
    button.closest('li').className = right ? 'right' : 'wrong';
    verdict.textContent = right ? 'Right. The numbers are below.' : 'Not so. The numbers are below; or try again.';
    uncover();
  }));
})();
