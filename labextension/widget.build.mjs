/** Bundles the views for anywidget: ES modules, their style inside, nothing fetched. */

import { readFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

const bundles = { 'src/widget.ts': 'batch.js', 'src/deskWidget.ts': 'desk.js' };
const limit = 100_000;
/** A style as a text, which is small too. */
const styles = {
  name: 'styles',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path), { loader: 'css', minify: true });
      return { contents: code, loader: 'text' };
    })
};

for (const [entry, name] of Object.entries(bundles)) {
  const outfile = `../synthnb/notebook/static/${name}`;
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    plugins: [styles],
    metafile: true,
    outfile
  });
  const bytes = Object.values(result.metafile.outputs)[0].bytes;
  if (bytes > limit) {
    throw new Error(`${outfile} has ${bytes} bytes, more than ${limit}`);
  }
  console.log(`${outfile}: ${(bytes / 1000).toFixed(1)} kB`);
}
