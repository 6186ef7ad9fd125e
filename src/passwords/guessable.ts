/**
 * Orders that people type along, in either direction: the alphabet, the digits and the rows of
 * keyboards.
 */
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

/** A text is a pattern if its runs have this many characters on average. */
const RUN_LENGTH = 4;

/** A date in eight digits, with the day, the month or the year first. */
const DATE = /^(?:(?:0[1-9]|[12]\d|3[01]){2}(?:19|20)\d\d|(?:19|20)\d\d(?:0[1-9]|[12]\d|3[01]){2})$/;

/**
 * Tells whether a text is made of a few runs of equal or consecutive characters, such as
 * `88888888`, `abcd4321` and `lkjhgfdsa`, or is a date. Lists of common passwords leave many of
 * these out.
 * @param text in lower case
 */
export function isSequence(text: string): boolean {
  const characters = Array.from(text);
  return runsOf(characters) * RUN_LENGTH <= characters.length || DATE.test(text);
}

/**
 * Returns the part that a text repeats from beginning to end, undefined if there is none. The last
 * repetition may be incomplete: `abc` of `abcabcab`.
 */
export function repeatedPart(text: string): string | undefined {
  // For each prefix, the length of its longest proper prefix that is also its suffix (Knuth, Morris
  // and Pratt).
  const borders = [0];
  for (let i = 1, border = 0; i < text.length; i++) {
    while (border > 0 && text[i] !== text[border]) border = borders[border - 1] ?? 0;
    if (text[i] === text[border]) border += 1;
    borders.push(border);
  }
  const period = text.length - (borders.at(-1) ?? 0);
  return period * 2 <= text.length ? text.slice(0, period) : undefined;
}

/** Counts the runs of a text: maximal parts that keep one direction. */
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
  // Other alphabets follow their order in Unicode.
  const step = (to.codePointAt(0) ?? 0) - (from.codePointAt(0) ?? 0);
  if (step === 1) return 'up';
  return step === -1 ? 'down' : '';
}

function stepsOf(order: string): string[] {
  return Array.from(order.slice(1), (character, i) => order.charAt(i) + character);
}
