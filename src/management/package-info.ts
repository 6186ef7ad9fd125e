import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface PackageInfo {
  readonly name: string;
  readonly version: string;
}

/**
 * Returns the name and version in the nearest `package.json` at or above a folder. The file is at
 * another distance from the sources, from the compiled files and from the bundle.
 */
export function packageInfoOf(folder: string): PackageInfo {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return packageInfoOf(dirname(folder));
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as PackageInfo;
  return { name, version };
}
