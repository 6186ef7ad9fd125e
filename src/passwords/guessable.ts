/** Orders that people type along, in both directions: the alphabet, the digits and the rows of keyboards. */
const ORDERS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
];
const STEPS = new Set(ORDERS.flatMap(stepsOf));

/** A text is a pattern if its runs have so many characters on average. */
const RUN_LENGTH = 4;

/** A day in eight digits: day or month first, or the year. */
const DATE = /^(?:(?:0[1-9]|[12]\d|3[01]){2}(?:19|20)\d\d|(?:19|20)\d\d(?:0[1-9]|[12]\d|3[01]){2})$/;

/**
 * Whether a text is made of a few runs of equal or consecutive characters, such as `88888888`, `abcd4321` and `lkjhgfdsa`, or is a
 * day. Lists of common passwords leave these out where they count on their being found so.
 * @param text in small letters
 */
export function isSequence(text: string): boolean {
  const characters = Array.from(text);
  return runsOf(characters) * RUN_LENGTH <= characters.length || DATE.test(text);
}

/**
 * Returns the part that a text repeats from its beginning to its end, the last time perhaps not as a whole: `abc` of `abcabcab`.
 * Undefined for a text that repeats nothing.
 */
export function repeatedPart(text: string): string | undefined {
  // The length of the longest proper prefix that is also a suffix, for each prefix (Knuth, Morris and Pratt): linear in the text.
  const borders = [0];
  for (let i = 1, border = 0; i < text.length; i++) {
    while (border > 0 && text[i] !== text[border]) border = borders[border - 1] ?? 0;
    if (text[i] === text[border]) border += 1;
    borders.push(border);
  }
  const period = text.length - (borders.at(-1) ?? 0);
  return period * 2 <= text.length ? text.slice(0, period) : undefined;
}

/** In how many runs a text falls: each goes on as it began. */
function runsOf(characters: readonly string[]): number {
  let runs = 0;
  let direction = '';
  characters.forEach((character, i) => {
    const step = i === 0 ? '' : directionOf(characters[i - 1] ?? '', character);
    const goesOn = step !== '' && (direction === '' || direction === step);
    // The first step of a run gives its direction.
    if (i === 0 || !goesOn) runs += 1;
    direction = goesOn ? step : '';
  });
  return runs;
}

function directionOf(from: string, to: string): string {
  if (from === to) return 'same';
  if (STEPS.has(from + to)) return 'up';
  if (STEPS.has(to + from)) return 'down';
  // Other alphabets, by their order in Unicode.
  const step = (to.codePointAt(0) ?? 0) - (from.codePointAt(0) ?? 0);
  if (step === 1) return 'up';
  return step === -1 ? 'down' : '';
}

function stepsOf(order: string): string[] {
  return Array.from(order.slice(1), (character, i) => order.charAt(i) + character);
}
