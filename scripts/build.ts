/**
 * `npm run build`: `dist/client/`, the package that partners install. In the checkout the client runs from its
 * sources; here the SDK is one module with its two dependencies beside it, and the CLI one file that needs none.
 */
import { spawnSync } from 'node:child_process'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const out = 'dist/client'
const manifest = JSON.parse(await readFile('client/package.json', 'utf8'))

await rm(out, { recursive: true, force: true })
const common = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'inline',
} as const
await build({
  ...common,
  platform: 'neutral',
  entryPoints: { index: 'client/index.ts' },
  outdir: out,
  external: Object.keys(manifest.dependencies),
})
await build({
  ...common,
  platform: 'node',
  entryPoints: { 'key-file': 'client/key-file.ts', sallyport: 'client/cli/main.ts' },
  outdir: out,
  // CommonJS packages inside the bundle ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
})
const declarations = spawnSync(
  'tsc',
  ['-p', 'client', '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', `${out}/types`],
  { stdio: 'inherit' },
)
if (declarations.status !== 0) process.exit(1)

await writeFile(
  `${out}/package.json`,
  `${JSON.stringify(
    {
      ...manifest,
      exports: {
        '.': { types: './types/client/index.d.ts', default: './index.js' },
        './key-file': { types: './types/client/key-file.d.ts', default: './key-file.js' },
      },
      bin: { sallyport: './sallyport.js' },
      files: ['*.js', 'types', 'LICENSE'],
    },
    null,
    2,
  )}\n`,
)
await copyFile('LICENSE', `${out}/LICENSE`)
