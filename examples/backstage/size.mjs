// Bundles the card as a page would load it, without what every Backstage app has already, and without the
// WebAssembly, which only pages with an `appConfig` load.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** The greatest size of the card after gzip, in bytes. */
const MOST = 60_000;

const { outputFiles } = await build({
  stdin: {
    contents:
      "export { CoderWorkspacesCard } from './plugins/coder/src/components/card/CoderWorkspacesCard';",
    resolveDir: import.meta.dirname,
    loader: 'ts',
  },
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  jsx: 'automatic',
  target: 'es2022',
  // An app has these whether it has the card or not.
  external: [
    '@backstage/*',
    '@coder-backstage/core',
    '@material-ui/*',
    'react',
    'react-dom',
    'react/*',
  ],
});
const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
console.log(`the card takes ${size} bytes after gzip, of ${MOST}`);
if (size > MOST) process.exit(1);
