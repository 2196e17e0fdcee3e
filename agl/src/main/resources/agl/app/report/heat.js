// A matrix as colors, with its numbers where the cells are large enough.
KINDS.heat = (plot, data, width, name) => {
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
  const outer = d3.select(plot).append('div').attr('class', 'wide scroll');
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
  watchEdges(outer.node());
};
