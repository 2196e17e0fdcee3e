// The tape of five operations: forward it is written, backward it is read from its end, one operation at a time.
'use strict';
Play.figure('tape', ({ pictures, controls }) => {
  const NODES = [['w', 32, 50], ['x', 32, 170], ['b', 107, 170], ['u', 107, 50], ['v', 182, 50], ['s', 257, 50], ['p', 327, 110], ['L', 402, 110]];
  const TAPE = [
    { out: 3, text: 'u = w · x', adds: [[0, 'w', '∂L/∂u · x', n => n.gradients[3] * n.values[1]], [1, 'x', '∂L/∂u · w', n => n.gradients[3] * n.values[0]]] },
    { out: 4, text: 'v = u + b', adds: [[3, 'u', '∂L/∂v', n => n.gradients[4]], [2, 'b', '∂L/∂v', n => n.gradients[4]]] },
    { out: 5, text: 's = σ(v)', adds: [[4, 'v', '∂L/∂s · s(1 − s)', n => n.gradients[5] * n.values[5] * (1 - n.values[5])]] },
    { out: 6, text: 'p = x · s', adds: [[1, 'x', '∂L/∂p · s', n => n.gradients[6] * n.values[5]], [5, 's', '∂L/∂p · x', n => n.gradients[6] * n.values[1]]] },
    { out: 7, text: 'L = p²', adds: [[6, 'p', '∂L/∂L · 2p', n => 2 * n.values[6]]] }
  ];
  const graph = Play.canvas(pictures, 436, 225);
  const list = Play.html(pictures, 'ol', { class: 'tape', reversed: '' });
  // How many operations have been read, from the end.
  let read = 0;
  const buttons = Play.html(controls, 'p', { class: 'buttons' });
  const back = Play.button(buttons, '← one step back along the tape', () => { read = Math.min(TAPE.length, read + 1); update(); });
  const again = Play.button(buttons, 'forward again', () => { read = 0; update(); });
  const inputs = [['x', 1.5], ['w', 0.8], ['b', -0.4]].map(([name, value]) => Play.slider(controls, name, { min: -2, max: 2, step: 0.1, value: value }, update));
  const says = Play.html(controls, 'p', { class: 'says', 'aria-live': 'polite' });

  function update() {
    const n = Formulas.tape({ x: inputs[0].value, w: inputs[1].value, b: inputs[2].value });
    const so_far = NODES.map((node, i) => i === 7 ? 1 : null);
    for (let i = 0; i < read; i++) {
      TAPE[TAPE.length - 1 - i].adds.forEach(add => { so_far[add[0]] = (so_far[add[0]] ?? 0) + add[3](n); });
    }
    const now = read > 0 ? TAPE[TAPE.length - read] : null;
    graph.replaceChildren();
    TAPE.forEach(op => op.adds.forEach(add => {
      const [, x1, y1] = NODES[add[0]], [, x2, y2] = NODES[op.out], long = Math.hypot(x2 - x1, y2 - y1), cut = 20 / long;
      const d = add[0] === 1 && op.out === 6 ? 'M49 178C120 235 250 225 316 127'
        : `M${x1 + cut * (x2 - x1)} ${y1 + cut * (y2 - y1)}L${x2 - cut * (x2 - x1)} ${y2 - cut * (y2 - y1)}`;
      Play.svg(graph, 'path', { d: d, class: 'edge' + (op === now ? ' now' : '') });
    }));
    NODES.forEach(([name, x, y], i) => {
      const g = Play.svg(graph, 'g', { transform: `translate(${x} ${y})`, class: 'node' + (now && now.out === i ? ' now' : '') });
      Play.svg(g, 'circle', { r: 18 });
      Play.svg(g, 'text', { class: 'name', dy: '0.35em' }, name);
      Play.svg(g, 'text', { class: 'value', y: -25 }, Play.number(n.values[i]));
      if (so_far[i] !== null) Play.svg(g, 'text', { class: 'grad', y: 36 }, Play.number(so_far[i]));
    });
    list.replaceChildren();
    [...TAPE].reverse().forEach((op, i) => {
      const item = Play.html(list, 'li', { class: op === now ? 'now' : i < read ? 'done' : '' });
      Play.html(item, 'b', {}, op.text);
      Play.html(item, 'span', {}, i < read ? op.adds.map(add => `${add[1]} += ${add[2]} = ${Play.number(add[3](n))}`).join(', ') : 'recorded');
    });
    back.disabled = read === TAPE.length;
    again.disabled = read === 0;
    says.textContent = read === 0 ? 'Forward is done: every value is known, and the tape holds five operations. ∂L/∂L = 1.'
      : read === TAPE.length ? 'Done: x has collected two shares, one from p and one from u.'
        : `${now.text}: its output's gradient is complete, so it passes on ${now.adds.map(add => `${add[2]} to ${add[1]}`).join(' and ')}.`;
  }
  update();
});
