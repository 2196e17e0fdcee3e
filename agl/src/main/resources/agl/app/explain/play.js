// What the figures share: SVG, sliders, points to drag, values. A figure's own script calls Play.figure(name, draw); draw gets the place
// to draw in, the mode the page asks for, and functions that make controls.
'use strict';
const Play = (() => {
  const SVG = 'http://www.w3.org/2000/svg';

  function number(x, digits, zero) {
    const a = Math.abs(x);
    const text = a <= (zero ?? 1e-12) ? '0' : a >= 1e-3 && a < 1e5 ? Number(x.toPrecision(digits || 3)).toString() : x.toExponential(1);
    return text.replace(/-/g, '\u2212');
  }

  // Text in which _x is a subscript, with an element for the lowered part.
  function write(e, text, lowered) {
    String(text).split(/_([A-Za-z]+)/).forEach((piece, i) => {
      if (i % 2) lowered(e, piece);
      else if (piece) e.appendChild(e.namespaceURI === SVG && i ? raised(e, piece) : document.createTextNode(piece));
    });
  }

  function raised(e, piece) {
    const span = document.createElementNS(SVG, 'tspan');
    span.setAttribute('dy', '-0.22em');
    span.textContent = piece;
    return span;
  }

  function html(parent, name, attributes, text) {
    const e = document.createElement(name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    if (text !== undefined) write(e, text, (to, piece) => { to.appendChild(document.createElement('sub')).textContent = piece; });
    parent.appendChild(e);
    return e;
  }

  function svg(parent, name, attributes, text) {
    const e = document.createElementNS(SVG, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    if (text !== undefined) {
      write(e, text, (to, piece) => {
        const span = document.createElementNS(SVG, 'tspan');
        span.setAttribute('dy', '0.3em');
        span.setAttribute('font-size', '75%');
        span.textContent = piece;
        to.appendChild(span);
      });
    }
    parent.appendChild(e);
    return e;
  }

  // An area to draw in; label says what it shows to those who do not see it.
  function canvas(parent, width, height, title) {
    const figure = html(parent, 'div', { class: 'canvas' });
    if (title) html(figure, 'h4', {}, title);
    return svg(figure, 'svg', { viewBox: `0 0 ${width} ${height}`, role: 'group' });
  }

  // A plane with the origin in the middle of an area; reach is the largest coordinate shown along the shorter side.
  function plane(parent, width, height, reach, title) {
    const area = canvas(parent, width, height, title);
    const scale = Math.min(width, height) / 2 / reach, cx = width / 2, cy = height / 2;
    svg(area, 'path', { d: `M0 ${cy}H${width}M${cx} 0V${height}`, class: 'axis' });
    return {
      area: area, below: svg(area, 'g', {}), above: svg(area, 'g', {}), reach: reach,
      at: p => [cx + scale * p[0], cy - scale * p[1]],
      from: p => [(p[0] - cx) / scale, (cy - p[1]) / scale]
    };
  }

  function arrow(layer, from, to, kind, label, offset) {
    const dx = to[0] - from[0], dy = to[1] - from[1], n = Math.hypot(dx, dy);
    if (n < 1) return;
    const h = Math.min(9, n), ux = dx / n, uy = dy / n, back = [to[0] - h * ux, to[1] - h * uy];
    svg(layer, 'path', { d: `M${from[0]} ${from[1]}L${back[0]} ${back[1]}`, class: 'arrow ' + kind });
    svg(layer, 'path', { d: `M${to[0]} ${to[1]}L${back[0] - 0.45 * h * uy} ${back[1] + 0.45 * h * ux}L${back[0] + 0.45 * h * uy} ${back[1] - 0.45 * h * ux}Z`, class: 'head ' + kind });
    // Beside the middle, on the side that offset says.
    const side = offset || 14;
    if (label && n > 18) svg(layer, 'text', { x: (from[0] + to[0]) / 2 - side * uy, y: (from[1] + to[1]) / 2 + side * ux + 4, class: 'label ' + kind, 'text-anchor': 'middle' }, label);
  }

  // A point to drag or to move with the arrow keys.
  function point(plane, start, label, changed, kind) {
    const value = [start[0], start[1]];
    const dot = svg(plane.area, 'circle', { r: 9, class: 'handle ' + (kind || 'w'), tabindex: 0, role: 'slider',
      'aria-valuemin': -2 * plane.reach, 'aria-valuemax': 2 * plane.reach, 'aria-label': label + ', move with the arrow keys' });
    function place(p) {
      const limit = 0.98 * plane.reach, box = plane.area.viewBox.baseVal, wide = limit * Math.max(1, box.width / box.height);
      value[0] = Math.max(-wide, Math.min(wide, p[0]));
      value[1] = Math.max(-limit, Math.min(limit, p[1]));
      const at = plane.at(value);
      dot.setAttribute('cx', at[0]);
      dot.setAttribute('cy', at[1]);
      dot.setAttribute('aria-valuenow', value[0].toFixed(2));
      dot.setAttribute('aria-valuetext', `${value[0].toFixed(2)} and ${value[1].toFixed(2)}`);
    }
    dot.addEventListener('pointerdown', e => { dot.setPointerCapture(e.pointerId); e.preventDefault(); dot.focus(); });
    dot.addEventListener('pointermove', e => {
      if (!dot.hasPointerCapture(e.pointerId)) return;
      const at = new DOMPoint(e.clientX, e.clientY).matrixTransform(plane.area.getScreenCTM().inverse());
      place(plane.from([at.x, at.y]));
      changed();
    });
    dot.addEventListener('keydown', e => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
      if (!step) return;
      place([value[0] + 0.05 * plane.reach * step[0], value[1] + 0.05 * plane.reach * step[1]]);
      changed();
      e.preventDefault();
      e.stopPropagation();
    });
    place(value);
    return { value: value, place: place, dot: dot };
  }

  // range: min, max, step, value; with power the slider moves the exponent of ten.
  function slider(parent, label, range, changed) {
    const p = html(parent, 'p', { class: 'control' }), id = 'play-' + document.querySelectorAll('.control').length;
    html(p, 'label', { for: id }, label);
    const input = html(p, 'input', { type: 'range', id: id, min: range.min, max: range.max, step: range.step, value: range.value });
    const output = html(p, 'output', { for: id });
    const read = () => range.power ? Math.pow(10, Number(input.value)) : Number(input.value);
    const show = () => { output.textContent = range.text ? range.text(read()) : number(read()); };
    input.addEventListener('input', () => { show(); changed(); });
    show();
    return { get value() { return read(); }, input: input };
  }

  function choice(parent, label, options, changed) {
    const p = html(parent, 'p', { class: 'control' }), id = 'play-' + document.querySelectorAll('.control').length;
    html(p, 'label', { for: id }, label);
    const select = html(p, 'select', { id: id });
    options.forEach(o => html(select, 'option', { value: o[0] }, o[1]));
    select.addEventListener('change', changed);
    return select;
  }

  function button(parent, label, pressed) {
    const b = html(parent, 'button', { type: 'button' }, label);
    b.addEventListener('click', pressed);
    return b;
  }

  // Names and, after each drawing, their values.
  function values(parent, names) {
    const list = html(parent, 'dl', { class: 'terms', 'aria-live': 'polite' });
    const places = names.map(name => {
      const pair = html(list, 'div', {});
      html(pair, 'dt', {}, name);
      return html(pair, 'dd', {});
    });
    return all => all.forEach((v, i) => { places[i].textContent = typeof v === 'number' ? number(v) : v; });
  }

  function figure(name, draw) {
    document.querySelectorAll(`.play[data-figure=${name}]`).forEach(host => {
      const stage = host.querySelector('.stage'), cases = JSON.parse(host.querySelector('script').textContent);
      const pictures = html(stage, 'div', { class: 'canvases' }), controls = html(stage, 'div', { class: 'controls' });
      draw({ pictures: pictures, controls: controls, mode: host.dataset.mode, cases: cases });
      if (cases.length > 0) {
        host.querySelector('.agreement').textContent = `Computed here by the formula; in ${cases.length} settings computed by the Java classes too, `
          + `the largest difference is ${number(largestFigureDifference(Formulas[name], cases), 1, 0)}.`;
      }
    });
  }

  return { number: number, html: html, svg: svg, canvas: canvas, plane: plane, arrow: arrow, point: point, slider: slider, choice: choice,
    button: button, values: values, figure: figure };
})();
