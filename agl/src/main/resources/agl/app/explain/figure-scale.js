// η over the size of an entry, and what it does to the entries of two parts that can be changed.
'use strict';
Play.figure('scale', ({ pictures, controls }) => {
  const WIDE = 480, HIGH = 300, REACH = 0.12;
  const curve = Play.canvas(pictures, WIDE, HIGH, 'η over |ΔW|: a dot for each of five entries');
  const below = Play.svg(curve, 'g', {});
  const bars = Play.canvas(pictures, WIDE, 150, 'η |ΔW_A| |ΔW_T| of each entry, after its |ΔW|; grey: without η');
  const a = [0.01, -0.002, 0.03, 0.02, -0.05], t = [0.006, 0.004, 0.01, 0.03, -0.04];
  const kappa = Play.slider(controls, 'κ, steepness', { min: 0, max: 3, step: 0.1, value: 0, power: true }, update);
  const tau = Play.slider(controls, 'τ, entry size at half height', { min: 0, max: 0.1, step: 0.005, value: 0.01 }, update);
  const beta = Play.slider(controls, 'β, extra weight', { min: 0, max: 10, step: 0.5, value: 4 }, update);
  const size = Play.slider(controls, 'size of the update', { min: 0, max: 1.25, step: 0.05, value: 1, text: v => '× ' + Play.number(v) }, update);
  const show = Play.values(controls, ['η of an entry that did not move', 'η of the largest', 'E_RM, mean']);
  const x = w => 40 + (WIDE - 55) * w / REACH, y = h => HIGH - 26 - (HIGH - 42) * (h - 1) / 10;

  function update() {
    const s = { a: a.map(v => size.value * v), t: t.map(v => size.value * v), beta: beta.value, kappa: kappa.value, tau: tau.value };
    const r = Formulas.scale(s), sizes = s.a.map((v, i) => Math.abs(v + s.t[i]));
    below.replaceChildren();
    for (const h of [1, 6, 11]) Play.svg(below, 'text', { x: 32, y: y(h) + 4, 'text-anchor': 'end', class: 'soft' }, h);
    for (const w of [0, 0.04, 0.08, 0.12]) Play.svg(below, 'text', { x: x(w), y: HIGH - 8, 'text-anchor': w ? 'end' : 'middle', class: 'soft' }, w);
    Play.svg(below, 'path', { d: `M${x(0)} ${y(1)}H${WIDE - 8}M${x(0)} ${y(1)}V6`, class: 'axis' });
    Play.svg(below, 'path', { d: `M${x(s.tau)} ${y(1)}V10`, class: 'tau' });
    Play.svg(below, 'text', { x: x(s.tau) + 5, y: 18, class: 'soft' }, 'τ');
    let d = '';
    for (let i = 0; i <= 160; i++) d += (i ? 'L' : 'M') + x(REACH * i / 160).toFixed(1) + ' ' + y(Formulas.eta(REACH * i / 160, s)).toFixed(1);
    Play.svg(below, 'path', { d: d, class: 'arrow w' });
    sizes.forEach((w, i) => Play.svg(below, 'circle', { cx: x(w), cy: y(r.eta[i]), r: 5, class: 'entry' }));
    bars.replaceChildren();
    // Of the five overlaps at full size and full weight, so that the bars shrink and grow with the sliders.
    const reach = 11 * Math.max(...a.map((v, i) => Math.abs(v * t[i])));
    s.a.forEach((v, i) => {
      const bare = Math.abs(v * s.t[i]), top = 12 + 27 * i, long = w => Math.max(0.5, (WIDE - 170) * w / reach);
      Play.svg(bars, 'rect', { x: 58, y: top, width: long(r.eta[i] * bare), height: 16, class: 'column' });
      Play.svg(bars, 'rect', { x: 58, y: top + 11, width: long(bare), height: 5, class: 'column soft' });
      Play.svg(bars, 'text', { x: 50, y: top + 13, 'text-anchor': 'end', class: 'soft' }, Play.number(sizes[i], 2));
      Play.svg(bars, 'text', { x: 64 + long(r.eta[i] * bare), y: top + 13 }, Play.number(r.eta[i] * bare, 2));
    });
    show([Formulas.eta(0, s), Math.max(...r.eta), r.E_RM]);
  }
  update();
});
