/**
 * Invariant 5 for every decision that takes two people, at every point at which whoever gives the last signature can
 * die: before and after each call of the store, where it fails, and where its answer is lost. The decision is made with
 * its entry, its notices and its meters, or nothing of it is there; and whoever signs again finds it made, or makes it.
 * A death behind a call is tried at every call; one before it, which is a death behind the call before, a failure and a lost
 * answer, which the same code meets, at every third one and the last.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { type ActionName, ruleOf } from '../../shared/domain/who-decides.ts'
import { openEmbedded } from '../world/embedded.ts'
import { deciding } from '../world/governance.ts'
import {
  type Approval,
  Copy,
  type Everything,
  itemIn,
  mishaps,
  snapshotOf,
  type Told,
} from '../world/governance-crashes.ts'
import { proposals, takesTwo, type Waiting } from '../world/governance-proposals.ts'

let snapshot: Told | undefined
let scenarios: readonly string[] = []
const waiting = new Map<string, Waiting & Approval>()
beforeAll(async () => {
  const world = await openEmbedded()
  try {
    const deciders = deciding(world)
    const all = proposals(world, deciders)
    scenarios = Object.keys(all)
    for (const [name, make] of Object.entries(all)) {
      const made = await make()
      const { body } = await (await deciders.as(made.last)).get('/me')
      const person = textAt(body, 'person', 'id') ?? ''
      waiting.set(name, { ...made, person, organisation: textAt(body, 'organisation', 'id') ?? '' })
    }
    snapshot = snapshotOf(world.data)
  } finally {
    await world.close()
  }
}, 60_000)
afterAll(() => snapshot?.close())

function scenarioOf(name: ActionName): Waiting & Approval {
  const found = waiting.get(name)
  if (found === undefined) throw new Error(`${name} takes two people, and nothing here waits for the second`)
  return found
}

function copied(): Copy {
  if (snapshot === undefined) throw new Error('nothing was told')
  return new Copy(snapshot)
}

/** Without any mishap. */
async function undisturbed(approval: Approval) {
  using copy = copied()
  const before = copy.everything()
  const { answer, calls } = await copy.approve('last', approval)
  return { before, answer, calls, after: copy.everything() }
}

interface Body {
  readonly unmapped: {
    readonly decision?: string
    readonly proposal?: string
    readonly action?: string
    readonly signatures?: readonly { readonly person: string; readonly organisation: string }[]
  }
}

/** Entries that say that the proposal was applied, and how many notices tell of each. */
function applied(all: Everything, proposal: string) {
  const entries = Object.entries(all)
    .filter(([key]) => key.startsWith('entries entry_'))
    .map(([key, item]) => ({ eid: key.split(' ')[1], ...(JSON.parse(textAt(item, 'body') ?? '') as Body) }))
    .filter(({ unmapped }) => unmapped.proposal === proposal && unmapped.decision === 'applied')
  const notices = Object.entries(all).filter(
    ([key, item]) =>
      key.startsWith('registry notice#') && entries.some(({ eid }) => eid === textAt(item, 'entry')),
  )
  return { entries: entries.map(({ unmapped }) => unmapped), notices: notices.length }
}

function expectRecords({ records }: Waiting, all: Everything, when: 'before' | 'after'): void {
  for (const turn of records) {
    const found = itemIn(all, turn.key)
    if (turn[when] === undefined) expect(found, turn.key.pk).toBeUndefined()
    else expect(found, turn.key.pk).toMatchObject(turn[when])
  }
}

test('every rule of the table that takes two people has a proposal here that waits for the second', () => {
  expect(scenarios.toSorted()).toEqual(takesTwo.toSorted())
})

describe.each(takesTwo)('whoever gives the last signature of %s', name => {
  test('makes the decision, with its entry of two people, its notices and its meters', async () => {
    const scenario = scenarioOf(name)
    const { before, answer, after } = await undisturbed(scenario)
    expect(answer).toMatchObject({ state: 'applied', rule: name })
    expectRecords(scenario, before, 'before')
    expectRecords(scenario, after, 'after')
    const { entries, notices } = applied(after, scenario.proposal)
    expect(entries).toHaveLength(1)
    const signatures = entries[0]?.signatures ?? []
    expect(new Set(signatures.map(({ person }) => person)).size).toBe(2)
    expect(new Set(signatures.map(one => one.organisation)).size).toBeGreaterThanOrEqual(
      ruleOf(name).organisations,
    )
    expect(notices).toBeGreaterThan(1)
  })

  test.each(mishaps)('%s any call, and has made it whole or not at all, once in the end', async how => {
    const scenario = scenarioOf(name)
    const { proposal } = scenario
    const { before, calls, after: whole } = await undisturbed(scenario)
    const notices = applied(whole, proposal).notices
    const ways = { whole: 0, nothing: 0 }
    const every = how === 'dies after' ? 1 : 3
    for (let at = 1; at <= calls; at++) {
      if ((calls - at) % every !== 0) continue
      using copy = copied()
      const { answer } = await copy.approve('last', scenario, { at, how })
      const after = copy.everything()
      const made = applied(after, proposal).entries.length > 0
      expect(after, `call ${at}`).toEqual(made ? whole : before)
      ways[made ? 'whole' : 'nothing'] += 1
      const acknowledged = answer !== 'died' && !(answer instanceof Error) && !(answer instanceof Refusal)
      if (acknowledged) expect(made, `call ${at} was acknowledged`).toBe(true)
      expect(answer, `call ${at}`).not.toBeInstanceOf(Refusal)

      const again = await copy.approve('again', scenario)
      if (made) expect(again.answer, `call ${at}`).toMatchObject({ code: 'state_forbids' })
      else expect(again.answer, `call ${at}`).toMatchObject({ state: 'applied' })
      const end = copy.everything()
      expectRecords(scenario, end, 'after')
      const told = applied(end, proposal)
      expect([told.entries.length, told.notices], `call ${at}`).toEqual([1, notices])
    }
    // The transaction is the last call: whoever dies before it has made nothing.
    expect(ways.nothing).toBeGreaterThan(0)
    if (how === 'dies before') expect(ways.whole).toBe(0)
    else expect(ways.whole).toBeGreaterThan(0)
  })
})
