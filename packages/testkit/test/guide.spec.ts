import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const GUIDE = readFileSync(join(ROOT, 'docs/guides/test-against-latchkey.md'), 'utf8');

/** A fenced block. Its first line is a comment with the name of its file. */
interface Block {
  readonly file: string;
  readonly language: string;
  readonly text: string;
  /** Why the block cannot run here, as the comment before it says. */
  readonly obstacle?: string;
}

const FENCE = /(?:<!-- cannot run here: (.+?) -->\n\n)?^```(\w+)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm;

const blocks: Block[] = [...GUIDE.matchAll(FENCE)].map(([, obstacle, language = '', file = '', text = '']) => ({
  ...{ file, language, text },
  ...(obstacle !== undefined && { obstacle }),
}));

const hasPytest = spawnSync('python3', ['-m', 'pytest', '--version']).status === 0;

let kit: RunningLatchkey;
let folder: string;

beforeAll(async () => {
  kit = await startLatchkey();
  folder = mkdtempSync(join(tmpdir(), 'latchkey-guide-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const entry = (name: string) => join(ROOT, `packages/testkit/src/${name}.ts`);
  const alias = { '@latchkey/testkit/vitest': entry('vitest'), '@latchkey/testkit': entry('index') };
  writeFileSync(join(folder, 'vitest.config.mjs'), `export default { resolve: { alias: ${JSON.stringify(alias)} } };`);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await kit.stop();
});

/** Runs a file in the folder. Throws with its output if it fails. */
async function run(program: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, LATCHKEY_URL: kit.url, PYTHONPATH: join(ROOT, 'packages/testkit/python') };
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env });
  return stdout;
}

const RUNNERS: Readonly<Record<string, (file: string) => Promise<string>>> = {
  sh: (file) => run('sh', file),
  python: (file) => run('python3', '-m', 'pytest', '-p', 'no:cacheprovider', '-p', 'latchkey_pytest', '-q', file),
  ts: (file) => run(process.execPath, join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, file),
};

/** Returns what is wrong with the syntax of a block. */
function syntaxErrors({ language, text }: Block): unknown[] {
  if (language === 'ts') {
    const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
    return diagnostics.map(({ messageText }) => messageText);
  }
  if (language === 'sh') return [spawnSync('sh', ['-n'], { input: text }).stderr.toString()].filter(Boolean);
  return typeof parse(text) === 'object' ? [] : ['no mapping'];
}

describe('The guide of the test kit', () => {
  it('names the file of every block', () => {
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks).toHaveLength((GUIDE.match(/^```\w+$/gm) ?? []).length);
  });

  for (const block of blocks.filter(({ obstacle }) => obstacle === undefined)) {
    const reason = block.language === 'python' && !hasPytest ? ' (skipped: python3 has no pytest)' : '';
    it.skipIf(reason)(`runs ${block.file} as it stands${reason}`, { timeout: 60_000 }, async () => {
      writeFileSync(join(folder, block.file), block.text);
      const runner = RUNNERS[block.language];
      expect(runner).toBeDefined();
      await runner?.(block.file);
    });
  }

  for (const block of blocks.filter(({ obstacle }) => obstacle !== undefined))
    it(`parses ${block.file}, which cannot run here: ${block.obstacle}`, () => {
      expect(syntaxErrors(block)).toEqual([]);
    });
});
