import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedDriver } from './embedded-driver.js';

let folder: string;
let own: EmbeddedDriver;
let other: EmbeddedDriver;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-driver-'));
  const open = () => new EmbeddedDriver(join(folder, 'store.sqlite'), { timeout: 1 });
  own = open();
  own.pragma('journal_mode = WAL');
  own.exec('CREATE TABLE items (name TEXT PRIMARY KEY)');
  other = open();
});
afterEach(() => {
  own.close();
  other.close();
  rmSync(folder, { recursive: true });
});

describe('The embedded driver', () => {
  it.each(["INSERT INTO items VALUES ('refused')", 'BEGIN IMMEDIATE'])(
    'never applies a statement that failed on the lock of another process: %s',
    (sql) => {
      const refused = own.prepare(sql);
      other.exec('BEGIN IMMEDIATE');
      expect(() => refused.run()).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }));
      other.exec('COMMIT');
      own.prepare('INSERT INTO items VALUES (?)').run('acknowledged');
      // To be seen by others, it has to be committed.
      expect(other.prepare('SELECT name FROM items').all()).toEqual([{ name: 'acknowledged' }]);
      other.prepare('INSERT INTO items VALUES (?)').run("the other's");
      expect(own.prepare('SELECT count(*) AS count FROM items').all()).toEqual([{ count: 2 }]);
    },
  );

  it('runs a statement again that failed on the lock of another process', () => {
    const insert = own.prepare('INSERT INTO items VALUES (?)');
    other.exec('BEGIN IMMEDIATE');
    expect(() => insert.run('patient')).toThrow();
    other.exec('COMMIT');
    expect(insert.run('patient').changes).toBe(1);
    expect(other.prepare('SELECT name FROM items').all()).toEqual([{ name: 'patient' }]);
  });
});
