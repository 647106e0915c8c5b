/** A checkpoint: whose word it is, who stands by it, and that the tree has only grown. */
import { build } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { NotVerified, verifyCheckpoint } from '../../../client/index.ts'
import {
  cosigned,
  intentOf,
  type LogKeys,
  makeKeys,
  origin,
  type SignedLog,
  signedLog,
  signText,
} from './verify-world.ts'

/** More than a tile holds. */
const many = 300
const entries = Array.from({ length: many }, (_, n) => intentOf(n))
let keys: LogKeys
let log: SignedLog
beforeAll(async () => {
  keys = makeKeys()
  log = await signedLog(entries, { key: keys })
})

const verify = (note: string, options = {}) => verifyCheckpoint(note, { key: log.vkey, ...options })

async function refused(verifying: Promise<unknown>): Promise<NotVerified> {
  const error = await verifying.then(
    facts => new Error(`it was verified: ${JSON.stringify(facts)}`),
    (error: unknown) => error,
  )
  if (error instanceof NotVerified) return error
  throw error
}

test('is the word of the log whose key signed it', async () => {
  const [, , root] = log.checkpoint.split('\n')
  expect(await verify(log.checkpoint)).toEqual({
    log: origin,
    size: many,
    root,
    keyId: log.vkey.split('+')[1],
    cosigned: [],
    notCosigned: [],
  })
})

test('with any one bit changed is nobody’s word', async () => {
  const bytes = Buffer.from(log.checkpoint)
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes)
    changed[i] = (changed[i] ?? 0) ^ 1
    expect(await refused(verify(changed.toString('utf8')))).toMatchObject({ kind: 'contradicted' })
  }
})

test('of another log that the same key has signed is none of this one', async () => {
  const [, size, root] = log.checkpoint.split('\n')
  const note = (name: string) => signText(`${name}\n${size}\n${root}\n`, keys, log.vkey.split('+')[1] ?? '')
  expect(await verify(note(origin))).toMatchObject({ log: origin })
  expect(await refused(verify(note('other.example/log')))).toMatchObject({ kind: 'contradicted' })
})

test('is not verified by the key of a witness, nor cosigned by that of a log', async () => {
  const { vkey } = await cosigned(log.checkpoint)
  expect(await refused(verify(log.checkpoint, { key: vkey }))).toMatchObject({ kind: 'malformed' })
  expect(await refused(verify(log.checkpoint, { witnesses: [log.vkey] }))).toMatchObject({
    kind: 'malformed',
  })
})

describe('a witness', () => {
  test('that has cosigned it is named, with the time', async () => {
    const { note, vkey } = await cosigned(log.checkpoint)
    expect(await verify(note, { witnesses: [vkey] })).toMatchObject({
      cosigned: [{ witness: 'witness.example/w1', at: Date.UTC(2026, 10, 27, 9) / 1000 }],
      notCosigned: [],
    })
  })

  test('that has not is named too', async () => {
    const { vkey } = await cosigned(log.checkpoint)
    expect(await verify(log.checkpoint, { witnesses: [vkey] })).toMatchObject({
      cosigned: [],
      notCosigned: ['witness.example/w1'],
    })
  })

  test('that has cosigned something else spoils it', async () => {
    const witness = makeKeys()
    const { vkey } = await cosigned(log.checkpoint, witness)
    const { note } = await cosigned(log.checkpointAt(7), witness)
    const line = note.trimEnd().split('\n').at(-1)
    expect(await refused(verify(`${log.checkpoint}${line}\n`, { witnesses: [vkey] }))).toMatchObject({
      kind: 'contradicted',
    })
  })
})

describe('an older checkpoint', () => {
  test.each([1, 2, 255, 256, 257, 299, 300])(
    'of %i leaves is its beginning, as the tiles show',
    async size => {
      const found = await verify(log.checkpoint, { older: log.checkpointAt(size), files: log.read })
      expect(found.grownFrom).toMatchObject({ size })
    },
  )

  test('of none needs no tiles, and neither does the same one', async () => {
    for (const size of [0, many])
      expect(await verify(log.checkpoint, { older: log.checkpointAt(size) })).toMatchObject({
        grownFrom: { size },
      })
  })

  test('is not shown to be its beginning without tiles, or without one of them', async () => {
    const older = log.checkpointAt(100)
    expect(await refused(verify(log.checkpoint, { older }))).toMatchObject({ kind: 'unproved' })
    const some = async (path: string) => (path.includes('/1/') ? undefined : log.read(path))
    expect(await refused(verify(log.checkpoint, { older, files: some }))).toMatchObject({ kind: 'unproved' })
  })

  test('that is larger is the newer one', async () => {
    expect(
      await refused(verify(log.checkpointAt(7), { older: log.checkpoint, files: log.read })),
    ).toMatchObject({
      kind: 'malformed',
    })
  })

  test('of another history is found out, and the tiles are not blamed', async () => {
    const other = await signedLog([intentOf(999), ...entries.slice(1, 100)], { key: keys })
    const { kind, message } = await refused(
      verify(log.checkpoint, { older: other.checkpoint, files: log.read }),
    )
    expect(kind).toBe('contradicted')
    expect(message).toContain('not the beginning')
  })

  test('of one size and another root is found out without tiles', async () => {
    const other = await signedLog([intentOf(999), ...entries.slice(1)], { key: keys })
    const { kind, message } = await refused(verify(log.checkpoint, { older: other.checkpoint }))
    expect(kind).toBe('contradicted')
    expect(message).toContain('two trees of 300 leaves')
  })

  test('of another key is nobody’s word', async () => {
    const other = await signedLog(entries.slice(0, 10))
    expect(await refused(verify(log.checkpoint, { older: other.checkpoint, files: log.read }))).toMatchObject(
      {
        kind: 'contradicted',
        faults: [{ field: 'the older checkpoint' }],
      },
    )
  })
})

test('tiles that give another root are found out', async () => {
  const other = await signedLog([intentOf(999), ...entries.slice(1)], { key: keys })
  expect(await verify(log.checkpoint, { files: log.read })).toMatchObject({ tiles: true })
  expect((await refused(verify(log.checkpoint, { files: other.read }))).message).toContain('tiles')
})

test('a partial tile that has gone is read from the full one', async () => {
  const full = async (path: string) => (path.includes('.p/') ? undefined : log.read(path))
  expect(await verify(log.checkpointAt(100), { files: full })).toMatchObject({ tiles: true })
})

/** No stand-in for Node is there: what asks for it does not build. */
test('verifying is code for a browser', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: ['client/log/index.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    metafile: true,
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs).toContain('shared/watermark/verify.ts')
  expect(inputs.filter(path => path.startsWith('client/cli/') || path.includes('slots.ts'))).toEqual([])
  const [code] = outputFiles
  expect(code?.text).not.toMatch(/\bfrom\s*"(node:|crypto)|\b(Buffer|process)\./)
})
