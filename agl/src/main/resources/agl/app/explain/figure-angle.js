// The angle between the two parts, as it is and as the metric M sees it. By projection ΔW_T is what P_A leaves of ΔW; with two branches
// it can be moved by itself.
'use strict';
Play.figure('angle', ({ pictures, controls }) => {
  const plain = Play.plane(pictures, 300, 300, 1.25, 'as they are'), seen = Play.plane(pictures, 300, 300, 1.25, 'as M sees them');
  const start = [[0.85, 0.35], [-0.27, 0.66]];
  const a = Play.point(plain, start[0], 'end of ΔW_A', update, 'a'), t = Play.point(plain, start[1], 'end of ΔW_T', update, 't');
  const split = Play.choice(controls, 'the parts', [['projection', 'of a projection'], ['branches', 'two branches']], update);
  const second = Play.slider(controls, 'M = diag(1, μ), μ', { min: -1, max: 0.5, step: 0.05, value: 0, power: true }, update);
  const show = Play.values(controls, ['angle', 'angle in M', '⟨ΔW_A, ΔW_T⟩_M', 'E_geo = cos²']);

  function draw(plane, x, y) {
    plane.above.replaceChildren();
    const origin = plane.at([0, 0]);
    Play.arrow(plane.above, origin, plane.at(x), 'a', 'ΔW_A', 16);
    Play.arrow(plane.above, origin, plane.at(y), 't', 'ΔW_T', -18);
    // The arc of the angle; its side follows the shorter way round.
    const from = Math.atan2(x[1], x[0]);
    let by = Math.atan2(y[1], y[0]) - from;
    by -= 2 * Math.PI * Math.round(by / (2 * Math.PI));
    let d = '';
    for (let i = 0; i <= 24; i++) {
      const p = plane.at([0.28 * Math.cos(from + by * i / 24), 0.28 * Math.sin(from + by * i / 24)]);
      d += (i ? 'L' : 'M') + p[0].toFixed(1) + ' ' + p[1].toFixed(1);
    }
    Play.svg(plane.above, 'path', { d: d, class: 'arc' });
    const middle = plane.at([0.46 * Math.cos(from + by / 2), 0.46 * Math.sin(from + by / 2)]), degrees = Math.abs(by) * 180 / Math.PI;
    Play.svg(plane.above, 'text', { x: middle[0], y: middle[1] + 4, 'text-anchor': 'middle' }, Math.round(degrees) + '°');
    return degrees;
  }

  function update() {
    const length = Math.hypot(a.value[0], a.value[1]);
    if (split.value === 'projection' && length > 0) {
      // The part of t at a right angle to a.
      const along = (a.value[0] * t.value[0] + a.value[1] * t.value[1]) / (length * length);
      t.place([t.value[0] - along * a.value[0], t.value[1] - along * a.value[1]]);
    }
    const mu = second.value, r = Formulas.angle({ a: a.value, t: t.value, metric: [1, mu], epsilon: 1e-12 });
    const root = Math.sqrt(mu), stretched = x => [x[0], root * x[1]];
    const angle = draw(plain, a.value, t.value), inM = draw(seen, stretched(a.value), stretched(t.value));
    show([angle.toFixed(1) + '°', inM.toFixed(1) + '°', r.q, r.E_geo]);
  }
  update();
});
