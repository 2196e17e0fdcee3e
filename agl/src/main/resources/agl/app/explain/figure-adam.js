// One parameter and three gradients: where AdamW takes it, and where plain gradient descent would.
'use strict';
Play.figure('adam', ({ pictures, controls }) => {
  const WIDE = 480, HIGH = 260;
  const area = Play.canvas(pictures, WIDE, HIGH, 'the parameter over the steps: AdamW, and in grey plain gradient descent');
  const g = [0, -1, 0].map((power, i) => Play.slider(controls, `gradient of step ${i + 1}`, { min: -9, max: 1, step: 0.25, value: power, power: true }, update));
  const rate = Play.slider(controls, 'learning rate', { min: 0.01, max: 0.2, step: 0.01, value: 0.1 }, update);
  const show = Play.values(controls, ['first move', 'as a share of the rate', 'after three steps']);
  const x = t => 45 + 130 * t, y = p => 20 + 330 * (1 - p);

  function line(path, kind) {
    const seen = path.map(p => Math.max(y(1.05), Math.min(HIGH - 22, y(p))));
    Play.svg(area, 'path', { d: seen.map((v, t) => (t ? 'L' : 'M') + x(t) + ' ' + v.toFixed(1)).join(''), class: 'arrow ' + kind });
    seen.forEach((v, t) => Play.svg(area, 'circle', { cx: x(t), cy: v, r: 4, class: 'head ' + kind }));
  }

  function update() {
    const gradients = g.map(s => s.value), r = Formulas.adam({ p: 1, gradients: gradients, rate: rate.value });
    const plain = [1];
    gradients.forEach((v, t) => plain.push(plain[t] - rate.value * v));
    area.replaceChildren();
    Play.svg(area, 'path', { d: `M${x(0)} ${HIGH - 20}H${WIDE - 10}M${x(0)} ${HIGH - 20}V10`, class: 'axis' });
    for (const p of [1, 0.7, 0.4]) Play.svg(area, 'text', { x: x(0) - 9, y: y(p) + 4, 'text-anchor': 'end', class: 'soft' }, p);
    for (const t of [0, 1, 2, 3]) Play.svg(area, 'text', { x: x(t), y: HIGH - 4, 'text-anchor': 'middle', class: 'soft' }, t ? `step ${t}` : 'start');
    line(plain, 'plain');
    line(r.path, 'a');
    const move = r.path[0] - r.path[1];
    show([move, Play.number(100 * move / rate.value) + ' %', r.path[3]]);
  }
  update();
});
