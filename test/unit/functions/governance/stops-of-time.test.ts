/** What time suspended stands on the record with its reason; nobody has to stand by it, and an appeal gives it back. */
import { beforeEach, describe, expect, test } from 'vitest'
import { clientOperations } from '../../../../functions/api/operations/clients.ts'
import { personOperations } from '../../../../functions/api/operations/people.ts'
import { waitsOn } from '../../../../functions/api/waits.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { appealId } from '../../../../functions/governance/appeals/once.ts'
import { restoration } from '../../../../functions/governance/appeals/upheld.ts'
import { approve } from '../../../../functions/governance/engine/approve.ts'
import { statistics } from '../../../../functions/governance/statistics.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { type Governed, keys } from '../../../../shared/domain/keys.ts'
import type { Client } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import type { Key } from '../../../../shared/ports/store.ts'
import { entriesOf, told as toldBy } from '../../../world/entries.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, reason, start, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const sponsor = { person: 'pat', confirmedUntil: start + 20 * day }

const client = (change: Partial<Client> = {}): Promise<void> => world.records.client(change)

const contractor = () =>
  world.store.write({ kind: 'update', key: keys.person('uma'), change: { set: [[['sponsor'], sponsor]] } })

interface Suspended {
  readonly noun: 'client' | 'person'
  readonly id: string
  readonly key: Key<Governed<object>>
  readonly code: 'inactivity' | 'confirmation_missed'
  readonly text: string
  readonly days: number
  readonly make: () => Promise<unknown>
}

const suspended: readonly Suspended[] = [
  {
    noun: 'client',
    id: 'client_1',
    key: keys.client('client_1'),
    code: 'inactivity',
    text: 'It asked for no token for 35 days.',
    days: 35,
    make: () => client(),
  },
  {
    noun: 'client',
    id: 'client_1',
    key: keys.client('client_1'),
    code: 'confirmation_missed',
    text: 'The sponsor’s confirmation ended at 2027-02-04T08:00:00.000Z.',
    days: 20,
    make: () => client({ sponsor }),
  },
  {
    noun: 'person',
    id: 'uma',
    key: keys.person('uma'),
    code: 'confirmation_missed',
    text: 'The sponsor’s confirmation ended at 2027-02-04T08:00:00.000Z.',
    days: 20,
    make: contractor,
  },
]

/** Time suspends it; the entry that says so. */
async function lapsed({ make, days }: Suspended): Promise<string> {
  await make()
  world.pass(days * day)
  await lapse(world.deps)
  const last = (await entriesOf(world.store, 'cedar')).findLast(
    ({ entry }) => toldBy(entry).decision === 'applied',
  )
  return last?.eid ?? ''
}

const lodged = async (entry: string) =>
  applied(await lodge(world.deps, await world.actor('pat'), { entry, text: 'It is needed.', request: 'r' }))

/** Lodged by the partner, upheld by office and developer. */
async function upheld(entry: string) {
  const appeal = await lodged(entry)
  const { version, confirms } = await restoration(world.store, appeal, world.now())
  const params = { version, ...(confirms && { confirms }) }
  const id = proposed(await world.decide('nora', 'appeal.uphold', appeal.id, params))
  return told(await world.answer('dana', 'approve', id))
}

/** As the API shows it to somebody. */
async function shownTo(who: string, { noun, id }: Suspended): Promise<Record<string, unknown>> {
  const operation = [...clientOperations, ...personOperations].find(
    one => one.id === (noun === 'client' ? 'getClient' : 'getPerson'),
  )
  const answer = await operation?.answer({
    deps: world.deps as never,
    caller: await world.caller(who),
    path: { client: id, person: id },
    query: {},
    body: undefined,
    request: 'r',
  })
  if (answer === undefined || answer instanceof Refusal) throw new Error(`${who} reads no ${id}`)
  return answer.body as Record<string, unknown>
}

describe.each(suspended)('a $noun that time suspended: $code', one => {
  const { noun, id, key, code, text } = one

  test('keeps why, when and by which entry', async () => {
    const entry = await lapsed(one)
    const found = await world.get(key)
    expect(found).toMatchObject({
      state: 'suspended',
      lapse: { reason: { code, text }, entry, at: world.now() },
    })
    expect(found).not.toHaveProperty('stop')
    expect(await world.entry(entry)).toMatchObject({ action: `${noun}.suspend`, reason: code })
  })

  test('tells the partner why, and how to appeal; who decides on it is not told to appeal', async () => {
    const entry = await lapsed(one)
    const at = new Date(world.now()).toISOString()
    const reasonShown = { code, text, reference: null, sealed: false }
    const shown = { reason: reasonShown, entry, at }
    expect(await shownTo('pat', one)).toMatchObject({
      stop: null,
      lapse: { ...shown, appeal: `sallyport partner appeal ${entry} --text '…'` },
    })
    for (const who of ['dana', 'nora', 'audrey'])
      expect(await shownTo(who, one)).toMatchObject({ lapse: { ...shown, appeal: null } })
  })

  test('waits on nobody to stand by it, and is flagged by nobody', async () => {
    await lapsed(one)
    for (const who of ['pat', 'dana', 'nora'])
      expect((await waitsOn(world.store, await world.caller(who), world.now())).stops).toEqual([])
    world.pass(2 * day)
    expect(await lapse(world.deps)).toEqual({})
    const { viewer } = await world.caller('nora')
    const counted = await statistics(world.store, viewer, { from: start, to: world.now() }, world.now())
    expect(counted.overdueRatifications).toBe(0)
  })

  test('is back once its appeal is upheld, and the next sweep leaves it', async () => {
    expect(await upheld(await lapsed(one))).toBe('applied')
    const back = await world.get(key)
    expect(back).toMatchObject({ state: 'active' })
    expect(back).not.toHaveProperty('lapse')
    expect(await lapse(world.deps)).toEqual({})
    if (noun === 'client') expect(back).toMatchObject({ seenOn: Math.floor(world.now() / day) })
    if (code === 'confirmation_missed')
      expect(back).toMatchObject({ sponsor: { person: 'pat', confirmedUntil: world.now() + 90 * day } })
  })

  test('is back by its own administrator and one of another organisation, and keeps nothing of it', async () => {
    await lapsed(one)
    if (code === 'confirmation_missed') applied(await world.decide('pat', `${noun}.confirm`, id))
    expect(await world.get(key)).toMatchObject({ state: 'suspended', lapse: { reason: { code } } })
    const back = proposed(await world.decide('pat', `${noun}.reinstate`, id))
    expect(told(await world.answer('dana', 'approve', back))).toBe('applied')
    expect(await world.get(key)).toMatchObject({ state: 'active' })
    expect(await world.get(key)).not.toHaveProperty('lapse')
  })

  test('an appeal of a lapse before gives back nothing of this one', async () => {
    const first = await lapsed(one)
    const appeal = await lodged(first)
    if (code === 'confirmation_missed') applied(await world.decide('pat', `${noun}.confirm`, id))
    const back = proposed(await world.decide('pat', `${noun}.reinstate`, id))
    applied(await world.answer('dana', 'approve', back))
    world.pass(100 * day)
    await lapse(world.deps)
    expect(await world.get(key)).toMatchObject({ state: 'suspended' })
    expect((await restoration(world.store, appeal, world.now())).difference).toEqual([])
  })
})

describe.each(suspended.filter(({ code }) => code === 'confirmation_missed'))(
  'a $noun whose sponsor has left',
  one => {
    test('stays suspended though the appeal is upheld, and says that it was answered', async () => {
      const appeal = await lodged(await lapsed(one))
      await world.store.write({
        kind: 'update',
        key: keys.person('pat'),
        change: { set: [[['state'], 'removed']], add: [[['rev'], 1]] },
      })
      const { version, difference } = await restoration(world.store, appeal, world.now())
      expect(difference).toEqual([])
      const id = proposed(await world.decide('nora', 'appeal.uphold', appeal.id, { version }))
      expect(told(await world.answer('dana', 'approve', id))).toBe('applied')
      expect(await world.get(one.key)).toMatchObject({
        state: 'suspended',
        lapse: { reason: { code: 'confirmation_missed', text: one.text }, appealed: true },
      })
      expect(await shownTo('pat', one)).toMatchObject({ lapse: { appeal: null } })
    })
  },
)

test('a client that is marked compromised while time suspends it keeps the stop alone', async () => {
  const [one] = suspended
  if (one === undefined) throw new Error('none')
  await lapsed(one)
  applied(await world.decide('nora', 'client.compromised', 'client_1'))
  const found = await world.get(one.key)
  expect(found).toMatchObject({ state: 'compromised', stop: { by: { person: 'nora' } } })
  expect(found).not.toHaveProperty('lapse')
})

test('an appeal of the stop that came after it is not answered by the lapse, nor the other way round', async () => {
  const [one] = suspended
  if (one === undefined) throw new Error('none')
  const entry = await lapsed(one)
  const back = proposed(await world.decide('pat', 'client.reinstate', 'client_1'))
  applied(await world.answer('dana', 'approve', back))
  applied(await world.decide('nora', 'client.suspend', 'client_1'))
  const appeal = await lodged(entry)
  expect(appeal.id).toBe(appealId(entry, 'cedar'))
  const { version, difference } = await restoration(world.store, appeal, world.now())
  expect(difference).toEqual([])
  const opened = proposed(await world.decide('nora', 'appeal.uphold', appeal.id, { version }))
  const [proposal] = await world.store.get([keys.proposal(opened)])
  const answered = { proposal: opened, rev: proposal?.rev ?? 0, reason, request: 'r' }
  expect(told(await approve(world.deps, await world.actor('dana'), answered))).toBe('applied')
  expect(await world.get(one.key)).toMatchObject({ state: 'suspended', stop: { by: { person: 'nora' } } })
})
