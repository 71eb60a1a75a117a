'use strict';
const kept = 120, over = 10; // seconds: what a chart shows, and what a rate or percentile is over
let samples = [], paused = false, turn = 0;

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
const sum = (sample, name, want = {}) => sample.rows.reduce((all, r) =>
  r.name === name && Object.keys(want).every(k => r.labels[k] === want[k]) ? all + r.value : all, 0);

// What /latency's buckets [from, to, count] grew by between two samples: linear inside a bucket. In seconds.
function quantile(then, now, q) {
  const before = new Map(then.buckets.map(([from, , n]) => [from, n]));
  const grown = now.buckets.map(([from, to, n]) => [from, to, n - (before.get(from) || 0)]);
  const all = grown.reduce((sum, [, , n]) => sum + n, 0);
  let below = 0;
  for (const [from, to, n] of grown) {
    if (n > 0 && below + n >= q * all) return (from + (to - from) * (q * all - below) / n) / 1e9;
    below += n;
  }
  return NaN;
}

const digits = (x, most) => x.toLocaleString('en', {maximumFractionDigits: most});
const count = x => digits(x, x < 10 ? 1 : 0);
const time = s => Number.isNaN(s) ? '–' : s < 1e-3 ? digits(s * 1e6, 0) + ' µs' : s < 1 ? digits(s * 1e3, 1) + ' ms' : digits(s, 2) + ' s';
const bytes = b => b < 1024 ? digits(b, 0) + ' B' : b < 1048576 ? digits(b / 1024, 1) + ' KiB' : digits(b / 1048576, 1) + ' MiB';
const rate = (name, want) => (a, b) => Math.max(0, sum(b, name, want) - sum(a, name, want)) / (b.at - a.at);
const gauge = (name, want) => (a, b) => sum(b, name, want);
const own = ['/metrics', '/latency']; // this page's requests
const codes = first => (a, b) => {
  const pick = sample => sample.rows.reduce((all, r) => r.name === 'hello_http_requests_total' && !own.includes(r.labels.route) &&
    (r.labels.code || '')[0] === first ? all + r.value : all, 0);
  return Math.max(0, pick(b) - pick(a)) / (b.at - a.at);
};
const second = x => count(x) + ' per second';
const cards = [
  {id: 'rate', title: 'Requests for /', unit: 'per second', show: count, axis: second, lines: {'/': rate('hello_http_requests_total', {route: '/'})}},
  {id: 'latency', title: 'Latency of /', unit: 'p99', show: time, axis: time,
    lines: {p99: (a, b) => quantile(a, b, .99), p50: (a, b) => quantile(a, b, .5)}},
  {id: 'codes', title: 'Responses by class', unit: '2xx per second', show: count, axis: second,
    lines: {'2xx': codes('2'), '3xx': codes('3'), '4xx': codes('4'), '5xx': codes('5')}},
  {id: 'connections', title: 'Connections', unit: 'open', show: count, axis: x => count(x) + ' open', total: true,
    lines: Object.fromEntries(['idle', 'reading', 'writing', 'closing']
      .map(state => [state, gauge('hello_connections', {listener: 'public', state})]))},
  {id: 'cpu', title: 'CPU', unit: 'of one core', show: x => digits(x * 100, 1) + ' %', axis: x => digits(x * 100, 1) + ' %',
    lines: {cpu: rate('process_cpu_seconds_total')}},
  {id: 'memory', title: 'Memory', unit: 'resident', show: bytes, axis: bytes, lines: {resident: gauge('process_resident_memory_bytes')}},
  {id: 'traffic', title: 'Traffic per second', unit: 'sent', show: bytes, axis: x => bytes(x) + ' per second',
    lines: {sent: rate('hello_http_sent_bytes_total'), received: rate('hello_http_received_bytes_total')}},
  {id: 'trouble', title: 'Trouble since the start', unit: 'refused', show: count, axis: x => count(x) + ' in total',
    lines: {refused: gauge('hello_refused_total'), 'log lines lost': gauge('hello_log_lines_dropped_total')}},
];

function element(parent, name, attributes = {}, space) {
  const e = space ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return parent.appendChild(e);
}
for (const card of cards) {
  const box = element(document.getElementById('cards'), 'section', {id: card.id, 'aria-labelledby': card.id + '-title'});
  element(box, 'h2', {id: card.id + '-title'}).textContent = card.title;
  const value = element(box, 'p', {class: 'value'});
  card.big = value.appendChild(document.createTextNode('–'));
  element(value, 'small').textContent = ' ' + card.unit;
  card.top = element(element(box, 'p', {class: 'axis'}), 'span', {title: 'top of the chart'});
  const svg = element(box, 'svg', {viewBox: '0 0 ' + kept + ' 50', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, true);
  element(svg, 'path', {class: 'base', d: 'M0 0H120M0 25H120M0 50H120'}, true);
  card.paths = Object.keys(card.lines).map((_, i) => element(svg, 'path', {class: 'c' + i}, true));
  const below = element(box, 'p', {class: 'axis', 'aria-hidden': 'true'});
  for (const text of ['2 min ago', card.axis(0), 'now']) element(below, 'span').textContent = text;
  const legend = element(box, 'p', {class: 'legend'});
  card.texts = Object.keys(card.lines).map((name, i) => {
    const item = element(legend, 'span');
    element(item, 'i', {class: 'c' + i});
    item.append(name + ' ');
    return element(item, 'b');
  });
}

// A round number that is no less: 1, 2 or 5 times a power of ten, of bytes in their unit.
function ceiling(x, of) {
  if (of === bytes && x > 1024) return 1024 * ceiling(x / 1024, of);
  const power = 10 ** Math.floor(Math.log10(x));
  return power * [1, 2, 5, 10].find(n => n * power >= x * .999);
}

// The sample that is `over` seconds before this one; an earlier page has fewer.
function begin(i) {
  let n = i - 1;
  while (n > 0 && samples[i].at - samples[n].at < over - .5) --n;
  return samples[n];
}

function draw() {
  const now = samples[samples.length - 1].at;
  for (const card of cards) {
    const series = Object.values(card.lines).map(line => samples.slice(1).map((s, i) => line(begin(i + 1), s)));
    const top = ceiling(Math.max(...series.flat().filter(Number.isFinite), card.show === count ? 1 : 1e-6), card.show);
    card.top.textContent = card.axis(top);
    series.forEach((values, n) => {
      let d = '', pen = 'M';
      values.forEach((v, i) => {
        const x = kept - (now - samples[i + 1].at);
        if (!Number.isFinite(v) || x < 0) { pen = 'M'; return; }
        d += pen + x.toFixed(1) + ' ' + (50 - 50 * v / top).toFixed(2);
        pen = 'L';
      });
      card.paths[n].setAttribute('d', d);
      card.texts[n].textContent = values.length ? card.show(values[values.length - 1]) : '–';
    });
    const last = series.map(values => values[values.length - 1]);
    if (series[0].length) card.big.textContent = card.show(card.total ? last.reduce((a, b) => a + b, 0) : last[0]);
  }
}

// Set only where it changes: it is read aloud.
function say(text, lost) {
  const state = document.getElementById('state');
  if (state.textContent !== text) state.textContent = text;
  state.className = lost ? 'lost' : '';
}

// The faults on request that are active; only a service with --drills has the metric.
function show_drills(rows) {
  const faults = rows.filter(r => r.name === 'hello_drill_active' && r.value === 1).map(r => r.labels.fault);
  const note = document.getElementById('drills');
  const text = faults.length ? 'Active drills: ' + faults.join(', ') : '';
  if (note.textContent !== text) note.textContent = text;
  note.hidden = !text;
}

async function ask(path) {
  const answer = await fetch(path, {headers: {Accept: '*/*'}, cache: 'no-store', signal: AbortSignal.timeout(3000)});
  if (!answer.ok) throw new Error('/' + path + ' says ' + answer.status);
  return answer.text();
}

async function look(mine) {
  try {
    const [metrics, latency] = await Promise.all([ask('metrics'), ask('latency')]);
    if (mine !== turn) return;
    const sample = {at: performance.now() / 1000, rows: parse(metrics), buckets: JSON.parse(latency).buckets};
    sample.start = sum(sample, 'process_start_time_seconds');
    samples = samples.filter(s => s.start === sample.start && s.at >= sample.at - kept - over - 1).concat(sample);
    const build = sample.rows.find(r => r.name === 'hello_build_info');
    document.getElementById('version').textContent = build ? build.labels.version + ' ' + build.labels.commit : '';
    const up = Date.now() / 1000 - sample.start;
    document.getElementById('uptime').textContent = 'up ' + (up < 3600 ? digits(up / 60, 1) + ' min' : digits(up / 3600, 1) + ' h');
    show_drills(sample.rows);
    say('connected');
    draw();
  } catch (error) {
    if (mine !== turn) return;
    say('no answer: ' + error.message, true);
  }
  setTimeout(() => mine === turn && look(mine), 1000);
}
document.getElementById('pause').addEventListener('click', event => {
  paused = !paused;
  event.target.textContent = paused ? 'Continue' : 'Pause';
  ++turn; // ends the loop that runs
  if (paused) say('paused'); else look(turn);
});
look(turn);
