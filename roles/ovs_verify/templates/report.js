'use strict';
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);

  // Ages, as of now instead of as of the report.
  const age = (time) => {
    const seconds = (Date.now() - Date.parse(time)) / 1000;
    const unit = [[86400, 'd'], [3600, 'h'], [60, 'min']].find(([size]) => seconds >= size);
    return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]} ago` : 'just now';
  };
  const refresh = () => {
    all('time:not(.fixed)').forEach((time) => { time.textContent = age(time.dateTime); });
    all('.live').forEach((part) => { part.hidden = false; });
    all('.stale').forEach((part) => { part.hidden = Date.now() - Date.parse(all('time.fixed')[0].dateTime) < 86400000; });
  };
  refresh();
  setInterval(refresh, 60000);

  const table = all('table.hosts')[0];
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];

  // Which rows are shown.
  const find = one('find');
  const show = one('show');
  const texts = new Map(rows.map((row) => [row, `${row.cells[0].title} ${row.textContent}`.toLowerCase()]));
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      row.hidden = !(row.dataset.show.split(' ').includes(show.value) && words.every((word) => texts.get(row).includes(word)));
    });
    one('shown').textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
  };
  one('hosts').hidden = false;
  one('hosts').addEventListener('submit', (event) => event.preventDefault());
  find.addEventListener('input', filter);
  show.addEventListener('change', filter);
  all('a[data-show]').forEach((link) => link.addEventListener('click', () => { find.value = ''; show.value = link.dataset.show; filter(); }));
  filter();

  // A link to a host shows it, whatever the filter.
  const reveal = () => {
    const row = one(decodeURIComponent(location.hash.slice(1)));
    if (!row || !rows.includes(row)) return;
    if (row.hidden) { find.value = ''; show.value = 'all'; filter(); }
    row.scrollIntoView({ block: 'center' });
    row.focus({ preventScroll: true });
  };
  window.addEventListener('hashchange', reveal);
  reveal();

  // Sort by a column.
  const order = new Intl.Collator('en', { numeric: true });
  const value = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  all('thead th', table).forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    head.setAttribute('aria-sort', 'none');
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') !== 'ascending';
      all('thead th', table).forEach((other) => other.setAttribute('aria-sort', 'none'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const sorted = [...rows].sort((a, b) => order.compare(value(a, column), value(b, column)));
      body.append(...(up ? sorted : sorted.reverse()));
    });
  });
})();
