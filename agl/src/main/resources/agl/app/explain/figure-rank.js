// ΔW = s·B·A as three tables. The cell that one points at, or goes to with the arrow keys, lights its row of B and its column of A.
'use strict';
Play.figure('rank', ({ pictures, controls }) => {
  const A = [0.5, -0.3, 0.8, 0.1, -0.6, 0.2, 0.7, -0.4, 0.9, 0.3, -0.8, 0.4, 0.1, -0.2, 0.6, 0.3, -0.5, -0.7, 0.6, 0.2];
  const B = [0.6, -0.2, 0.3, 0.1, -0.4, 0.5, 0.2, -0.3, 0.1, 0.8, -0.5, 0.4, 0.7, 0.3, 0.2, -0.6];
  const tables = ['B (4, r)', 'A (r, 5)', 'ΔW (4, 5)'].map(name => {
    const table = Play.html(pictures, 'table', { class: 'matrix thin' });
    Play.html(table, 'caption', {}, name);
    return table;
  });
  tables[2].tabIndex = 0;
  const rank = Play.slider(controls, 'rank r', { min: 1, max: 4, step: 1, value: 2 }, update);
  const show = Play.values(controls, ['entries of A and B', 'entries of ΔW', 'of a (4096, 4096) matrix']);
  const says = Play.html(controls, 'p', { class: 'says', 'aria-live': 'polite' });
  let at = [1, 2];

  function fill(table, values, columns) {
    const reach = Math.max(...values.map(Math.abs));
    table.querySelectorAll('tr').forEach(row => row.remove());
    values.forEach((v, i) => {
      const row = i % columns ? table.rows[table.rows.length - 1] : table.insertRow(), cell = row.insertCell();
      cell.textContent = v.toFixed(2).replace('-', '\u2212');
      cell.className = v < 0 ? 'cold' : '';
      cell.style.setProperty('--share', (100 * Math.abs(v) / reach).toFixed(0) + '%');
    });
  }

  function light() {
    const r = rank.value, sum = [];
    tables.forEach(t => t.querySelectorAll('td').forEach(cell => cell.classList.remove('same')));
    for (let k = 0; k < r; k++) {
      tables[0].rows[at[0]].cells[k].classList.add('same');
      tables[1].rows[k].cells[at[1]].classList.add('same');
      sum.push(`${tables[0].rows[at[0]].cells[k].textContent} · ${tables[1].rows[k].cells[at[1]].textContent}`);
    }
    tables[2].rows[at[0]].cells[at[1]].classList.add('same');
    says.textContent = `ΔW[${at[0]}, ${at[1]}] = ${Play.number(4 / r)} · (${sum.join(' + ')}) = ${tables[2].rows[at[0]].cells[at[1]].textContent}`;
  }

  function update() {
    const r = rank.value;
    const a = A.slice(0, 5 * r), b = B.filter((v, i) => i % 4 < r);
    fill(tables[0], b, r);
    fill(tables[1], a, 5);
    fill(tables[2], Formulas.rank({ a: a, b: b, r: r, scale: 4 / r }).w, 5);
    show([9 * r, 20, `${(8192 * r).toLocaleString('en')} instead of 16,777,216`]);
    light();
  }

  tables[2].addEventListener('pointerover', e => {
    const cell = e.target.closest('td');
    if (cell) {
      at = [cell.parentNode.rowIndex, cell.cellIndex];
      light();
    }
    e.stopPropagation();
  });
  tables[2].addEventListener('keydown', e => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
    if (!step) return;
    at = [Math.max(0, Math.min(3, at[0] + step[0])), Math.max(0, Math.min(4, at[1] + step[1]))];
    light();
    e.preventDefault();
    e.stopPropagation();
  });
  update();
});
