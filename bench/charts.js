// The charts of the experiments, as Vega-Lite specifications.
import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** @typedef {Record<string, any>} Chart @typedef {import('./statistics.js').Spread} Spread */

const BLUE = '#3b6ea5';
const ORANGE = '#d9822b';
/** How many characters fit into the width of the flame graph. */
const FLAME_CHARACTERS = 205;
const FLAME_WIDTH = 1400;
const FLAME_HEIGHT = 16;

/** @param {Chart} chart @returns {Promise<string>} */
export function svgOf(chart) {
  /** @type {any} */
  const spec = {
    background: 'white',
    padding: 12,
    ...chart,
    config: { aria: false, font: 'sans-serif', view: { stroke: null }, axis: { grid: false } },
  };
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}

/**
 * Makes the chart of each experiment from its data.
 * @type {Record<import('./options.js').Mode, (data: any) => Chart>}
 */
export const charts = {
  routes: ({ rows }) => {
    const panels = [ratioPanel(rows, 'toLimit', 'Rate in relation to the limit')];
    if (rows.some((/** @type {any} */ row) => row.toPeer))
      panels.push(ratioPanel(rows, 'toPeer', 'Rate in relation to the peer'));
    return { title: 'Latchkey, medians of the rounds with their least and most', vconcat: panels };
  },
  growth: ({ rows, tables }) => ({
    title: `${tables[1].rows} rows in relation to ${tables[0].rows}`,
    hconcat: [
      bars(flat(rows, 'work', 'p50'), { x: 'work', y: 'p50, ratio', line: 1 }),
      bars(flat(rows, 'work', 'rate'), { x: 'work', y: 'rate, ratio', line: 1 }),
    ],
  }),
  flood: ({ rows }) => ({
    title: 'Verify and refresh at a modest rate while 400 connections guess at passwords, to alone',
    hconcat: [
      bars(flat(rows, 'flood', 'verify', 'ratio'), { x: 'flood', y: 'p99 of verify, flood to alone', line: 2 }),
      bars(flat(rows, 'flood', 'refresh', 'ratio'), { x: 'flood', y: 'p99 of refresh, flood to alone', line: 2 }),
    ],
  }),
  storm: ({ rows }) => ({
    title: 'While 400 clients log in',
    hconcat: [
      bars(flat(rows, 'target', 'verify', 'ratio'), { x: 'target', y: 'p99 of verify, storm to alone', line: 1 }),
      bars(flat(rows, 'target', 'refresh', 'ratio'), { x: 'target', y: 'p99 of refresh, storm to alone', line: 1 }),
      bars(flat(rows, 'target', 'share'), { x: 'target', y: 'logins to hashes of the machine', line: 1 }),
    ],
  }),
  footprint: ({ rows }) => ({
    title: 'Start-up and memory',
    hconcat: [
      bars(flat(rows, 'target', 'start'), { x: 'target', y: 'start-up, ms' }),
      {
        width: 480,
        height: 260,
        data: {
          values: rows.flatMap((/** @type {any} */ { target, memory }) =>
            memory.map((/** @type {any} */ point) => ({ target, ...point })),
          ),
        },
        mark: { type: 'line', point: true },
        encoding: {
          x: { field: 'requests', type: 'quantitative', axis: { format: '~s' } },
          y: { field: 'rss', type: 'quantitative', title: 'resident memory, MiB' },
          color: { field: 'target', title: null, scale: { range: [BLUE, ORANGE] } },
        },
      },
    ],
  }),
  workers: ({ rows }) => ratioPanel(rows, 'gain', 'Rate of two workers in relation to one'),
  against: ({ rows }) => ratioPanel(rows, 'ratio', 'Rate in relation to the other checkout'),
  profile: ({ rows, notes }) => flameGraph(rows, notes.join(' ')),
};

/**
 * Draws bars by work and connections, with a rule for the spread over the rounds.
 * @param {any[]} rows
 * @param {string} field of a spread
 * @param {string} title
 * @returns {Chart}
 */
function ratioPanel(rows, field, title) {
  const values = rows
    .filter((row) => row[field])
    .map(({ work, connections, [field]: spread }) => ({ work, connections: `${connections}`, ...spread }));
  const x = { field: 'work', type: 'nominal', sort: null, title: null, axis: { labelAngle: 0 } };
  const xOffset = { field: 'connections', sort: null };
  return {
    title,
    width: Math.max(360, values.length * 34),
    height: 260,
    data: { values },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x,
          xOffset,
          y: { field: 'median', type: 'quantitative', title: 'ratio' },
          color: { field: 'connections', sort: null, scale: { range: ['#9fc1e0', '#5b93c7', '#2a5a8a'] } },
        },
      },
      { mark: 'rule', encoding: { x, xOffset, y: { field: 'min', type: 'quantitative' }, y2: { field: 'max' } } },
      unity(1),
    ],
  };
}

/**
 * @param {(Spread & { name: string })[]} values
 * @param {{ x: string, y: string, line?: number }} labels with where to draw a line across
 * @returns {Chart}
 */
function bars(values, { x: xTitle, y: yTitle, line }) {
  const x = { field: 'name', type: 'nominal', sort: null, title: xTitle, axis: { labelAngle: 0 } };
  return {
    width: Math.max(140, values.length * 70),
    height: 260,
    data: { values },
    layer: [
      {
        mark: { type: 'bar', color: BLUE },
        encoding: { x, y: { field: 'median', type: 'quantitative', title: yTitle } },
      },
      { mark: 'rule', encoding: { x, y: { field: 'min', type: 'quantitative' }, y2: { field: 'max' } } },
      ...(line === undefined ? [] : [unity(line)]),
    ],
  };
}

/** @param {number} at */
function unity(at) {
  return { mark: { type: 'rule', color: ORANGE, strokeDash: [4, 4] }, encoding: { y: { datum: at } } };
}

/**
 * Returns the spread that each row has at a path, with the name of the row.
 * @param {any[]} rows
 * @param {string} name field
 * @param {string[]} path
 */
function flat(rows, name, ...path) {
  return rows.map((row) => ({ name: row[name], ...path.reduce((value, key) => value[key], row) }));
}

/** @param {import('./profile/flames.js').Flame[]} flames @param {string} title @returns {Chart} */
function flameGraph(flames, title) {
  const depths = Math.max(...flames.map(({ depth }) => depth)) + 1;
  const values = flames.map((flame) => ({
    ...flame,
    next: flame.depth + 1,
    label: labelOf(flame),
  }));
  /** @type {Chart} */
  const position = {
    x: {
      field: 'from',
      type: 'quantitative',
      axis: { format: '%', title: 'share of the time' },
      scale: { domain: [0, 1] },
    },
    y: { field: 'depth', type: 'quantitative', axis: null, scale: { domain: [0, depths] } },
  };
  return {
    title,
    width: FLAME_WIDTH,
    height: depths * FLAME_HEIGHT,
    data: { values },
    layer: [
      {
        mark: { type: 'rect', stroke: 'white', strokeWidth: 0.5 },
        encoding: {
          ...position,
          x2: { field: 'to' },
          y2: { field: 'next' },
          color: { field: 'owner', title: 'code of', scale: { scheme: 'tableau10' } },
        },
      },
      {
        mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 2, dy: -2, fontSize: 10 },
        encoding: { ...position, text: { field: 'label' } },
      },
    ],
  };
}

/**
 * Returns as much of a flame's name as fits into the flame.
 * @param {import('./profile/flames.js').Flame} flame
 */
function labelOf({ name, from, to }) {
  const room = Math.floor((to - from) * FLAME_CHARACTERS);
  if (room < 4) return '';
  return name.length > room ? `${name.slice(0, room - 1)}…` : name;
}
