// Reads the sliders, gets the values from terms.js and draws the plots. Sizes and colors are set in the style sheet.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('problem').textContent);
  const problem = data.problem;
  const form = document.getElementById('sliders');
  const SVG = 'http://www.w3.org/2000/svg';

  function settings() {
    const s = { subspace: form.elements.subspace.value, metric: form.elements.metric.value };
    for (const input of form.querySelectorAll('input[type=range]')) {
      s[input.name] = 'power' in input.dataset ? Math.pow(10, Number(input.value)) : Number(input.value);
    }
    // Each of the two branches needs a rank.
    if (s.subspace === 'branches') s.r = Math.max(2, s.r);
    return s;
  }

  function number(x) {
    const a = Math.abs(x);
    const text = a < 1e-15 ? '0' : a >= 1e-3 && a < 1e4 ? Number(x.toPrecision(4)).toString() : x.toExponential(3);
    return text.replace(/-/g, '\u2212');
  }

  function element(parent, name, attributes, text) {
    const e = document.createElementNS(SVG, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    if (text !== undefined) e.textContent = text;
    parent.appendChild(e);
    return e;
  }

  // ΔW_A lies along the first axis; ΔW_T starts at its tip, at the angle between the two parts; ΔW closes the triangle.
  function arrows(svg, t) {
    svg.replaceChildren();
    const scale = 250 / data.longest, x0 = 24, y0 = 190;
    const cosine = t.normA * t.normT > 0 ? t.innerProduct / (t.normA * t.normT) : 0;
    const sine = Math.sqrt(Math.max(0, 1 - cosine * cosine));
    const tip = [x0 + scale * t.normA, y0];
    const end = [tip[0] + scale * t.normT * cosine, y0 - scale * t.normT * sine];
    element(svg, 'path', { d: `M${x0 - 8} ${y0}H316M${x0} ${y0 + 8}V8`, class: 'axis' });
    element(svg, 'text', { x: 316, y: y0 + 16, 'text-anchor': 'end', class: 'soft' }, 'along ΔW_A');
    const arrow = (from, to, kind, label, dx, dy) => {
      const dX = to[0] - from[0], dY = to[1] - from[1], n = Math.hypot(dX, dY);
      if (n > 1) {
        const h = Math.min(8, n), back = [to[0] - h * dX / n, to[1] - h * dY / n], side = [-0.45 * h * dY / n, 0.45 * h * dX / n];
        element(svg, 'path', { d: `M${from[0]} ${from[1]}L${back[0]} ${back[1]}`, class: 'arrow ' + kind });
        element(svg, 'path', { d: `M${to[0]} ${to[1]}L${back[0] + side[0]} ${back[1] + side[1]}L${back[0] - side[0]} ${back[1] - side[1]}Z`, class: 'head ' + kind });
        element(svg, 'text', { x: (from[0] + to[0]) / 2 + dx, y: (from[1] + to[1]) / 2 + dy, class: 'label ' + kind }, label);
      } else {
        element(svg, 'circle', { cx: from[0], cy: from[1], r: 3, class: 'head ' + kind });
      }
    };
    arrow([x0, y0], end, 'w', 'ΔW', -26, -6);
    arrow([x0, y0], tip, 'a', 'ΔW_A', -14, 17);
    arrow(tip, end, 't', 'ΔW_T', 8, 4);
    const degrees = Math.acos(Math.max(-1, Math.min(1, cosine))) * 180 / Math.PI;
    svg.setAttribute('aria-label', `ΔW_A has length ${number(t.normA)}, ΔW_T ${number(t.normT)}, ΔW ${number(t.normW)}; the angle between the parts is ${number(degrees)} degrees.`);
    document.getElementById('angle').textContent = t.normA * t.normT > 0 ? `${number(degrees)}° between the parts` : 'no angle: a part is zero';
  }

  // η over |ΔW|, with the matrix entries on the curve.
  function etaCurve(svg, s, t) {
    svg.replaceChildren();
    const widest = 1.05 * Math.max(0.05, ...t.deltaW.map(Math.abs)), x = w => 36 + 270 * w / widest, y = h => 190 - 170 * (h - 1) / 10.2;
    element(svg, 'path', { d: 'M36 190H316M36 190V8', class: 'axis' });
    for (const h of [1, 6, 11]) element(svg, 'text', { x: 28, y: y(h) + 4, 'text-anchor': 'end', class: 'soft' }, h);
    for (const w of [0, 0.5, 1]) element(svg, 'text', { x: x(w * widest), y: 206, 'text-anchor': 'middle', class: 'soft' }, Number((w * widest).toPrecision(2)));
    let d = '';
    for (let i = 0; i <= 120; i++) {
      const w = widest * i / 120;
      d += (i ? 'L' : 'M') + x(w).toFixed(1) + ' ' + y(1 + s.beta / (1 + Math.exp(-s.kappa * (w - s.tau)))).toFixed(1);
    }
    element(svg, 'path', { d: d, class: 'arrow w' });
    element(svg, 'path', { d: `M${x(s.tau)} 190V8`, class: 'tau' });
    element(svg, 'text', { x: x(s.tau) + 4, y: 18, class: 'soft' }, 'τ');
    t.deltaW.forEach((w, e) => element(svg, 'circle', { cx: x(Math.abs(w)).toFixed(1), cy: y(t.eta[e]).toFixed(1), r: 3, class: 'entry' }));
    svg.setAttribute('aria-label', `The weight η rises from ${number(1 + s.beta / (1 + Math.exp(s.kappa * s.tau)))} at 0; among the entries it lies between ${number(Math.min(...t.eta))} and ${number(Math.max(...t.eta))}.`);
  }

  function heat(table, values, reach) {
    let e = 0;
    for (const cell of table.querySelectorAll('td')) {
      const v = values[e++], share = reach > 0 ? Math.min(1, Math.abs(v) / reach) : 0;
      cell.textContent = (Math.abs(v) < 5e-4 ? '0' : v.toFixed(3)).replace('-', '\u2212');
      cell.style.setProperty('--share', (100 * share).toFixed(1) + '%');
      cell.className = (v < 0 ? 'cold' : 'hot') + (share > 0.6 ? ' strong' : '');
    }
  }

  function note(s, t) {
    if (t.normW === 0) return 'ΔW = 0, as at the start of training: every term is 0, and finite; E_geo is 0/ε (case D).';
    if (s.subspace === 'diagonal') return 'The mask leaves the parts no entry in common: E_RM and E_geo are exactly 0, in either metric (case A).';
    if (s.subspace === 'exact' && s.metric === 'euclidean') return 'The parts of an orthogonal projection are at a right angle whatever the sliders say: E_geo is 0 within rounding (case A).';
    if (s.subspace === 'exact') return 'With M = diag F the right angle is gone, and E_geo acts.';
    return 'Two branches: the parts have factors of their own, their angle is free, and both collision terms act.';
  }

  function update() {
    const s = settings(), t = aglTerms(problem, s);
    for (const input of form.querySelectorAll('input[type=range]')) {
      form.querySelector(`output[for=${input.id}]`).textContent = number(s[input.name]);
    }
    arrows(document.getElementById('arrows'), t);
    etaCurve(document.getElementById('eta'), s, t);
    const reach = Math.max(...t.deltaW.map(Math.abs), ...t.deltaA.map(Math.abs), ...t.deltaT.map(Math.abs));
    heat(document.getElementById('deltaW'), t.deltaW, reach);
    heat(document.getElementById('deltaA'), t.deltaA, reach);
    heat(document.getElementById('deltaT'), t.deltaT, reach);
    heat(document.getElementById('overlap'), t.overlap.map(v => 100 * v), 100 * Math.max(...t.overlap));
    for (const name of ['L_A', 'L_T', 'E_RM', 'E_geo', 'collision']) document.getElementById('value-' + name).textContent = number(t[name]);
    document.getElementById('value-share').textContent = t.normW > 0 ? number(100 * t.normA * t.normA / (t.normW * t.normW)) + ' %' : '\u2013';
    document.getElementById('note').textContent = note(s, t);
  }

  form.addEventListener('input', update);
  form.addEventListener('reset', () => setTimeout(update, 0));
  update();
  document.getElementById('agreement').textContent = `${data.cases.length} settings computed by Java when this page was made and by this script just now: `
    + `largest relative difference ${largestDifference(problem, data.cases).toExponential(1)}.`;
})();
