// A weight of two entries: F is an ellipse, the update an arrow that splits into a part along its long axis and the rest. On the page
// about the Fisher information the gradients can be moved, on the others the update.
'use strict';
Play.figure('plane', ({ pictures, controls, mode }) => {
  const fisher = mode === 'fisher', price = mode === 'L_A' || mode === 'L_T';
  const plane = Play.plane(pictures, 480, 330, 1.15);
  const turned = degrees => {
    const c = Math.cos(degrees * Math.PI / 180), s = Math.sin(degrees * Math.PI / 180);
    return [[1, 0.12], [-0.75, 0.3], [0.4, -0.35]].map(g => [0.9 * (c * g[0] - s * g[1]), 0.9 * (s * g[0] + c * g[1])]);
  };
  const points = fisher ? turned(25).map((g, i) => Play.point(plane, g, `gradient ${i + 1}`, update, 'g')) : [Play.point(plane, [0.35, 0.75], 'ΔW', update)];
  const turn = fisher ? null : Play.slider(controls, 'turn of F', { min: 0, max: 180, step: 5, value: 25, text: v => v + '°' }, update);
  const m = fisher ? null : Play.choice(controls, 'eigenvectors kept', [['1', 'm = 1'], ['2', 'm = 2, all']], update);
  const h = mode === 'L_T' ? Play.choice(controls, 'H', [['', 'identity'], ['diagonal', 'diag F']], update) : null;
  const show = Play.values(controls, {
    fisher: ['λ₁, share of tr F', 'λ₂', 'u₁'],
    split: ['‖ΔW‖²', '‖ΔW_A‖²', '‖ΔW_T‖²', '⟨ΔW_A, ΔW_T⟩', 'share in the subspace'],
    L_A: ['λ₁', 'λ₂', 'c₁ = ⟨u₁, ΔW⟩', 'c₂', 'L_A'],
    L_T: ['‖ΔW‖²', '‖ΔW_A‖²', 'L_T']
  }[mode]);

  // The curve xᵀQx = level for symmetric Q = [xx, xy, yy]: an ellipse, or two lines if Q has one direction only.
  function level(layer, Q, value, kind) {
    const root = Math.hypot(Q[0] - Q[2], 2 * Q[1]), big = (Q[0] + Q[2] + root) / 2, small = (Q[0] + Q[2] - root) / 2;
    const t = 0.5 * Math.atan2(2 * Q[1], Q[0] - Q[2]), e = [Math.cos(t), Math.sin(t)];
    if (big < 1e-9 || value < 1e-9) return;
    const a = Math.sqrt(value / big), b = Math.sqrt(value / Math.max(small, 1e-9));
    let d = '';
    if (b > 20) {
      for (const side of [-a, a]) {
        const from = plane.at([side * e[0] - 4 * e[1], side * e[1] + 4 * e[0]]), to = plane.at([side * e[0] + 4 * e[1], side * e[1] - 4 * e[0]]);
        d += `M${from[0].toFixed(1)} ${from[1].toFixed(1)}L${to[0].toFixed(1)} ${to[1].toFixed(1)}`;
      }
    } else {
      for (let i = 0; i <= 90; i++) {
        const w = i * Math.PI / 45, p = plane.at([a * Math.cos(w) * e[0] - b * Math.sin(w) * e[1], a * Math.cos(w) * e[1] + b * Math.sin(w) * e[0]]);
        d += (i ? 'L' : 'M') + p[0].toFixed(1) + ' ' + p[1].toFixed(1);
      }
    }
    Play.svg(layer, 'path', { d: d, class: kind });
  }

  function update() {
    const g = fisher ? points.map(p => p.value) : turned(turn.value);
    const r = Formulas.plane({ g: g, w: fisher ? [0, 0] : points[0].value, m: fisher ? 1 : Number(m.value), diagonal: Boolean(h && h.value) });
    plane.below.replaceChildren();
    plane.above.replaceChildren();
    const origin = plane.at([0, 0]);
    // Where the loss of the alignment examples changes most, F is long: the ellipse has half axes √λ along the eigenvectors.
    const inverse = [r.F[2], -r.F[1], r.F[0]].map(v => v / Math.max(1e-9, r.F[0] * r.F[2] - r.F[1] * r.F[1]));
    level(plane.below, inverse, 0.8, 'ellipse');
    if (mode === 'L_A') {
      const Q = [0, 0, 0];
      for (let k = 0; k < Number(m.value); k++) [[0, 0], [0, 1], [1, 1]].forEach((ij, n) => { Q[n] += r.lambda[k] * r.u[k][ij[0]] * r.u[k][ij[1]]; });
      for (const fixed of [0.1, 0.3, 0.6]) level(plane.below, Q, fixed, 'contour');
      level(plane.below, Q, r.L_A, 'contour here');
    }
    if (mode === 'L_T' && m.value === '1') {
      const v = r.u[1], weight = r.h[0] * v[0] * v[0] + r.h[1] * v[1] * v[1];
      const Q = [weight * v[0] * v[0], weight * v[0] * v[1], weight * v[1] * v[1]];
      for (const fixed of [0.1, 0.3, 0.6]) level(plane.below, Q, fixed, 'contour');
      level(plane.below, Q, r.L_T, 'contour here');
    }
    r.u.forEach((u, k) => {
      const end = plane.at([1.05 * u[0], 1.05 * u[1]]), other = plane.at([-1.05 * u[0], -1.05 * u[1]]);
      Play.svg(plane.below, 'path', { d: `M${other[0]} ${other[1]}L${end[0]} ${end[1]}`, class: 'eigen' + (fisher || k < Number(m.value) ? ' kept' : '') });
      Play.svg(plane.below, 'text', { x: end[0] + 8, y: end[1] + 4, class: 'soft' }, k ? 'u₂' : 'u₁');
    });
    if (fisher) {
      points.forEach((p, i) => Play.arrow(plane.above, origin, plane.at(p.value), 'g', `g${'₁₂₃'[i]}`, -12));
      show([r.lambda[0], r.lambda[1], `${Play.number(r.u[0][0], 2)}, ${Play.number(r.u[0][1], 2)}`]);
      return;
    }
    const tip = plane.at(points[0].value), part = plane.at(r.dA);
    Play.arrow(plane.above, part, tip, 't', 'ΔW_T', 22);
    Play.arrow(plane.above, origin, part, 'a', 'ΔW_A', 18);
    Play.arrow(plane.above, origin, tip, 'w', 'ΔW', -18);
    const square = x => x[0] * x[0] + x[1] * x[1], w = square(points[0].value), a = square(r.dA), t = square(r.dT);
    show({
      split: [w, a, t, r.dA[0] * r.dT[0] + r.dA[1] * r.dT[1], w > 0 ? Play.number(100 * a / w) + ' %' : '–'],
      L_A: [r.lambda[0], r.lambda[1], r.c[0], r.c[1], r.L_A],
      L_T: [w, a, r.L_T]
    }[mode]);
  }
  update();
});
