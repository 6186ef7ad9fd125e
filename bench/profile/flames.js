// Turns a CPU profile into the rectangles of a flame graph.

/**
 * @typedef {{ functionName: string, url: string, lineNumber: number }} CallFrame
 * @typedef {{ id: number, callFrame: CallFrame, children?: number[] }} Node
 * @typedef {{ nodes: Node[], startTime: number, samples: number[], timeDeltas: number[] }}
 *   CpuProfile times in microseconds
 *
 * @typedef {object} Flame
 * @property {string} name
 * @property {string} owner package, `latchkey` or `node`
 * @property {number} depth 0: no caller
 * @property {number} from share of the time at which it begins, from 0 to 1
 * @property {number} to
 */

/** Narrower rectangles are left out. */
const NARROWEST = 0.002;
/** Owners with a color of their own. The others share one. */
const OWNERS = 9;

/**
 * @param {CpuProfile} profile
 * @param {{ from: number, to: number }} loaded the time to look at, in microseconds of the
 *   profile's clock
 * @returns {Flame[]}
 */
export function flamesOf({ nodes, startTime, samples, timeDeltas }, loaded) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map();
  let time = startTime;
  samples.forEach((id, i) => {
    // A sample counts for the time until the next sample.
    time += timeDeltas[i] ?? 0;
    const lasted = timeDeltas[i + 1] ?? 0;
    if (time < loaded.from || time > loaded.to || byId.get(id)?.callFrame.functionName === '(idle)') return;
    own.set(id, (own.get(id) ?? 0) + lasted);
  });
  const childrenOf = (/** @type {Node} */ node) =>
    (node.children ?? []).flatMap((id) => {
      const child = byId.get(id);
      return child ? [child] : [];
    });
  const total = new Map();
  const sum = (/** @type {Node} */ node) => {
    let all = own.get(node.id) ?? 0;
    for (const child of childrenOf(node)) all += sum(child);
    total.set(node.id, all);
    return all;
  };
  const root = nodes[0];
  const whole = root ? sum(root) : 0;
  if (!root || whole === 0) throw new Error('the profile has no samples of the time of the load');
  /** @type {Flame[]} */
  const flames = [];
  const lay = (/** @type {Node} */ node, /** @type {number} */ depth, /** @type {number} */ begin) => {
    let from = begin;
    for (const child of childrenOf(node).toSorted((a, b) => total.get(b.id) - total.get(a.id))) {
      const to = from + total.get(child.id) / whole;
      if (to - from < NARROWEST) break;
      flames.push({ name: nameOf(child.callFrame), owner: ownerOf(child.callFrame), depth, from, to });
      lay(child, depth + 1, from);
      from = to;
    }
  };
  lay(root, 0, 0);
  return withFewOwners(flames);
}

/** @param {CallFrame} frame */
function nameOf({ functionName, url, lineNumber }) {
  const file = url.split('/').at(-1);
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
}

/** @param {CallFrame} frame */
function ownerOf({ url }) {
  const inside = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inside) return inside;
  return url.startsWith('file:') ? 'latchkey' : 'node';
}

/** @param {Flame[]} flames @returns {Flame[]} */
function withFewOwners(flames) {
  /** @type {Map<string, number>} */
  const widths = new Map([['latchkey', Number.MAX_VALUE]]);
  for (const { owner, from, to } of flames) widths.set(owner, (widths.get(owner) ?? 0) + to - from);
  const kept = [...widths]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, OWNERS)
    .map(([owner]) => owner);
  return flames.map((flame) => (kept.includes(flame.owner) ? flame : { ...flame, owner: 'others' }));
}
