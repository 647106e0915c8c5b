/** A record is proved by its slot, a proof of inclusion and the log's signature, and by nothing less. */
import { beforeAll, describe, expect, test } from 'vitest'
import { NotVerified, verifyRecord } from '../../../client/index.ts'
import { sentenceOf } from '../../../shared/search/sentence.ts'
import { withholdable } from '../../../shared/watermark/committed.ts'
import {
  decisionOf,
  intentOf,
  makeKeys,
  origin,
  type Shown,
  type SignedLog,
  signedLog,
  start,
} from './verify-world.ts'

let log: SignedLog
beforeAll(async () => {
  log = await signedLog([intentOf(0), decisionOf(1), intentOf(2), decisionOf(3), intentOf(4)])
})

const sealed = ['comment', 'unmapped.reference'] as const
const verify = (record: unknown, key = log.vkey) => verifyRecord(record, { key })

async function refused(verifying: Promise<unknown>): Promise<NotVerified> {
  const error = await verifying.then(
    facts => {
      throw new Error(`it was verified: ${JSON.stringify(facts)}`)
    },
    (error: unknown) => error,
  )
  if (error instanceof NotVerified) return error
  throw error
}

describe('a record', () => {
  test('that is whole is proved: where it is, in which tree, and whose copy it is', async () => {
    const shown = await log.shown(1, { slot: 2 })
    expect(await verify(JSON.stringify(shown))).toEqual({
      log: origin,
      eid: log.eid(1),
      index: 1,
      size: 5,
      root: log.checkpoint.split('\n')[2],
      time: start,
      epoch: 2026 * 12 + 10,
      digest: shown.digest,
      reader: Buffer.from(shown.view.carrier, 'base64url').subarray(0, 8).toString('hex'),
      withheld: [],
      unproved: ['sentence'],
    })
  })

  test('tells a sentence that the body tells too, and only another one is nobody’s word', async () => {
    const shown = await log.shown(1)
    const told = { ...shown, sentence: sentenceOf(shown.body) }
    expect(await verify(JSON.stringify(told))).toMatchObject({ unproved: [] })
    const untold = { ...told, sentence: `${told.sentence} All is well.` }
    expect(await verify(JSON.stringify(untold))).toMatchObject({ unproved: ['sentence'] })
  })

  test('is proved of every reader, who are told apart by it, and have one digest', async () => {
    const facts = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map(async slot =>
        verify(await log.shown(3, { slot, withheld: slot % 2 ? sealed : [] })),
      ),
    )
    expect(new Set(facts.map(({ reader }) => reader)).size).toBe(8)
    expect(new Set(facts.map(({ digest }) => digest)).size).toBe(1)
  })

  test('is proved in what it shows where fields are withheld', async () => {
    const all = ['comment', 'unmapped.reference', 'unmapped.params', 'unmapped.shown']
    expect(await verify(await log.shown(1, { withheld: all }))).toMatchObject({
      withheld: all,
      unproved: ['sentence'],
    })
  })

  test('is proved by the log’s tiles where it has no proof of its own', async () => {
    const shown = await log.shown(2, { at: null })
    expect(await refused(verify(shown))).toMatchObject({ kind: 'unproved', faults: [{ field: 'proof' }] })
    expect(await verifyRecord(shown, { key: log.vkey, files: log.read })).toMatchObject({ index: 2, size: 5 })
  })

  test('is not proved by tiles that are missing, or those of another tree', async () => {
    const shown = await log.shown(2, { at: null })
    const key = log.vkey
    const only = async (path: string) => (path === 'checkpoint' ? log.read(path) : undefined)
    expect(await refused(verifyRecord(shown, { key, files: only }))).toMatchObject({ kind: 'unproved' })
    const broken = async (path: string) =>
      path === 'checkpoint' ? log.read(path) : (await log.read(path))?.map(byte => byte ^ 1)
    const { kind, message } = await refused(verifyRecord(shown, { key, files: broken }))
    expect(kind).toBe('contradicted')
    expect(message).toContain('the tiles do not give the root')
    const short = async (path: string) =>
      path === 'checkpoint' ? log.read(path) : (await log.read(path))?.subarray(0, 33)
    expect(await refused(verifyRecord(shown, { key, files: short }))).toMatchObject({ kind: 'contradicted' })
  })

  test('without a slot, or without a place yet, is not contradicted, and not proved', async () => {
    const { view, ...bare } = await log.shown(1)
    expect(await refused(verify(bare))).toMatchObject({ kind: 'unproved', faults: [{ field: 'view' }] })
    expect(await refused(verify({ ...bare, view: { ...view, index: null } }))).toMatchObject({
      kind: 'unproved',
      faults: [{ field: 'view.index' }],
    })
  })

  test('of another log than the key is of is told apart from one that was changed', async () => {
    const shown = await log.shown(1)
    const other = { ...shown, view: { ...shown.view, log: 'other.example/log' } }
    expect(await refused(verify(other))).toMatchObject({ kind: 'malformed', faults: [{ field: 'view.log' }] })
  })

  test('whose checkpoint another key has signed under the same name is refused', async () => {
    const other = await signedLog([intentOf(0), decisionOf(1)], { key: makeKeys() })
    expect(await refused(verify(await other.shown(1)))).toMatchObject({ kind: 'contradicted' })
  })

  test('with the proof of another is refused', async () => {
    const [one, two] = [await log.shown(1), await log.shown(2)]
    expect((await refused(verify({ ...one, proof: two.proof }))).message).toContain('leaf 2')
    const moved = { ...one, view: { ...one.view, index: 2 }, proof: two.proof }
    expect(await refused(verify(moved))).toMatchObject({ kind: 'contradicted' })
  })
})

describe('a record that was changed', () => {
  /** The facts that its reader relies on: all but what is said to be proved by nothing. */
  const factsOf = ({ eid, body, withheld }: Shown) => ({ eid, body, withheld })

  /** Every text, number and list in it, each of which is to be changed. */
  function places(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
    if (typeof value !== 'object' || value === null) return [path]
    return [
      ...(Array.isArray(value) ? [path] : []),
      ...Object.entries(value).flatMap(([name, inner]) => places(inner, [...path, name])),
    ]
  }

  function changedAt(
    value: unknown,
    [name, ...rest]: readonly string[],
    change: (old: unknown) => unknown,
  ): unknown {
    if (name === undefined) return change(value)
    const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
    copy[name] = changedAt(copy[name], rest, change)
    return copy
  }

  test.each([0, 1])(
    'in any value never verifies, or tells the same facts (fields withheld: %i)',
    async hidden => {
      const shown = await log.shown(1, { withheld: hidden ? sealed : [] })
      const { proof, sentence, ...rest } = shown
      expect(await verify(shown)).toMatchObject({ withheld: hidden ? sealed : [] })
      const all = places(rest)
      expect(all.length).toBeGreaterThan(40)
      for (const path of all) {
        const other = changedAt(shown, path, old =>
          typeof old === 'string'
            ? `${old}x`
            : typeof old === 'number'
              ? old + 1
              : Array.isArray(old)
                ? [...old, 'x']
                : 'x',
        )
        const gone = changedAt(shown, path.slice(0, -1), old => {
          const { [path.at(-1) ?? '']: _, ...kept } = old as Record<string, unknown>
          return Array.isArray(old) ? old.slice(1) : kept
        })
        for (const changed of [other, gone])
          await refused(verify(changed)).catch(error => {
            throw new Error(`${path.join('.')}: ${error.message}`)
          })
      }
    },
  )

  test('in any one character of its file never verifies, or tells the same facts', async () => {
    const shown = await log.shown(3, { withheld: sealed })
    const text = JSON.stringify(shown)
    const { unproved, ...facts } = await verify(text)
    expect(unproved).toEqual(['sentence'])
    let same = 0
    for (let i = 0; i < text.length; i++) {
      const char = text[i] ?? ''
      const changed = text.slice(0, i) + (char === 'A' ? 'B' : 'A') + text.slice(i + 1)
      const found = await verify(changed).catch((error: unknown) => error)
      if (found instanceof NotVerified) continue
      if (found instanceof Error) throw found
      expect(found, `character ${i}`).toMatchObject(facts)
      expect(factsOf(JSON.parse(changed)), `character ${i}`).toEqual(factsOf(shown))
      same++
    }
    // The sentence and its name, which are said to be proved by nothing; and the name of the times that the slot has too.
    expect(same).toBe('sentence'.length + shown.sentence.length + 'shown'.length)
  }, 60_000)

  test('in any one bit of its proof never verifies', async () => {
    const shown = await log.shown(1)
    const proof = Buffer.from(shown.proof ?? '')
    for (let i = 0; i < proof.length; i++) {
      const changed = Buffer.from(proof)
      changed[i] = (changed[i] ?? 0) ^ 1
      await refused(verify({ ...shown, proof: changed.toString('latin1') }))
    }
  })
})

describe('what is withheld', () => {
  test('is what has a hash: neither is said without the other', async () => {
    const shown = await log.shown(1, { withheld: sealed })
    for (const withheld of [
      [],
      ['comment'],
      [...sealed, 'unmapped.params'],
      [...sealed, 'unmapped.rules'],
      [...sealed, 'comment'],
    ])
      expect(await refused(verify({ ...shown, withheld })), String(withheld)).toMatchObject({
        kind: 'contradicted',
      })
    const nothing = await log.shown(0)
    for (const path of [...withholdable, 'constructor', '__proto__'])
      expect(await refused(verify({ ...nothing, withheld: [path] })), path).toMatchObject({
        kind: 'contradicted',
      })
  })

  test('cannot be filled in with words of somebody else', async () => {
    const shown = await log.shown(1, { withheld: sealed })
    const body = { ...shown.body, comment: 'Never agreed.' }
    expect(await refused(verify({ ...shown, body }))).toMatchObject({ kind: 'contradicted' })
  })

  test('cannot be made of what was shown, to put other words there', async () => {
    const shown = await log.shown(1)
    const { field_hashes } = (await log.shown(1, { withheld: ['comment'] })).view
    const forged = {
      ...shown,
      body: { ...shown.body, comment: 'Never agreed.' },
      withheld: ['comment'],
      view: { ...shown.view, field_hashes },
    }
    expect(await refused(verify(forged))).toMatchObject({ kind: 'contradicted' })
  })

  test('is no hash that stands as the words themselves', async () => {
    const shown = await log.shown(1, { withheld: ['comment'] })
    const { field_hashes, ...view } = shown.view
    const forged = { ...shown, withheld: [], body: { ...shown.body, comment: field_hashes?.comment }, view }
    expect(await refused(verify(forged))).toMatchObject({ kind: 'contradicted' })
  })
})

describe('a file that means harm', () => {
  test.each([
    ['no JSON', '{', 'malformed'],
    ['a list', '[]', 'malformed'],
    ['null', 'null', 'malformed'],
  ])('%s is refused', async (_, text, kind) => {
    expect(await refused(verify(text))).toMatchObject({ kind })
  })

  test('what is nested as deeply as no record is refused', async () => {
    const shown = await log.shown(1)
    const nested = (depth: number) =>
      JSON.stringify(shown).replace(/}$/, `,"more":${'['.repeat(depth)}${']'.repeat(depth)}}`)
    expect(await verify(nested(10))).toMatchObject({ unproved: ['sentence', 'more'] })
    for (const depth of [100, 100_000])
      expect((await refused(verify(nested(depth)))).message).toContain('nested')
  })

  test('a name that stands twice is refused: one reader takes the first, another the last', async () => {
    const text = JSON.stringify(await log.shown(1))
    const twice = text.replace('"decision":"applied"', '"decision":"declined","decision":"applied"')
    expect(twice).not.toBe(text)
    expect((await refused(verify(twice))).message).toContain('twice')
  })

  test('names of what objects have by themselves prove nothing', async () => {
    const shown = await log.shown(1)
    const text = JSON.stringify(shown).replace('"unmapped":{', '"unmapped":{"__proto__":{"reason":"other"},')
    expect(await refused(verify(text))).toMatchObject({ kind: 'contradicted' })
  })

  test.each([
    ['body', []],
    ['body', 'x'],
    ['eid', 7],
    ['withheld', 'comment'],
    ['view', null],
    ['proof', 7],
    ['proof', 'x'.repeat(300_001)],
  ])('the field %s that is none is named', async (field, value) => {
    const shown = await log.shown(1)
    expect(await refused(verify({ ...shown, [field]: value }))).toMatchObject({
      kind: 'malformed',
      faults: [{ field }],
    })
  })

  test.each([
    ['path', Array.from({ length: 11 }, () => 'A'.repeat(43))],
    ['position', -1],
    ['position', 1.5],
    ['index', '1'],
    ['salt', 'A'.repeat(65)],
    ['field_salts', []],
  ])('the field view.%s that is none is named', async (name, value) => {
    const shown = await log.shown(1)
    const view = { ...shown.view, [name]: value }
    expect(await refused(verify({ ...shown, view }))).toMatchObject({
      kind: 'malformed',
      faults: [{ field: `view.${name}` }],
    })
  })

  test.each([null, [], 'ab', 7])('unmapped that is %j is refused', async unmapped => {
    const shown = await log.shown(0)
    expect(await refused(verify({ ...shown, body: { ...shown.body, unmapped } }))).toMatchObject({
      kind: 'contradicted',
    })
  })
})

test.each(['', 'x', 'a+b+c', `${origin}+00000000+AQ==`])('%j is no key', async key => {
  expect(await refused(verify(await log.shown(1), key))).toMatchObject({
    kind: 'malformed',
    faults: [{ field: 'key' }],
  })
})
