// Packs the packages as `npm publish` would send them: `target/packages/` has one archive each, without a
// version in its name.
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const IS_WINDOWS = process.platform === 'win32';
const run = promisify(execFile);

/** The directory of the archives. */
export const PACKED = join(HERE, 'target/packages');

/** The folders of the packages, and their names. */
export const PACKAGES = readdirSync(join(HERE, 'plugins')).map(folder => {
  const directory = join(HERE, 'plugins', folder);
  const { name } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return { directory, name };
});

const CORE = { directory: join(HERE, '../../target/npm/package'), name: '@coder-backstage/core' };

/** Packs a package. Returns the path of its archive. */
export async function pack({ directory, name }) {
  await mkdir(PACKED, { recursive: true });
  // `prepack` puts the entries of `dist` into package.json, and `postpack` takes them out again.
  const args = ['pack', '--json', '--ignore-scripts=false', `--pack-destination=${PACKED}`];
  const npm = IS_WINDOWS ? 'npm.cmd' : 'npm';
  const { stdout } = await run(npm, args, { cwd: directory, shell: IS_WINDOWS });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[\n')));
  const archive = join(PACKED, `${name.split('/').at(-1)}.tgz`);
  await rename(join(PACKED, filename), archive);
  return archive;
}

/** Packs all of them, and the core that they need. */
export async function packAll() {
  for (const one of [...PACKAGES, CORE]) await pack(one);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await packAll();
  console.log(`the packages are in ${PACKED}`);
}
