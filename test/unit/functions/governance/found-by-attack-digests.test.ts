/** Whoever reads the log and not the words could guess at few words: by no digest there do they learn that they are right. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { beforeEach, expect, test } from 'vitest'
import { wordsDigest } from '../../../../functions/governance/findings/words-digest.ts'
import { noEffects } from '../../../../shared/domain/effects.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { type ConsultationWorld, consultationWorld } from './consultation-world.ts'
import { applied, day, start } from './grant-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
  await world.records.model({ sharedWith: ['ofr'] })
})

const title = 'Leak'
const text = 'The weights.'
const model = { model: 'aurora' }

interface Made {
  readonly subject: { readonly id: string }
  readonly entry: string
}
type Shown = Record<string, unknown> & { readonly resolved?: Record<string, unknown> | null }

const report = () =>
  world.body<Made>('pat', 'reportFinding', {
    body: {
      ...{ kind: 'vulnerability', model: 'aurora', severity: 'high', title, text },
      discovered_at: new Date(start).toISOString(),
    },
  })
const resolve = (finding: string, rev = 1) =>
  world.body<Made>('dana', 'resolveFinding', { path: { finding }, rev, body: { text } })
const attach = (finding?: string) =>
  world.body<Made>('tess', 'attachOpinion', { path: model, body: { text, ...(finding && { finding }) } })
const shown = (who: string, finding: string) => world.body<Shown>(who, 'getFinding', { path: { finding } })
const opinion = async (who: string) => (await world.items(who, 'listOpinions', { path: model }))[0]

/** The fields of an entry as an auditor is given them, and all of it as text. */
async function read(eid: string) {
  const answer = await world.body<{ readonly body: { readonly unmapped: Decision } }>('audrey', 'getEntry', {
    path: { eid },
  })
  return { entry: answer.body.unmapped, all: JSON.stringify(answer) }
}
interface Decision {
  readonly action: string
  readonly params: Record<string, unknown>
  readonly difference: readonly object[]
  readonly shown: string
}

const sha256 = (value: unknown) => hash('sha256', canonicalize(value) ?? '', 'base64url')
/** SHA-256 of what somebody may try who has the right words and knows how digests are made. */
const guesses = [
  hash('sha256', text, 'base64url'),
  hash('sha256', title + text, 'base64url'),
  ...[{ text }, { title, text }, { salt: '', text }, { salt: '', title, text }].map(sha256),
]

/** What `shown` would be with these parameters: whatever else it is over, a reader of the entry knows. */
const shownWith = (
  { action: name, difference }: Decision,
  id: string,
  code: string,
  params: object,
): string =>
  sha256({ action: { name, id, params }, difference, effects: noEffects, reason: { code, text: '' } })

test('the entry of a report has the digest of salt and words; of the words alone it has none', async () => {
  const { subject, entry: eid } = await report()
  const { digest_salt } = await shown('pat', subject.id)
  const salt = String(digest_salt)
  expect(Buffer.from(salt, 'base64url')).toHaveLength(16)
  const { entry, all } = await read(eid)
  expect(entry.params.digest).toBe(sha256({ salt, title, text }))
  for (const guess of guesses) expect(all).not.toContain(guess)
  expect(all).not.toContain(salt)
})

test('so does that of a resolution, and the salt is its own', async () => {
  const { subject } = await report()
  const { entry: eid } = await resolve(subject.id)
  const { digest_salt, resolved } = await shown('dana', subject.id)
  const salt = String(resolved?.digest_salt)
  expect(Buffer.from(salt, 'base64url')).toHaveLength(16)
  expect(salt).not.toBe(digest_salt)
  const { entry, all } = await read(eid)
  expect(entry.params.digest).toBe(sha256({ salt, text }))
  for (const guess of guesses) expect(all).not.toContain(guess)
  expect(all).not.toContain(salt)
})

test('so does that of an opinion, in its difference too', async () => {
  const { entry: eid } = await attach()
  const salt = String((await opinion('tess'))?.digest_salt)
  expect(Buffer.from(salt, 'base64url')).toHaveLength(16)
  const { entry, all } = await read(eid)
  const digest = sha256({ salt, text })
  expect(entry.params.text_digest).toBe(digest)
  expect(entry.difference).toEqual([{ field: 'text_digest', from: null, to: digest }])
  for (const guess of guesses) expect(all).not.toContain(guess)
  expect(all).not.toContain(salt)
})

test('what was shown is proved with the salt, and cannot be guessed without it', async () => {
  const attached = await attach()
  const reported = await report()
  const resolved = await resolve(reported.subject.id)
  const { salt, resolved: kept } = await world.get(keys.finding(reported.subject.id))
  const body = { kind: 'vulnerability', model: 'aurora', severity: 'high', title, text, discoveredAt: start }
  const own = (await world.get(keys.opinion(attached.subject.id))).salt
  for (const [{ subject, entry: eid }, code, params, by] of [
    [reported, 'operational', body, salt],
    [resolved, 'concern_resolved', { text }, kept?.salt],
    [attached, 'request', { model: 'aurora', text }, own],
  ] as const) {
    const { entry } = await read(eid)
    expect(entry.shown).toBe(shownWith(entry, subject.id, code, { ...params, salt: by }))
    expect(entry.shown).not.toBe(shownWith(entry, subject.id, code, params))
  }
})

test('the same words twice have two digests: that they are the same is not told', async () => {
  const reports = [await report(), await report()]
  const resolutions = [
    await resolve(reports[0]?.subject.id ?? ''),
    await resolve(reports[1]?.subject.id ?? ''),
  ]
  const opinions = [await attach(), await attach()]
  for (const made of [reports, resolutions, opinions]) {
    const entries = await Promise.all(made.map(async one => (await read(one.entry)).entry))
    const told = entries.flatMap(({ params, shown }) => [params.digest ?? params.text_digest, shown])
    expect(new Set(told).size).toBe(4)
    expect(told).not.toContain(undefined)
  }
})

test('a salt is given with the words, and to nobody from whom they are withheld', async () => {
  const { subject } = await report()
  const finding = await world.get(keys.finding(subject.id))
  applied(
    await world.call('dana', 'shareFinding', {
      path: { finding: subject.id },
      rev: 1,
      body: { organisation: 'ofr', reason: { code: 'request', text: 'please' } },
    }),
  )
  await resolve(subject.id, 2)
  await attach(subject.id)
  const salts = [
    finding.salt,
    (await world.get(keys.finding(subject.id))).resolved?.salt ?? '',
    String((await opinion('dana'))?.digest_salt),
  ]
  for (const salt of salts) expect(Buffer.from(salt, 'base64url')).toHaveLength(16)
  for (const who of ['pat', 'dana'])
    expect(await shown(who, subject.id)).toMatchObject({
      digest_salt: salts[0],
      resolved: { digest_salt: salts[1] },
    })

  const given = async (who: string) =>
    JSON.stringify([
      await shown(who, subject.id),
      await world.items(who, 'listFindings'),
      await world.items(who, 'listOpinions', { path: model }),
    ])
  expect(await shown('audrey', subject.id)).toMatchObject({
    withheld: true,
    digest_salt: null,
    resolved: null,
  })
  expect(await opinion('audrey')).toMatchObject({ withheld: true, digest_salt: null })
  for (const salt of salts) expect(await given('audrey')).not.toContain(salt)
  // Whoever said it has their own words, and no more of the finding.
  expect(await shown('tess', subject.id)).toMatchObject({ withheld: true, digest_salt: null, resolved: null })
  expect(await opinion('tess')).toMatchObject({ text, digest_salt: salts[2] })
  for (const salt of salts.slice(0, 2)) expect(await given('tess')).not.toContain(salt)

  world.pass(90 * day)
  for (const salt of salts) expect(await given('audrey')).toContain(salt)
})

test.each(['', 'c2hvcnQ', 'c2l4dGVlbiByYW5kb20gYg==', 'c2l4dGVlbiByYW5kb20gYnl0ZXM'])(
  'with the salt %j nothing is digested, and nothing is written',
  async salt => {
    expect(() => wordsDigest({ salt, text })).toThrow('salt')
    const params = { model: 'aurora', text, salt }
    await expect(world.decide('tess', 'opinion.attach', 'opinion_1', params)).rejects.toThrow('salt')
    expect(await world.store.get([keys.opinion('opinion_1')])).toEqual([undefined])
  },
)
