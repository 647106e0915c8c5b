/** Whom an excerpt went to, by what is packed and what still waits, and by what entries commit to. */

import { hash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { createAttributionKeys } from '../../../functions/attribution-keys.ts'
import { answerAttribution } from '../../../functions/exporter/attribution/answer.ts'
import type { ExporterDeps } from '../../../functions/exporter/deps.ts'
import { compactOnce } from '../../../functions/exporter/fingerprints/compact.ts'
import { packReplies } from '../../../functions/exporter/fingerprints/pack.ts'
import { readPublicTexts } from '../../../functions/exporter/fingerprints/public-texts.ts'
import { expireFingerprints } from '../../../functions/exporter/fingerprints/remove.ts'
import type { Requester } from '../../../functions/exporter/requester.ts'
import { sealArchive } from '../../../functions/log/archive.ts'
import { checkedKey } from '../../../shared/adapters/object-key.ts'
import type { Answered, Inquiry, InquiryOptions } from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { hourOf } from '../../../shared/domain/time.ts'
import type { Viewer } from '../../../shared/domain/who-sees.ts'
import { type CallFacts, intentEntry, outcomeEntry } from '../../../shared/entries/call.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { fingerprintsOf } from '../../../shared/fingerprint/fingerprints.ts'
import { formatPending, parsePending, pendingKey } from '../../../shared/fingerprint/pending.ts'
import { formatSet, setDigest } from '../../../shared/fingerprint/set.ts'
import { units } from '../../../shared/fingerprint/units.ts'
import type { ByteRange, RemovableObjects } from '../../../shared/ports/objects.ts'
import { epochAt, startOfEpoch } from '../../../shared/watermark/epoch.ts'
import { parseLeaf } from '../../../shared/watermark/leaf.ts'
import { bind } from '../../../shared/watermark/slots.ts'
import { testSecrets } from '../../world/log-view.ts'
import {
  begins,
  dayMs,
  dyingAt,
  epoch,
  type FingerprintWorld,
  fingerprintWorld,
  hourMs,
  retentionMs,
  textOf,
} from './fingerprint-world.ts'

let world: FingerprintWorld
let serial = 0
beforeEach(async () => {
  world = fingerprintWorld()
  for (const [model, developer] of [
    ['aurora', 'halcyon'],
    ['basalt', 'quarry'],
  ] as const)
    await world.store.write({ kind: 'put', key: keys.model(model), item: { id: model, developer } as never })
  for (const [id, name] of [
    ['cedar', 'Cedar Medical'],
    ['prairie', 'Prairie Labs'],
  ] as const)
    await world.store.write({ kind: 'put', key: keys.organisation(id), item: { id, name } as never })
})

interface Sent {
  readonly at?: number
  readonly to?: string
  readonly model?: string
  /** What its entry commits to, where that is another. */
  readonly attr?: string
}

/** A call as it ends at the gate: its outcome, which commits to its fingerprints, and these, which wait. */
async function sent(text: string, { at = world.now(), to = 'cedar', model = 'aurora', attr }: Sent = {}) {
  const random = Buffer.alloc(16, 3)
  random.writeUInt32BE(++serial, 12)
  const developer = model === 'aurora' ? 'halcyon' : 'quarry'
  const facts: CallFacts = {
    request: `call-${serial}`,
    address: '192.0.2.1',
    protocol: 'openai',
    operation: 'chat.completions',
    organisation: to,
    client: `client_${to}`,
    tokenId: 'token_1',
    key: 'thumbprint',
    model,
    developer,
    grant: 'grant_1',
    agreement: { id: `agreement_${to}`, digest: 'd' },
    purpose: 'defence',
    clauses: [],
  }
  const intent = intentEntry(facts, { reserve: 10, meters: ['m'] }, at, random)
  const key = await createAttributionKeys(world.deps()).open(epochAt(at))
  const fingerprints = fingerprintsOf(key, [text])
  const told = { digest: attr ?? setDigest(formatSet(fingerprints)), count: fingerprints.length }
  const ended = { ending: 'completed', charge: 7, meters: [], fingerprints: told } as const
  const outcome = outcomeEntry(intent.eid, intent.entry, ended, at)
  await world.store.write(putEntry(outcome))
  const waiting = {
    ...{ eid: outcome.eid, organisation: to, agreement: `agreement_${to}`, client: `client_${to}`, model },
    ...{ words: units(text).length, fingerprints },
  }
  await world.objects.put(pendingKey(outcome.eid), formatPending(waiting), { ifAbsent: true })
  return outcome
}

const halcyon: Viewer = { organisation: 'halcyon', kind: 'developer', roles: ['developer-admin'] }

interface Result {
  readonly verdict: string
  readonly common: number
  readonly public: number
  readonly unproved: number
  readonly partners: readonly {
    readonly partner: string
    readonly name: string
    readonly replies: readonly {
      readonly entry: string
      readonly runs: readonly { readonly from: number; readonly to: number }[]
      readonly matches: number
      readonly coverage: number
      readonly time: string
      readonly commitment: {
        readonly fingerprints: string
        readonly salt: string
        readonly attr_commit: string
      }
    }[]
  }[]
  readonly looked_at: Readonly<Record<string, unknown>>
}

async function asked(
  text: string,
  over: Partial<ExporterDeps> = {},
  { options = {}, viewer = halcyon }: { readonly options?: InquiryOptions; readonly viewer?: Viewer } = {},
): Promise<Answered & { readonly result: Result }> {
  const requester: Requester = { kind: 'person', person: { id: 'person_1' }, viewer }
  const answer = await answerAttribution(
    world.deps(over),
    { options } as Inquiry,
    Buffer.from(text),
    requester,
  )
  if (!('result' in answer)) throw new Error(`${answer.code}: ${answer.facts.detail}`)
  return answer as Answered & { readonly result: Result }
}
const whoIsNamed = async (...args: Parameters<typeof asked>): Promise<readonly string[]> =>
  (await asked(...args)).named.map(({ id }) => id)

const packAll = async (): Promise<void> => {
  world.pass(2 * dayMs)
  await packReplies(world.deps(), world.now() + hourMs)
  expect(world.waiting()).toEqual([])
}
const words = (text: string, from: number, to: number): string => text.split(' ').slice(from, to).join(' ')

describe('an excerpt', () => {
  test.each([
    ['of a reply of a minute ago', async () => undefined],
    ['of one that was packed', packAll],
    [
      'of one whose month has been merged',
      async () => {
        await packAll()
        world.pass(60 * dayMs)
        while ((await compactOnce(world.deps())) > 0);
      },
    ],
  ])('%s names the partner that it went to, its reply and the run', async (_, then) => {
    const [text, other] = [textOf('secret', 80), textOf('other', 80)]
    const outcome = await sent(text)
    await sent(other, { to: 'prairie', at: begins + dayMs })
    await then()
    const { result, named } = await asked(`And then it said: ${words(text, 10, 60)}, as I recall.`)
    expect(named).toEqual([{ id: 'cedar', bound: expect.stringMatching(/^\d\.\de-\d+$/) }])
    expect(result.verdict).toBe('named')
    const [partner] = result.partners
    expect(partner).toMatchObject({ partner: 'cedar', name: 'Cedar Medical' })
    const [reply, ...more] = partner?.replies ?? []
    expect(more).toEqual([])
    expect(reply).toMatchObject({
      entry: outcome.eid,
      client: 'client_cedar',
      model: 'aurora',
      agreement: 'agreement_cedar',
      time: '2026-11-01T00:00:00.000Z',
      words: 80,
    })
    const [run] = reply?.runs ?? []
    // Four words of its own stand before it; of a run at most a window's length at each end is not seen.
    expect(run?.from).toBeGreaterThanOrEqual(4)
    expect(run?.from).toBeLessThan(4 + 4)
    expect(run?.to).toBeLessThanOrEqual(54)
    expect(run?.to).toBeGreaterThan(54 - 4)
  })

  test('is found where a tenth of its words was changed, and is not where all of them were', async () => {
    const text = textOf('secret', 200)
    await sent(text)
    const edited = (every: number): string =>
      text
        .split(' ')
        .map((word, n) => (n % every === 0 ? `new${n}` : word))
        .join(' ')
    expect(await whoIsNamed(edited(10))).toEqual(['cedar'])
    expect(await whoIsNamed(edited(1))).toEqual([])
  })

  test('that was sent to two is a tie, and names nobody', async () => {
    const text = textOf('same')
    await sent(text)
    await packAll()
    await sent(text, { to: 'prairie' })
    const { result, named } = await asked(text)
    expect(named).toEqual([])
    expect(result.verdict).toBe('tie')
    expect(result.partners.map(({ partner }) => partner).sort()).toEqual(['cedar', 'prairie'])
  })

  test('that everybody was sent is a tie, which one record holds', async () => {
    const text = textOf('same', 200)
    for (let n = 0; n < 40; n++)
      for (let again = 0; again < 5; again++) await sent(text, { to: `partner${n}` })
    const { result } = await asked(text)
    expect(result).toMatchObject({ verdict: 'tie', partners_left_out: 30 })
    expect(JSON.stringify(result).length).toBeLessThan(100_000)
  })

  test('that was sent to two in different months is a tie too: each month has its own key', async () => {
    const text = textOf('same')
    await sent(text)
    await sent(text, { to: 'prairie', at: startOfEpoch(epoch + 1) })
    expect((await asked(text)).result.verdict).toBe('tie')
  })

  test('of a reply that went to one names it, whatever of it others were sent', async () => {
    const [own, shared] = [textOf('own', 60), textOf('shared', 60)]
    await sent(`${own} ${shared}`)
    await sent(shared, { to: 'prairie' })
    const { result, named } = await asked(`${words(own, 0, 60)} ${shared}`)
    expect(named).toEqual([{ id: 'cedar', bound: expect.stringMatching(/^\d\.\de-\d+$/) }])
    expect(result.common).toBeGreaterThan(0)
  })

  test('of nothing that was sent names nobody', async () => {
    await sent(textOf('secret'))
    const { result, named } = await asked(textOf('else'))
    expect(named).toEqual([])
    expect(result).toMatchObject({ verdict: 'not_enough', best: { matches: 0 }, partners: [] })
  })

  test('of another time than was asked for names nobody', async () => {
    const text = textOf('secret')
    await sent(text, { at: begins + 5 * hourMs + 3_000 })
    const at = begins + 5 * hourMs
    expect(await whoIsNamed(text, {}, { options: { from: at, to: at + hourMs } })).toEqual(['cedar'])
    // The time of a reply is known to ten seconds.
    expect(await whoIsNamed(text, {}, { options: { from: at + 9_000 } })).toEqual(['cedar'])
    expect(await whoIsNamed(text, {}, { options: { from: at + 10_000 } })).toEqual([])
    expect(await whoIsNamed(text, {}, { options: { to: at - 1 } })).toEqual([])
    const later = await asked(text, {}, { options: { from: startOfEpoch(epoch + 1) } })
    expect(later.result.looked_at).toMatchObject({ months: [], replies: 0 })
  })

  test('too short to say anything is refused', async () => {
    await expect(asked('one two three four five six seven')).rejects.toThrow('body_malformed')
  })

  test('stands nowhere in the answer', async () => {
    const text = textOf('secret')
    await sent(text)
    expect(JSON.stringify(await asked(text))).not.toContain('wsecretx')
  })
})

describe('who asks', () => {
  const audits = (...models: readonly string[]): Viewer => ({
    ...{ organisation: 'tally', kind: 'auditor', roles: ['auditor'], audits: models },
  })

  test('is told of replies that they may see, and of no others', async () => {
    const text = textOf('secret')
    await sent(text)
    await packAll()
    expect(await whoIsNamed(text, {}, { viewer: audits('aurora') })).toEqual(['cedar'])
    const unseen = await asked(text, {}, { viewer: audits('basalt') })
    expect(unseen.named).toEqual([])
    expect(unseen.result).toMatchObject({ verdict: 'not_enough', unproved: 0, best: { matches: 0 } })
  })

  test('does not learn that others were sent the same: what they may not see takes no part', async () => {
    const text = textOf('same')
    await sent(text)
    await sent(text, { to: 'prairie', model: 'basalt' })
    const { result, named } = await asked(text)
    expect(named).toEqual([{ id: 'cedar', bound: expect.stringMatching(/^\d\.\de-\d+$/) }])
    expect(result.common).toBe(0)
  })

  test('does not learn how much was sent that they may not see', async () => {
    const text = textOf('same')
    await sent(text)
    await sent(textOf('more', 70))
    const before = await asked(text)
    await sent(textOf('other', 70), { to: 'prairie', model: 'basalt' })
    const { result, named } = await asked(text)
    const { looked_at: _, ...rest } = before.result
    expect({ result, named }).toMatchObject({ result: rest, named: before.named })
  })
})

describe('the evidence', () => {
  test('opens what the leaf of the entry commits to', async () => {
    const text = textOf('secret')
    const { eid, entry } = await sent(text)
    await packAll()
    const { result } = await asked(text)
    const { fingerprints = '', salt = '', attr_commit } = result.partners[0]?.replies[0]?.commitment ?? {}
    expect(fingerprints).toBe(entry.attr)
    const bytes = (one: string): Buffer => Buffer.from(one, 'base64url')
    const commitment = hash(
      'sha256',
      Buffer.concat([Uint8Array.of(8), bytes(salt), bytes(fingerprints)]),
      'base64url',
    )
    expect(commitment).toBe(attr_commit)
    const { leaf } = bind(await world.deps().log.epochs(epoch), eid, entry)
    expect(Buffer.from(parseLeaf(leaf)?.attrCommit ?? []).toString('base64url')).toBe(commitment)
  })

  test.each([
    ['that waits', async () => undefined],
    ['that is packed', packAll],
  ])('of a reply %s counts only where its entry commits to it', async (_, then) => {
    const text = textOf('secret')
    await sent(text, { to: 'prairie', attr: setDigest(formatSet(BigUint64Array.of(1n))) })
    await then()
    const { result, named } = await asked(text)
    expect(named).toEqual([])
    expect(result).toMatchObject({ verdict: 'not_enough', unproved: 1 })
    // Whoever was sent it is named all the same.
    await sent(text)
    expect(await whoIsNamed(text)).toEqual(['cedar'])
  })

  test.each(['organisation', 'client', 'model', 'agreement'] as const)(
    'of a reply whose %s is another in the bucket than in its entry names nobody',
    async field => {
      const text = textOf('secret')
      const { eid } = await sent(text)
      const there = parsePending(world.objects.all.get(pendingKey(eid)) ?? new Uint8Array())
      if (there === undefined) throw new Error('it does not wait')
      await world.objects.remove(pendingKey(eid))
      const other = { ...there, [field]: field === 'model' ? 'aurora-2' : 'prairie' }
      await world.store.write({
        kind: 'put',
        key: keys.model('aurora-2'),
        item: { id: 'aurora-2', developer: 'halcyon' } as never,
      })
      await world.objects.put(pendingKey(eid), formatPending(other), { ifAbsent: true })
      const { result, named } = await asked(text)
      expect(named).toEqual([])
      expect(result).toMatchObject({ unproved: 1 })
    },
  )

  test('is of an entry that has gone into the archives', async () => {
    const text = textOf('secret')
    const { eid, entry } = await sent(text)
    await packAll()
    await world.store.write({ kind: 'remove', key: keys.entry(eid) })
    expect(await whoIsNamed(text)).toEqual([])
    const { body, exact, attr, organisation } = entry
    const line = { i: 5, eid, body, exact, ...(attr && { attr }), ...(organisation && { organisation }) }
    await world.objects.put(
      `body/${epoch}/${hourOf(begins)}/5-5`,
      await sealArchive(testSecrets, epoch, [line]),
      { ifAbsent: true },
    )
    expect(await whoIsNamed(text)).toEqual(['cedar'])
  })
})

describe('texts that everybody may have read', () => {
  const publish = (name: string, text: string) =>
    world.objects.put(`attr/public/${name}`, Buffer.from(text), { ifAbsent: true })

  test('speak against nobody', async () => {
    const text = textOf('famous')
    await sent(text)
    expect(await whoIsNamed(text)).toEqual(['cedar'])
    await publish('constitution.txt', `Before it. ${text.toUpperCase()} And behind it.`)
    const { result, named } = await asked(text)
    expect(named).toEqual([])
    expect(result).toMatchObject({ verdict: 'not_enough', public: 56, looked_at: { public_texts: 1 } })
  })

  test('are read up to a number of bytes, and told where there are more', async () => {
    const text = textOf('famous', 20)
    await publish('a.txt', textOf('other', 20))
    await publish('b.txt', text)
    await publish('c.md', text)
    const read = (most: number) => readPublicTexts(world.objects, units(text), most)
    const [a, b] = ['other', 'famous'].map(seed => Buffer.byteLength(textOf(seed, 20)))
    expect(await read((a ?? 0) + (b ?? 0))).toMatchObject({ texts: 2, leftOut: 0 })
    const less = await read((a ?? 0) + (b ?? 0) - 1)
    expect(less).toMatchObject({ texts: 1, leftOut: 1 })
    expect(less.places.size).toBe(0)
  })

  test('whatever a file was called, an answer comes, and says what was not read', async () => {
    const text = textOf('secret')
    await sent(text)
    // As an editor leaves its locks, and people name their files.
    for (const name of ['~lock.notes.txt', '~notes.txt', 'our own words.txt', 'é.txt'])
      await publish(name, textOf('public'))
    const objects = {
      ...world.objects,
      get: async (key: string, range?: ByteRange) => world.objects.get(checkedKey(key), range),
    }
    const { result, named } = await asked(text, { objects })
    expect(named).toMatchObject([{ id: 'cedar' }])
    expect(result.looked_at).toMatchObject({ public_texts: 2, public_left_out: 2 })
  })
})

test('of letters that have a frame in common, the one that was leaked is named, however many there are', async () => {
  const frame = textOf('frame', 40)
  const letters = Array.from({ length: 230 }, (_, n) => `${frame} ${textOf(`letter${n}`, 20)}`)
  const outcomes: string[] = []
  for (const letter of letters) outcomes.push((await sent(letter)).eid)
  const bestOf = async () => (await asked(letters[225] ?? '')).result.partners[0]?.replies[0]
  const whole = { entry: outcomes[225], coverage: 1 }
  expect(await bestOf()).toMatchObject(whole)
  await packAll()
  expect(await bestOf()).toMatchObject(whole)
})

describe('while others are at work', () => {
  test('a reply that is packed between two looks is found', async () => {
    const text = textOf('secret')
    await sent(text)
    world.pass(2 * hourMs)
    let packed = false
    // Behind the list of what waits, and before any of it is read.
    const get: RemovableObjects['get'] = async (key, range) => {
      if (!packed && key.startsWith('attr/pending/')) {
        packed = true
        await packReplies(world.deps(), world.now() + hourMs)
      }
      return world.objects.get(key, range)
    }
    expect(await whoIsNamed(text, { objects: { ...world.objects, get } })).toEqual(['cedar'])
    expect(packed).toBe(true)
  })

  test('segments that are merged under way are looked at anew', async () => {
    const text = textOf('secret')
    await sent(text)
    await packAll()
    await sent(textOf('other'), { at: begins + 3 * hourMs })
    await packAll()
    world.pass(3 * dayMs)
    let merged = 0
    const get: RemovableObjects['get'] = async (key, range) => {
      if (key.startsWith(`attr/${epoch}/`) && merged === 0) merged = await compactOnce(world.deps())
      return world.objects.get(key, range)
    }
    expect(await whoIsNamed(text, { objects: { ...world.objects, get } })).toEqual(['cedar'])
    expect(merged).toBe(1)
  })

  test('a bucket that does not answer gives no answer', async () => {
    const text = textOf('secret')
    await sent(text)
    await packAll()
    for (let n = 1; n < 8; n++)
      await expect(asked(text, { objects: dyingAt(world.objects, n, false) })).rejects.toThrow('died')
  })
})

test('after its month has gone nothing is found, and nothing is there', async () => {
  const text = textOf('secret')
  await sent(text)
  await packAll()
  world.pass(retentionMs + 40 * dayMs)
  await expireFingerprints(world.deps())
  const { result, named } = await asked(text)
  expect(named).toEqual([])
  expect(result).toMatchObject({ verdict: 'not_enough', looked_at: { months: [], replies: 0 } })
  expect([...world.objects.all.keys()].filter(key => key.startsWith('attr/'))).toEqual([])
})

test('a month whose key is gone is told, and what is left of it names nobody', async () => {
  const text = textOf('secret')
  await sent(text)
  await packAll()
  await world.store.write({ kind: 'remove', key: keys.attributionKey(epoch) })
  const { result, named } = await asked(text)
  expect(named).toEqual([])
  expect(result.looked_at).toMatchObject({ months: [], months_without_key: 1 })
})
