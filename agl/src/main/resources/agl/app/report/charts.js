// Draws the figures of a report: each element of class chart contains its data as JSON. Colors come from page.css,
// so that dark mode and print need no code here.
(() => {
  'use strict';
  const MINUS = '\u2212';

  // Up to four significant digits, like the tables.
  function number(v) {
    if (v === null || v === undefined) return '\u2013';
    const a = Math.abs(v);
    const s = Number.isInteger(v) && a < 1e6 ? String(v)
      : a >= 1e-3 && a < 1e6 ? v.toFixed(Math.max(0, 3 - Math.floor(Math.log10(a)))).replace(/\.?0+$/, '') : v.toExponential(3);
    return s.replace(/-/g, MINUS);
  }

  const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';
  function power(v) {
    const e = Math.round(Math.log10(v));
    return '10' + (e < 0 ? '⁻' : '') + String(Math.abs(e)).split('').map(d => SUPERSCRIPT[d]).join('');
  }

  function tickFormat(scale, log) {
    if (log) return power;
    const largest = Math.max(...scale.domain().map(Math.abs));
    const f = largest !== 0 && (largest < 1e-3 || largest >= 1e5) ? d3.format('.2~e') : d3.format('~g');
    return v => f(Math.abs(v) < largest * 1e-12 ? 0 : v).replace('-', MINUS);
  }

  function color(i) {
    return `var(--c${i % 8})`;
  }

  // Enough room for the longest text at 12 px.
  function widthOf(texts) {
    return Math.ceil(Math.max(0, ...texts.map(t => t.length)) * 6.7);
  }

  function svgIn(plot, width, height, name) {
    return d3.select(plot).append('svg').attr('viewBox', `0 0 ${width} ${height}`).attr('role', 'img').attr('aria-label', name + '. The table below has the numbers.');
  }

  function swatch(item, i, kind) {
    const svg = item.append('svg').attr('viewBox', '0 0 18 10').attr('aria-hidden', 'true');
    if (kind === 'lines') svg.append('path').attr('d', 'M0 5H18').attr('stroke', color(i)).attr('stroke-width', 1.6);
    svg.append('path').attr('d', d3.symbol(SHAPES[i % 8], 46)()).attr('transform', 'translate(9 5)').attr('fill', color(i));
  }

  const PENTAGON = {
    draw(context, size) {
      const r = Math.sqrt(size / 2.38);
      d3.range(5).forEach(k => context[k ? 'lineTo' : 'moveTo'](r * Math.sin(k * 0.4 * Math.PI), -r * Math.cos(k * 0.4 * Math.PI)));
      context.closePath();
    }
  };
  // Each color has a shape, so that lines and points can also be distinguished without color.
  const SHAPES = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolStar, d3.symbolWye, PENTAGON];

  function yAxis(svg, y, ticks, format, left, right, zero) {
    const g = svg.append('g').attr('class', 'grid');
    for (const t of ticks) {
      g.append('line').attr('x1', left).attr('x2', right).attr('y1', y(t)).attr('y2', y(t)).classed('zero', zero && t === 0);
      g.append('text').attr('x', left - 7).attr('y', y(t)).attr('dy', '0.35em').attr('text-anchor', 'end').text(format(t));
    }
  }

  function xAxis(svg, x, ticks, format, bottom, label, right) {
    const g = svg.append('g');
    for (const t of ticks) g.append('text').attr('x', x(t)).attr('y', bottom + 17).attr('text-anchor', 'middle').text(format(t));
    g.append('text').attr('x', right).attr('y', bottom + 34).attr('text-anchor', 'end').text(label);
  }

  function padded([low, high]) {
    if (low === undefined || low === 0 && high === 0) return [0, 1];
    if (low === high) return [low - (Math.abs(low) || 1) * 0.05, high + (Math.abs(high) || 1) * 0.05];
    return [low, high];
  }

  function lines(plot, data, width, name) {
    const log = plot.dataset.log ? plot.dataset.log === 'yes' : data.log;
    const shown = v => v !== null && (!log || v > 0);
    const all = data.series.flatMap(s => s.points);
    const values = all.flatMap(p => [p[1], p[2], p[3]]).filter(v => v !== undefined && shown(v));
    const canLog = values.length > 0 && values.every(v => v >= 0) && values.some(v => v > 0);

    const legend = d3.select(plot).append('ul').attr('class', 'legend');
    const at = legend.append('li');
    const cells = data.series.map(s => {
      const item = legend.append('li');
      swatch(item, s.color, 'lines');
      item.append('span').text(s.name);
      return item.append('b');
    });
    if (canLog) {
      const box = legend.append('li').append('label');
      box.append('input').attr('type', 'checkbox').property('checked', log).on('change', event => {
        plot.dataset.log = event.target.checked ? 'yes' : 'no';
        draw(plot.closest('figure'));
        plot.querySelector('input').focus();
      });
      box.append('span').text('logarithmic');
    }

    const height = width < 500 ? 250 : 300;
    const svg = svgIn(plot, width, height, name);
    let extent = padded(d3.extent(values));
    const y = log ? d3.scaleLog().domain(extent).nice() : d3.scaleLinear().domain(extent).nice(5);
    let ticks = log ? y.ticks().filter(v => Number.isInteger(Math.round(Math.log10(v) * 1e6) / 1e6)) : y.ticks(5);
    if (log) while (ticks.length > 8) ticks = ticks.filter((t, i) => i % 2 === 0);
    const format = tickFormat(y, log);
    const left = widthOf(ticks.map(format)) + 10, right = width - 8, top = 26, bottom = height - 40;
    y.range([bottom, top]);
    const x = d3.scaleLinear().domain(padded(d3.extent(all, p => p[0]))).range([left, right]);
    svg.append('text').attr('x', 0).attr('y', 10).text(data.y);
    yAxis(svg, y, ticks, format, left, right, true);
    const xs = Array.from(new Set(all.map(p => p[0]))).sort(d3.ascending);
    const whole = xs.every(Number.isInteger);
    xAxis(svg, x, x.ticks(width < 500 ? 4 : 8).filter(t => !whole || Number.isInteger(t)), tickFormat(x, false), bottom, data.x, right);

    const px = p => x(p[0]);
    for (const s of data.series) {
      if (s.points.some(p => p.length === 4)) {
        svg.append('path').attr('fill', color(s.color)).attr('fill-opacity', 0.13)
          .attr('d', d3.area().defined(p => shown(p[2]) && shown(p[3])).x(px).y0(p => y(p[2])).y1(p => y(p[3]))(s.points));
      }
      svg.append('path').attr('fill', 'none').attr('stroke', color(s.color)).attr('stroke-width', 1.6).attr('stroke-linejoin', 'round')
        .attr('d', d3.line().defined(p => shown(p[1])).x(px).y(p => y(p[1]))(s.points));
      const every = Math.max(1, Math.round(s.points.length / 8));
      const marks = s.points.filter((p, i) => shown(p[1]) && (s.points.length - 1 - i) % every === 0);
      svg.append('g').selectAll('path').data(marks).join('path').attr('d', d3.symbol(SHAPES[s.color % 8], 34)())
        .attr('transform', p => `translate(${px(p)} ${y(p[1])})`).attr('fill', color(s.color));
    }

    const cursor = svg.append('line').attr('class', 'cursor').attr('y1', top).attr('y2', bottom).style('display', 'none');
    function read(value) {
      at.text(data.x + ' ' + number(value));
      data.series.forEach((s, i) => {
        const p = s.points.find(q => q[0] === value);
        cells[i].text(p ? number(p[1]) : '');
      });
    }
    const last = xs.length ? xs[xs.length - 1] : null;
    read(last);
    svg.on('pointermove pointerdown', event => {
      if (xs.length === 0) return;
      const value = xs[d3.bisectCenter(xs, x.invert(d3.pointer(event)[0]))];
      cursor.attr('x1', x(value)).attr('x2', x(value)).style('display', null);
      read(value);
    }).on('pointerleave', () => {
      cursor.style('display', 'none');
      read(last);
    });
  }

  function bars(plot, data, width, name) {
    const legend = d3.select(plot).append('ul').attr('class', 'legend');
    if (data.series.length > 1) {
      for (const s of data.series) {
        const item = legend.append('li');
        swatch(item, s.color, 'bars');
        item.append('span').text(s.name);
      }
    }
    const largest = d3.max(data.series.flatMap(s => s.values.flat()), Math.abs) || 1;
    const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(largest))));
    const fixed = v => v === null ? '\u2013' : v.toFixed(decimals).replace('-', MINUS);
    const text = v => fixed(v[0]) + (v[1] === null ? '' : ` [${fixed(v[1])}, ${fixed(v[2])}]`);
    const narrow = width < 560;
    const right = width - widthOf(data.series.flatMap(s => s.values.map(text))) - 10;
    const left = narrow ? 4 : Math.min(220, widthOf(data.labels) + 14);
    const row = 17, between = 12, head = narrow ? 18 : 0, group = head + data.series.length * row + between;
    const bottom = data.labels.length * group;
    const svg = svgIn(plot, width, bottom + 40, name);
    const [low, high] = padded(d3.extent([0].concat(data.series.flatMap(s => s.values.flat())).filter(v => v !== null)));
    const x = d3.scaleLinear().domain([low, high]).nice(5).range([left, right]);
    const ticks = x.ticks(narrow ? 4 : 6);
    const grid = svg.append('g').attr('class', 'grid');
    for (const t of ticks) grid.append('line').attr('x1', x(t)).attr('x2', x(t)).attr('y1', 0).attr('y2', bottom).classed('zero', t === 0);
    xAxis(svg, x, ticks, tickFormat(x, false), bottom, data.y, right);
    data.labels.forEach((label, i) => {
      const top = i * group;
      const t = svg.append('text').attr('class', 'strong').attr('x', narrow ? 4 : left - 10).attr('text-anchor', narrow ? 'start' : 'end')
        .attr('y', narrow ? top + 13 : top + between / 2 + data.series.length * row / 2).attr('dy', narrow ? 0 : '0.35em');
      t.text(!narrow && label.length > 32 ? label.slice(0, 31) + '…' : label).append('title').text(label);
      data.series.forEach((s, j) => {
        const v = s.values[i], y = top + head + (narrow ? 0 : between / 2) + (j + 0.5) * row, c = color(s.color);
        if (v[0] !== null) {
          svg.append('line').attr('x1', x(0)).attr('x2', x(v[0])).attr('y1', y).attr('y2', y).attr('stroke', c).attr('stroke-width', 8).attr('stroke-opacity', 0.22);
          if (v[1] !== null) svg.append('line').attr('x1', x(v[1])).attr('x2', x(v[2])).attr('y1', y).attr('y2', y).attr('stroke', c).attr('stroke-width', 1.6);
          svg.append('path').attr('d', d3.symbol(SHAPES[s.color % 8], 46)()).attr('transform', `translate(${x(v[0])} ${y})`).attr('fill', c);
        }
        svg.append('text').attr('x', width).attr('y', y).attr('dy', '0.35em').attr('text-anchor', 'end').text(text(v));
      });
    });
  }

  function scatter(plot, data, width, name) {
    const points = data.points.filter(p => p.x !== null && p.y !== null);
    const legend = d3.select(plot).append('ul').attr('class', 'legend');
    const series = d3.group(data.points, p => p.series);
    if (series.size > 1) {
      for (const [key, members] of series) {
        const item = legend.append('li');
        swatch(item, members[0].color, 'scatter');
        item.append('span').text(key);
      }
    }
    const height = width < 500 ? 320 : 400;
    const svg = svgIn(plot, width, height, name);
    const span = (k, i) => {
      const [a, b] = padded(d3.extent(points.flatMap(p => [p[k]].concat(p[i] || []))));
      const low = a - (b - a) * 0.06;
      return [a >= 0 ? Math.max(0, low) : low, b + (b - a) * 0.06];
    };
    const y = d3.scaleLinear().domain(span('y', 'yi')).nice(5), format = tickFormat(y, false), ticks = y.ticks(5);
    const left = widthOf(ticks.map(format)) + 10, right = width - 8, top = 26, bottom = height - 40;
    y.range([bottom, top]);
    const x = d3.scaleLinear().domain(span('x', 'xi')).nice(5).range([left, right]);
    svg.append('text').attr('x', 0).attr('y', 10).text(data.y);
    yAxis(svg, y, ticks, format, left, right, false);
    xAxis(svg, x, x.ticks(width < 500 ? 4 : 7), tickFormat(x, false), bottom, data.x, right);
    if (data.front.length > 1) {
      svg.append('path').attr('fill', 'none').attr('stroke', 'var(--soft)').attr('stroke-dasharray', '4 3')
        .attr('d', d3.line().x(p => x(p[0])).y(p => y(p[1]))(data.front));
    }
    const taken = points.map(p => [x(p.x) - 6, y(p.y) - 6, x(p.x) + 6, y(p.y) + 6]);
    const free = b => b[0] >= 0 && b[2] <= width && b[1] >= top - 8 && b[3] <= bottom + 4
      && taken.every(t => b[0] >= t[2] || b[2] <= t[0] || b[1] >= t[3] || b[3] <= t[1]);
    for (const p of points) {
      const cx = x(p.x), cy = y(p.y), c = color(p.color), w = widthOf([p.label]);
      if (p.xi && p.xi[0] !== null) svg.append('line').attr('x1', x(p.xi[0])).attr('x2', x(p.xi[1])).attr('y1', cy).attr('y2', cy).attr('stroke', c).attr('stroke-opacity', 0.5);
      if (p.yi && p.yi[0] !== null) svg.append('line').attr('x1', cx).attr('x2', cx).attr('y1', y(p.yi[0])).attr('y2', y(p.yi[1])).attr('stroke', c).attr('stroke-opacity', 0.5);
      const dot = svg.append('path').attr('d', d3.symbol(SHAPES[p.color % 8], 60)()).attr('transform', `translate(${cx} ${cy})`).attr('fill', c);
      dot.append('title').text(`${p.label}: ${number(p.x)}, ${number(p.y)}`);
      // The first position around the point where the label overlaps nothing.
      const places = [[9, -12, 'start'], [9, 12, 'start'], [-9, -12, 'end'], [-9, 12, 'end'], [0, -14, 'middle'], [0, 15, 'middle']];
      if (!p.xi) places.unshift([9, 0, 'start'], [-9, 0, 'end']);
      for (const [dx, dy, anchor] of places) {
        const x0 = cx + dx - (anchor === 'end' ? w : anchor === 'middle' ? w / 2 : 0);
        const box = [x0, cy + dy - 7, x0 + w, cy + dy + 7];
        if (free(box)) {
          taken.push(box);
          svg.append('text').attr('class', 'strong halo').attr('x', cx + dx).attr('y', cy + dy).attr('dy', '0.35em').attr('text-anchor', anchor).text(p.label);
          break;
        }
      }
    }
  }

  function heat(plot, data, width, name) {
    const flat = data.values.flat().filter(v => v !== null);
    const [low, high] = flat.length ? d3.extent(flat) : [0, 1];
    const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
    const signed = low < 0;
    const share = v => signed ? Math.abs(v) / reach : high === low ? (high === 0 ? 0 : 1) : (v - Math.min(0, low)) / (high - Math.min(0, low));
    const fill = v => v === null ? 'transparent' : `color-mix(in oklab, var(${v < 0 ? '--cold' : '--heat'}) ${(share(v) * 100).toFixed(1)}%, var(--faint))`;
    const legend = d3.select(plot).append('ul').attr('class', 'legend');
    const key = legend.append('li');
    const steps = signed ? d3.range(-1, 1.01, 0.25) : d3.range(0, 1.01, 0.125);
    key.append('span').text(number(signed ? -reach : Math.min(0, low)));
    const ramp = key.append('svg').attr('viewBox', `0 0 ${steps.length * 10} 10`).style('width', steps.length * 10 + 'px').attr('aria-hidden', 'true');
    steps.forEach((s, i) => ramp.append('rect').attr('x', i * 10).attr('width', 10).attr('height', 10)
      .attr('fill', fill(signed ? s * reach : Math.min(0, low) + s * (high - Math.min(0, low)))));
    key.append('span').text(number(signed ? reach : high));
    const reading = legend.append('li').append('b');

    const left = Math.min(width * 0.45, widthOf(data.rows) + 8);
    const lean = widthOf(data.columns.slice(-1)) * 0.67; // space for the last name when tilted
    const cellIn = room => Math.min(56, Math.max(9, room / Math.max(1, data.columns.length)));
    const tilted = widthOf(data.columns) > cellIn(width - left) - 4;
    const cell = cellIn(width - left - (tilted ? lean / 2 : 0));
    const line = Math.min(30, Math.max(12, cell));
    const w = Math.max(width, left + cell * data.columns.length + (tilted ? lean - cell / 2 : 0));
    const top = tilted ? Math.min(110, widthOf(data.columns) * 0.75 + 14) : 18;
    const outer = d3.select(plot).append('div').attr('class', 'wide');
    const svg = svgIn(outer.node(), w, top + line * data.rows.length + 4, name).style('width', w + 'px');
    const every = tilted && cell < 13 ? Math.ceil(13 / cell) : 1;
    data.columns.forEach((c, j) => {
      if (j % every) return;
      const t = svg.append('text').text(c);
      const cx = left + (j + 0.5) * cell;
      if (tilted) t.attr('transform', `translate(${cx + 3} ${top - 6}) rotate(-48)`);
      else t.attr('x', cx).attr('y', top - 6).attr('text-anchor', 'middle');
    });
    data.rows.forEach((r, i) => {
      const cy = top + (i + 0.5) * line;
      svg.append('text').attr('x', left - 8).attr('y', cy).attr('dy', '0.35em').attr('text-anchor', 'end').text(r);
      data.columns.forEach((c, j) => {
        const v = data.values[i][j];
        const rect = svg.append('rect').attr('x', left + j * cell).attr('y', top + i * line).attr('width', cell - 1).attr('height', line - 1).attr('fill', fill(v));
        rect.append('title').text(`${r}, ${c}: ${number(v)}`);
        rect.on('pointerenter pointerdown', () => reading.text(`${r}, ${c}: ${number(v)}`));
        const short = v === null ? '–' : d3.format('.2~g')(v).replace('-', MINUS);
        if (cell >= widthOf([short]) + 4 && line >= 15) {
          svg.append('text').attr('x', left + (j + 0.5) * cell - 0.5).attr('y', cy).attr('dy', '0.33em').attr('text-anchor', 'middle').attr('pointer-events', 'none')
            .style('fill', v !== null && share(v) > 0.55 ? 'var(--paper)' : 'var(--ink)').text(short);
        }
      });
    });
    svg.on('pointerleave', () => reading.text(''));
  }

  const KINDS = { lines, bars, scatter, heat };
  function draw(figure) {
    const plot = figure.querySelector('.plot');
    const width = Math.floor(plot.clientWidth);
    if (width === 0) return;
    const data = JSON.parse(figure.querySelector('script').textContent);
    plot.replaceChildren();
    KINDS[data.kind](plot, data, width, figure.querySelector('figcaption').textContent);
    plot.dataset.width = width;
  }

  const watcher = new ResizeObserver(entries => {
    for (const e of entries) if (Number(e.target.dataset.width) !== Math.floor(e.contentRect.width)) draw(e.target.closest('figure'));
  });
  for (const figure of document.querySelectorAll('figure.chart')) {
    draw(figure);
    watcher.observe(figure.querySelector('.plot'));
  }
})();
