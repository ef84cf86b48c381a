/** Bundles the view for anywidget: one ES module, its style inside, nothing fetched. */

import { build } from 'esbuild';

const outfile = '../synthnb/notebook/static/batch.js';
const limit = 100_000;

const result = await build({
  entryPoints: ['src/widget.ts'],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  loader: { '.css': 'text' },
  metafile: true,
  outfile
});

const bytes = Object.values(result.metafile.outputs)[0].bytes;
if (bytes > limit) {
  throw new Error(`${outfile} has ${bytes} bytes, more than ${limit}`);
}
console.log(`${outfile}: ${(bytes / 1000).toFixed(1)} kB`);
