// Next-token probabilities of the base and of a tuned model, their divergence and its gradient.
'use strict';
Play.figure('kl', ({ pictures, controls }) => {
  const base = [2, 1, 0, -1];
  const area = Play.canvas(pictures, 480, 240, 'grey: the base; blue: the tuned model; below: the gradient, and where a step moves the logit');
  const z = [0, 1, 2, -1].map((v, i) => Play.slider(controls, `tuned logit of token ${i + 1}`, { min: -4, max: 4, step: 0.1, value: v }, update));
  const all = Play.slider(controls, 'added to every logit', { min: -5, max: 5, step: 0.5, value: 0 }, update);
  const show = Play.values(controls, ['KL(base ‖ tuned), nats', 'mean square of the logits’ difference']);

  function update() {
    const tuned = z.map(s => s.value + all.value), r = Formulas.kl({ base: base, tuned: tuned });
    area.replaceChildren();
    Play.svg(area, 'path', { d: 'M10 150H470', class: 'axis' });
    r.p.forEach((p, i) => {
      const x = 25 + 112 * i, q = r.q[i];
      Play.svg(area, 'rect', { x: x, y: 150 - 125 * p, width: 36, height: 125 * p, class: 'column soft' });
      Play.svg(area, 'rect', { x: x + 40, y: 150 - 125 * q, width: 36, height: 125 * q, class: 'column' });
      Play.svg(area, 'text', { x: x + 18, y: 143 - 125 * p, 'text-anchor': 'middle', class: 'soft' }, p.toFixed(2));
      Play.svg(area, 'text', { x: x + 58, y: 143 - 125 * q, 'text-anchor': 'middle' }, q.toFixed(2));
      Play.arrow(area, [x + 38, 185], [x + 38, 185 + 40 * r.gradient[i]], r.gradient[i] < 0 ? 'a' : 't');
      Play.svg(area, 'text', { x: x + 48, y: 190, class: 'soft' }, Play.number(r.gradient[i]));
    });
    let square = 0;
    tuned.forEach((v, i) => { square += (v - base[i]) * (v - base[i]) / base.length; });
    show([r.kl, square]);
  }
  update();
});
