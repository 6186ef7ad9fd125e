import { DataSource, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/platform/config/config.js';
import { applyMigrations } from '../src/platform/database/apply-migrations.js';
import { dataSourceOptions } from '../src/platform/database/data-source-options.js';
import { addColumn, createIndex, createTable, dropColumn, dropIndex } from '../src/platform/database/definitions.js';
import { TEST_ENV } from './support/service.js';
import { newStore, type Store } from './support/store.js';

/** Two versions of a service: the second adds a column and an index to the table of the first. */
class Notes1700000000000 {
  readonly name = 'Notes1700000000000';
  up = (queryRunner: QueryRunner) => createTable(queryRunner, 'notes', ['id int NOT NULL PRIMARY KEY']);
  down = (queryRunner: QueryRunner) => queryRunner.query('DROP TABLE notes');
}
class Words1700000000001 {
  readonly name = 'Words1700000000001';
  up = async (queryRunner: QueryRunner) => {
    await addColumn(queryRunner, 'notes', 'words varchar(20)');
    await addColumn(queryRunner, 'notes', "kind varchar(8) NOT NULL DEFAULT 'plain'");
    await createIndex(queryRunner, 'notes', 'words', 'kind');
  };
  down = async (queryRunner: QueryRunner) => {
    await dropIndex(queryRunner, 'notes', 'words', 'kind');
    await dropColumn(queryRunner, 'notes', 'kind');
    await dropColumn(queryRunner, 'notes', 'words');
  };
}

let store: Store;
let replicas: DataSource[];
beforeAll(async () => {
  store = await newStore();
  replicas = await Promise.all([0, 1].map(() => connect()));
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.destroy()));
  await store.dispose();
});

function connect(): Promise<DataSource> {
  const config = loadConfig({ ...TEST_ENV, ...store.env });
  const options = dataSourceOptions(config, [Notes1700000000000, Words1700000000001]);
  return new DataSource(options).initialize();
}

/**
 * Starts work at each replica, at the same time over a server. The embedded store blocks the thread
 * while it waits.
 */
async function atAll(work: (replica: DataSource) => Promise<unknown>): Promise<void> {
  if (store.isMySql) await Promise.all(replicas.map(work));
  else for (const replica of replicas) await work(replica);
}

/** Runs definitions at one replica. */
async function define(work: (queryRunner: QueryRunner) => Promise<unknown>, replica = replicas[0]!): Promise<void> {
  const queryRunner = replica.createQueryRunner();
  try {
    await work(queryRunner);
  } finally {
    await queryRunner.release();
  }
}

async function columns(): Promise<string[]> {
  const queryRunner = replicas[0]!.createQueryRunner();
  try {
    const table = await queryRunner.getTable('notes');
    const indices = table?.indices.map(({ name }) => name ?? '') ?? [];
    return [...(table?.columns.map(({ name }) => name) ?? []), ...indices].sort();
  } finally {
    await queryRunner.release();
  }
}

const INDEX = 'notes_words_kind';
const words = new Words1700000000001();

describe('Definitions', () => {
  it('are applied once by two replicas that start at the same time', async () => {
    await atAll(applyMigrations);
    expect(await columns()).toEqual(['id', 'kind', INDEX, 'words']);
    const applied = await replicas[0]!.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY name');
    expect(applied.map(({ name }) => name)).toEqual(['Notes1700000000000', 'Words1700000000001']);
  });

  it('let a replica of the version before insert rows', async () => {
    await replicas[0]!.query('INSERT INTO notes (id) VALUES (1)');
    expect(await replicas[1]!.query('SELECT id, words, kind FROM notes')).toEqual([
      { id: 1, words: null, kind: 'plain' },
    ]);
  });

  it('do nothing when they are repeated, as after a crash', async () => {
    for (let i = 0; i < 2; i++) await define(words.up);
    expect(await columns()).toEqual(['id', 'kind', INDEX, 'words']);
  });

  it('are undone, and undoing them twice does nothing', async () => {
    for (let i = 0; i < 2; i++) {
      await define(words.down);
      expect(await columns()).toEqual(['id']);
    }
  });

  it('continue where a crash left a part of them', async () => {
    await replicas[0]!.query('ALTER TABLE notes ADD COLUMN words varchar(20)');
    await define(words.up);
    expect(await columns()).toEqual(['id', 'kind', INDEX, 'words']);
  });

  it('are applied by two replicas at the same time without a shared lock, as at two nodes of a cluster', async () => {
    for (let i = 0; i < 10; i++) {
      await atAll((replica) => define(words.down, replica));
      expect(await columns()).toEqual(['id']);
      await atAll((replica) => define(words.up, replica));
      expect(await columns()).toEqual(['id', 'kind', INDEX, 'words']);
    }
  });

  it('refuse a column that older replicas could not insert rows without', async () => {
    await expect(define((queryRunner) => addColumn(queryRunner, 'notes', 'must varchar(8) NOT NULL'))).rejects.toThrow(
      'must be nullable or have a default',
    );
  });
});
