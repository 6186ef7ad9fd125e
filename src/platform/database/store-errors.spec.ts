import { describe, expect, it } from 'vitest';
import { isConflict, isRefusedByThisServer, isStoreUnavailable } from './store-errors.js';

/** An error as mysql2 makes it. */
const errorOf = (errno: number, code: string | undefined, sqlState: string, message = '') =>
  Object.assign(new Error(message), { errno, code, sqlState });

describe('an error of a node of a MySQL group', () => {
  it('that another commit came first is a conflict, as on Galera', () => {
    expect(isConflict(errorOf(3101, 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT', '40000'))).toBe(true);
    expect(isConflict(errorOf(1213, 'ER_LOCK_DEADLOCK', '40001'))).toBe(true);
  });

  it('that its row was taken at its commit is a conflict, and no other error of a commit', () => {
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
  ])('that it is not in its group at present (%i) is no conflict, and passes at another node', (errno, code) => {
    const error = errorOf(errno, code, 'HY000');
    expect(isConflict(error)).toBe(false);
    expect(isStoreUnavailable(error)).toBe(true);
    expect(isRefusedByThisServer(error)).toBe(true);
  });

  it('that a table has no primary key is an error of this service', () => {
    const error = errorOf(3098, 'ER_BEFORE_DML_VALIDATION_ERROR', 'HY000');
    expect([isConflict(error), isStoreUnavailable(error)]).toEqual([false, false]);
  });
});
