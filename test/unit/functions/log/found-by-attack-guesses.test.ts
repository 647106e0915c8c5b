/** Whoever guesses right what an entry withholds from them learns by nothing in its answers that they are right. */
import { beforeEach, describe, expect, test } from 'vitest'
import { getEntry, listEntries } from '../../../../functions/api/entries.ts'
import type { ShownEntry } from '../../../../functions/log/show.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Entry } from '../../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../../shared/entries/id.ts'
import type { Withholdable } from '../../../../shared/watermark/committed.ts'
import { epochAt } from '../../../../shared/watermark/epoch.ts'
import { type Bound, bind } from '../../../../shared/watermark/slots.ts'
import { entryStream } from '../../../../shared/watermark/stream.ts'
import { openRecord } from '../../../../shared/watermark/verify.ts'
import { applied, day, reason, start } from '../governance/grant-world.ts'
import { french, type HitWorld, hitWorld } from '../governance/hit-world.ts'
import { confirmed } from './guesses.ts'

let world: HitWorld
beforeEach(async () => {
  world = await hitWorld()
  await world.client('client_1')
  await world.client('client_2', 'prairie')
  await world.person('rita', { attributes: french })
})

const asking = async (who: string) => ({
  deps: { ...world.deps, log: world.log } as never,
  caller: await world.caller(who),
  request: 'r',
})
const read = async (who: string, eid: string): Promise<ShownEntry> =>
  applied(await getEntry(await asking(who), eid)) as ShownEntry
const stored = (eid: string): Promise<Entry> => world.get(keys.entry(eid))

async function boundOf(eid: string): Promise<{ readonly bound: Bound; readonly sealSalt: Uint8Array }> {
  const epoch = await world.log.epochs(epochAt(timeOfEntry(eid)))
  const stream = entryStream(epoch.key, eid)
  stream.bytes(32)
  return { bound: bind(epoch, eid, await stored(eid)), sealSalt: stream.bytes(32) }
}

const sealed = { ...reason, text: 'Known to the deciders alone.', reference: 'case 9', sealed: true as const }
const scope = { model: 'aurora', nationality: 'FR' }

/** What is decided, who reads it, and what is not for them. */
const readings = [
  [
    'whom else a hold hits',
    'pat',
    async () => world.placed({ nationality: 'FR' }),
    ['unmapped.hit', 'unmapped.effects', 'unmapped.shown'],
  ],
  ['whom a hold hits, of whoever places it', 'nora', async () => world.placed(scope), ['unmapped.hit']],
  [
    'sealed words',
    'elsa',
    async () => {
      await world.client('client_own', 'elsewhere')
      await world.records.grant({ id: 'grant_own', organisation: 'elsewhere' })
      return applied(await world.decide('nora', 'hold.place', 'hold_1', { scope }, { reason: sealed })).entry
    },
    ['comment', 'unmapped.reference', 'unmapped.hit', 'unmapped.effects', 'unmapped.shown'],
  ],
  [
    'what is attested of a colleague',
    'uma',
    async () => {
      const given = { nationality: { value: 'FR', expiresAt: start + 100 * day } }
      return applied(await world.decide('pat', 'person.attributes', 'uma', given)).entry
    },
    ['unmapped.params', 'unmapped.difference', 'unmapped.shown'],
  ],
] as const satisfies readonly (readonly [string, string, () => Promise<string>, readonly Withholdable[]])[]

describe.each(readings)('%s, read by %s', (_, who, decide, withheld) => {
  test('is confirmed by nothing in the answer, to whoever has the right words and the right time', async () => {
    const eid = await decide()
    const answer = await read(who, eid)
    expect(answer.withheld?.toSorted()).toEqual(withheld.toSorted())
    expect(confirmed(answer, await stored(eid))).toEqual([])
    const { items } = applied(await listEntries(await asking(who), { by: 'us' }))
    for (const item of items) expect(confirmed(item, await stored(item.eid))).toEqual([])
  })

  test('would be by its salt, and by that of the seal: neither is in the answer', async () => {
    const eid = await decide()
    const answer = await read(who, eid)
    const { bound, sealSalt } = await boundOf(eid)
    const text = JSON.stringify(answer)
    for (const path of withheld) {
      const field = bound.fields[path]
      if (field === undefined) throw new Error(`${path} is not there`)
      expect(new Set(confirmed(answer, await stored(eid), [field.salt]))).toEqual(new Set([path]))
      expect(text).not.toContain(Buffer.from(field.salt).toString('base64url'))
    }
    expect(confirmed(answer, await stored(eid), [sealSalt])).toEqual(['the seal'])
    expect(text).not.toContain(Buffer.from(sealSalt).toString('base64url'))
  })

  test('is left out of a view that proves all the rest, and tells nobody’s slot but theirs', async () => {
    const eid = await decide()
    const answer = await read(who, eid)
    const { bound } = await boundOf(eid)
    const { leaf, reader, unproved } = await openRecord(answer)
    expect(leaf).toEqual(new Uint8Array(bound.leaf))
    // Of a hold's hit, each reads their own part, which is not what the log commits to.
    expect(unproved.every(path => path === 'unmapped.hit')).toBe(true)
    const others = Array.from({ length: 64 }, (_, slot) => bound.opening(slot)).filter(
      ({ carrier }) => Buffer.from(carrier.subarray(0, 8)).toString('hex') !== reader,
    )
    expect(others).toHaveLength(63)
    for (const { carrier, salt } of others)
      for (const bytes of [carrier, salt])
        expect(JSON.stringify(answer)).not.toContain(Buffer.from(bytes).toString('base64url'))
  })
})

test('the SHA-256 of a body is in no answer, and the digests of two equal decisions have nothing in common', async () => {
  const eids = [
    await world.placed({ organisation: 'cedar' }),
    await world.placed({ organisation: 'cedar' }, 'hold_2'),
  ]
  const answers = await Promise.all(eids.map(eid => read('pat', eid)))
  for (const [i, answer] of answers.entries()) {
    expect(answer).not.toHaveProperty('withheld')
    expect(confirmed(answer, await stored(eids[i] ?? ''))).toEqual([])
    expect(JSON.stringify(answer)).not.toContain((await stored(eids[i] ?? '')).digest)
  }
  const salts = answers.flatMap(({ digest, view }) => [
    digest,
    view.body_salt,
    view.salt,
    view.seal_commit,
    view.attr_commit,
    ...Object.values(view.field_salts ?? {}),
  ])
  expect(new Set(salts).size).toBe(salts.length)
})
