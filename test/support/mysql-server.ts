import { createConnection } from 'mysql2/promise';
import type { TestProject } from 'vitest/node';
import { startDatabaseServer } from '../../scripts/database-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * The server on which tests create their databases; its user may create databases.
     * Absent when the embedded store is tested.
     */
    mysqlUrl?: string;
  }
}

/** Starts a MySQL-protocol server before all tests, and stops it after them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const given = process.env['TEST_DATABASE_URL'];
  const { url, stop } = given ? { url: given, stop: () => undefined } : await startDatabaseServer();
  project.provide('mysqlUrl', url);
  const connection = await createConnection(url);
  const [rows] = await connection.query('SELECT VERSION() AS version');
  await connection.end();
  console.log(`MySQL-protocol server: ${(rows as { version: string }[])[0]?.version ?? 'unknown'}`);
  return stop;
}
