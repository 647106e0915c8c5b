import { beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { enrolledClientId, ticketHash } from '../../../../shared/oauth/enrolment.ts'
import { joseKey } from '../../oauth/jose-keys.ts'
import { type ClientWorld, clientWorld, codeOf, day, issuer, reason, start } from './client-world.ts'

let world: ClientWorld
beforeEach(async () => {
  world = await clientWorld()
})

interface TicketAnswer {
  readonly ticket: string | null
  readonly ticket_expires_at: string | null
  readonly subject: { readonly id: string }
  readonly step: string
}

describe('a ticket', () => {
  test('is shown to the administrator who makes it, and kept under its hash', async () => {
    const answer = await world.call('makeClientTicket', 'priya', { body: world.enrolTicket })
    const told = world.told<TicketAnswer>(answer)
    expect(answer).toMatchObject({ status: 201 })
    expect(told.ticket).toMatch(/^[\w-]{43}$/)
    expect(told.ticket_expires_at).toBe(new Date(start + 900_000).toISOString())
    const hash = ticketHash(told.ticket ?? '')
    expect(told.subject.id).toBe(enrolledClientId(hash))
    expect((await world.store.get([keys.ticket(hash)]))[0]).toMatchObject({
      exp: start / 1000 + 900,
      organisation: 'cedar',
      person: 'person_priya',
      for: { kind: 'enrol', name: 'batch', client: 'workload', expiresAt: start + 365 * day },
    })
    expect(await world.notices('ofr')).toEqual(['client.ticket_made'])
  })

  test('is the same for a repeated request, and its secret stands nowhere', async () => {
    const body = world.enrolTicket
    const [first, again, other] = [
      await world.call('makeClientTicket', 'priya', { body, key: 'k' }),
      await world.call('makeClientTicket', 'priya', { body, key: 'k' }),
      await world.call('makeClientTicket', 'priya', { body, key: 'other' }),
    ].map(answer => world.told<TicketAnswer>(answer))
    expect(again).toEqual(first)
    expect(other?.ticket).not.toBe(first?.ticket)
    expect(await world.entries('cedar')).toHaveLength(2)
    const kept = await world.store.get([keys.idempotency('person_priya', 'priya k')])
    const said = JSON.stringify([kept, await world.entries('cedar')])
    expect(said).not.toContain(first?.ticket)
    expect(kept[0]).toBeDefined()
  })

  test('of a key that is used again a day later is another one', async () => {
    const body = world.enrolTicket
    const first = world.told<TicketAnswer>(await world.call('makeClientTicket', 'priya', { body, key: 'k' }))
    world.pass(2 * day)
    const later = world.told<TicketAnswer>(await world.call('makeClientTicket', 'priya', { body, key: 'k' }))
    expect(later.ticket).not.toBe(first.ticket)
  })

  test('is not made by a dry run, by whoever is no administrator, or for another organisation', async () => {
    const dry = await world.call('makeClientTicket', 'priya', {
      body: { ...world.enrolTicket, dry_run: true },
    })
    expect(world.told<TicketAnswer>(dry)).toMatchObject({ step: 'dry_run', ticket: null })
    expect(codeOf(await world.call('makeClientTicket', 'sam', { body: world.enrolTicket }))).toBe(
      'role_missing',
    )
    const { id } = await world.enrolled()
    const body = { kind: 'rotate', client: id, reason }
    expect(codeOf(await world.call('makeClientTicket', 'wes', { body }))).toBe('record_unknown')
    expect(codeOf(await world.call('makeClientTicket', 'ada', { body }))).toBe('role_missing')
  })

  test('of an agent names its operator, which is of the same organisation', async () => {
    const { id } = await world.enrolled()
    const other = await world.enrolled(world.enrolTicket, 'wes')
    const agent = (operator?: string) =>
      world.call('makeClientTicket', 'priya', {
        body: { ...world.enrolTicket, client: 'agent', ...(operator && { operator }) },
      })
    expect(codeOf(await agent())).toBe('body_malformed')
    for (const foreign of [other.id, 'person_wes', 'client_none', 'person_none'])
      expect(await agent(foreign)).toMatchObject({ code: 'body_malformed', facts: { field: 'operator' } })
    for (const own of [id, 'person_sam']) expect(codeOf(await agent(own))).toBeUndefined()
    const body = { ...world.enrolTicket, operator: 'person_sam' }
    expect(codeOf(await world.call('makeClientTicket', 'priya', { body }))).toBe('body_malformed')
  })

  test('names a sponsor of the same organisation, and an end within two years', async () => {
    const ask = (change: object) =>
      world.call('makeClientTicket', 'priya', { body: { ...world.enrolTicket, ...change } })
    expect(await ask({ sponsor: 'person_wes' })).toMatchObject({ facts: { field: 'sponsor' } })
    for (const at of [start, start + 800 * day])
      expect(await ask({ expires_at: new Date(at).toISOString() })).toMatchObject({
        facts: { field: 'expires_at' },
      })
  })

  test('names no sponsor who is suspended, or a contractor', async () => {
    const body = { ...world.enrolTicket, sponsor: 'person_sam' }
    const contractor = { person: 'person_pat', confirmedUntil: start + day }
    for (const change of [{ state: 'suspended' }, { state: 'active', sponsor: contractor }] as const) {
      await world.person('sam', change)
      expect(await world.call('makeClientTicket', 'priya', { body })).toMatchObject({
        code: 'body_malformed',
        facts: { field: 'sponsor' },
      })
    }
  })

  test('carries no marking, and is not for a partner that was not selected', async () => {
    const body = { ...world.enrolTicket, name: 'SECRET//NOFORN' }
    expect(codeOf(await world.call('makeClientTicket', 'priya', { body }))).toBe('classification_exceeded')
    for (const partner of ['nominated', 'vetting', 'revoked', 'closed'] as const) {
      await world.organisation({ id: 'cedar', partner })
      expect(codeOf(await world.call('makeClientTicket', 'priya', { body: world.enrolTicket }))).toBe(
        'partner_revoked',
      )
    }
  })
})

describe('an enrolment', () => {
  test('makes the client, its key and the entry, and uses the ticket', async () => {
    const key = await joseKey('Ed25519')
    const ticket = await world.ticketFor('priya', {
      ...world.enrolTicket,
      client: 'agent',
      operator: 'person_sam',
      sponsor: 'person_pat',
    })
    const id = enrolledClientId(ticketHash(ticket))
    const answer = await world.enrol(ticket, key)
    expect(answer).toMatchObject({
      status: 201,
      body: {
        client_id: id,
        kid: key.kid,
        organisation: 'cedar',
        issuer,
        state: 'enrolled',
        expires_at: new Date(start + 365 * day).toISOString(),
      },
    })
    expect(await world.client(id)).toMatchObject({
      name: 'batch',
      kind: 'agent',
      operator: 'person_sam',
      state: 'enrolled',
      createdAt: start,
      sponsor: { person: 'person_pat', confirmedUntil: start + 90 * day },
      keys: [{ kid: key.kid, alg: 'Ed25519', jwk: key.jwk }],
      owner: 'cedar',
      rev: 1,
    })
    expect(await world.store.get([keys.clientKey('cedar', key.kid)])).toMatchObject([{ client: id }])
    expect(await world.entryOfUse('cedar')).toMatchObject({
      actor: { app_name: 'enrolment' },
      unmapped: {
        action: 'client.ticket',
        decision: 'applied',
        params: { used: 'enrolled', kid: key.kid, person: 'person_priya' },
        subject: { kind: 'client', id, rev: 0 },
      },
    })
    for (const told of ['cedar', 'halcyon', 'ofr'])
      expect((await world.notices(told)).sort()).toEqual(['client.enrolled', 'client.ticket_made'])
  })

  test('is repeated with the same ticket and key alone, while the ticket lasts', async () => {
    const key = await joseKey()
    const ticket = await world.ticketFor('priya')
    const first = world.told(await world.enrol(ticket, key))
    expect(world.told(await world.enrol(ticket, key))).toEqual(first)
    expect(codeOf(await world.enrol(ticket, await joseKey()))).toBe('ticket_invalid')
    world.pass(900_000)
    expect(codeOf(await world.enrol(ticket, key))).toBe('ticket_invalid')
    expect(await world.entries('cedar')).toHaveLength(2)
  })

  test('takes place once however many machines race for it', async () => {
    const ticket = await world.ticketFor('priya')
    const own = await joseKey()
    const machines = [own, own, ...(await Promise.all(Array.from({ length: 6 }, () => joseKey())))]
    const answers = await Promise.all(machines.map(key => world.enrol(ticket, key)))
    const done = answers.flatMap((answer, i) => (answer instanceof Refusal ? [] : [machines[i]?.kid]))
    expect(new Set(done).size).toBe(1)
    const refused = answers.filter(answer => answer instanceof Refusal)
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'ticket_invalid'))
    const client = await world.client(enrolledClientId(ticketHash(ticket)))
    expect(client.keys.map(({ kid }) => kid)).toEqual([done[0]])
    expect(await world.entries('cedar')).toHaveLength(2)
  })

  test('refuses a ticket that is unknown, used or past its end in the same words', async () => {
    const used = await world.ticketFor('priya')
    await world.enrol(used, await joseKey())
    const old = await world.ticketFor('priya')
    world.pass(900_000)
    const another = await world.ticketFor('priya')
    await world.enrol(another, await joseKey())
    const unknown = Buffer.alloc(32, 9).toString('base64url')
    const answers = await Promise.all(
      [unknown, used, old, another].map(async ticket => world.enrol(ticket, await joseKey())),
    )
    for (const answer of answers)
      expect(answer).toEqual(
        new Refusal('ticket_invalid', { detail: 'It is unknown, used, or past its end.' }),
      )
  })

  test('asks the store as often for each of them, so that its time tells nothing', async () => {
    let reads = 0
    world = await clientWorld(store => ({
      ...store,
      get: wanted => {
        reads += 1
        return store.get(wanted)
      },
      transact: ops => store.transact(ops),
      write: op => store.write(op),
      query: query => store.query(query),
    }))
    const used = await world.ticketFor('priya')
    await world.enrol(used, await joseKey())
    const counts: number[] = []
    for (const ticket of [used, Buffer.alloc(32, 9).toString('base64url')]) {
      reads = 0
      await world.enrol(ticket, await joseKey())
      counts.push(reads)
    }
    expect(counts).toEqual([2, 2])
  })

  test('asks for a maker who could still make the ticket', async () => {
    for (const change of [
      { state: 'suspended' },
      { state: 'removed' },
      { roles: ['partner-user'] },
    ] as const) {
      const ticket = await world.ticketFor('priya')
      await world.person('priya', change)
      expect(codeOf(await world.enrol(ticket, await joseKey()))).toBe('ticket_invalid')
      await world.person('priya', { state: 'active', roles: ['partner-admin'] })
    }
    const ticket = await world.ticketFor('priya')
    const hold = { scope: { person: 'person_priya' }, reason: 'insider_risk', placedAt: start } as const
    await world.put(keys.standing, { holds: { hold_1: hold }, compromised: {} })
    expect(codeOf(await world.enrol(ticket, await joseKey()))).toBe('ticket_invalid')
  })

  test('asks for a sponsor who could still answer for the client', async () => {
    for (const change of [
      { state: 'suspended' },
      { state: 'removed' },
      { sponsor: { person: 'person_pat', confirmedUntil: start + day } },
      { roles: [] },
    ] as const) {
      world = await clientWorld()
      const ticket = await world.ticketFor('priya', { ...world.enrolTicket, sponsor: 'person_sam' })
      await world.person('sam', change)
      expect(codeOf(await world.enrol(ticket, await joseKey()))).toBe('ticket_invalid')
    }
  })

  test('waits while a restored registry is looked through: its maker may have been stopped since', async () => {
    const ticket = await world.ticketFor('priya')
    const restoring = { since: start, by: 'ada', entry: 'entry_1' }
    await world.put(keys.standing, { holds: {}, compromised: {}, restoring })
    expect(codeOf(await world.enrol(ticket, await joseKey()))).toBe('restoring')
    await world.put(keys.standing, { holds: {}, compromised: {} })
    expect(await world.enrol(ticket, await joseKey())).not.toBeInstanceOf(Refusal)
  })

  test.each(['priya', 'sam'] as const)(
    'does not outrun the suspension of its maker, or of its sponsor: %s',
    async who => {
      let suspend: (() => Promise<void>) | undefined
      world = await clientWorld(store => ({
        ...store,
        get: wanted => store.get(wanted),
        write: op => store.write(op),
        query: query => store.query(query),
        async transact(ops) {
          await suspend?.()
          return store.transact(ops)
        },
      }))
      const ticket = await world.ticketFor('priya', { ...world.enrolTicket, sponsor: 'person_sam' })
      suspend = async () => {
        suspend = undefined
        await world.person(who, { state: 'suspended' })
      }
      expect(codeOf(await world.enrol(ticket, await joseKey()))).toBe('ticket_invalid')
      expect(await world.entries('cedar')).toHaveLength(1)
    },
  )

  test('refuses a key that was registered before, and one that signs tokens', async () => {
    const { key } = await world.enrolled()
    const taken = await world.enrol(await world.ticketFor('priya'), key)
    expect(taken).toMatchObject({ code: 'record_exists', facts: { field: 'public_key' } })
    const signing = await world.enrol(await world.ticketFor('priya'), world.signing)
    expect(signing).toMatchObject({ code: 'body_malformed', facts: { field: 'public_key' } })
    const once = await joseKey()
    await world.put(keys.standing, { holds: {}, compromised: { [once.kid]: start } })
    expect(codeOf(await world.enrol(await world.ticketFor('priya'), once))).toBe('body_malformed')
  })

  test('leaves the ticket as it was when it refuses', async () => {
    const { key } = await world.enrolled()
    const ticket = await world.ticketFor('priya')
    await world.enrol(ticket, key)
    expect(codeOf(await world.enrol(ticket, await joseKey()))).toBeUndefined()
  })

  test('with one key at two tickets at once makes one client', async () => {
    const key = await joseKey()
    const tickets = [await world.ticketFor('priya'), await world.ticketFor('priya')]
    const answers = await Promise.all(tickets.map(ticket => world.enrol(ticket, key)))
    expect(answers.map(codeOf).sort()).toEqual(['record_exists', undefined])
  })
})

describe('a rotation', () => {
  const rotating = (client: string, overlap_hours?: number) => ({
    kind: 'rotate',
    client,
    ...(overlap_hours !== undefined && { overlap_hours }),
    reason,
  })

  test('adds the new key, and the old one counts for a day', async () => {
    const { id, key } = await world.enrolled()
    const next = await joseKey('ES384')
    const answer = await world.enrol(await world.ticketFor('priya', rotating(id)), next)
    expect(world.told(answer)).toMatchObject({ client_id: id, kid: next.kid })
    expect((await world.client(id)).keys).toEqual([
      { kid: key.kid, alg: key.alg, jwk: key.jwk, until: start + day },
      { kid: next.kid, alg: next.alg, jwk: next.jwk },
    ])
    expect(await world.entryOfUse('cedar', 'rotated')).toMatchObject({
      unmapped: { params: { used: 'rotated', kid: next.kid }, subject: { id, rev: 1 } },
    })
    expect(await world.notices('cedar')).toContain('client.rotated')
  })

  test('waits while two keys count, unless it ends both', async () => {
    const { id } = await world.enrolled()
    await world.enrol(await world.ticketFor('priya', rotating(id, 168)), await joseKey())
    const held = await world.call('makeClientTicket', 'priya', { body: rotating(id) })
    expect(held).toMatchObject({ code: 'state_forbids' })
    expect((held as Refusal).facts.detail).toContain(new Date(start + 7 * day).toISOString())
    const last = await joseKey()
    await world.enrol(await world.ticketFor('priya', rotating(id, 0)), last)
    expect((await world.client(id)).keys.map(({ kid }) => kid)).toEqual([last.kid])
  })

  test('of two tickets at once leaves two keys at most', async () => {
    const { id } = await world.enrolled()
    const tickets = [await world.ticketFor('priya', rotating(id)), await world.ticketFor('pat', rotating(id))]
    const answers = await Promise.all(tickets.map(async ticket => world.enrol(ticket, await joseKey())))
    expect(answers.map(codeOf).sort()).toEqual(['state_forbids', undefined])
    expect((await world.client(id)).keys).toHaveLength(2)
  })

  test('drops the key that has ended', async () => {
    const { id } = await world.enrolled()
    const second = await joseKey()
    await world.enrol(await world.ticketFor('priya', rotating(id)), second)
    world.pass(day)
    const third = await joseKey()
    await world.enrol(await world.ticketFor('priya', rotating(id)), third)
    expect((await world.client(id)).keys.map(({ kid }) => kid)).toEqual([second.kid, third.kid])
  })

  test('is never of a client that is compromised or stopped, not even by an earlier ticket', async () => {
    for (const operation of ['compromisedClient', 'suspendClient', 'revokeClient']) {
      const { id } = await world.enrolled()
      const ticket = await world.ticketFor('priya', rotating(id))
      world.told(await world.call(operation, 'pat', { path: { client: id }, rev: 1 }))
      expect(codeOf(await world.enrol(ticket, await joseKey()))).toBe('state_forbids')
      expect(codeOf(await world.call('makeClientTicket', 'priya', { body: rotating(id) }))).toBe(
        'state_forbids',
      )
      expect((await world.client(id)).keys).toHaveLength(1)
    }
  })

  test('does not bring an old key back', async () => {
    const { id, key } = await world.enrolled()
    await world.enrol(await world.ticketFor('priya', rotating(id, 0)), await joseKey())
    expect(codeOf(await world.enrol(await world.ticketFor('priya', rotating(id, 0)), key))).toBe(
      'record_exists',
    )
  })
})
