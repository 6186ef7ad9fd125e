import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { vi } from 'vitest';

/** Only Linux has `/proc`. Tests that inspect other processes are skipped elsewhere. */
export const canSeeProcesses = process.platform === 'linux';

/** Returns the live children of a process, without zombies. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && stateOf(pid)?.parent === parent && isAlive(pid));
}

/** Returns a process and all of its descendants. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}

export function isAlive(pid: number): boolean {
  const state = stateOf(pid)?.state;
  return state !== undefined && !['Z', 'X'].includes(state);
}

/** Counts the open TCP connections that a process has accepted on a port. */
export function connectionsOf(pid: number, port: number): number {
  const local = new RegExp(`^ *\\d+: [0-9A-F]{8}:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 01 `);
  const inodes = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => local.test(line))
    .map((line) => line.trim().split(/\s+/)[9]);
  const sockets = new Set(inodes.map((inode) => `socket:[${inode ?? ''}]`));
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`))).length;
}

/** Waits until a condition holds, for at most 20 s. */
export function until(condition: () => unknown): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 10 });
}

function stateOf(pid: number): { state: string | undefined; parent: number } | undefined {
  try {
    // The name of the process comes first, in brackets, and may contain any character.
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
