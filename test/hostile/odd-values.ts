/** Values that are known to break parsers of fields, names, paths, queries and headers. */

// prettier-ignore
export const ODD_NAMES = [
  '__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'then', 'toJSON', 'length', 'get', 'id', 'user_id',
  'userId', 'sub', 'sid', 'session_epoch', 'disabled_at', 'password_hash', 'passwordHash', 'created_at', 'firstName', 'is_admin', 'role', 'user',
  '', ' ', '\0', 'username ', 'USERNAME', 'username[]', 'username[0]', 'user.name', '\ufeffusername', 'usern\u0061me\u200b',
];

/** Names that columns of the store or members of the core may have. */
// prettier-ignore
export const INNER_NAMES = [
  'firstName', 'lastName', 'passwordHash', 'sessionEpoch', 'keptSessionId', 'createdAt', 'disabledAt', 'usernameKey', 'first_name', 'email', 'id',
];

// prettier-ignore
export const ODD_TEXTS = [
  '', ' ', '\0', '\r\n', '\u202e', '\ufeff', '\ufffd', '\ufffe', '\u2028', 'İ', 'ß', 'ﷺ', '𝕒', '👩‍👩‍👧', 'a\u0300'.repeat(60), '\ud800', '\udc00',
  '\udc00\ud800', 'x\ud83d', 'null', 'undefined', 'NaN', 'true', '0', '-1', '1e999', '[object Object]', "' OR '1'='1", "victim'-- ", '" OR ""="',
  'victim\0', 'victim ', 'ｖictim', 'VICTIM', '%', '_', '%%', '\\', '${7*7}', '{{7*7}}', '../../etc/passwd', '<script>', 'a@b', 'victim@example.com',
  'victim@example.com\n', '$argon2id$v=19$m=1024,t=1,p=1$AAAA$AAAA',
];

/** Pieces that the fuzzer joins into paths. */
// prettier-ignore
export const PIECES_OF_PATHS = [
  '/', '//', '/auth', '/user', '/oauth', '/account', '/.well-known', '/token', '/login', '/sessions', '/getuser', '/livez', '/docs', '/.', '/..',
  '/%2e%2e', '/..;', '..;/', '%2f', '%5c', '\\', '%00', '%0a', '%0d%0aX:y', '%', '%zz', '%ff', '%c0%af', '%ed%a0%80', '%25', '%2561', '%u0061',
  ';a=b', ':', ':id', '*', '**', '@', '+', '~', '%7Eroot', '/__proto__', '/constructor', 'http:', '#', '?', '?a=b', '/eyJhbGciOiJIUzI1NiJ9.e30.x',
  '/AUTH', '%61uth', 'x'.repeat(3_000), '/%41'.repeat(500),
];

// prettier-ignore
export const ODD_QUERIES = [
  'all=true&all=false', 'all[]=true', 'all[a]=true', '__proto__[all]=true', 'all=%ff', 'all=%', 'constructor.prototype.all=true', 'access_token=x',
  'username=victim&password=x', '&'.repeat(3_000), 'all='.repeat(1_000),
];

// prettier-ignore
export const ODD_MEDIA_TYPES = [
  'application/json', 'application/json; charset=utf-16', 'application/json; charset=ISO-8859-1', 'application/json;', 'application/json; charset=',
  'application/json, text/plain', 'application/json\ttext', 'APPLICATION/JSON;a="b;c"', 'application/json; __proto__=x', '*/*', '/', ';', ',', '""',
  'application/x-www-form-urlencoded; charset=utf-7', 'application/x-www-form-urlencoded;boundary=x', 'application/problem+json', 'application/graphql',
  'multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="x', 'multipart/mixed; boundary=x', 'text/plain; x=application/json',
];

// prettier-ignore
export const ODD_HEADERS = [
  'Accept', 'Accept-Encoding', 'Authorization', 'Content-Encoding', 'Content-Language', 'Content-MD5', 'Cookie', 'Date', 'Forwarded', 'From', 'If-Match',
  'If-Modified-Since', 'If-None-Match', 'Origin', 'Access-Control-Request-Method', 'Proxy-Authorization', 'Range', 'Referer', 'TE', 'Trailer', 'Upgrade',
  'User-Agent', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-HTTP-Method-Override', 'X-Original-URL', 'X-Rewrite-URL',
  'X-Request-Id', 'Last-Event-ID', '__proto__', 'constructor', 'toString', 'Sec-WebSocket-Key', 'HTTP2-Settings',
];

// prettier-ignore
export const ODD_HEADER_VALUES = [
  '', '*', '0', '-1', ',', ',,,,', ';', '"', '\t', 'x'.repeat(3_000), 'gzip', 'identity', 'websocket', 'h2c', 'Bearer', 'Bearer ', 'Bearer ..', 'bearer x',
  'Basic', 'Basic Og==', 'Basic !', 'Basic /////w==', 'Digest username="victim"', 'Bearer eyJhbGciOiJub25lIn0.e30.', '127.0.0.1, evil', '::1',
  'for="[::1]:80"', '<script>', '${jndi:ldap://127.0.0.1/a}', 'bytes=0-', 'Thu, 01 Jan 1970 00:00:00 GMT', 'é', '\xff\xfe', "'; DROP TABLE users; --",
];

/** Headers of the parts of multipart forms. NAME stands for the name of the field. */
export const DISPOSITIONS = [
  'Content-Disposition: form-data; name="NAME"',
  'Content-Disposition: form-data; name="NAME"; filename="f"',
  'Content-Disposition: form-data; name=NAME',
  "Content-Disposition: form-data; name*=utf-8''NAME",
  "Content-Disposition: form-data; name*=x-none''NAME%ff",
  'Content-Disposition: attachment; name="NAME"',
  'content-disposition:form-data;name="NAME"',
  'Content-Disposition: form-data; name="NAME"; name="username"',
  'X: y',
  '',
];
export const KINDS_OF_PARTS = [
  '',
  'Content-Type: text/plain; charset=utf-16le\r\n',
  'Content-Type: text/plain; charset=utf-7\r\n',
  'Content-Type: text/plain; charset=no-such-charset\r\n',
  'Content-Type: text/plain; charset=latin1\r\nContent-Transfer-Encoding: base64\r\n',
  'Content-Type: multipart/mixed; boundary=x\r\n',
  'Content-Type: application/json\r\n',
  `X-Long: ${'x'.repeat(9_000)}\r\n`,
];
export const BOUNDARIES = ['x', '--', "'()+_,-./:=?", 'y'.repeat(70), 'z'.repeat(500), '"q"', ''];
