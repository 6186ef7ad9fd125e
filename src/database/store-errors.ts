import { QueryFailedError } from 'typeorm';

/** What mysql2, libsql and Node's sockets put on their errors. */
interface DriverError {
  readonly code?: string;
  readonly sqlState?: string;
  readonly fatal?: boolean;
  readonly syscall?: string;
}

/** A unique key or primary key exists already. */
export function isUniqueViolation(error: unknown): boolean {
  const { code } = driverErrorOf(error);
  return code === 'ER_DUP_ENTRY' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/** SQLSTATE classes of statements that are wrong in themselves: cardinality, data, constraint, syntax. */
const FAULTY_STATEMENT = /^(21|22|23|42)/;
const SQLITE_UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL)/;

/** The store cannot be reached or cannot serve just now, and the same statement may go through later. */
export function isStoreUnavailable(error: unknown): boolean {
  const { code = '', sqlState, fatal, syscall } = driverErrorOf(error);
  if (sqlState !== undefined && sqlState !== '') return !FAULTY_STATEMENT.test(sqlState) || fatal === true;
  return fatal === true || syscall !== undefined || SQLITE_UNAVAILABLE.test(code) || isConnectionLoss(error, code);
}

/** mysql2 says only in words that a pooled connection or the pool itself is closed. */
function isConnectionLoss(error: unknown, code: string): boolean {
  return (
    /^(PROTOCOL_|ECONN|ETIMEDOUT|EPIPE|POOL_)/.test(code) ||
    (error instanceof Error && /closed state|pool is closed/i.test(error.message))
  );
}

function driverErrorOf(error: unknown): DriverError {
  if (error instanceof QueryFailedError) return error.driverError as DriverError;
  return error instanceof Error ? (error as DriverError) : {};
}
