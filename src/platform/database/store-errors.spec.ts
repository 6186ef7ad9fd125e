import { describe, expect, it } from 'vitest';
import { isConflict, isRefusedByThisServer, isStoreUnavailable } from './store-errors.js';

/** An error as mysql2 makes it. */
const errorOf = (errno: number, code: string | undefined, sqlState: string, message = '') =>
  Object.assign(new Error(message), { errno, code, sqlState });

describe('An error of a node in a MySQL group', () => {
  it('is a conflict if another commit came first, as on Galera', () => {
    expect(isConflict(errorOf(3101, 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT', '40000'))).toBe(true);
    expect(isConflict(errorOf(1213, 'ER_LOCK_DEADLOCK', '40001'))).toBe(true);
  });

  it('is a conflict if the row was locked during the commit, unlike other errors of a commit', () => {
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
  ])('is temporary and no conflict if the node is outside its group (%i)', (errno, code) => {
    const error = errorOf(errno, code, 'HY000');
    expect(isConflict(error)).toBe(false);
    expect(isStoreUnavailable(error)).toBe(true);
    expect(isRefusedByThisServer(error)).toBe(true);
  });

  it('is an error of this service if a table has no primary key', () => {
    const error = errorOf(3098, 'ER_BEFORE_DML_VALIDATION_ERROR', 'HY000');
    expect([isConflict(error), isStoreUnavailable(error)]).toEqual([false, false]);
  });
});
