/** From a decision to the receivers: who is told, that they can verify it, and what becomes of a receiver that fails. */
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import type { Notice } from '../../shared/domain/notices.ts'
import type { Key } from '../../shared/ports/store.ts'
import { openReceiver, type Received, type Receiver, status } from '../unit/functions/notifier-world.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'

let world: EmbeddedWorld
let deciders: Deciding
beforeAll(async () => {
  world = await openEmbedded()
  deciders = deciding(world)
})
afterAll(() => world.close())

interface Listening extends Receiver {
  /** The webhook's. */
  readonly id: string
  /** Throws for what is not signed with its secret. */
  verify(one: Pick<Received, 'headers' | 'body'>): unknown
  of(type: string): readonly Received[]
}

/** An administrator registers a receiver that answers with `code`, and reads what it verifies with. */
async function listens(login: string, organisation: string, code = 204): Promise<Listening> {
  const receiver = await openReceiver()
  receiver.reply = status(code)
  const path = `/organisations/${organisation}`
  await deciders.make(login, `${path}/webhooks`, { url: receiver.url, ...because() })
  const id = String((await webhooks(login, organisation)).find(one => one.url === receiver.url)?.id)
  const told = await deciders.read(login, `${path}/webhooks/${id}/secret`)
  const verifier = new Webhook(textAt(told?.body, 'secret') ?? '')
  return Object.assign(receiver, {
    id,
    verify: ({ body, headers }: Pick<Received, 'headers' | 'body'>) =>
      verifier.verify(body, headers as Record<string, string>),
    of: (type: string) => receiver.received.filter(({ body }) => JSON.parse(body).type === type),
  })
}

type Shown = Readonly<Record<string, unknown>>

/** As their administrator sees them. */
const webhooks = async (login: string, organisation: string): Promise<readonly Shown[]> =>
  at((await deciders.read(login, `/organisations/${organisation}`))?.body, 'webhooks') as readonly Shown[]

async function disabledAt(login: string, organisation: string, { id }: Listening): Promise<unknown> {
  const found = (await webhooks(login, organisation)).find(one => one.id === id)
  return found?.disabled_at
}

const soon = (fits: () => void | Promise<void>) => vi.waitFor(fits, { timeout: 15_000, interval: 50 })

const words = 'Keys of theirs are for sale.'
const suspend = (login: string, partner: string) =>
  deciders.make(login, `/partners/${partner}/suspend`, because(words, 'security_incident'), {
    on: `/partners/${partner}`,
  })

describe('a suspension', () => {
  test('is told to the partner, the developer and the office, signed for each, and to nobody else', async () => {
    const cedar = await listens('priya', 'cedar')
    const [halcyon, office] = [await listens('ada', 'halcyon'), await listens('nora', 'ofr')]
    const [prairie, ledger] = [await listens('wes', 'prairie'), await listens('ida', 'ledger')]
    const { entry } = await suspend('nora', 'cedar')
    const concerned = { cedar, halcyon, ofr: office }
    for (const [organisation, receiver] of Object.entries(concerned)) {
      await soon(() => expect(receiver.of('partner.suspended')).toHaveLength(1))
      const [one] = receiver.of('partner.suspended')
      if (one === undefined) throw new Error('nothing came')
      expect(receiver.verify(one)).toEqual({
        type: 'partner.suspended',
        timestamp: expect.stringMatching(/^2\d{3}-\d\d-\d\dT[\d:.]+Z$/),
        data: {
          id: one.id,
          organisation,
          subject: { kind: 'organisation', id: 'cedar', name: 'Cedar County Hospital' },
          text: 'Cedar County Hospital is suspended as a trusted partner.',
          entry,
        },
      })
      expect(one.body).not.toContain(words)
      for (const other of Object.values(concerned).filter(one => one !== receiver))
        expect(() => other.verify(one)).toThrow()
      const changed = one.body.replace('suspended as', 'reinstated as')
      expect(() => receiver.verify({ ...one, body: changed })).toThrow()
    }
    // What came says where the rest stands.
    const recorded = await deciders.read('ada', `/entries/${entry}`)
    expect(JSON.stringify(recorded?.body)).toContain(words)

    // One that comes later has overtaken nothing: it was not sent to them.
    const next = await suspend('nora', 'prairie')
    await soon(() => expect(prairie.of('partner.suspended')).toHaveLength(1))
    await soon(() => expect(office.of('partner.suspended')).toHaveLength(2))
    expect(prairie.of('partner.suspended')[0]?.body).toContain(next.entry)
    expect(cedar.of('partner.suspended')[0]?.body).toContain(entry)
    expect(cedar.of('partner.suspended')).toHaveLength(1)
    expect(ledger.received.map(({ body }) => JSON.parse(body).data.organisation)).toEqual(
      ledger.received.map(() => 'ledger'),
    )
    expect(ledger.of('partner.suspended')).toEqual([])
    await deciders.make('ada', '/partners/prairie/reinstate', because(), {
      on: '/partners/prairie',
      with: 'nora',
    })
  })

  test('that a receiver failed to take comes again: the same id and words, a new time, a new signature', async () => {
    const [fails, works] = [await listens('wes', 'prairie'), await listens('wes', 'prairie')]
    let asked = 0
    fails.reply = (response, { body }) => {
      const first = JSON.parse(body).type === 'partner.suspended' && asked++ === 0
      response.writeHead(first ? 500 : 204).end()
    }
    await suspend('ada', 'prairie')
    await soon(() => expect(fails.of('partner.suspended')).toHaveLength(2))
    const [one, two] = fails.of('partner.suspended')
    if (one === undefined || two === undefined) throw new Error('it did not come twice')
    expect([two.id, two.body]).toEqual([one.id, one.body])
    const [before, after] = [one, two].map(({ headers }) => Number(headers['webhook-timestamp']))
    expect(after).toBeGreaterThan(before ?? Number.NaN)
    expect(two.headers['webhook-signature']).not.toBe(one.headers['webhook-signature'])
    expect(fails.verify(one)).toEqual(fails.verify(two))
    expect(works.of('partner.suspended')).toHaveLength(1)
  })
})

describe('a webhook is disabled, with an entry and a word to the others,', () => {
  test('at once where its receiver says that it is gone', async () => {
    const works = await listens('ada', 'halcyon')
    const gone = await listens('ada', 'halcyon', 410)
    await soon(() => expect(works.of('webhook.disabled')).toHaveLength(1))
    expect(await disabledAt('ada', 'halcyon', gone)).toMatch(/Z$/)
    expect(await disabledAt('ada', 'halcyon', works)).toBeNull()
    const [said] = works.of('webhook.disabled').map(({ body }) => JSON.parse(body).data)
    expect(said.text).toContain(gone.id)
    const recorded = JSON.stringify((await deciders.read('ada', `/entries/${said.entry}`))?.body)
    expect(recorded).toContain('"webhook_disabled"')
    expect(recorded).not.toContain(gone.url)
    expect(await deciders.read('priya', `/entries/${said.entry}`)).toBeUndefined()

    const before = gone.received.length
    const told = works.of('organisation.webhooks_changed').length
    await listens('ada', 'halcyon')
    await soon(() => expect(works.of('organisation.webhooks_changed')).toHaveLength(told + 1))
    expect(gone.received).toHaveLength(before)
  })

  test('after three days in which it took nothing, and what it did not take stands in the inbox', async () => {
    const fails = await listens('nora', 'ofr', 500)
    const works = await listens('nora', 'ofr')
    await soon(() => expect(fails.received.length).toBeGreaterThan(0))
    await threeDaysPass('ofr', fails.id)
    await soon(async () => expect(await disabledAt('nora', 'ofr', fails)).toMatch(/Z$/))
    await soon(() => expect(works.of('webhook.disabled')).toHaveLength(1))
    const { entry } = JSON.parse(works.of('webhook.disabled')[0]?.body ?? '{}').data
    expect(JSON.stringify((await deciders.read('nora', `/entries/${entry}`))?.body)).toContain('"failing"')
    const inbox = JSON.stringify(await deciders.list('nora', '/inbox'))
    for (const { body } of fails.received) expect(inbox).toContain(JSON.parse(body).data.entry)
  })
})

/** For what waits for a webhook, and for the webhook: as the records stand after days of attempts. */
async function threeDaysPass(organisation: string, webhook: string): Promise<void> {
  const before = Date.now() - 73 * 3_600_000
  const { keys: found } = await world.store.query({
    index: indexes.byOwner,
    partition: organisation,
    from: 'notice#',
    to: 'notice$',
    order: 'desc',
    limit: 100,
  })
  await world.store.write({
    kind: 'update',
    key: keys.organisation(organisation),
    change: { set: [[['webhooks', webhook, 'createdAt'], before]] },
  })
  for (const notice of await world.store.get(found as readonly Key<Notice>[]))
    if (notice?.due !== undefined)
      await world.store.write({
        kind: 'update',
        key: keys.notice(notice.id),
        if: { exists: ['due'] },
        change: {
          set: [
            [['at'], before],
            [['attempts'], 10],
            [['dueAt'], 0],
          ],
        },
      })
}

describe('an address', () => {
  test.each([
    'http://10.0.0.1/hook',
    'http://169.254.169.254/latest/meta-data',
    'https://[::ffff:10.0.0.1]/',
    'http://hooks.example/',
    'https://user:pw@hooks.example/',
  ])('%s is not taken', async url => {
    const refused = await deciders.ask('ada', '/organisations/halcyon/webhooks', { url, ...because() })
    expect([refused.status, codeOf(refused)]).toEqual([400, 'body_malformed'])
    expect(JSON.stringify(refused.body)).not.toContain(url)
  })

  test('is registered, seen and removed by its own administrators alone', async () => {
    const path = '/organisations/halcyon/webhooks'
    const { id } = await listens('boris', 'halcyon')
    const asked = { url: 'https://hooks.example/', ...because() }
    for (const [login, code] of [
      ['carla', 'role_missing'],
      ['nora', 'record_unknown'],
    ] as const) {
      expect(await webhooks(login, 'halcyon')).toBeNull()
      const secret = await (await deciders.as(login)).get(`${path}/${id}/secret`)
      expect(codeOf(secret)).toBe(code)
      expect(codeOf(await deciders.ask(login, path, asked))).toBe(code)
      expect(codeOf(await deciders.ask(login, `${path}/${id}/remove`, because(), { ifMatch: 1 }))).toBe(code)
    }
    await deciders.make('boris', `${path}/${id}/remove`, because(), { on: '/organisations/halcyon' })
    expect((await webhooks('ada', 'halcyon')).map(one => one.id)).not.toContain(id)
  })
})
