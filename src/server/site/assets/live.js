
'use strict';
const kept = 120, samples = [];

// Prometheus text: name{label="value",…} number. Label values are never ours to trust: they only become text nodes.
function parse(text) {
  const rows = [];
  for (const line of text.split('\n')) {
    const m = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!m) continue;
    const labels = {};
    for (const l of (m[2] || '').matchAll(/(\w+)="([^"]*)"/g)) labels[l[1]] = l[2];
    rows.push({name: m[1], labels, value: Number(m[3])});
  }
  return rows;
}
const sum = (rows, name, want = {}) => rows.reduce((all, r) =>
  r.name === name && Object.keys(want).every(k => r.labels[k] === want[k]) ? all + r.value : all, 0);

// What the histogram's growth between two samples says: linear inside the bucket, as Prometheus does.
function quantile(now, then, q) {
  const at = rows => rows.filter(r => r.name === 'hello_http_request_duration_seconds_bucket' && r.labels.route === '/');
  const before = new Map(at(then).map(r => [r.labels.le, r.value]));
  const grown = at(now).map(r => ({le: Number(r.labels.le.replace('+Inf', 'Infinity')), n: r.value - (before.get(r.labels.le) || 0)}));
  const all = grown.length ? grown[grown.length - 1].n : 0;
  if (all <= 0) return NaN;
  let low = 0, below = 0;
  for (const {le, n} of grown) {
    if (n >= q * all) return le === Infinity ? low : low + (le - low) * (q * all - below) / (n - below || 1);
    low = le, below = n;
  }
  return low;
}

const digits = (x, most) => x.toLocaleString('en', {maximumFractionDigits: most});
const count = x => digits(x, x < 10 ? 1 : 0);
const time = s => Number.isNaN(s) ? '–' : s < 1e-3 ? digits(s * 1e6, 0) + ' µs' : s < 1 ? digits(s * 1e3, 1) + ' ms' : digits(s, 2) + ' s';
const bytes = b => b < 1024 ? digits(b, 0) + ' B' : b < 1048576 ? digits(b / 1024, 1) + ' KiB' : digits(b / 1048576, 1) + ' MiB';
const rate = (name, want) => (a, b, dt) => Math.max(0, sum(b, name, want) - sum(a, name, want)) / dt;
const gauge = (name, want) => (a, b) => sum(b, name, want);
const codes = first => (a, b, dt) => {
  const pick = rows => rows.reduce((all, r) => r.name === 'hello_http_requests_total' && r.labels.route !== '/metrics' &&
    (r.labels.code || '')[0] === first ? all + r.value : all, 0);
  return Math.max(0, pick(b) - pick(a)) / dt;
};
const cards = [
  {id: 'rate', title: 'Requests', unit: 'a second', show: count, lines: {'/': rate('hello_http_requests_total', {route: '/'})}},
  {id: 'latency', title: 'Latency of /', unit: 'p99', show: time,
    lines: {p99: (a, b) => quantile(b, a, .99), p50: (a, b) => quantile(b, a, .5)}},
  {id: 'codes', title: 'Answers a second, by class', unit: '2xx', show: count,
    lines: {'2xx': codes('2'), '3xx': codes('3'), '4xx': codes('4'), '5xx': codes('5')}},
  {id: 'connections', title: 'Connections', unit: 'open', show: count, total: true, lines: Object.fromEntries(['idle', 'reading', 'writing', 'closing']
    .map(state => [state, gauge('hello_connections', {listener: 'public', state})]))},
  {id: 'cpu', title: 'CPU', unit: 'of one core', show: x => digits(x * 100, 1) + ' %', lines: {cpu: rate('process_cpu_seconds_total')}},
  {id: 'memory', title: 'Memory', unit: 'resident', show: bytes, lines: {resident: gauge('process_resident_memory_bytes')}},
  {id: 'traffic', title: 'Traffic a second', unit: 'sent', show: bytes,
    lines: {sent: rate('hello_http_sent_bytes_total'), received: rate('hello_http_received_bytes_total')}},
  {id: 'trouble', title: 'Trouble', unit: 'refused', show: count,
    lines: {refused: gauge('hello_refused_total'), 'log lines dropped': gauge('hello_log_lines_dropped_total')}},
];

function element(parent, name, attributes = {}, space) {
  const e = space ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return parent.appendChild(e);
}
for (const card of cards) {
  const box = element(document.getElementById('cards'), 'section', {id: card.id});
  element(box, 'h2').textContent = card.title;
  const value = element(box, 'p', {class: 'value'});
  card.big = value.appendChild(document.createTextNode('–'));
  element(value, 'small').textContent = ' ' + card.unit;
  const svg = element(box, 'svg', {viewBox: '0 0 120 50', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, true);
  element(svg, 'path', {class: 'base', d: 'M0 50H120'}, true);
  card.paths = Object.keys(card.lines).map((_, i) => element(svg, 'path', {class: 'c' + i}, true));
  const legend = element(box, 'p', {class: 'legend'});
  card.texts = Object.keys(card.lines).map((name, i) => {
    const item = element(legend, 'span');
    element(item, 'i', {class: 'c' + i});
    item.append(name + ' ');
    return element(item, 'b');
  });
}

function draw() {
  for (const card of cards) {
    const series = Object.values(card.lines).map(line => samples.slice(1).map((s, i) => line(samples[i].rows, s.rows, s.at - samples[i].at)));
    const top = Math.max(...series.flat().filter(Number.isFinite), 1e-9) * 1.1;
    series.forEach((values, n) => {
      let d = '', pen = 'M';
      values.forEach((v, i) => {
        if (!Number.isFinite(v)) { pen = 'M'; return; }
        d += pen + (kept - values.length + 1 + i) + ' ' + (50 - 50 * v / top).toFixed(2);
        pen = 'L';
      });
      card.paths[n].setAttribute('d', d);
      card.texts[n].textContent = values.length ? card.show(values[values.length - 1]) : '–';
    });
    const last = series.map(values => values[values.length - 1]);
    if (series[0].length) card.big.textContent = card.show(card.total ? last.reduce((a, b) => a + b, 0) : last[0]);
  }
}

async function look() {
  const state = document.getElementById('state');
  try {
    const answer = await fetch('metrics', {headers: {Accept: 'text/plain'}, cache: 'no-store', signal: AbortSignal.timeout(3000)});
    if (!answer.ok) throw new Error('/metrics says ' + answer.status);
    const rows = parse(await answer.text());
    samples.push({at: performance.now() / 1000, rows});
    if (samples.length > kept) samples.shift();
    const build = rows.find(r => r.name === 'hello_build_info');
    document.getElementById('version').textContent = build ? build.labels.version + ' ' + build.labels.commit : '';
    const up = Date.now() / 1000 - sum(rows, 'process_start_time_seconds');
    state.textContent = 'up ' + (up < 3600 ? digits(up / 60, 1) + ' min' : digits(up / 3600, 1) + ' h');
    state.className = '';
    draw();
  } catch (error) {
    state.textContent = 'no answer: ' + error.message;
    state.className = 'lost';
  }
  setTimeout(look, 1000);
}
look();
