// Three tokens: drag a query and its row of the weights follows; the mask hides what comes later.
'use strict';
Play.figure('attention', ({ pictures, controls }) => {
  const q = [1, 0, 0, 1, 1, 1], k = [1, 0, 0, 2, -1, 1], v = [1, 0, 0, 1, 5, 5];
  const plane = Play.plane(pictures, 360, 330, 2.4, 'the query of a token, and the keys it may see');
  const weights = Play.canvas(pictures, 330, 330, 'P: a row for each token, its weights add up to 1');
  let row = 2;
  const rows = Play.html(controls, 'p', { class: 'buttons', role: 'group', 'aria-label': 'token' });
  const buttons = [0, 1, 2].map(i => Play.button(rows, `token ${i + 1}`, () => {
    row = i;
    query.place([q[2 * i], q[2 * i + 1]]);
    update();
  }));
  const query = Play.point(plane, [q[4], q[5]], 'query', () => {
    q[2 * row] = query.value[0];
    q[2 * row + 1] = query.value[1];
    update();
  }, 'a');
  const show = Play.values(controls, ['scores q·k/√2', 'weights', 'output o = Σ P v']);

  function update() {
    const r = Formulas.attention({ q: q, k: k, v: v }), origin = plane.at([0, 0]);
    buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === row)));
    plane.above.replaceChildren();
    for (let j = 0; j < 3; j++) {
      Play.arrow(plane.above, origin, plane.at([k[2 * j], k[2 * j + 1]]), j > row ? 'masked' : 't', `k${'₁₂₃'[j]}`, 16);
    }
    Play.arrow(plane.above, origin, plane.at([q[2 * row], q[2 * row + 1]]), 'a', `q${'₁₂₃'[row]}`, -16);
    weights.replaceChildren();
    for (let i = 0; i < 3; i++) {
      Play.svg(weights, 'text', { x: 22, y: 75 + 95 * i, class: i === row ? '' : 'soft', 'text-anchor': 'end' }, `q${'₁₂₃'[i]}`);
      Play.svg(weights, 'text', { x: 80 + 98 * i, y: 18, class: 'soft', 'text-anchor': 'middle' }, `k${'₁₂₃'[i]}`);
      for (let j = 0; j < 3; j++) {
        const p = r.P[3 * i + j];
        Play.svg(weights, 'rect', { x: 33 + 98 * j, y: 28 + 95 * i, width: 94, height: 91, class: 'weight' + (i === row ? ' now' : ''), style: `--share:${(100 * p).toFixed(1)}%` });
        Play.svg(weights, 'text', { x: 80 + 98 * j, y: 79 + 95 * i, 'text-anchor': 'middle', class: j > i ? 'soft' : '' }, j > i ? 'masked' : p.toFixed(3));
      }
    }
    const scores = [0, 1, 2].slice(0, row + 1).map(j => Play.number((q[2 * row] * k[2 * j] + q[2 * row + 1] * k[2 * j + 1]) / Math.SQRT2));
    show([scores.join(', '), r.P.slice(3 * row, 3 * row + row + 1).map(p => Play.number(p)).join(', '), r.o.slice(2 * row, 2 * row + 2).map(x => Play.number(x)).join(', ')]);
  }
  update();
});
