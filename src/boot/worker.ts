/** What a worker reports to the primary: the address that it serves, or why it cannot serve. */
export type WorkerReport = { readonly ready: string } | { readonly failed: string };

/**
 * Sends a report to the primary. Must be called in a worker. The callback keeps a failed send from
 * raising an error.
 */
export function reportToPrimary(report: WorkerReport): void {
  process.send?.(report, undefined, undefined, () => undefined);
}

/**
 * Ignores errors of the channel to the primary. Must be called in a worker. A worker ends by itself
 * when its primary has ended.
 */
export function ignoreLostPrimary(): void {
  process.on('error', () => undefined);
}
