// Turns measurements into a table, a JSON file and a chart.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { charts, svgOf } from './charts.js';

/**
 * @typedef {import('./options.js').Mode} Mode
 * @typedef {import('./statistics.js').Spread} Spread
 * @typedef {[title: string, cell: (row: any) => string][]} Columns
 */

/**
 * Returns the measured build and the machine.
 * @param {string} serverUrl
 * @param {import('./options.js').Options} options
 */
export async function measured(serverUrl, options) {
  const connection = await createConnection(serverUrl);
  const [rows] = /** @type {[any[], any]} */ (await connection.query('SELECT VERSION() AS version'));
  await connection.end();
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    database: String(rows[0].version),
    date: new Date().toISOString(),
    options,
  };
}

/**
 * Prints a table, and writes the data and the chart.
 * @param {Mode} mode
 * @param {object} subject what was measured
 * @param {any} data an experiment's
 * @param {string} folder
 */
export async function publish(mode, subject, data, folder) {
  const name = mode === 'profile' ? `profile-${data.work}` : mode;
  console.log(`\n${name}\n\n${textOf(tables[mode], data)}`);
  // Only the chart needs the rectangles.
  const kept = mode === 'profile' ? { work: data.work, notes: data.notes } : data;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...subject, ...kept }, rounded, 2)}\n`);
  if (data.rows.length > 0) writeFileSync(join(folder, `${name}.svg`), await svgOf(charts[mode](data)));
}

/** @type {Record<Mode, Columns>} */
const tables = {
  routes: [
    ['work', ({ work }) => work],
    ['connections', ({ connections }) => `${connections}`],
    ['rate /s', ({ latchkey }) => number(latchkey.rate)],
    ['p50 ms', ({ latchkey }) => number(latchkey.p50)],
    ['p99 ms', ({ latchkey }) => number(latchkey.p99)],
    ['limit /s', ({ limit }) => number(limit.rate)],
    ['to the limit', ({ toLimit }) => spreadText(toLimit)],
    ['peer /s', ({ peer }) => (peer ? number(peer.rate) : '-')],
    ['to the peer', ({ toPeer }) => (toPeer ? spreadText(toPeer) : '-')],
  ],
  growth: [
    ['work', ({ work }) => work],
    ['small p50 ms', ({ small }) => number(small.p50)],
    ['large p50 ms', ({ large }) => number(large.p50)],
    ['large to small', ({ p50 }) => spreadText(p50)],
    ['small /s', ({ small }) => number(small.rate)],
    ['large /s', ({ large }) => number(large.rate)],
    ['large to small', ({ rate }) => spreadText(rate)],
  ],
  storm: [
    ['target', ({ target }) => target],
    ...feltColumns('verify'),
    ...feltColumns('refresh'),
    ['logins /s', ({ logins }) => number(logins.median)],
    ['hashes /s', ({ hashes }) => number(hashes.median)],
    ['logins to hashes', ({ share }) => spreadText(share)],
    ['503', ({ refused }) => number(refused)],
    ['broken', ({ broken }) => number(broken)],
  ],
  flood: [
    ['flood', ({ flood }) => flood],
    ...feltColumns('verify'),
    ...feltColumns('refresh'),
    ['answers /s', ({ rate }) => number(rate.median)],
    ['401', ({ statuses }) => number(statuses[401] ?? 0)],
    ['429', ({ statuses }) => number(statuses[429] ?? 0)],
    ['503', ({ statuses }) => number(statuses[503] ?? 0)],
  ],
  footprint: [
    ['target', ({ target }) => target],
    ['start ms', ({ start }) => spreadText(start)],
    ['idle RSS MiB', ({ memory }) => number(memory.at(0)?.rss)],
    ['idle PSS MiB', ({ memory }) => number(memory.at(0)?.pss)],
    ['requests', ({ memory }) => `${memory.at(-1)?.requests ?? '-'}`],
    ['RSS MiB', ({ memory }) => number(memory.at(-1)?.rss)],
    ['PSS MiB', ({ memory }) => number(memory.at(-1)?.pss)],
  ],
  workers: [
    ['work', ({ work }) => work],
    ['connections', ({ connections }) => `${connections}`],
    ['1 worker /s', ({ one }) => number(one.rate)],
    ['2 workers /s', ({ two }) => number(two.rate)],
    ['2 to 1', ({ gain }) => spreadText(gain)],
  ],
  against: [
    ['work', ({ work }) => work],
    ['connections', ({ connections }) => `${connections}`],
    ['before /s', ({ before }) => number(before.rate)],
    ['rate /s', ({ own }) => number(own.rate)],
    ['to before', ({ ratio }) => spreadText(ratio)],
    ['before cpu µs', ({ cpuBefore }) => number(cpuBefore)],
    ['cpu µs', ({ cpu }) => number(cpu)],
    ['cpu to before', ({ cpuRatio }) => spreadText(cpuRatio)],
  ],
  profile: [],
};

/** @param {'verify' | 'refresh'} work @returns {Columns} */
function feltColumns(work) {
  return [
    [`${work} p50/p99 ms`, (row) => `${number(row[work].alone.p50)}/${number(row[work].alone.p99)}`],
    ['in the storm', (row) => `${number(row[work].storm.p50)}/${number(row[work].storm.p99)}`],
    ['p99 to alone', (row) => spreadText(row[work].ratio)],
  ];
}

/** @param {Columns} columns @param {{ rows: any[], notes: string[] }} data */
function textOf(columns, { rows, notes }) {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const text = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
  return [...(rows.length > 0 && columns.length > 0 ? text : []), ...notes].join('\n');
}

/**
 * Returns a number with three digits.
 * @param {number | undefined} value
 */
function number(value) {
  if (value === undefined || Number.isNaN(value)) return '-';
  return Math.abs(value) >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}

/** @param {Spread} spread */
function spreadText({ median, min, max }) {
  return `${number(median)} (${number(min)}–${number(max)})`;
}

/** @param {string} _key @param {unknown} value */
function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
