/** What was sent on a day raises findings by its clause, once, for those who decide; and nothing is narrowed by it. */
import { describe, expect, test } from 'vitest'
import { clauseEffects } from '../../../functions/api/clause-effects.ts'
import { viewerOf } from '../../../functions/governance/engine/sight.ts'
import { viewOf } from '../../../functions/log/entry-view.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { formatPending, pendingKey } from '../../../shared/fingerprint/pending.ts'
import { sentenceOf } from '../../../shared/search/sentence.ts'
import { applied, told } from '../functions/governance/grant-world.ts'
import {
  apart,
  day,
  dayText,
  hour,
  type PatternWorld,
  patternWorld,
  repeatedSent,
  yesterday,
} from './pattern-world.ts'

const one = async (world: PatternWorld) => {
  const [finding, ...others] = await world.findings()
  if (finding === undefined || others.length > 0) throw new Error(`${others.length + 1} findings, or none`)
  return finding
}

describe('one extraction that is shared out over many clients', () => {
  test('raises a finding with the figures and the clause that sets the threshold', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    expect(await world.find()).toBe(1)
    const finding = await one(world)
    expect(finding).toMatchObject({
      ...{ kind: 'pattern', organisation: 'halcyon', developer: 'halcyon', about: 'cedar', model: 'aurora' },
      ...{ agreement: 'agreement_1', clause: 'no-extraction-7', severity: 'medium', state: 'reported' },
      clients: ['client_0', 'client_1', 'client_2', 'client_3'],
      measures: {
        ...{ pattern: 'repetition', day: dayText(yesterday), threshold: 50, percent: 100 },
        ...{ replies: 24, matching: 24, clients: 4, words: 2_400 },
      },
    })
    expect([finding.by, finding.dueAt, finding.embargoUntil, finding.due]).toEqual(Array(4).fill(undefined))
    expect(finding.text).toContain('24 replies have at least 10 fingerprints')
    expect(finding.text).toContain('50 % is what clause no-extraction-7 sets.')
    expect(finding.text).toContain('reason to look, and not a verdict: nothing was narrowed')
  })

  test('is recorded by an entry of nobody, with the clause, and told to those who decide', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    await world.find()
    const { id, entry: eid } = await one(world)
    const entry = await world.get(keys.entry(eid))
    expect(await world.entry(eid)).toMatchObject({
      ...{ kind: 'finding_raised', clause: 'no-extraction-7', about: 'cedar', organisation: 'halcyon' },
      agreement: { id: 'agreement_1', digest: 'digest-1' },
      measures: { pattern: 'repetition', percent: 100, matching: 24 },
    })
    expect(sentenceOf(JSON.parse(entry.body))).toContain('was found in what was sent to cedar')
    const notices = (await world.notices()).filter(({ type }) => type === 'finding.raised')
    expect(notices.map(({ organisation }) => organisation).sort()).toEqual(['halcyon', 'ofr'])
    expect(notices[0]).toMatchObject({ entry: eid, next: `sallyport finding get ${id}` })
  })

  test('is shown to the developer, the office that can stop the agreement and the auditors, and not to the partner', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    await world.find()
    const { id, entry: eid } = await one(world)
    const sees = async (who: string) => {
      const listed = await world.call(who, 'listFindings', { query: { kind: 'pattern' } })
      const items = listed instanceof Refusal ? [] : (listed.body as { items: readonly object[] }).items
      const entry = await world.get(keys.entry(eid))
      const viewer = viewerOf(await world.actor(who))
      return [
        (await world.shown(who, id)) !== undefined,
        items.length === 1,
        viewOf({ kind: 'person', viewer }, entry) !== undefined,
      ]
    }
    for (const who of ['dana', 'nora', 'audrey'])
      expect([who, ...(await sees(who))]).toEqual([who, true, true, true])
    for (const who of ['pat', 'uma', 'rita', 'elsa', 'zoe', 'conny'])
      expect([who, ...(await sees(who))]).toEqual([who, false, false, false])
    const workload = { kind: 'workload', viewer: viewerOf(await world.actor('pat')) } as const
    expect(viewOf(workload, await world.get(keys.entry(eid)))).toBeUndefined()
  })

  test('narrows nothing: agreement, grants, meters and holds stand as they stood', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    const standing = async () => [
      await world.store.get([keys.agreement('agreement_1'), keys.grant('grant_1'), keys.meter('meter_1')]),
      await world.store.get([keys.standing, keys.organisation('cedar'), keys.client('client_1')]),
    ]
    const before = await standing()
    expect(await world.find()).toBe(1)
    expect(await standing()).toEqual(before)
  })

  test('stands among what its clause did, for whoever is shown it', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    await world.find()
    const { entry } = await one(world)
    const effects = async (who: string) => {
      const reader = { kind: 'person', viewer: viewerOf(await world.actor(who)) } as const
      const named = { agreement: 'agreement_1', clause: 'no-extraction-7', since: yesterday }
      const found = await clauseEffects(world.store, reader, named)
      return found instanceof Refusal ? found.code : found.findings.latest
    }
    expect([await effects('dana'), await effects('pat')]).toEqual([[entry], []])
  })
})

describe('a person decides', () => {
  const raised = async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    await world.find()
    return { world, id: (await one(world)).id }
  }

  test('by commands that the finding names; once it is resolved it names none', async () => {
    const { world, id } = await raised()
    expect(await world.shown('dana', id)).toMatchObject({
      by: null,
      next: expect.arrayContaining([
        `sallyport finding resolve ${id} --from done.txt`,
        'sallyport agreement suspend agreement_1 --reason extraction_suspected',
      ]),
    })
    const body = { text: 'Two clients of one evaluation, as agreed.' }
    applied(await world.call('dana', 'resolveFinding', { finding: id, rev: 1, body }))
    expect(await world.shown('nora', id)).toMatchObject({ state: 'resolved', next: [], resolved: body })
    // It is not found a second time.
    await world.store.write({ kind: 'remove', key: keys.patternsJudged })
    expect(await world.find()).toBe(0)
  })

  test('of the developer: an office and the partner resolve nothing', async () => {
    const { world, id } = await raised()
    const resolve = (who: string) =>
      world.call(who, 'resolveFinding', { finding: id, rev: 1, body: { text: 'Enough.' } })
    expect([told(await resolve('nora')), told(await resolve('pat'))]).toEqual([
      'role_missing',
      'record_unknown',
    ])
  })

  test('it is handed to no clearinghouse, and nobody reports one', async () => {
    const { world, id } = await raised()
    const refused = await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } })
    expect(told(refused)).toBe('state_forbids')
    expect(refused instanceof Refusal && refused.facts.detail).toContain('A pattern is no advisory')
    expect(told(await world.call('dana', 'getAdvisory', { finding: id }))).toBe('state_forbids')
    await expect(world.report('pat', { kind: 'pattern' })).rejects.toThrow('malformed')
  })
})

describe('nothing is raised', () => {
  test.each([
    ['by a clause without thresholds', undefined],
    ['on a day with fewer replies than the clause says', { repetition_percent: 50, least_replies: 25 }],
  ])('%s', async (_, terms) => {
    const world = await patternWorld(terms)
    await world.version('digest-1', terms, 0)
    await world.send(yesterday, repeatedSent())
    expect(await world.find()).toBe(0)
    expect(await world.judged()).toBe(yesterday / day)
  })

  test('of many clients that ask different things', async () => {
    const world = await patternWorld({ repetition_percent: 1, template_percent: 1, least_replies: 10 })
    const greeting = apart(1)
    const sent = Array.from({ length: 40 }, (_, i) => ({
      client: `client_${i % 8}`,
      of: [...greeting, ...apart(4)],
    }))
    await world.send(yesterday, sent)
    expect(await world.find()).toBe(0)
  })

  test('by a threshold that was agreed after the day', async () => {
    const world = await patternWorld()
    const later = yesterday + day
    await world.version('digest-0', undefined, 0)
    await world.version('digest-1', { repetition_percent: 50, least_replies: 10 }, later)
    const put = (previous?: { digest: string; until: number }) =>
      world.records.agreement({ governments: ['ofr'], ...(previous && { previous }) })
    await put({ digest: 'digest-0', until: later + day })
    await world.send(yesterday, repeatedSent())
    expect(await world.find()).toBe(0)
    // And by one that was lifted after the day, it is.
    await world.version('digest-0', { repetition_percent: 50, least_replies: 10 }, 0)
    await world.version('digest-1', undefined, later)
    await world.store.write({ kind: 'remove', key: keys.patternsJudged })
    expect(await world.find()).toBe(1)
    expect(await world.entry((await one(world)).entry)).toMatchObject({ agreement: { digest: 'digest-0' } })
  })
})

test('a frame that is filled anew and a sudden volume are findings of their own, of the same day', async () => {
  const world = await patternWorld({ template_percent: 50, volume_factor: 10, least_replies: 10 })
  for (let n = 14; n > 0; n--)
    await world.send(yesterday - n * day, [{ client: 'client_0', of: apart(3), words: 200 }])
  const frame = apart(2)
  const sent = Array.from({ length: 20 }, () => ({ client: 'client_0', of: [...frame, ...apart(2)] }))
  await world.send(yesterday, sent)
  // As if it had run each day.
  await world.store.write({ kind: 'put', key: keys.patternsJudged, item: { day: yesterday / day - 15 } })
  expect(await world.find()).toBe(2)
  const measures = (await world.findings()).map(finding => finding.measures)
  expect(measures).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ pattern: 'template', percent: 100, matching: 20 }),
      expect.objectContaining({ pattern: 'volume', words: 2_000, median: 200, factor: 10, threshold: 10 }),
    ]),
  )
  // The days before are in two months.
  const months = [yesterday, yesterday - 14 * day].map(ms => dayText(ms).slice(0, 7))
  const kept = await world.store.get(
    [...new Set(months)].map(month => keys.patternMonth('agreement_1', month)),
  )
  expect(kept.flatMap(month => Object.keys(month?.days ?? {})).length).toBe(15)
})

test('an office that an engagement is with is the other side, and is not shown it', async () => {
  const world = await patternWorld()
  const agreement = {
    id: 'agreement_e',
    kind: 'engagement',
    counterparty: 'ofr',
    governments: ['ofr'],
  } as const
  await world.records.agreement(agreement)
  const sent = repeatedSent().map(one => ({ ...one, agreement: 'agreement_e' }))
  await world.send(yesterday, sent)
  expect(await world.find()).toBe(1)
  const { id, about } = await one(world)
  expect([about, await world.shown('nora', id)]).toEqual(['ofr', undefined])
  expect((await world.notices()).map(({ organisation }) => organisation)).toEqual(['halcyon'])
})

describe('a day is looked through', () => {
  test('two hours after its end, and once all of it is packed; what cannot be packed holds it up for two days', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    const end = yesterday + day
    const at = async (ms: number) => {
      const found = await world.find({ clock: { ...world.deps().clock, now: () => ms } })
      return [found, await world.judged()]
    }
    expect(await at(end + 2 * hour - 1)).toEqual([0, yesterday / day - 1])
    const eid = entryId(end - hour, Buffer.alloc(16, 1))
    const waiting = {
      ...{
        eid,
        organisation: 'cedar',
        agreement: 'agreement_1',
        client: 'client_0',
        model: 'aurora',
        words: 1,
      },
      fingerprints: new BigUint64Array(),
    }
    await world.objects.put(pendingKey(eid), formatPending(waiting), { ifAbsent: true })
    expect(await at(end + 3 * hour)).toEqual([0, yesterday / day - 1])
    await world.objects.remove(pendingKey(eid))
    // One of the day after is nobody's hindrance.
    const next = entryId(end + hour, Buffer.alloc(16, 1))
    await world.objects.put(pendingKey(next), formatPending({ ...waiting, eid: next }), { ifAbsent: true })
    await world.objects.put(pendingKey(eid), formatPending(waiting), { ifAbsent: true })
    expect(await at(end + 2 * day)).toEqual([1, yesterday / day])
  })

  test('where one of its segments is damaged, in two days no more: those behind it are', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    await world.send(yesterday + day, repeatedSent())
    const [key] = [...world.objects.all.keys()].filter(one => one.startsWith('attr/')).sort()
    world.objects.all.get(key ?? '')?.fill(0, 0, 16)
    const clock = { ...world.deps().clock, now: () => yesterday + 2 * day + 3 * hour }
    await expect(world.find({ clock })).rejects.toThrow('damaged')
    const later = { ...clock, now: () => yesterday + 3 * day }
    expect(await world.find({ clock: later })).toBe(1)
    expect(world.errors).toEqual(['a day of replies could not be looked through'])
    expect((await one(world)).measures?.day).toBe(dayText(yesterday + day))
  })

  test('once, by however many at the same time', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    const found = await Promise.all(Array.from({ length: 4 }, () => world.find()))
    expect(found.reduce((sum, n) => sum + n, 0)).toBe(1)
    await one(world)
    expect((await world.notices()).length).toBe(2)
  })

  test('and what was kept of it stays, whatever is packed later', async () => {
    const world = await patternWorld()
    await world.send(yesterday, repeatedSent())
    await world.find()
    await world.send(yesterday, [{ client: 'client_0', of: apart(3), words: 1_000_000 }])
    await world.store.write({ kind: 'remove', key: keys.patternsJudged })
    await world.find()
    const name = dayText(yesterday)
    const [month] = await world.store.get([keys.patternMonth('agreement_1', name.slice(0, 7))])
    expect(month?.days).toEqual({ [name.slice(-2)]: { words: 2_400, replies: 24 } })
    await one(world)
  })

  test('by a process once a minute', async () => {
    const world = await patternWorld()
    const deps = world.deps()
    const { findPatterns } = await import('../../../functions/exporter/patterns.ts')
    await findPatterns(deps, Number.POSITIVE_INFINITY)
    await world.store.write({ kind: 'remove', key: keys.patternsJudged })
    await findPatterns(deps, Number.POSITIVE_INFINITY)
    expect(await world.judged()).toBeUndefined()
    world.pass(60_000)
    await findPatterns(deps, Number.POSITIVE_INFINITY)
    expect(await world.judged()).toBe(yesterday / day)
  })
})

test('one that dies at any of its writes is taken up by the next, and the same stands in the end', async () => {
  const outcome = async (diesAt: number, done = false) => {
    const world = await patternWorld({ repetition_percent: 50, volume_factor: 2, least_replies: 10 })
    for (let n = 6; n > 0; n--) await world.send(yesterday - n * day, [{ client: 'client_0', of: apart(3) }])
    await world.send(yesterday, repeatedSent())
    await world.store.write({ kind: 'put', key: keys.patternsJudged, item: { day: yesterday / day - 7 } })
    let writes = 0
    let alive = true
    const mortal =
      <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        const dies = ++writes === diesAt
        // Its last write may have taken place.
        if (dies && done) await work(...args)
        alive &&= !dies
        if (!alive) throw new Error('it died')
        return work(...args)
      }
    const { store } = world
    const dying = {
      ...{ get: store.get.bind(store), query: store.query.bind(store) },
      ...{ write: mortal(store.write.bind(store)), transact: mortal(store.transact.bind(store)) },
      writeInOrder: store.writeInOrder.bind(store),
    }
    const died = await world.find({ store: dying as never }).then(
      () => false,
      () => true,
    )
    await world.find()
    const findings = (await world.findings()).map(({ measures, state }) => ({ ...measures, state }))
    return {
      died,
      stands: {
        findings: findings.sort((a, b) => (a.pattern ?? '').localeCompare(b.pattern ?? '')),
        notices: (await world.notices()).length,
        judged: await world.judged(),
      },
    }
  }
  const whole = await outcome(0)
  expect(whole.stands.findings.map(({ pattern }) => pattern)).toEqual(['repetition', 'volume'])
  let deaths = 0
  for (const done of [false, true])
    for (let diesAt = 1; ; diesAt++) {
      const { died, stands } = await outcome(diesAt, done)
      if (!died) break
      deaths += 1
      expect({ diesAt, done, ...stands }).toEqual({ diesAt, done, ...whole.stands })
    }
  expect(deaths).toBeGreaterThan(16)
})
