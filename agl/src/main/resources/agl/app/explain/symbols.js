// One quantity has a symbol in the formulas, a name in the code, and values in the numbers. To point at one of them, or to move the
// focus to it, lights all. A cell of a matrix lights the same cell of the matrices beside it.
'use strict';
(() => {
  const buttons = [...document.querySelectorAll('.symbols button')];
  const words = new Map();
  buttons.forEach((b, i) => {
    b.dataset.sym = i;
    b.dataset.java.split(' ').filter(Boolean).forEach(word => words.set(word, i));
  });

  // Every use of a name in the code, but for comments and strings. The first in each listing can be reached with the keyboard.
  function markCode(code) {
    const reached = new Set();
    for (const line of code.querySelectorAll('.line')) {
      for (const node of [...line.childNodes].filter(n => n.nodeType === Node.TEXT_NODE)) {
        const pieces = node.textContent.split(/([A-Za-z_$][\w$]*)/).map(piece => {
          if (!words.has(piece)) return piece;
          const token = document.createElement('i');
          token.className = 'name';
          token.dataset.sym = words.get(piece);
          token.textContent = piece;
          if (!reached.has(token.dataset.sym)) token.tabIndex = 0;
          reached.add(token.dataset.sym);
          return token;
        });
        if (pieces.some(p => typeof p !== 'string')) node.replaceWith(...pieces);
      }
    }
  }

  // Matrices, values, columns and rows of the numbers whose title begins with the name.
  function markNumbers() {
    for (const title of document.querySelectorAll('.matrix caption, .value span, .numbers thead th, .numbers tbody th')) {
      const text = title.textContent.trim();
      const i = buttons.findIndex(b => b.dataset.name.split(' ; ').some(name => name && (text === name || text.startsWith(name + ' ') || text.startsWith(name + ','))));
      if (i < 0) continue;
      const whole = title.closest('.matrix, .value');
      (whole || title).dataset.sym = i;
      if (whole && whole.matches('.matrix')) whole.tabIndex = 0;
      if (title.matches('tbody th')) [...title.parentNode.children].forEach(cell => { cell.dataset.sym = i; });
      else if (!whole) {
        const column = [...title.parentNode.children].indexOf(title);
        title.closest('table').querySelectorAll('tbody tr').forEach(row => { row.children[column].dataset.sym = i; });
      }
    }
  }

  // Names outside of formulas: what follows an underscore is written lower, as in the formulas.
  const PLAIN = 'h1, .lead p, .say p, .say p a, .say strong, .ask .why, .ask li button, .contents a, .card b, .steps a, .symbols small, '
    + '.matrix caption, .value span, .numbers h3, .numbers th, .numbers td, .numbers p';

  function lower() {
    for (const e of document.querySelectorAll(PLAIN)) {
      for (const node of [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE && /_/.test(n.textContent))) {
        node.replaceWith(...node.textContent.split(/(?<=[A-ZΔλua⟩‖²])_(A|T|RM|NC|geo|task|out|in|k|l|M)(?![a-z_])/).map((piece, i) => {
          if (i % 2 === 0) return piece;
          const sub = document.createElement('sub');
          sub.textContent = piece;
          return sub;
        }));
      }
    }
  }

  let pinned = null;
  function light(sym) {
    const on = sym ?? pinned;
    document.querySelectorAll('[data-sym]').forEach(e => e.classList.toggle('lit', e.dataset.sym === on));
  }

  function lightCell(cell) {
    document.querySelectorAll('.same').forEach(e => e.classList.remove('same'));
    const row = cell?.closest('.matrix tr');
    if (!row) return;
    const table = row.closest('table'), r = row.rowIndex, c = cell.cellIndex;
    for (const other of table.parentNode.querySelectorAll('.matrix')) {
      if (other.rows.length === table.rows.length && other.rows[0].cells.length === table.rows[0].cells.length) {
        other.rows[r].cells[c].classList.add('same');
      }
    }
  }

  document.querySelectorAll('figure.code').forEach(markCode);
  markNumbers();
  lower();
  for (const kind of ['pointerover', 'focusin']) {
    document.addEventListener(kind, e => {
      light(e.target.closest('[data-sym]')?.dataset.sym);
      lightCell(e.target.closest('.matrix td'));
    });
  }
  document.addEventListener('focusout', () => light());
  buttons.forEach(b => b.addEventListener('click', () => {
    pinned = pinned === b.dataset.sym ? null : b.dataset.sym;
    buttons.forEach(other => other.setAttribute('aria-pressed', String(other.dataset.sym === pinned)));
    light();
  }));
  // In a matrix that has the focus the arrow keys go from cell to cell.
  document.addEventListener('keydown', e => {
    const table = e.target.closest?.('table.matrix');
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
    if (!table || !step) return;
    const now = table.querySelector('.same');
    const r = now ? now.parentNode.rowIndex + step[0] : 0, c = now ? now.cellIndex + step[1] : 0;
    if (table.rows[r]?.cells[c]) lightCell(table.rows[r].cells[c]);
    e.preventDefault();
    e.stopPropagation();
  }, true);
})();
