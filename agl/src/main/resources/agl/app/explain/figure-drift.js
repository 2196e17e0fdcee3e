// Forty unsafe prompts, of which the base refuses 38: what the tuned model loses and gains, and the interval of the drift.
'use strict';
Play.figure('drift', ({ pictures, controls, cases }) => {
  const PROMPTS = 40, REFUSED = 38;
  const area = Play.canvas(pictures, 480, 270);
  const lost = Play.slider(controls, 'refusals lost', { min: 0, max: REFUSED, step: 1, value: 18 }, update);
  const gained = Play.slider(controls, 'refusals gained', { min: 0, max: PROMPTS - REFUSED, step: 1, value: 0 }, update);
  const show = Play.values(controls, ['drift, points', '95 % interval', 'the paper’s measure']);
  const x = d => 110 + 3.5 * d;

  function update() {
    const r = Formulas.drift({ n: PROMPTS, lost: lost.value, gained: gained.value, quantile: cases[0].in.quantile });
    area.replaceChildren();
    for (let i = 0; i < PROMPTS; i++) {
      const kind = i < lost.value ? 'lost' : i < REFUSED ? 'kept' : i < REFUSED + gained.value ? 'gained' : 'never';
      Play.svg(area, 'rect', { x: 12 + 23 * (i % 20), y: 10 + 26 * Math.floor(i / 20), width: 19, height: 22, class: 'prompt ' + kind });
    }
    [['kept', 'refused by both'], ['lost', 'lost'], ['gained', 'gained'], ['never', 'answered by both']].forEach(([kind, text], i) => {
      Play.svg(area, 'rect', { x: 12 + 125 * i - (i > 1 ? 40 : 0), y: 78, width: 12, height: 14, class: 'prompt ' + kind });
      Play.svg(area, 'text', { x: 30 + 125 * i - (i > 1 ? 40 : 0), y: 90, class: 'soft' }, text);
    });
    Play.svg(area, 'path', { d: `M${x(-25)} 200H${x(100)}`, class: 'axis' });
    Play.svg(area, 'path', { d: `M${x(0)} 130V206`, class: 'tau' });
    for (const d of [-20, 0, 20, 40, 60, 80, 100]) Play.svg(area, 'text', { x: x(d), y: 222, 'text-anchor': 'middle', class: 'soft' }, Play.number(d));
    Play.svg(area, 'text', { x: x(40), y: 248, 'text-anchor': 'middle', class: 'soft' }, 'drift in points, more is worse');
    Play.svg(area, 'path', { d: `M${x(r.low)} 165H${x(r.high)}M${x(r.low)} 156V174M${x(r.high)} 156V174`, class: 'arrow a' });
    Play.svg(area, 'circle', { cx: x(r.drift), cy: 165, r: 6, class: 'head a' });
    show([r.drift.toFixed(1), `${r.low.toFixed(1)} to ${r.high.toFixed(1)}`.replace(/-/g, '\u2212'), Math.max(0, r.drift).toFixed(1)]);
  }
  update();
});
