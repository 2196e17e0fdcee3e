// Bars with intervals: for each label one per series.
KINDS.bars = (plot, data, width, name) => {
  const legend = d3.select(plot).append('ul').attr('class', 'legend');
  if (data.series.length > 1) {
    for (const s of data.series) {
      const item = legend.append('li');
      swatch(named(item, s), s);
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
      const v = s.values[i], y = top + head + (narrow ? 0 : between / 2) + (j + 0.5) * row, c = s.color;
      if (v[0] !== null) {
        svg.append('line').attr('x1', x(0)).attr('x2', x(v[0])).attr('y1', y).attr('y2', y).attr('stroke', c).attr('stroke-width', 8).attr('stroke-opacity', 0.22);
        if (v[1] !== null) svg.append('line').attr('x1', x(v[1])).attr('x2', x(v[2])).attr('y1', y).attr('y2', y).attr('stroke', c).attr('stroke-width', 1.6);
        svg.append('path').attr('d', d3.symbol(SHAPES[s.shape], 46)()).attr('transform', `translate(${x(v[0])} ${y})`).attr('fill', c);
      }
      svg.append('text').attr('x', width).attr('y', y).attr('dy', '0.35em').attr('text-anchor', 'end').text(text(v));
    });
  });
};
