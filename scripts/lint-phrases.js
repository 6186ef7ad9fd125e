// Part of `npm run lint:prose`: finds phrases to avoid in documents, comments and messages.
// cspell.config.yaml has the single words to avoid.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.js';

/** What to write instead of each phrase. */
const PHRASES = {
  'as ever': 'as before',
  'be it': 'whether it is',
  'for want of': 'without',
  'goes by': 'uses',
  'held against': 'compared with, checked against',
  'hung up': 'disconnected',
  'not so': 'a sentence with a verb',
  'spent token': 'used token, rotated token',
  'spent tokens': 'used tokens, rotated tokens',
  'told of': 'logged, informed about',
};
const FILES = ['*.md', 'src/*.ts', 'test/*.ts', 'scripts/*.js', 'bench/*.js', 'examples', 'packages'];
/** This file has the phrases, and the other file has texts of attackers. */
const EXCEPT = [':!scripts/lint-phrases.js', ':!test/hostile/odd-values.ts'];

const { stdout } = spawnSync('git', ['ls-files', '--', ...FILES, ...EXCEPT], { cwd: root, encoding: 'utf8' });
/** Between two words there may be the start of a line of a comment. */
const GAP = '\\s+(?:(?:\\*|//|>)\\s+)?';
const rules = Object.entries(PHRASES).map(([phrase, better]) => ({
  pattern: new RegExp(`\\b${phrase.replaceAll(' ', GAP)}\\b`, 'gi'),
  message: `"${phrase}": write ${better}`,
}));

for (const file of stdout.trim().split('\n')) {
  const text = readFileSync(join(root, file), 'utf8');
  for (const { pattern, message } of rules) {
    for (const { index } of text.matchAll(pattern)) {
      console.error(`${file}:${text.slice(0, index).split('\n').length} ${message}`);
      process.exitCode = 1;
    }
  }
}
