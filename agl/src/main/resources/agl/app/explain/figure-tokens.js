// The probabilities of four tokens, the loss of the target, and the gradient of each logit.
'use strict';
Play.figure('tokens', ({ pictures, controls }) => {
  const NAMES = ['cat', 'dog', 'fish', 'bird'];
  const area = Play.canvas(pictures, 480, 250, 'probability; the number below is the gradient, the arrow where a step moves the logit');
  const target = Play.choice(controls, 'target', NAMES.map((n, i) => [String(i), n]), update);
  const z = [1, 2, 0, -1].map((v, i) => Play.slider(controls, `logit of ${NAMES[i]}`, { min: -4, max: 4, step: 0.1, value: v }, update));
  const show = Play.values(controls, ['loss, nats', 'probability of the target']);

  function update() {
    const y = Number(target.value), r = Formulas.tokens({ z: z.map(s => s.value), target: y });
    area.replaceChildren();
    Play.svg(area, 'path', { d: 'M10 140H470', class: 'axis' });
    r.p.forEach((p, i) => {
      const x = 30 + 112 * i, g = r.gradient[i];
      Play.svg(area, 'rect', { x: x, y: 140 - 115 * p, width: 70, height: 115 * p, class: 'column' + (i === y ? '' : ' soft') });
      Play.svg(area, 'text', { x: x + 35, y: 132 - 115 * p, 'text-anchor': 'middle' }, p.toFixed(3));
      Play.svg(area, 'text', { x: x + 35, y: 240, 'text-anchor': 'middle', class: i === y ? '' : 'soft' }, NAMES[i]);
      // Training moves a logit against its gradient: up for the target, down for the others.
      Play.arrow(area, [x + 35, 170], [x + 35, 170 + 40 * g], i === y ? 'a' : 't');
      Play.svg(area, 'text', { x: x + 44, y: 182, class: 'soft' }, Play.number(g));
    });
    show([r.loss, r.p[y]]);
  }
  update();
});
