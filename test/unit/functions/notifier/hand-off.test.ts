import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import fc from 'fast-check'
import { compactVerify, importJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { notify } from '../../../../functions/notifier/app.ts'
import type { NotifierDeps } from '../../../../functions/notifier/deps.ts'
import { readReceipt } from '../../../../functions/notifier/hand-off-send.ts'
import { signStatement, statementTypes } from '../../../../shared/agreements/statement.ts'
import { advisoryOf } from '../../../../shared/csaf/advisory.ts'
import type { Finding } from '../../../../shared/domain/findings.ts'
import { type Governed, indexes, keys, listed } from '../../../../shared/domain/keys.ts'
import type { Organisation } from '../../../../shared/domain/parties.ts'
import { thumbprint } from '../../../../shared/oauth/public-jwk.ts'
import type { PublicJwk } from '../../../../shared/ports/keys.ts'
import { type Store, StoreUnavailable } from '../../../../shared/ports/store.ts'
import { csafFaults } from '../../csaf/csaf-faults.ts'
import { day, hangs, notifierWorld, openReceiver, type Received, status } from '../notifier-world.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
const jwk = { kty, crv, x, y } as PublicJwk
const signer = {
  kid: thumbprint(jwk),
  alg: 'ES256' as const,
  sign: async (bytes: Uint8Array) => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
}
const by = {
  ...{ person: 'dana', name: 'Dana', organisation: 'halcyon', role: 'developer-admin' as const },
  ...{ at: 0, authTime: 0 },
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** As the office's system answers. */
const takes = (response: ServerResponse, { body }: Received): void =>
  void response
    .writeHead(201, { 'content-type': 'application/json' })
    .end(JSON.stringify({ receipt_id: 'CH-2026-17', sha256: sha256(body) }))

const answers =
  (body: string, code = 200) =>
  (response: ServerResponse) =>
    void response.writeHead(code, { 'content-type': 'application/json' }).end(body)

async function world(replace: Partial<NotifierDeps> = {}) {
  const opened = notifierWorld({ deliveryMs: 400, ...replace })
  const { store, deps } = opened
  const receiver = await openReceiver()
  receiver.reply = takes
  const office: Governed<Organisation> = {
    ...{ id: 'ofr', name: 'Office of Frontier Review', kind: 'government', state: 'active' },
    clearinghouse: { url: receiver.url, setAt: 0 },
    rev: 1,
    ...listed('organisation', 'ofr', 'ofr'),
  }
  await store.write({ kind: 'put', key: keys.organisation('ofr'), item: office })

  let made = 0
  /** As a decision leaves it. */
  async function handedOff(change: Partial<Finding> = {}): Promise<string> {
    const id = `finding_${++made}`
    const now = deps.clock.now()
    const told = {
      ...{ id, title: 'A title', text: 'Words of it.', salt: 'c2l4dGVlbiByYW5kb20gYg' },
      kind: 'vulnerability',
      severity: 'high',
      ...{ discoveredAt: now - 2_000, reportedAt: now - 1_000, embargoUntil: now + day },
    } as const
    const { text, digest } = advisoryOf({
      finding: told,
      model: { id: 'aurora', name: 'Aurora' },
      developer: { id: 'halcyon', name: 'Halcyon Research' },
      ...{ issuer: deps.issuer, at: now, status: 'known_affected' },
    })
    const jws = await signStatement(signer, statementTypes.advisory, text)
    const item: Governed<Finding> = {
      ...told,
      ...{
        organisation: 'cedar',
        model: 'aurora',
        developer: 'halcyon',
        governments: ['ofr'],
        by,
        entry: 'e',
      },
      ...{
        state: 'handed_off',
        handedTo: ['ofr'],
        sharedWith: [],
        due: 'hand_off',
        clause: 'vulnerability-1',
      },
      handOff: { to: 'ofr', advisory: text, jws, digest, by, at: now, entry: 'e', attempts: 0, nextAt: now },
      ...change,
      rev: 2,
      ...listed('finding', 'cedar', id),
    }
    await store.write({ kind: 'put', key: keys.finding(id), item })
    return id
  }
  const finding = async (id: string): Promise<Governed<Finding>> => {
    const [found] = await store.get([keys.finding(id)])
    if (found === undefined) throw new Error('no finding')
    return found
  }
  const notices = async (): Promise<readonly string[]> => {
    const { keys: found } = await store.query({
      ...{ index: indexes.byRecord, partition: 'notice', order: 'asc', limit: 100 },
    })
    return found.map(({ pk }) => pk.split('-').slice(1).join('-'))
  }
  return { ...opened, receiver, handedOff, finding, notices }
}

describe('a finding that was handed off', () => {
  test('is sent as the bytes that were signed, which an independent library verifies and which are valid CSAF', async () => {
    const { deps, receiver, handedOff, finding } = await world()
    const id = await handedOff()
    expect(await notify(deps)).toMatchObject({ done: 1, later: 0 })
    expect(receiver.received).toHaveLength(1)
    const [{ body, headers }] = receiver.received as [Received]
    expect(body).toBe((await finding(id)).handOff?.advisory)
    expect(headers['content-type']).toBe('application/json')
    expect(headers['idempotency-key']).toBe(`"${sha256(body)}"`)
    const base64 = createHash('sha256').update(body).digest('base64')
    expect(headers['content-digest']).toBe(`sha-256=:${base64}:`)

    // RFC 7515, appendix F: the receiver puts the payload back.
    const detached = String(headers['sallyport-signature'])
    const [head, none, signature] = detached.split('.')
    expect(none).toBe('')
    const key = await importJWK({ ...jwk }, 'ES256')
    const verify = (text: string) =>
      compactVerify(`${head}.${Buffer.from(text).toString('base64url')}.${signature}`, key)
    const { payload, protectedHeader } = await verify(body)
    expect(Buffer.from(payload).toString()).toBe(body)
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: signer.kid, typ: 'sallyport-advisory+jws' })
    await expect(verify(body.replace('high', 'low'))).rejects.toThrow()
    expect(await csafFaults(JSON.parse(body))).toEqual([])
  })

  test('is received once a receipt names its digest: an entry, and notices to reporter, developer and office', async () => {
    const { deps, handedOff, finding, notices, entries, receiver } = await world()
    const id = await handedOff()
    await notify(deps)
    const { state, due, rev, handOff } = await finding(id)
    expect({ state, due, rev }).toEqual({ state: 'received', due: undefined, rev: 3 })
    expect(handOff?.receipt).toMatchObject({ id: 'CH-2026-17', digest: expect.stringMatching(/^[\w-]{43}$/) })
    expect(await entries('cedar')).toEqual([
      expect.objectContaining({
        ...{ kind: 'hand_off_receipt', to: 'ofr', receipt: 'CH-2026-17', clause: 'vulnerability-1' },
        ...{ advisory: handOff?.digest, receipt_digest: handOff?.receipt?.digest },
        ...{ developers: ['halcyon'], governments: ['ofr'], model: 'aurora', attempts: 1 },
      }),
    ])
    expect((await notices()).toSorted()).toEqual(['cedar', 'halcyon', 'ofr'])
    await notify(deps)
    expect(receiver.received).toHaveLength(1)
  })

  test('that its developer has resolved meanwhile is delivered, and stays resolved', async () => {
    const { deps, handedOff, finding } = await world()
    const id = await handedOff({ state: 'resolved' })
    await notify(deps)
    const { state, due, handOff } = await finding(id)
    expect([state, due, handOff?.receipt?.id]).toEqual(['resolved', undefined, 'CH-2026-17'])
  })
})

describe('a clearinghouse that', () => {
  const wrong = `{"receipt_id":"CH-1","sha256":"${'0'.repeat(64)}"}`
  test.each([
    ['fails', status(500)],
    ['refuses', status(400)],
    ['says that it is gone', status(410)],
    ['redirects', status(307, { location: 'http://127.0.0.1:1/' })],
    ['answers nothing', status(204)],
    ['names another digest', answers(wrong)],
    ['answers no JSON', answers('thank you')],
    ['answers no object', answers('null')],
    ['gives no receipt id', (r, one) => answers(`{"sha256":"${sha256(one.body)}"}`)(r)],
    [
      'gives an id that would steer a terminal',
      (r, one) => answers(`{"receipt_id":"\\u001b[2J","sha256":"${sha256(one.body)}"}`)(r),
    ],
    [
      'answers without an end',
      (response, one) =>
        answers(JSON.stringify({ receipt_id: 'x', sha256: sha256(one.body) }).padEnd(3 * 64 * 1024))(
          response,
        ),
    ],
    ['hangs', hangs],
    ['breaks off', response => void response.destroy()],
    ['hangs in the middle of its receipt', response => void response.writeHead(200).write('{')],
  ] as readonly (readonly [string, (response: ServerResponse, received: Received) => void])[])(
    '%s has not received it: it is sent again, and then taken',
    async (_, reply) => {
      const { deps, receiver, handedOff, finding, notices, entries, wait, told } = await world()
      const id = await handedOff()
      receiver.reply = reply
      expect(await notify(deps)).toMatchObject({ done: 0, later: 1 })
      const first = await finding(id)
      expect(first).toMatchObject({ state: 'handed_off', due: 'hand_off', rev: 2, handOff: { attempts: 1 } })
      expect(first.handOff?.nextAt).toBeGreaterThan(deps.clock.now())
      expect([await entries('cedar'), await notices()]).toEqual([[], []])
      // Not before its pause has passed.
      await notify(deps)
      expect(receiver.received).toHaveLength(1)
      receiver.reply = takes
      wait(2_000)
      await notify(deps)
      expect((await finding(id)).state).toBe('received')
      expect(receiver.received).toHaveLength(2)
      const [one, two] = receiver.received
      for (const name of ['idempotency-key', 'sallyport-signature', 'content-digest'])
        expect(one?.headers[name]).toBe(two?.headers[name])
      expect(one?.body).toBe(two?.body)
      expect(told.join()).not.toContain('s3cr3t')
    },
  )

  test('does not take it for days is told of, again and again, and sent to on', async () => {
    const { deps, receiver, handedOff, finding, alarms, wait } = await world()
    const id = await handedOff()
    receiver.reply = status(503)
    for (let i = 0; i < 20; i++) {
      await notify(deps)
      // Longer than the longest pause.
      wait(8 * 3_600_000)
    }
    expect(await finding(id)).toMatchObject({ state: 'handed_off', due: 'hand_off' })
    expect(receiver.received.length).toBe(20)
    const overdue = alarms.filter(([name]) => name === 'hand_off_overdue')
    expect(overdue[0]?.[1]).toMatchObject({ finding: id, organisation: 'ofr', why: 'status', hours: 72 })
    expect(overdue.length).toBe(11)
    receiver.reply = takes
    await notify(deps)
    expect((await finding(id)).state).toBe('received')
  })

  test('hangs is asked for one finding a pass, and another one that it refuses does not stand in the way', async () => {
    const { deps, receiver, handedOff, finding, wait } = await world()
    const ids = [await handedOff(), await handedOff(), await handedOff()]
    receiver.reply = hangs
    await notify(deps)
    expect(receiver.received).toHaveLength(1)
    const poisoned = (await finding(ids[0] ?? '')).handOff?.digest
    receiver.reply = (response, one) =>
      sha256(one.body) === poisoned ? status(400)(response, one) : takes(response, one)
    wait(2_000)
    await notify(deps)
    wait(2_000)
    await notify(deps)
    const states = await Promise.all(ids.map(async id => (await finding(id)).state))
    expect(states).toEqual(['handed_off', 'received', 'received'])
  })

  test('has moved is sent to where it is now; without an address it waits', async () => {
    const { deps, handedOff, finding, store, wait, told } = await world()
    const id = await handedOff()
    const moved = await openReceiver()
    moved.reply = takes
    const set = (url: string) =>
      store.write({
        kind: 'update',
        key: keys.organisation('ofr'),
        change: { set: [[['clearinghouse'], { url, setAt: 1 }]] },
      })
    // Judged again: what was let in by weaker rules is not sent to.
    await set('http://10.0.0.1/')
    expect(await notify(deps)).toMatchObject({ later: 1 })
    expect(told.join()).toContain('"outcome":"address"')
    await set(moved.url)
    wait(2_000)
    await notify(deps)
    expect([(await finding(id)).state, moved.received.length]).toEqual(['received', 1])
  })
})

describe('several notifiers at once', () => {
  test('send it once, and write one receipt', async () => {
    const { deps, receiver, handedOff, entries, notices } = await world()
    for (let i = 0; i < 5; i++) await handedOff()
    await Promise.all(Array.from({ length: 6 }, () => notify(deps)))
    expect(receiver.received).toHaveLength(5)
    expect(await entries('cedar')).toHaveLength(5)
    expect(await notices()).toHaveLength(15)
  })

  test('one that died with it sends it no more: another does, once the claim has ended', async () => {
    const { deps, receiver, handedOff, finding, wait } = await world()
    const id = await handedOff()
    const dying: Store = {
      ...deps.store,
      get: keys => deps.store.get(keys),
      transact: async () => {
        throw new StoreUnavailable('died')
      },
    }
    await notify({ ...deps, store: dying })
    expect((await finding(id)).state).toBe('handed_off')
    await notify(deps)
    expect(receiver.received).toHaveLength(1)
    wait(31_000)
    await notify(deps)
    expect((await finding(id)).state).toBe('received')
    expect(receiver.received.map(({ headers }) => headers['idempotency-key'])).toEqual(
      Array(2).fill(`"${(await finding(id)).handOff?.digest}"`),
    )
  })

  test('a decision at the same moment is not lost, and neither is the receipt', async () => {
    const { deps, handedOff, finding, store } = await world()
    const id = await handedOff()
    let raced = false
    const racing: Store = {
      ...store,
      get: keys => store.get(keys),
      transact: async ops => {
        if (!raced) {
          raced = true
          await store.write({
            kind: 'update',
            key: keys.finding(id),
            change: { set: [[['state'], 'resolved']], add: [[['rev'], 1]] },
          })
        }
        return store.transact(ops)
      },
    }
    await notify({ ...deps, store: racing })
    const { state, rev, handOff } = await finding(id)
    expect([state, rev, handOff?.receipt?.id]).toEqual(['resolved', 4, 'CH-2026-17'])
  })
})

describe('a receipt', () => {
  const digest = 'a'.repeat(64)
  test('is read only where it names the digest, whatever else it holds', () => {
    const good = Buffer.from(JSON.stringify({ receipt_id: 'x', sha256: digest, more: [1] }))
    expect(readReceipt(good, digest)?.id).toBe('x')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map(text => Buffer.from(text)),
        ),
        bytes => {
          expect(readReceipt(bytes, digest)).toBeUndefined()
        },
      ),
    )
  })
})
