// Draws the figures, again when their width changes; symbols of tables; edges of what scrolls; folds that print.
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

// A shadow at each edge behind which a table or figure goes on.
function edges(box) {
  const left = box.scrollLeft > 1, right = box.scrollLeft + box.clientWidth < box.scrollWidth - 1;
  box.dataset.more = [left ? 'left' : '', right ? 'right' : ''].join(' ').trim();
}
const resized = new ResizeObserver(entries => entries.forEach(e => edges(e.target)));
function watchEdges(box) {
  box.addEventListener('scroll', () => edges(box), { passive: true });
  resized.observe(box);
  edges(box);
}
for (const figure of document.querySelectorAll('figure.chart')) {
  draw(figure);
  watcher.observe(figure.querySelector('.plot'));
}

for (const key of document.querySelectorAll('.key')) {
  swatch(d3.select(key), { color: key.dataset.color, shape: Number(key.dataset.shape) });
}

document.querySelectorAll('.scroll').forEach(watchEdges);

addEventListener('beforeprint', () => document.querySelectorAll('details.fold').forEach(d => { d.open = true; }));
