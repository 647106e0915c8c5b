/**
 * The file of an export as a stranger has it, who knows docs/log-format.md, the log's key, and none of this code: made
 * by the product, fetched by whoever asked, and verified by a program that was written from that page alone.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeSkipped } from '../../scripts/emulators.ts'
import type { EmbeddedWorld } from '../world/embedded.ts'
import {
  changed,
  type Files,
  linesOf,
  type MadeBundle,
  makeBundle,
  other,
  packSpoiled,
} from './made-bundle.ts'
import { buildVerifier, missingForVerifier, verifyBundle } from './verifier.ts'

const missing = missingForVerifier()
if (missing) console.log(describeSkipped('of a bundle by a verifier in Go', [missing]))

describe.skipIf(missing)('docs/log-format.md: the file of an export, by a verifier written from it', () => {
  let made: MadeBundle
  let world: EmbeddedWorld
  let program: string
  let vkey: string
  let file: string
  let files: Files
  let records: readonly Recorded[]

  beforeAll(async () => {
    program = await buildVerifier(line => console.log(line), 'verify-bundle')
    made = await makeBundle()
    ;({ world, vkey, file, files } = made)
    records = linesOf(files['records.jsonl']).map(line => JSON.parse(line))
  }, 180_000)
  afterAll(() => world?.close())

  const verifyWith = async (spoiled: Files) => verifyBundle(program, await packSpoiled(made, spoiled), vkey)

  test('every record is proved to its leaf, and the grant with them', async () => {
    const { code, said } = await verifyBundle(program, file, vkey)
    expect({ code, said }).toEqual({
      code: 0,
      said: expect.stringMatching(
        /^\d+ records in the tree of size \d+ of \S+\/log; (no gaps|gaps at .+); granted by entry_\w{26}$/,
      ),
    })
    expect(said).toContain(`${records.length} records `)
    const kinds = new Set(records.map(({ body }) => body.unmapped.kind))
    expect([...kinds]).toEqual(expect.arrayContaining(['decision', 'intent', 'outcome']))
    // Both ways to the digest of a body.
    expect(records.some(({ view }) => view.field_salts)).toBe(true)
    expect(records.some(({ view }) => view.field_hashes)).toBe(true)
  })

  test('packed anew, with nothing changed, all of it holds', async () => {
    expect((await verifyWith({})).code).toBe(0)
  })

  const record = 'records.jsonl, line 1'
  const outside = `${record}: the leaf is not in the tree at `
  const unsigned = "checkpoint: the signature is not the log's"

  test.each([
    ['a byte of a body', 'records.jsonl', /(?<="status_id":)1/, '2', `${record}: the digest is not that`],
    ['a byte of a slot', 'records.jsonl', /(?<="salt":")./, other, outside],
    ['a byte of a seal', 'records.jsonl', /(?<="seal_commit":")./, other, outside],
    ['the time of a slot', 'records.jsonl', /(?<="carrier":".{14})./, other, `${record}: the times shown`],
    [
      'a digit of what is shown',
      'records.jsonl',
      /(?<="shown":{"time":".{20})\d{6}/,
      '00000x',
      `${record}: the times`,
    ],
    [
      'a name twice',
      'records.jsonl',
      /"flags":0/,
      '"flags":0,"flags":0',
      `${record}: an object has the name`,
    ],
    ['a hash of a proof', 'proofs.json', /(?<="hashes":\[")./, other, outside],
    ['a hash less in a proof', 'proofs.json', /(?<="hashes":\[)"[^"]+",/, '', outside],
    ['the root of the proofs', 'proofs.json', /(?<="root":")./, other, 'proofs.json: it is of another tree'],
    ['another size', 'checkpoint', /(?<=\n)\d+/, '1000', unsigned],
    ['another root', 'checkpoint', /(?<=\n\d+\n)./, other, unsigned],
    ['a byte of the signature', 'checkpoint', /.(?=.{20}\n$)/, other, unsigned],
    ['no signature', 'checkpoint', /— .*\n/, '', 'checkpoint: the log has not signed it'],
    ['a byte of the grant', 'granted.json', /A review/, 'B review', 'granted.json: the digest is not that'],
    ['another purpose', 'manifest.json', /A review/, 'B review', 'granted.json: purpose is not that'],
    ['another who asked', 'manifest.json', /(?<="name": ")Ada/, 'Eve', 'granted.json: somebody else asked'],
    ['another reader', 'manifest.json', /(?<="reader": ")\w+/, '00', `${record}: it is the copy of another`],
  ] as const)('is noticed, whatever the manifest says: %s', async (_, name, from, to, fault) => {
    const { code, said } = await verifyWith({ [name]: changed(files[name], from, to) })
    expect(said).toContain(fault)
    expect(code).toBe(1)
  })

  test('is noticed, whatever the manifest says: a record that stands twice, with its proof', async () => {
    const [first, , ...others] = linesOf(files['records.jsonl'])
    const [head, proof, , ...proofs] = linesOf(files['proofs.json'])
    const spoiled = {
      'records.jsonl': fileOf([first, first, ...others]),
      'proofs.json': fileOf([head, proof, proof, ...proofs]),
    }
    const said = 'records.jsonl, line 2: it stands there twice'
    expect(await verifyWith(spoiled)).toEqual({ code: 1, said })
  })

  test('is noticed by the manifest: a byte of a file, a file less, a file more', async () => {
    const out = join(world.data, 'other.zip')
    const { 'records.csv': csv, ...without } = files
    const spoiled = { ...files, 'records.csv': changed(csv, /Ada/, 'Eve') }
    const faults: string[] = []
    for (const each of [spoiled, without, { ...files, more: new Uint8Array(1) }]) {
      await writeFile(out, zipSync(each))
      faults.push((await verifyBundle(program, out, vkey)).said)
    }
    expect(faults).toEqual([
      'manifest.json: records.csv has not the digest that it says',
      'manifest.json: records.csv is not in the ZIP file, or is listed twice',
      'manifest.json: the ZIP file has other files than it says',
    ])
  })

  test('is noticed: another log’s key', async () => {
    const stranger = 'log.example/log+2ee4aa73+ASmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X'
    expect(await verifyBundle(program, file, stranger)).toEqual({
      code: 1,
      said: 'checkpoint: the log has not signed it',
    })
  })
})

interface Recorded {
  readonly body: { readonly unmapped: { readonly kind: string } }
  readonly view: { readonly field_salts?: object; readonly field_hashes?: object }
}

const fileOf = (lines: readonly unknown[]): Uint8Array => Buffer.from(`${lines.join('\n')}\n`)
