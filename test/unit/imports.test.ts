import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const folders = 'client,functions,infra,scripts,shared'
const pure = [
  'domain',
  'oauth',
  'agreements',
  'csaf',
  'bundle',
  'entries',
  'fingerprint',
  'leak',
  'upstream',
  'search',
  'tlog',
  'watermark',
  'webhooks',
].map(name => `shared/${name}/`)

interface Import {
  readonly file: string
  /** A path in the tree, or a package. */
  readonly target: string
  readonly local: boolean
  readonly typeOnly: boolean
}

const imports: readonly Import[] = globSync(`{${folders}}/**/*.ts`, {
  exclude: path => path.includes('node_modules'),
}).flatMap(file =>
  [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"]*?from\s+)?'([^']+)'/gms),
  ].map(([, type, from = '']) => ({
    file,
    local: from.startsWith('.'),
    target: from.startsWith('.') ? normalize(join(dirname(file), from)) : from,
    typeOnly: type !== undefined,
  })),
)

const wrong = (from: (file: string) => boolean, allowed: (one: Import) => boolean): readonly string[] =>
  imports.filter(one => from(one.file) && !allowed(one)).map(({ file, target }) => `${file} → ${target}`)

const isPure = (path: string): boolean => pure.some(folder => path.startsWith(folder))
const under = (folder: string) => (path: string) => path.startsWith(folder)

describe('imports point one way', () => {
  test('there are imports to judge', () => {
    expect(imports.length).toBeGreaterThan(100)
  })

  test('pure code imports pure code, types and constants of the ports, and no I/O', () => {
    const packages = ['node:crypto', 'canonicalize', 'zod/mini', 'jose']
    const ports = (one: Import): boolean => one.target.startsWith('shared/ports/')
    expect(
      wrong(isPure, one => (one.local ? isPure(one.target) || ports(one) : packages.includes(one.target))),
    ).toEqual([])
  })

  test('pure code takes time and randomness from its caller', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandom(Bytes|UUID|Int)\b|\bprocess\.|\bfetch\(/
    const files = globSync(
      'shared/{domain,oauth,agreements,csaf,entries,search,tlog,upstream,watermark,webhooks}/**/*.ts',
    )
    expect(files.length).toBeGreaterThan(30)
    expect(files.filter(file => impure.test(readFileSync(file, 'utf8')))).toEqual([])
  })

  test('whoever verifies the log may be a browser: that code stands on itself, and on nothing of Node', () => {
    const inside = under('shared/tlog/')
    expect(imports.filter(one => inside(one.file)).length).toBeGreaterThan(10)
    expect(wrong(inside, one => inside(one.target))).toEqual([])
    const ofNode = globSync('shared/tlog/*.ts').filter(file =>
      /\b(Buffer|process|global|require)\b[.(]|\bimport\(/.test(readFileSync(file, 'utf8')),
    )
    expect(ofNode).toEqual([])
  })

  test('ports stand on nothing', () => {
    expect(wrong(under('shared/ports/'), one => one.target.startsWith('shared/ports/'))).toEqual([])
  })

  test('functions touch the world through ports only, and what Lambda starts fills them', () => {
    const handler = (file: string): boolean =>
      /^functions\/(aws|\w+\/(aws|\w*-?handler))[\w-]*\.ts$/.test(file)
    const allowed = (one: Import): boolean =>
      one.local
        ? isPure(one.target) ||
          one.target.startsWith('shared/ports/') ||
          one.target.startsWith('functions/') ||
          (handler(one.file) && one.target.startsWith('shared/adapters/'))
        : ['node:crypto', 'node:stream/promises', 'canonicalize', 'fflate', 'zod'].includes(one.target) ||
          (one.target === 'aws-lambda' && one.typeOnly) ||
          // Its HTTP is injected.
          (one.target === 'openid-client' && one.file.startsWith('functions/token/'))
    expect(wrong(under('functions/'), allowed)).toEqual([])
    expect(imports.filter(({ file, target }) => handler(target) && !handler(file))).toEqual([])
  })

  test('a function imports no other function; governance is no function, but what several decide by', () => {
    const folder = (path: string): string | undefined => /^functions\/([^/]+)\//.exec(path)?.[1]
    const functions = new Set(globSync('functions/*/*handler.ts').map(folder))
    expect(functions).not.toContain('governance')
    expect(
      imports
        .filter(
          one =>
            functions.has(folder(one.target)) && folder(one.file) && folder(one.file) !== folder(one.target),
        )
        .map(({ file, target }) => `${file} → ${target}`),
    ).toEqual([])
  })

  test('the client needs nothing but itself and pure code; the SDK only its two packages', () => {
    const own = (one: Import): boolean => one.target.startsWith('client/') || isPure(one.target)
    expect(wrong(under('client/'), one => !one.local || own(one))).toEqual([])
    const sdk = (file: string): boolean => /^client\/(?!key-file)[^/]+$/.test(file)
    expect(wrong(sdk, one => (one.local ? own(one) : ['dpop', 'oauth4webapi'].includes(one.target)))).toEqual(
      [],
    )
  })

  test('only adapters and infra know AWS', () => {
    const aws = (target: string): boolean =>
      target.startsWith('@aws-sdk/') || target.startsWith('aws-cdk-lib')
    const inside = (file: string): boolean => file.startsWith('shared/adapters/') || file.startsWith('infra/')
    expect(imports.filter(({ file, target }) => aws(target) && !inside(file))).toEqual([])
  })
})
