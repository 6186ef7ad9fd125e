import { isIP } from 'node:net';
import { z } from 'zod';
import { weaknessOf } from './secret-strength.js';

declare module 'zod' {
  /** What the configuration reference says of a variable, beside its description. */
  interface GlobalMeta {
    /** The values that it takes. */
    values?: string;
    /** Its default in words, if the default depends on the machine. */
    defaultText?: string;
  }
}

/** Accepts a whole number of a unit, such as `seconds`. */
export const whole = (unit: string, min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`)
    .default(fallback)
    .meta({ values: `${grouped(min)} to ${grouped(max)}${unit && ` ${unit}`}` });

export const onOff = (fallback: boolean) =>
  z
    .enum(['on', 'off'], 'must be on or off')
    .transform((value) => value === 'on')
    .default(fallback)
    .meta({ values: '`on` or `off`' });

/** Accepts one of several words. */
export const choice = <const Words extends readonly [string, ...string[]]>(words: Words, fallback: Words[number]) =>
  z
    .enum(words, `must be ${alternatives(words)}`)
    .default(fallback)
    .meta({ values: alternatives(words.map((word) => `\`${word}\``)) });

/** Accepts items between commas. The default is no item. */
export const list = (values: string, isValid: (item: string) => boolean, message: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((item) => item.trim()))
    .refine((items) => items.every(isValid), message)
    .default([])
    .meta({ values: `${values}, separated by commas` });

export const secret = z
  .string()
  .superRefine((text, context) => {
    const weakness = weaknessOf(text);
    if (weakness) context.addIssue(weakness);
  })
  .optional()
  .meta({ values: 'at least 32 random characters' });

export function isDatabaseUrl(text: string): boolean {
  const url = parseUrl(text);
  return (
    url !== null &&
    /^(mysql|mariadb):$/.test(url.protocol) &&
    url.hostname !== '' &&
    url.username !== '' &&
    url.hash === '' &&
    /^\/[^/]+$/.test(url.pathname) &&
    /^(\?ssl=(off|on(&ssl-ca=[^&]+)?))?$/.test(url.search) &&
    [url.username, url.password, url.pathname].every(isDecodable)
  );
}

export function isHttpUrl(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && /^https?:$/.test(url.protocol) && !text.includes('?') && !text.includes('#');
}

export function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && parseUrl(text)?.origin === text;
}

/** Accepts the id of a client, a colon and the SHA-256 of its secret. */
export function isClient(text: string): boolean {
  return /^[\w.~-]{1,100}:[0-9a-f]{64}$/i.test(text);
}

/** Accepts an address, or a network as an address and the bits of its mask. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128))
  );
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Returns a number with a comma at each thousand. */
function grouped(n: number): string {
  return n.toLocaleString('en-US');
}

function alternatives(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
