import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { bundle, bundles } from '../bundle.ts'
import type { Bench, Settings } from './bench.ts'
import { loadNow } from './results.ts'
import { median } from './statistics.ts'

export const coldStart: Bench = {
  name: 'cold-start',
  title:
    'From the start of a process to the end of loading each bundle, beside the same Node with an empty one.',
  async run(settings) {
    if (!existsSync('dist/client/sallyport.js')) await build(settings)
    await bundle()
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
    try {
      return await measure(await startsOf(folder), settings)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}

interface Start {
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The empty file of its kind; absent for those themselves. */
  readonly bare?: Start
}

/** Each with its own arguments, so that it loads all of itself and ends. */
const argumentsOf: Readonly<Record<string, readonly string[]>> = { 'dist/client/sallyport.js': ['--version'] }

/** What a function is told, and the global that a streaming one finds: as much as it looks at while it loads. */
const onLambda = {
  AWS_LAMBDA_FUNCTION_NAME: 'cold-start',
  AWS_REGION: 'us-east-1',
  SALLYPORT_ISSUER: 'https://gate.example',
  SALLYPORT_UPSTREAM_SECRET: 'none',
  SALLYPORT_BUCKET: 'none',
}
const streams = 'globalThis.awslambda = { streamifyResponse: handler => handler }\n'

/** Every bundle below `dist`: the client's, and those of the functions. */
async function startsOf(folder: string): Promise<readonly Start[]> {
  const esm: Start = { name: 'an empty module', args: [join(folder, 'empty.mjs')] }
  const cjs: Start = { name: 'an empty script', args: [join(folder, 'empty.cjs')] }
  for (const { args } of [esm, cjs]) for (const file of args) await writeFile(file, '')
  const preload = join(folder, 'lambda.cjs')
  await writeFile(preload, streams)
  const built = globSync('dist/**/*.{js,mjs,cjs}', { exclude: path => path.includes('node_modules') })
  const starts = built.toSorted().map(file => {
    if (file.startsWith(bundles))
      return { name: file, args: ['--require', preload, file], env: onLambda, bare: cjs }
    const args = [file, ...(argumentsOf[file] ?? [])]
    return { name: args.join(' '), args, bare: extname(file) === '.cjs' ? cjs : esm }
  })
  const bare = [...new Set(starts.map(start => start.bare))]
  return [...bare, ...starts]
}

async function measure(starts: readonly Start[], { scale, print }: Settings) {
  const times = new Map<Start, number[]>(starts.map(start => [start, []]))
  const rounds = Math.max(2, Math.round(25 * scale))
  print(`${rounds} starts of each, in turns`)
  // The first reads the files from the disk.
  for (let round = 0; round <= rounds; round++)
    for (const start of starts) {
      const ms = await startOnce(start)
      if (round > 0) times.get(start)?.push(ms)
    }
  const middle = (start: Start): number => median(times.get(start) ?? [])
  return starts.flatMap(start =>
    start.bare
      ? {
          what: start.name,
          value: middle(start),
          unit: 'ms',
          beside: { name: start.bare.name, value: middle(start.bare), by: 'times' as const },
          load: loadNow(),
        }
      : [],
  )
}

/** Milliseconds. Throws with what it said where it fails. */
async function startOnce({ name, args, env }: Start): Promise<number> {
  const start = performance.now()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: Buffer[] = []
  child.stderr.on('data', (piece: Buffer) => said.push(piece))
  const [code] = await once(child, 'close')
  const ms = performance.now() - start
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${Buffer.concat(said).toString('utf8')}`)
  return ms
}

async function build({ print }: Settings): Promise<void> {
  print('building')
  const [code] = await once(spawn('npm', ['run', '--silent', 'build'], { stdio: 'inherit' }), 'close')
  if (code !== 0) throw new Error('npm run build failed')
}
