// Curves: dots for data, lines for fits, faint dots for noise. Moving along them reads their values.
KINDS.lines = (plot, data, width, name) => {
  const log = plot.dataset.log ? plot.dataset.log === 'yes' : data.log;
  const shown = v => v !== null && (!log || v > 0);
  const all = data.series.flatMap(s => s.points);
  const values = all.flatMap(p => [p[1], p[2], p[3]]).filter(v => v !== undefined && shown(v));
  const canLog = values.length > 0 && values.every(v => v >= 0) && values.some(v => v > 0);

  const legend = d3.select(plot).append('ul').attr('class', 'legend');
  const at = legend.append('li');
  // Noise has its method's color and stands beside its method's curve, so it needs no place of its own in the legend.
  const curves = data.series.filter(s => s.mark !== 'noise' || data.series.every(o => o.mark === 'noise' || o.series !== s.series));
  const cells = curves.map(s => {
    const item = named(legend.append('li'), s);
    swatch(item, s);
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
  const measured = curves.filter(s => s.mark !== 'fit');
  const xs = Array.from(new Set((measured.length ? measured : curves).flatMap(s => s.points).map(p => p[0]))).sort(d3.ascending);
  const whole = xs.every(Number.isInteger);
  xAxis(svg, x, x.ticks(width < 500 ? 4 : 8).filter(t => !whole || Number.isInteger(t)), tickFormat(x, false), bottom, data.x, right);

  const px = p => x(p[0]);
  const noise = data.series.filter(s => s.mark === 'noise');
  for (const s of noise.concat(data.series.filter(s => s.mark !== 'noise'))) {
    const seen = s.points.filter(p => shown(p[1]));
    if (s.mark === 'noise') {
      svg.append('path').attr('fill', 'none').attr('stroke', s.color).attr('stroke-width', 3).attr('stroke-linecap', 'round').attr('stroke-opacity', 0.3)
        .attr('d', seen.map(p => `M${px(p).toFixed(1)} ${y(p[1]).toFixed(1)}h0`).join(''));
      continue;
    }
    if (s.points.some(p => p.length === 4)) {
      svg.append('path').attr('fill', s.color).attr('fill-opacity', 0.13)
        .attr('d', d3.area().defined(p => shown(p[2]) && shown(p[3])).x(px).y0(p => y(p[2])).y1(p => y(p[3]))(s.points));
    }
    if (s.mark !== 'dots') {
      svg.append('path').attr('fill', 'none').attr('stroke', s.color).attr('stroke-width', 1.6).attr('stroke-linejoin', 'round')
        .attr('d', d3.line().defined(p => shown(p[1])).x(px).y(p => y(p[1]))(s.points));
    }
    if (s.mark === 'fit') continue;
    const every = s.mark === 'dots' || s.points.length <= 40 ? 1 : Math.round(s.points.length / 8);
    const marks = seen.filter((p, i) => (seen.length - 1 - i) % every === 0);
    svg.append('g').selectAll('path').data(marks).join('path').attr('d', d3.symbol(SHAPES[s.shape], 34)())
      .attr('transform', p => `translate(${px(p)} ${y(p[1])})`).attr('fill', s.color);
  }

  const cursor = svg.append('line').attr('class', 'cursor').attr('y1', top).attr('y2', bottom).style('display', 'none');
  function read(value) {
    at.text(data.x + ' ' + number(value));
    curves.forEach((s, i) => {
      const p = s.mark === 'fit' ? s.points[d3.bisector(q => q[0]).center(s.points, value)] : s.points.find(q => q[0] === value);
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
};
