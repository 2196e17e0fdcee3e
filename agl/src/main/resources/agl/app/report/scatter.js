// Points in a plane with their intervals, labels beside them where there is room, and the Pareto front.
KINDS.scatter = (plot, data, width, name) => {
  const points = data.points.filter(p => p.x !== null && p.y !== null);
  const legend = d3.select(plot).append('ul').attr('class', 'legend');
  for (const p of data.points) {
    const item = named(legend.append('li'), p);
    swatch(item, p);
    item.append('span').text(p.label);
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
    const cx = x(p.x), cy = y(p.y), c = p.color, w = widthOf([p.label]);
    if (p.xi && p.xi[0] !== null) svg.append('line').attr('x1', x(p.xi[0])).attr('x2', x(p.xi[1])).attr('y1', cy).attr('y2', cy).attr('stroke', c).attr('stroke-opacity', 0.5);
    if (p.yi && p.yi[0] !== null) svg.append('line').attr('x1', cx).attr('x2', cx).attr('y1', y(p.yi[0])).attr('y2', y(p.yi[1])).attr('stroke', c).attr('stroke-opacity', 0.5);
    const dot = svg.append('path').attr('d', d3.symbol(SHAPES[p.shape], 60)()).attr('transform', `translate(${cx} ${cy})`).attr('fill', c);
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
};
