import { describe, expect, it } from 'vitest';
import {
  isConflict,
  isConnectionLost,
  isDefinedAlready,
  isOfServer,
  isRefusedByThisServer,
  isStoreUnavailable,
  isUndefinedAlready,
  isUniqueViolation,
  misconfigurationOf,
} from './store-errors.js';

/** An error as mysql2 makes it. */
const errorOf = (errno: number, code: string | undefined, sqlState: string, message = '') =>
  Object.assign(new Error(message), { errno, code, sqlState });

describe('Errors of a node in a MySQL group', () => {
  it('counts a commit that lost to another commit as a conflict, as on Galera', () => {
    expect(isConflict(errorOf(3101, 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT', '40000'))).toBe(true);
    expect(isConflict(errorOf(1213, 'ER_LOCK_DEADLOCK', '40001'))).toBe(true);
  });

  it('counts a locked row during a commit as a conflict, and no other error of a commit', () => {
    const atCommit = (message: string) => errorOf(1180, 'ER_ERROR_DURING_COMMIT', 'HY000', message);
    expect(isConflict(atCommit("Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT"))).toBe(true);
    const lost = atCommit('Got error 6 "No such device or address" during COMMIT');
    expect([isConflict(lost), isStoreUnavailable(lost)]).toEqual([false, true]);
  });

  it.each([
    [3032, 'ER_SERVER_OFFLINE_MODE'],
    [3100, 'ER_RUN_HOOK_ERROR'],
    [3796, 'ER_GRP_TRX_CONSISTENCY_NOT_ALLOWED'],
    [3797, 'ER_GRP_TRX_CONSISTENCY_BEFORE'],
    [3798, 'ER_GRP_TRX_CONSISTENCY_AFTER_ON_TRX_BEGIN'],
    [3799, 'ER_GRP_TRX_CONSISTENCY_BEGIN_NOT_ALLOWED'],
    // The driver has no name for it.
    [6400, undefined],
  ])('counts error %i of a node outside its group as temporary, and not as a conflict', (errno, code) => {
    const error = errorOf(errno, code, 'HY000');
    expect(isConflict(error)).toBe(false);
    expect(isStoreUnavailable(error)).toBe(true);
    expect(isRefusedByThisServer(error)).toBe(true);
  });

  it('counts a table without a primary key as an error of this service', () => {
    const error = errorOf(3098, 'ER_BEFORE_DML_VALIDATION_ERROR', 'HY000');
    expect([isConflict(error), isStoreUnavailable(error)]).toEqual([false, false]);
  });
});

const PREDICATES = {
  conflict: isConflict,
  defined: isDefinedAlready,
  lost: isConnectionLost,
  refused: isRefusedByThisServer,
  server: isOfServer,
  unavailable: isStoreUnavailable,
  undefined: isUndefinedAlready,
  unique: isUniqueViolation,
};

describe('Errors of a store', () => {
  it.each<[string, string | undefined, string, string]>([
    ['ER_DUP_ENTRY', '23000', '', 'server unique'],
    ['SQLITE_CONSTRAINT_UNIQUE', undefined, '', 'unique'],
    ['SQLITE_CONSTRAINT_PRIMARYKEY', undefined, '', 'unique'],
    ['ER_LOCK_DEADLOCK', '40001', '', 'conflict server unavailable'],
    ['ER_LOCK_WAIT_TIMEOUT', 'HY000', '', 'conflict server unavailable'],
    ['SQLITE_BUSY', undefined, '', 'conflict unavailable'],
    ['SQLITE_BUSY_SNAPSHOT', undefined, '', 'conflict unavailable'],
    ['SQLITE_LOCKED', undefined, '', 'conflict unavailable'],
    ['ER_TABLE_EXISTS_ERROR', '42S01', '', 'defined server'],
    ['ER_DUP_KEYNAME', '42000', '', 'defined server'],
    ['ER_DUP_FIELDNAME', '42S21', '', 'defined server'],
    ['SQLITE_ERROR', undefined, 'duplicate column name: a', 'defined'],
    ['SQLITE_ERROR', undefined, 'index a_b already exists', 'defined'],
    ['SQLITE_ERROR', undefined, 'no such column: "a"', 'undefined'],
    ['SQLITE_ERROR', undefined, 'no such index: a_b', 'undefined'],
    ['SQLITE_ERROR', undefined, 'near "SELEC": syntax error', ''],
    ['ER_CANT_DROP_FIELD_OR_KEY', '42000', '', 'server undefined'],
    ['PROTOCOL_CONNECTION_LOST', undefined, '', 'lost unavailable'],
    ['ECONNRESET', undefined, '', 'lost unavailable'],
    ['EPIPE', undefined, '', 'lost unavailable'],
    ['ECONNREFUSED', undefined, '', 'unavailable'],
    ['ETIMEDOUT', undefined, '', 'unavailable'],
    ['EAI_AGAIN', undefined, '', 'unavailable'],
    ['POOL_QUEUE_FULL', undefined, '', 'unavailable'],
    ['', undefined, 'Queue limit reached.', 'unavailable'],
    ['', undefined, 'Pool is closed.', 'lost unavailable'],
    ['', undefined, "Can't add new command when connection is in closed state", 'lost unavailable'],
    ['ER_OPTION_PREVENTS_STATEMENT', 'HY000', '', 'refused server unavailable'],
    ['ER_SERVER_SHUTDOWN', '08S01', '', 'refused server unavailable'],
    ['ER_CON_COUNT_ERROR', '08004', '', 'refused server unavailable'],
    ['ER_UNKNOWN_STMT_HANDLER', 'HY000', '', 'refused server unavailable'],
    ['ER_QUERY_INTERRUPTED', '70100', '', 'server unavailable'],
    ['ER_RECORD_FILE_FULL', 'HY000', '', 'server unavailable'],
    ['SQLITE_FULL', undefined, '', 'unavailable'],
    ['SQLITE_IOERR_WRITE', undefined, '', 'unavailable'],
    ['ER_DATA_TOO_LONG', '22001', '', 'server'],
    ['ER_PARSE_ERROR', '42000', '', 'server'],
    ['ER_NO_SUCH_TABLE', '42S02', '', 'server'],
  ])('classifies code %j with SQL state %j and text %j as: %s', (code, sqlState, message, expected) => {
    const error = Object.assign(new Error(message), { code, ...(sqlState && { sqlState }) });
    const holding = Object.entries(PREDICATES).filter(([, holds]) => holds(error));
    expect(holding.map(([name]) => name).join(' ')).toBe(expected);
  });

  it('counts any error that ends its connection as temporary', () => {
    expect(isStoreUnavailable(Object.assign(new Error(), { code: 'ER_MYSTERY', fatal: true }))).toBe(true);
  });

  it.each([undefined, null, 'text', {}])('classifies %j as no error of a store', (value) => {
    expect(Object.values(PREDICATES).filter((holds) => holds(value))).toEqual([]);
    expect(misconfigurationOf(value)).toBeUndefined();
  });

  it.each([
    ['ER_ACCESS_DENIED_ERROR', '', 'user and password'],
    ['ER_DBACCESS_DENIED_ERROR', '', 'user and password'],
    ['ER_BAD_DB_ERROR', '', 'no such database'],
    ['HANDSHAKE_NO_SSL_SUPPORT', '', 'ssl=on'],
    ['HANDSHAKE_SSL_ERROR', 'self-signed certificate\nand more', 'refused: self-signed certificate'],
  ])('names what is wrong with DATABASE_URL for %s', (code, message, words) => {
    expect(misconfigurationOf(Object.assign(new Error(message), { code }))).toContain(words);
  });

  it('blames a handshake that breaks off on nothing in DATABASE_URL', () => {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'HANDSHAKE_SSL_ERROR' });
    expect(misconfigurationOf(error)).toBeUndefined();
  });
});
