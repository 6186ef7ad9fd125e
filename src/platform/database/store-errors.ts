import { QueryFailedError } from 'typeorm';

/** The properties that mysql2, libsql and Node's sockets set on their errors. */
interface DriverError {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly fatal?: boolean;
  readonly message?: string;
}

/** Tells whether a row with this unique key or primary key exists already. */
export function isUniqueViolation(error: unknown): boolean {
  const { code } = driverErrorOf(error);
  return code === 'ER_DUP_ENTRY' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/**
 * When a commit of another node came first, Group Replication says ROLLBACK_DURING_COMMIT, and
 * Galera says deadlock.
 */
const CONFLICT =
  /^(ER_LOCK_DEADLOCK|ER_LOCK_WAIT_TIMEOUT|ER_TRANSACTION_ROLLBACK_DURING_COMMIT|SQLITE_BUSY\w*|SQLITE_LOCKED\w*)$/;

/**
 * Tells whether another statement was in the way. The store has changed nothing, so the statement
 * may be repeated.
 */
export function isConflict(error: unknown): boolean {
  return CONFLICT.test(driverErrorOf(error).code ?? '') || isDeadlockAtCommit(error);
}

/**
 * Tells whether another node took the row at the commit: number 149 of an error with many meanings.
 */
function isDeadlockAtCommit(error: unknown): boolean {
  const { code, message = '' } = driverErrorOf(error);
  return code === 'ER_ERROR_DURING_COMMIT' && message.startsWith('Got error 149 ');
}

/** Tells whether a table, a column or an index of that name exists already. */
export function isDefinedAlready(error: unknown): boolean {
  const { code = '', message = '' } = driverErrorOf(error);
  if (code === 'SQLITE_ERROR') return /already exists|duplicate column name/.test(message);
  return /^ER_(TABLE_EXISTS_ERROR|DUP_KEYNAME|DUP_FIELDNAME)$/.test(code);
}

/** Tells whether there is no column or index of that name. */
export function isUndefinedAlready(error: unknown): boolean {
  const { code = '', message = '' } = driverErrorOf(error);
  if (code === 'SQLITE_ERROR') return /no such (column|index)/.test(message);
  return code === 'ER_CANT_DROP_FIELD_OR_KEY';
}

/** SQLSTATE classes of errors that pass: connection, transaction state, rollback, intervention. */
const PASSING_STATE = /^(08|25|40|57|70)/;
/** Errors that pass although their SQLSTATE does not say so, by name. */
const PASSING_CODE = new RegExp(
  '^(PROTOCOL_|ECONN|ETIMEDOUT|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|POOL_' +
    '|ER_(LOCK_WAIT_TIMEOUT|OPTION_PREVENTS_STATEMENT|READ_ONLY_MODE|DISK_FULL|RECORD_FILE_FULL|OUT_OF_RESOURCES|OUTOFMEMORY' +
    '|ERROR_ON_WRITE|GET_ERRNO|TOO_MANY_USER_CONNECTIONS|USER_LIMIT_REACHED|MAX_PREPARED_STMT_COUNT_REACHED' +
    // A node has lost the others during its commit, and does not know whether they have it.
    '|ERROR_DURING_COMMIT|RUN_HOOK_ERROR' +
    // A node of a group is not in it at present, or has left it while a statement waited for the
    // others.
    '|GRP_TRX_CONSISTENCY_|SERVER_OFFLINE_MODE' +
    '|CON_COUNT_ERROR|HOST_IS_BLOCKED|HANDSHAKE_ERROR|CANT_CREATE_THREAD|UNKNOWN_STMT_HANDLER|QUERY_TIMEOUT|STATEMENT_TIMEOUT|TABLESPACE_)' +
    '|SQLITE_(BUSY|LOCKED|IOERR|FULL|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL))',
);

const REFUSED_BY_THIS_SERVER =
  /^ER_(OPTION_PREVENTS_STATEMENT|READ_ONLY_MODE|CANT_EXECUTE_IN_READ_ONLY_TRANSACTION|SERVER_SHUTDOWN|UNKNOWN_STMT_HANDLER|RUN_HOOK_ERROR|GRP_TRX_CONSISTENCY_\w+|SERVER_OFFLINE_MODE)$/;

/** The error of a MySQL 9 server in offline mode, for which the driver has no name. */
const OFFLINE_MODE_WITH_REASON = 6400;

/**
 * Tells whether the store cannot be reached or cannot serve now, so that the same statement may
 * succeed later.
 */
export function isStoreUnavailable(error: unknown): boolean {
  const { code = '', sqlState = '', errno, fatal } = driverErrorOf(error);
  return (
    fatal === true ||
    errno === OFFLINE_MODE_WITH_REASON ||
    PASSING_STATE.test(sqlState) ||
    PASSING_CODE.test(code) ||
    isConnectionLoss(error) ||
    isQueueFull(error)
  );
}

/** Recognizes the error of a closed connection or pool, which mysql2 gives no code. */
function isConnectionLoss(error: unknown): boolean {
  return error instanceof Error && /closed state|pool is closed/i.test(error.message);
}

/** Recognizes the error of a full queue for connections, which mysql2 gives no code. */
function isQueueFull(error: unknown): boolean {
  return error instanceof Error && /queue limit reached/i.test(error.message);
}

/** Tells whether the server itself sent the error, so that it is there. */
export function isOfServer(error: unknown): boolean {
  return driverErrorOf(error).sqlState !== undefined;
}

/**
 * Tells whether another server may accept what this server refuses. This server has become a
 * replica, has left its cluster, is shutting down, or has lost the prepared statement.
 */
export function isRefusedByThisServer(error: unknown): boolean {
  const { code = '', sqlState = '', errno } = driverErrorOf(error);
  return sqlState.startsWith('08') || errno === OFFLINE_MODE_WITH_REASON || REFUSED_BY_THIS_SERVER.test(code);
}

/**
 * Tells whether a connection was found closed, so that another connection may work. A server that
 * is away gives other errors.
 */
export function isConnectionLost(error: unknown): boolean {
  return (
    /^(PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE)$/.test(driverErrorOf(error).code ?? '') || isConnectionLoss(error)
  );
}

/**
 * Returns what is wrong with `DATABASE_URL`, in words for the operator. Returns undefined for an
 * error that does not say.
 */
export function misconfigurationOf(error: unknown): string | undefined {
  switch (driverErrorOf(error).code) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_DBACCESS_DENIED_ERROR':
      return 'the server does not admit this user and password to this database';
    case 'ER_BAD_DB_ERROR':
      return 'the server has no such database';
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return 'the server offers no TLS, which ssl=on asks for';
    case 'HANDSHAKE_SSL_ERROR':
      return certificateProblem((error as Error).message);
    default:
      return undefined;
  }
}

/**
 * Returns the problem of a certificate. A connection that breaks during the TLS handshake has the
 * same code, but that problem passes.
 */
function certificateProblem(message: string): string | undefined {
  const [line = ''] = message.split('\n', 1);
  return /certificate/i.test(line) ? `the certificate of the server is refused: ${line}` : undefined;
}

function driverErrorOf(error: unknown): DriverError {
  if (error instanceof QueryFailedError) return error.driverError as DriverError;
  return error instanceof Error ? error : {};
}
