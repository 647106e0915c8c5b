/** Parties, developer and office act at the same moment: one outcome, each signature once, and a release that nothing holds up. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import type { Answer } from '../../client/person.ts'
import { entriesOf, told } from '../world/entries.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { reviewedAtOnce } from '../world/governance-agreements.ts'
import {
  draftFor,
  engagementOf,
  enrolClient,
  modelBody,
  offered,
  report,
  signed,
  windowFor,
} from '../world/governance-subjects.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
/** How often each race is run. */
let times: readonly number[]
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  times = Array.from({ length: world.live ? 6 : 1 }, (_, i) => i)
})
afterAll(() => world.close())

const outcome = (answer: Answer): string =>
  answer.status < 300 ? (textAt(answer.body, 'step') ?? 'applied') : `${answer.status} ${codeOf(answer)}`
/** Whoever comes second is told that it is another version now, or that its state is. */
const second = /^(409 (state_forbids|proposal_stale)|412 version_stale)$/

/** On the version that is there now. */
async function seenBy(login: string, path: string): Promise<{ readonly ifMatch: number }> {
  const found = await deciders.read(login, path)
  return { ifMatch: found?.version ?? 0 }
}

/** The applied decisions about a record, by their action. */
async function applied(organisation: string, id: string): Promise<readonly string[]> {
  const all = (await entriesOf(world.store, organisation)).map(({ entry }) => told(entry))
  return all
    .filter(one => one.kind === 'decision' && one.decision === 'applied' && at(one, 'subject', 'id') === id)
    .map(one => String(one.action))
    .toSorted()
}

describe('an agreement that is offered', () => {
  test('is signed by each party once, however often it is sent, and is in force with the last', async () => {
    for (const _ of times) {
      const { id, path, digest } = await offered(deciders, draftFor('cedar'))
      const seen = await seenBy('ada', path)
      const ask = (login: string, on = seen) =>
        deciders.ask(login, `${path}/sign`, { digest, ...because() }, on)
      const both = await Promise.all(['ada', 'boris', 'priya', 'priya'].map(login => ask(login)))
      const outcomes = both.map(outcome)
      expect(outcomes.filter(one => one === 'applied')).toHaveLength(1)
      for (const one of outcomes) if (one !== 'applied') expect(one).toMatch(second)
      for (const login of ['ada', 'priya']) await ask(login, await seenBy(login, path))
      const after = (await deciders.read('nora', path))?.body
      expect(textAt(after, 'state')).toBe('effective')
      expect((at(after, 'signatures') as readonly object[]).map(one => textAt(one, 'organisation'))).toEqual([
        'cedar',
        'halcyon',
      ])
      expect((await applied('cedar', id)).filter(one => one === 'agreement.sign')).toHaveLength(2)
    }
  })

  test('is signed, or taken back and drafted anew: never signed in another text than was read', async () => {
    for (const _ of times) {
      const { id, path, digest } = await offered(deciders, draftFor('cedar'))
      await deciders.make('ada', `${path}/sign`, { digest, ...because() }, { on: path })
      const seen = await seenBy('ada', path)
      const [signedIt, returned] = await Promise.all([
        deciders.ask('priya', `${path}/sign`, { digest, ...because() }, seen),
        deciders.ask('ada', `${path}/return`, because(), seen),
      ])
      const outcomes = [outcome(signedIt), outcome(returned)]
      expect(outcomes.filter(one => one === 'applied')).toHaveLength(1)
      // Taken back it is a draft, which is not there for whom it was offered to.
      for (const one of outcomes)
        if (one !== 'applied' && one !== '404 record_unknown') expect(one).toMatch(second)
      const after = (await deciders.read('ada', path))?.body
      if (outcomes[0] === 'applied') {
        expect(textAt(after, 'state')).toBe('effective')
        continue
      }
      expect(textAt(after, 'state')).toBe('draft')
      const ada = await deciders.as('ada')
      const [changed, late] = await Promise.all([
        ada.patch(path, { title: 'In other words', ...because() }, await seenBy('ada', path)),
        deciders.ask('priya', `${path}/sign`, { digest, ...because() }, seen),
      ])
      expect(changed.status).toBe(200)
      expect(codeOf(late)).toMatch(/^(record_unknown|state_forbids|version_stale)$/)
      await deciders.make('ada', `${path}/offer`, because(), { on: path })
      // What was signed before was another text.
      const again = (await deciders.read('priya', path))?.body
      expect(at(again, 'signatures')).toEqual([])
      const old = await deciders.ask(
        'priya',
        `${path}/sign`,
        { digest, ...because() },
        await seenBy('priya', path),
      )
      expect(outcome(old)).toBe('412 version_stale')
      expect((await applied('cedar', id)).filter(one => one === 'agreement.sign')).toHaveLength(1)
    }
  })

  test('is offered in the text that was seen, whoever drafts at the same moment', async () => {
    for (const i of times) {
      const { id } = await deciders.make('ada', '/agreements', { ...draftFor('cedar'), ...because() })
      const path = `/agreements/${id}`
      const before = await deciders.read('ada', path)
      const boris = await deciders.as('boris')
      const seen = { ifMatch: before?.version ?? 0 }
      const [out, changed] = await Promise.all([
        deciders.ask('ada', `${path}/offer`, because(), seen),
        boris.patch(path, { title: `In other words ${i}`, ...because() }, seen),
      ])
      const outcomes = [outcome(out), outcome(changed)]
      expect(outcomes.filter(one => one === 'applied')).toHaveLength(1)
      for (const one of outcomes) if (one !== 'applied') expect(one).toMatch(second)
      const after = (await deciders.read('ada', path))?.body
      const wasOffered = outcomes[0] === 'applied'
      expect(textAt(after, 'state')).toBe(wasOffered ? 'offered' : 'draft')
      expect(textAt(after, 'digest') === textAt(before?.body, 'digest')).toBe(wasOffered)
    }
  })
})

test('of a suspension and the last signature of the next version both can stand, and the suspension does', async () => {
  for (const i of times) {
    const { path } = await signed(deciders, draftFor('cedar'), 'priya')
    const ada = await deciders.as('ada')
    await ada.patch(path, { title: `The next ${i}`, ...because() }, await seenBy('ada', path))
    await deciders.make('ada', `${path}/offer`, because(), { on: path })
    const digest = textAt((await deciders.read('ada', path))?.body, 'next', 'digest')
    await deciders.make('ada', `${path}/sign`, { digest, ...because() }, { on: path })
    const seen = await seenBy('nora', path)
    const [signedIt, stopped] = await Promise.all([
      deciders.ask('priya', `${path}/sign`, { digest, ...because() }, seen),
      deciders.ask('nora', `${path}/suspend`, because(), seen),
    ])
    for (const one of [outcome(signedIt), outcome(stopped)])
      if (one !== 'applied') expect(one).toMatch(second)
    if (outcome(stopped) !== 'applied')
      await deciders.make('nora', `${path}/suspend`, because(), { on: path })
    if (outcome(signedIt) !== 'applied')
      await deciders.make('priya', `${path}/sign`, { digest, ...because() }, { on: path })
    expect((await deciders.read('priya', path))?.body).toMatchObject({
      state: 'suspended',
      digest,
      next: null,
    })
  }
})

test('the developer withdraws while the office takes its window: nothing of the window is left open', async () => {
  const { client_id } = await enrolClient(world, deciders, 'nora', 'racing')
  const ids = times.map(i => `raced-${i}`)
  const engagement = await engagementOf(deciders, ids)
  for (const id of ids) {
    const path = `/models/${id}`
    await deciders.make('ada', '/models', modelBody(id, engagement))
    const determined = { determination: 'OFR-5', signer: 'The director', ...because() }
    await deciders.make('nora', `${path}/designate`, determined, { on: path })
    const { body } = await deciders.make(
      'ada',
      `${path}/window`,
      { ...windowFor(client_id), ...because() },
      { on: path },
    )
    const proposal = `/proposals/${textAt(body, 'proposal', 'id')}`
    const [taken, gone] = await Promise.all([
      deciders.ask('nora', `${proposal}/approve`, {}, { ifMatch: 1 }),
      deciders.ask('boris', `${path}/withdraw`, because()),
    ])
    // Whatever the office does, it is never the developer who waits.
    expect(outcome(gone)).toBe('applied')
    expect(outcome(taken)).toMatch(/^applied$|^409 (state_forbids|proposal_stale)$|^412 version_stale$/)
    const after = (await deciders.read('ada', path))?.body
    expect(textAt(after, 'state')).toBe('withdrawn')
    expect(at(after, 'window')).toBeNull()
    const grants = (await deciders.list('nora', '/grants?limit=100')).filter(one => one.model === id)
    for (const grant of grants) expect(textAt(grant, 'state')).not.toBe('active')
    expect(grants.length).toBe(outcome(taken) === 'applied' ? 1 : 0)
  }
})

test('a finding that two hand over at once is handed over once, as one advisory', async () => {
  const office = '/organisations/ofr'
  const taken = { url: 'http://127.0.0.1:9/findings', ...because() }
  await deciders.make('ada', `${office}/clearinghouse`, taken, { on: office, with: 'nora' })
  const agreement = world.agreement('cedar')
  const { id } = await deciders.make('priya', '/findings', report({ agreement }))
  const path = `/findings/${id}`
  const seen = await seenBy('ada', path)
  const answers = await Promise.all(
    ['ada', 'boris', 'priya'].map(login =>
      deciders.ask(login, `${path}/hand_off`, { to: 'ofr', ...because() }, seen),
    ),
  )
  const outcomes = answers.map(outcome)
  expect(outcomes.filter(one => one === 'applied')).toHaveLength(1)
  for (const one of outcomes) if (one !== 'applied') expect(one).toMatch(second)
  const hands = (await applied('cedar', id)).filter(one => one === 'finding.hand_off')
  expect(hands).toHaveLength(1)
})

test('a review that is certified twice at once has one certificate, for those who have access', async () => {
  const { id: agreement } = await signed(deciders, draftFor('cedar', { clauses: reviewedAtOnce() }), 'priya')
  await world.sweep()
  const due = (await deciders.list('priya', '/reviews')).find(one => one.agreement === agreement)
  const review = textAt(due, 'id') ?? ''
  const path = `/reviews/${review}`
  const seen = await deciders.read('priya', path)
  const kept = (at(seen?.body, 'subjects') as readonly { readonly id: string }[]).map(({ id }) => id)
  const answers = await Promise.all(
    [0, 1, 2].map(() =>
      deciders.ask('priya', `${path}/certify`, { kept, ...because() }, { ifMatch: seen?.version }),
    ),
  )
  const outcomes = answers.map(outcome)
  expect(outcomes.filter(one => one === 'applied')).toHaveLength(1)
  for (const one of outcomes) if (one !== 'applied') expect(one).toMatch(second)
  const after = (await deciders.read('ada', path))?.body
  expect(at(after, 'certified', 'kept')).toEqual(kept.toSorted())
  expect((await applied('cedar', review)).filter(one => one === 'review.certify')).toHaveLength(1)
})
