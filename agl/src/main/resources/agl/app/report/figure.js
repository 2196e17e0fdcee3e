// What all figures share: numbers, axes, symbols. Each element of class chart contains its data as JSON and is drawn by the
// function of its kind; the colors are those of report.css, so that dark mode and print need no code here.
const KINDS = {};
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

// Enough room for the longest text at 12 px.
function widthOf(texts) {
  return Math.ceil(Math.max(0, ...texts.map(t => t.length)) * 6.7);
}

function svgIn(plot, width, height, name) {
  return d3.select(plot).append('svg').attr('viewBox', `0 0 ${width} ${height}`).attr('role', 'img').attr('aria-label', name + '. The table below has the numbers.');
}

// A symbol in the color and shape of a series, on a line where it has one.
function swatch(item, s) {
  const svg = item.append('svg').attr('viewBox', '0 0 18 10').attr('aria-hidden', 'true');
  if (s.mark === 'line' || s.mark === 'fit') svg.append('path').attr('d', 'M0 5H18').attr('stroke', s.color).attr('stroke-width', 1.6);
  if (s.mark !== 'fit') svg.append('path').attr('d', d3.symbol(SHAPES[s.shape], 46)()).attr('transform', 'translate(9 5)').attr('fill', s.color);
}

// Says for which series an element has which color, so that a test can hold them together.
function named(item, s) {
  return item.attr('data-series', s.series).attr('data-color', s.color);
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
