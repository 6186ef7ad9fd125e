// What Linux tells about a process and the processes that it started.
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Whether there is a /proc, which only Linux has. */
export const HAS_PROC = existsSync('/proc/self/smaps_rollup');

/** Linux counts processor time in hundredths of a second on every platform that Node runs on. */
const TICK_US = 10_000;

/** @param {number} pid @returns {number[]} the process and all its descendants */
export function tree(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(tree)];
}

/**
 * Returns the processor time that a process and its descendants have used, in microseconds.
 * @param {number} pid
 */
export function processorTime(pid) {
  if (!HAS_PROC) return Number.NaN;
  return tree(pid).reduce((sum, one) => {
    // The name of the program is in parentheses and may have spaces. utime and stime are the fields
    // 14 and 15 (proc_pid_stat(5)).
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }, 0);
}
