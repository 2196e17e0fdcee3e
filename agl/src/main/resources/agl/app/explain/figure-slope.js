// A function of one number: its tangent from the derivative of the operation, and the secant that the check compares it with.
'use strict';
Play.figure('slope', ({ pictures, controls }) => {
  const NAMES = ['Sigmoid', 'Tanh', 'Silu', 'Gelu', 'Relu', 'Abs', 'Square', 'Exp'], REACH = 3;
  const plane = Play.plane(pictures, 480, 330, REACH, 'y = f(x); orange: the tangent, with slope f′(x); dashed: the secant');
  const name = Play.choice(controls, 'operation', NAMES.map(n => [n, n]), update);
  const at = Play.slider(controls, 'x', { min: -3, max: 3, step: 0.1, value: 0.8 }, update);
  const step = Play.slider(controls, 'ε', { min: -6, max: 0.3, step: 0.1, value: 0, power: true }, update);
  const show = Play.values(controls, ['f(x)', 'f′(x), backward', '(f(x + ε) − f(x − ε)) / 2ε', 'difference']);
  const f = x => Formulas.slope({ operation: name.value, x: x });

  function line(x, y, slope, kind) {
    const from = plane.at([x - 8, y - 8 * slope]), to = plane.at([x + 8, y + 8 * slope]);
    Play.svg(plane.above, 'path', { d: `M${from[0]} ${from[1]}L${to[0]} ${to[1]}`, class: kind });
  }

  function update() {
    const x = at.value, e = step.value, here = f(x), quotient = (f(x + e).y - f(x - e).y) / (2 * e);
    plane.above.replaceChildren();
    let d = '';
    for (let i = 0; i <= 220; i++) {
      const p = plane.at([-4.4 + 0.04 * i, f(-4.4 + 0.04 * i).y]);
      d += (i ? 'L' : 'M') + p[0].toFixed(1) + ' ' + Math.max(-999, p[1]).toFixed(1);
    }
    Play.svg(plane.above, 'path', { d: d, class: 'arrow w' });
    line(x, here.y, here.slope, 'arrow t');
    line(x - e, f(x - e).y, quotient, 'arrow plain');
    for (const end of [x - e, x + e]) {
      const p = plane.at([end, f(end).y]);
      Play.svg(plane.above, 'circle', { cx: p[0], cy: p[1], r: 4, class: 'head plain' });
    }
    const p = plane.at([x, here.y]);
    Play.svg(plane.above, 'circle', { cx: p[0], cy: p[1], r: 5, class: 'head t' });
    show([here.y, here.slope, quotient, quotient - here.slope]);
  }
  update();
});
