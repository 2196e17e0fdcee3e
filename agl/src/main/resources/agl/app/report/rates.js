// Rates of every model in panels beside each other, each from 0 to 100 %, with the first model's value as a dashed line.
KINDS.rates = (plot, data, width, name) => {
  const text = v => rounded(v[0]) + (v[1] === null ? '' : ` [${rounded(v[1])}, ${rounded(v[2])}]`);
  const beside = width >= 720;
  const labels = beside ? Math.min(width * 0.27, widthOf(data.series.map(s => s.name)) + 30) : 0;
  const numbers = widthOf(data.series.flatMap(s => s.values.map(text))) + 12;
  const gap = 36, row = beside ? 30 : 40, top = 26;
  const panel = beside ? (width - labels - gap * (data.panels.length - 1)) / data.panels.length : width;
  const height = top + data.series.length * row + 24;
  const svg = svgIn(plot, width, beside ? height : height * data.panels.length + gap * (data.panels.length - 1) / 2, name);
  data.panels.forEach((title, k) => {
    const g = svg.append('g').attr('transform', beside ? `translate(${labels + k * (panel + gap)} 0)` : `translate(0 ${k * (height + gap / 2)})`);
    const x = d3.scaleLinear().domain([0, 100]).range([6, panel - numbers]);
    const bottom = top + data.series.length * row;
    g.append('text').attr('class', 'strong').attr('x', 0).attr('y', 11).text(title);
    const grid = g.append('g').attr('class', 'grid');
    for (const t of [0, 25, 50, 75, 100]) {
      grid.append('line').attr('x1', x(t)).attr('x2', x(t)).attr('y1', top).attr('y2', bottom).classed('zero', t === 0);
      g.append('text').attr('x', x(t)).attr('y', bottom + 16).attr('text-anchor', 'middle').text(t + (t === 100 ? ' %' : ''));
    }
    const base = data.series[0].values[k][0];
    if (base !== null) g.append('line').attr('class', 'cursor').attr('x1', x(base)).attr('x2', x(base)).attr('y1', top).attr('y2', bottom);
    data.series.forEach((s, i) => {
      const v = s.values[k], y = top + (i + (beside ? 0.5 : 0.72)) * row;
      if (!beside || k === 0) label(beside ? svg : g, s, beside ? 0 : 0, beside ? y : y - 15, beside ? labels - 8 : width);
      if (v[0] !== null) {
        if (v[1] !== null) g.append('line').attr('x1', x(v[1])).attr('x2', x(v[2])).attr('y1', y).attr('y2', y).attr('stroke', s.color).attr('stroke-width', 2);
        g.append('path').attr('d', d3.symbol(SHAPES[s.shape], 64)()).attr('transform', `translate(${x(v[0])} ${y})`).attr('fill', s.color);
      }
      g.append('text').attr('class', 'strong').attr('x', panel).attr('y', y).attr('dy', '0.35em').attr('text-anchor', 'end').text(text(v));
    });
  });

  function rounded(v) {
    return v === null ? '\u2013' : v.toFixed(1);
  }

  // A model's symbol and name; a name too long for its place is whole in its title and in the table.
  function label(into, s, x, y, room) {
    const fits = Math.floor((room - 16) / 6.7);
    const g = named(into.append('g'), s).attr('transform', `translate(${x} ${y})`);
    g.append('path').attr('d', d3.symbol(SHAPES[s.shape], 46)()).attr('transform', 'translate(6 0)').attr('fill', s.color);
    g.append('text').attr('class', 'strong').attr('x', 18).attr('dy', '0.35em').text(s.name.length > fits ? s.name.slice(0, fits - 1) + '…' : s.name)
      .append('title').text(s.name);
  }
};
