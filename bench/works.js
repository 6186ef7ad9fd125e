// The works: the requests that a client sends over one connection, one after the other.
import { createHash } from 'node:crypto';

/**
 * @typedef {{ method: 'GET' | 'POST' | 'DELETE', path: string, headers?: Record<string, string>,
 *   body?: string }} Request
 * @typedef {{ username: string, refresh: string, access: string }} Session a login of an account of
 *   that name
 *
 * @typedef {object} Script
 * @property {Request} first
 * @property {(answer: string) => Request | undefined} [next] from the last answer; undefined: the
 *   same request again. Left out: always the same
 *
 * @typedef {object} Work
 * @property {boolean} [usesUp] whether its sessions cannot be used again
 * @property {boolean} [hashes] whether its accounts need hashes of the full cost
 * @property {number} [amount] requests of one round; left out: as many as the time allows
 * @property {(target: string) => boolean} [servedBy] left out: by all
 * @property {(sessions: () => Session, target: string) => Script} script of one connection;
 *   `sessions` gives another one at each call
 */

export const PASSWORD = 'correct horse battery staple';

/**
 * @param {string} path
 * @param {object} body
 * @param {'POST' | 'DELETE'} [method]
 * @returns {Request}
 */
const send = (path, body, method = 'POST') => ({
  method,
  path,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

/**
 * Returns a request from an address. Each account has its own network, as most real clients have.
 * @param {number} network @param {Request} request @returns {Request}
 */
const from = (network, request) => ({
  ...request,
  headers: {
    ...request.headers,
    'X-Forwarded-For': `2001:db8:${(network >>> 16).toString(16)}:${(network & 0xffff).toString(16)}::1`,
  },
});

/** Returns the home address of an account. @param {string} username */
const homeOf = (username) => createHash('sha256').update(username).digest().readUInt32BE();

let count = 0;
export const newName = () => `u${process.pid.toString(36)}${Date.now().toString(36)}${(count++).toString(36)}`;

/** @param {string} username */
export const register = (username) => from(homeOf(username), send('/auth/register', { username, password: PASSWORD }));
/** @param {string} username */
export const login = (username) => from(homeOf(username), send('/auth/token', { username, password: PASSWORD }));

let networks = 0;
/** Returns a network that no request has come from before. */
const newNetwork = () => homeOf(`${process.pid} ${Date.now()} ${networks++}`);
/** @param {string} username @param {number} network @returns {Request} */
const guess = (username, network) =>
  from(network, send('/auth/token', { username, password: 'not the right password' }));
/** @param {string} token */
export const refresh = (token) => send('/auth/token/refresh', { refresh: token });
/** @param {string} token */
export const verify = (token) => send('/auth/token/verify', { token });
/** @param {string} token @returns {Request} */
export const getuser = (token) => ({
  method: 'GET',
  path: '/auth/getuser',
  headers: { Authorization: `Bearer ${token}` },
});

/** @param {Session} session @param {string} target */
const logout = (session, target) =>
  target === 'peer'
    ? send('/auth/token/blacklist', { refresh: session.refresh })
    : send('/user/login', { access_token: session.access, refresh_token: session.refresh }, 'DELETE');

/**
 * How many requests a work with hashes sends. A deadline would cut requests off, and their hashes
 * would run into the next load. The number divides evenly among the connections.
 */
const HASHES = 192;

/** How many verifications and refreshes follow each login in the mixed load. */
const MIX = { refresh: 10, verify: 100 };

/** @type {Record<string, Work>} */
export const works = {
  verify: { script: (sessions) => ({ first: verify(sessions().access) }) },
  getuser: { script: (sessions) => ({ first: getuser(sessions().access) }) },
  refresh: {
    usesUp: true,
    script: (sessions) => ({
      first: refresh(sessions().refresh),
      next: (answer) => refresh(JSON.parse(answer).refresh),
    }),
  },
  'B-refresh': {
    servedBy: (target) => target !== 'peer',
    script: (sessions) => ({ first: send('/user/login/refresh', { refresh_token: sessions().refresh }) }),
  },
  logout: {
    usesUp: true,
    amount: 640,
    script: (sessions, target) => ({
      first: logout(sessions(), target),
      next: () => logout(sessions(), target),
    }),
  },
  login: { hashes: true, amount: HASHES, script: (sessions) => ({ first: login(sessions().username) }) },
  register: { amount: HASHES, script: () => ({ first: register(newName()), next: () => register(newName()) }) },
  mixed: { hashes: true, script: (sessions) => mixed(sessions().username) },
  // Each request uses another session.
  'verify-each': { script: each((session) => verify(session.access)) },
  'refresh-each': { usesUp: true, script: each((session) => refresh(session.refresh)) },
  'login-each': { hashes: true, amount: HASHES, script: each((session) => login(session.username)) },
  'login-storm': { hashes: true, script: each((session) => login(session.username)) },
  // The account has not logged in from this network before.
  'login-new': {
    hashes: true,
    amount: HASHES,
    servedBy: (target) => target === 'latchkey',
    script: each(({ username }) => from(newNetwork(), send('/auth/token', { username, password: PASSWORD }))),
  },
  // Attacks: one source on one name, all sources on one name, and all sources on other names.
  'flood-source': { script: each(({ username }) => guess(username, 1)) },
  'flood-name': { script: (sessions) => guessesAt(sessions().username) },
  'flood-names': { script: each(() => guess(newName(), newNetwork())) },
  'in-turn': { usesUp: true, script: (sessions) => inTurn(sessions()) },
};

/**
 * Guesses at one name, each time from another source.
 * @param {string} username
 * @returns {Script}
 */
function guessesAt(username) {
  return { first: guess(username, newNetwork()), next: () => guess(username, newNetwork()) };
}

/**
 * Sends each request for another session.
 * @param {(session: Session) => Request} requestOf
 * @returns {Work['script']}
 */
function each(requestOf) {
  return (sessions) => ({ first: requestOf(sessions()), next: () => requestOf(sessions()) });
}

/**
 * Repeats a verification, a refresh and a read of the account.
 * @param {Session} session
 * @returns {Script}
 */
function inTurn(session) {
  let tokens = { access: session.access, refresh: session.refresh };
  let step = 0;
  const request = () => {
    const turns = [() => verify(tokens.access), () => refresh(tokens.refresh), () => getuser(tokens.access)];
    return /** @type {() => Request} */ (turns[step++ % turns.length])();
  };
  return {
    first: request(),
    next: (answer) => {
      const given = JSON.parse(answer);
      if (given.refresh) tokens = given;
      return request();
    },
  };
}

/**
 * Repeats a login, with its refreshes spread among its verifications.
 * @param {string} username
 * @returns {Script}
 */
function mixed(username) {
  const cycle = 1 + MIX.refresh + MIX.verify;
  const every = cycle / MIX.refresh;
  let step = 0;
  let tokens = { access: '', refresh: '' };
  return {
    first: login(username),
    next: (answer) => {
      const given = JSON.parse(answer);
      if (given.access) tokens = given;
      step = (step + 1) % cycle;
      if (step === 0) return login(username);
      const refreshes = Math.floor((step + 1) / every) > Math.floor(step / every);
      return refreshes ? refresh(tokens.refresh) : verify(tokens.access);
    },
  };
}
