import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { vi } from 'vitest';

/** Linux tells of every process under this folder; elsewhere tests that look at others are left out. */
export const canSeeProcesses = process.platform === 'linux';

/** The living children of a process. One that has ended and that nobody has asked for yet is not living. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && stateOf(pid)?.parent === parent && isAlive(pid));
}

/** A process with its children and theirs. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}

export function isAlive(pid: number): boolean {
  const state = stateOf(pid)?.state;
  return state !== undefined && !['Z', 'X'].includes(state);
}

/** How many TCP connections that were accepted on a port a process holds. */
export function connectionsOf(pid: number, port: number): number {
  const local = new RegExp(`^ *\\d+: [0-9A-F]{8}:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 01 `);
  const inodes = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => local.test(line))
    .map((line) => line.trim().split(/\s+/)[9]);
  const sockets = new Set(inodes.map((inode) => `socket:[${inode ?? ''}]`));
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`))).length;
}

/** Waits for what another process does. */
export function until(condition: () => unknown): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 10 });
}

function stateOf(pid: number): { state: string | undefined; parent: number } | undefined {
  try {
    // The name before them stands in brackets and may hold anything.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
