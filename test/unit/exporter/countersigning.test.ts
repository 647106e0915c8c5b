/** Nobody is given the file of an export before its reader has signed, with the key of their session, that it is theirs. */
import canonicalize from 'canonicalize'
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { grantContradicts } from '../../../shared/bundle/granted.ts'
import type { Refusal } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { leafType, leafTypeOf } from '../../../shared/watermark/leaf.ts'
import { sessionKey } from '../../world/countersign.ts'
import { type ExportWorld, exportWorld } from './export-world.ts'

let world: ExportWorld
let id: string
beforeEach(async () => {
  world = await exportWorld({ calls: 2 })
  id = await world.asked({ q: 'type:access time:-1d..now' })
  await world.make()
})

const told = () => world.told('export_countersigned')
const bodyOf = (answer: unknown) =>
  (answer as { body: { statement: string; countersigned: { entry: string } } }).body

describe('the statement', () => {
  test('is canonical JSON of what the copy is, whose, and that they answer for it', async () => {
    const job = await world.job(id)
    const statement = await world.statement(id)
    expect(canonicalize(JSON.parse(statement))).toBe(statement)
    expect(JSON.parse(statement)).toEqual({
      export: id,
      log: world.log.origin,
      entry: job.entry,
      query: 'type:access time:-1d..now',
      from: new Date(job.from).toISOString(),
      to: new Date(job.to).toISOString(),
      size: job.size,
      purpose: 'A test',
      records: 4,
      bytes: job.bytes,
      sha256: job.sha256,
      readers: [{ month: '2026-11', reader: expect.stringMatching(/^[0-9a-f]{16}$/) }],
      person: 'person_ada',
      organisation: 'cedar',
      says: 'This copy is mine: each record in it names me, and I answer for where it goes.',
    })
  })

  test('is not there before the file is', async () => {
    const waits = await world.asked()
    expect(await world.statement(waits)).toBe('')
    expect(await world.countersign(waits)).toMatchObject({ code: 'export_not_ready' })
    expect(await told()).toEqual([])
  })

  test('names another reader in the copy of another', async () => {
    const theirs = await world.asked({ q: 'type:access time:-1d..now', as: 'ben' })
    await world.make()
    const [ada, ben] = [JSON.parse(await world.statement(id)), JSON.parse(await world.statement(theirs))]
    expect(ben.person).toBe('person_ben')
    expect(ben.readers).not.toEqual(ada.readers)
  })
})

test('the file is refused until it is signed for, with the command that does both, and nothing is recorded', async () => {
  const refused = await world.download(id, 'bytes=0-')
  expect(refused).toMatchObject({ code: 'countersignature_required' })
  expect((refused as Refusal).next).toContain(`sallyport export download ${id}`)
  expect(await world.told('export_downloaded')).toEqual([])
  expect(await world.countersign(id)).toMatchObject({ status: 200 })
  expect(await world.download(id, 'bytes=0-')).toMatchObject({ status: 206 })
})

test('anybody can verify it by its entry: the JWS, the statement and the thumbprint of the key', async () => {
  const answer = bodyOf(await world.countersign(id))
  const [entry] = await told()
  expect(answer.countersigned).toEqual({
    at: new Date(world.now()).toISOString(),
    entry: entry?.eid,
    key: world.sessionKeys.ada.jkt,
  })
  const { countersignature, ...facts } = entry?.unmapped ?? {}
  const { jwk } = decodeProtectedHeader(countersignature) as { jwk: JWK }
  const { payload } = await compactVerify(countersignature, await importJWK(jwk, 'ES256'))
  expect(await calculateJwkThumbprint(jwk)).toBe(facts.key)
  const statement = JSON.parse(Buffer.from(payload).toString())
  expect(Buffer.from(payload).toString()).toBe(answer.statement)
  expect(facts).toMatchObject({
    export: statement.export,
    granted: statement.entry,
    ...{ records: statement.records, bytes: statement.bytes, sha256: statement.sha256 },
    readers: statement.readers,
    session: 'session_ada',
  })
  expect(leafTypeOf(facts.kind)).toBe(leafType.export)
  // Of the same type of leaf, and no grant: a bundle that shows it in place of one is refused.
  expect(grantContradicts({} as never, entry)).toBe('it grants no export')
})

test('a session with an Ed25519 key signs as well', async () => {
  const theirs = await world.asked({ as: 'ben' })
  await world.make()
  expect(await world.countersign(theirs, { as: 'ben' })).toMatchObject({ status: 200 })
  expect(await world.download(theirs, 'bytes=0-', { as: 'ben' })).toMatchObject({ status: 206 })
})

describe('a signature is refused', () => {
  const wrong: Readonly<
    Record<string, readonly [said: string, (statement: string) => Promise<string> | string]>
  > = {
    'by another key, whoever vouches for it': [
      'It is made with another key than your session has.',
      async statement => (await sessionKey()).sign(statement),
    ],
    'that names the key of the session and is by another': [
      'Its signature does not verify.',
      async statement => (await sessionKey()).sign(statement, { jwk: world.sessionKeys.ada.jwk }),
    ],
    'over another text': [
      'It is over another text than the statement.',
      () => world.sessionKeys.ada.sign('{"says":"This copy is not mine."}'),
    ],
    'over the same facts in other bytes': [
      'It is over another text than the statement.',
      statement => world.sessionKeys.ada.sign(`${statement} `),
    ],
    'of another type, as a proof by the same key is': [
      'Its typ is not sallyport-export+jws.',
      statement => world.sessionKeys.ada.sign(statement, { typ: 'dpop+jwt' }),
    ],
    'without an algorithm': [
      'Its alg is none of ES256, ES384, Ed25519.',
      async statement => (await withAlgorithm('none', statement)).replace(/[^.]+$/, ''),
    ],
    'with the algorithm of another kind of key': [
      'Its jwk is no public key for Ed25519.',
      statement => withAlgorithm('Ed25519', statement),
    ],
    'with a parameter that could change what is verified': [
      'Its header has alg, typ and jwk, and nothing else.',
      statement => world.sessionKeys.ada.sign(statement, { kid: 'another' }),
    ],
    'of which bits were changed': [
      'Its signature does not verify.',
      async statement =>
        (await world.sessionKeys.ada.sign(statement)).replace(/.{4}$/, last =>
          last === 'AAAA' ? 'BBBB' : 'AAAA',
        ),
    ],
    'that is none': ['It is no compact JWS over a JSON object.', () => 'yes, it is mine'],
  }

  async function withAlgorithm(alg: string, statement: string): Promise<string> {
    const [, payload, signature] = (await world.sessionKeys.ada.sign(statement)).split('.')
    const header = { alg, typ: 'sallyport-export+jws', jwk: world.sessionKeys.ada.jwk }
    return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.${signature}`
  }

  test('that is not theirs, not of this copy, or not sound: none stands, and no file comes', async () => {
    const statement = await world.statement(id)
    for (const [name, [detail, make]] of Object.entries(wrong)) {
      const answer = await world.countersign(id, { signature: await make(statement) })
      expect({ name, answer }).toMatchObject({
        answer: { code: 'countersignature_invalid', facts: { detail, field: 'signature' } },
      })
    }
    expect((await world.job(id)).countersigned).toBeUndefined()
    expect(await told()).toEqual([])
    expect(await world.download(id, 'bytes=0-')).toMatchObject({ code: 'countersignature_required' })
  })

  test('of a colleague, for whom there is no such export', async () => {
    expect(await world.countersign(id, { as: 'ben' })).toMatchObject({ code: 'record_unknown' })
    expect(await told()).toEqual([])
  })

  test('once the file is kept no longer', async () => {
    world.pass(31 * 86_400_000)
    expect(await world.countersign(id)).toMatchObject({ code: 'export_expired' })
    expect(await told()).toEqual([])
  })
})

describe('it stands once', () => {
  test('whatever is sent later, by whatever key, is answered with what stands', async () => {
    const first = bodyOf(await world.countersign(id))
    world.pass(60_000)
    expect(bodyOf(await world.countersign(id))).toEqual(first)
    const later = await (await sessionKey()).sign(await world.statement(id))
    expect(bodyOf(await world.countersign(id, { signature: later }))).toEqual(first)
    expect(await told()).toHaveLength(1)
  })

  test('when it is sent several times at the same moment', async () => {
    const answers = (await Promise.all(Array.from({ length: 5 }, () => world.countersign(id)))).map(bodyOf)
    const stand = new Set(answers.map(({ countersigned }) => countersigned.entry))
    expect((await told()).map(({ eid }) => eid)).toEqual([...stand])
  })

  test('when two have read that there is none, and the second comes after the first has written', async () => {
    const { store } = world
    const transact: Store['transact'] = async ops => {
      await world.countersign(id)
      return store.transact(ops)
    }
    const second = bodyOf(await world.countersign(id, { over: { transact } }))
    expect(await told()).toMatchObject([{ eid: second.countersigned.entry }])
  })

  test('when the answer to it was lost', async () => {
    const { store } = world
    const transact: Store['transact'] = async ops => {
      await store.transact(ops)
      throw new Error('no answer')
    }
    await expect(world.countersign(id, { over: { transact } })).rejects.toThrow('no answer')
    expect(await world.countersign(id)).toMatchObject({ status: 200 })
    expect(await told()).toHaveLength(1)
  })
})

test('a store that does not answer hands out nothing', async () => {
  const transact = () => Promise.reject(new Error('no store'))
  await expect(world.countersign(id, { over: { transact } })).rejects.toThrow('no store')
  expect(await world.download(id, 'bytes=0-')).toMatchObject({ code: 'countersignature_required' })
})

test('one whose file went in the same moment is refused, and no signature stands', async () => {
  const { store } = world
  const transact: Store['transact'] = async ops => {
    const [first] = ops
    if (first)
      await store.write({ kind: 'update', key: first.key, change: { set: [[['state'], 'expired']] } })
    return store.transact(ops)
  }
  expect(await world.countersign(id, { over: { transact } })).toMatchObject({ code: 'export_expired' })
  expect(await told()).toEqual([])
})
