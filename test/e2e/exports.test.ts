/** What a query finds becomes a file that proves itself, is its reader's own, and is fetched whole or not at all. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, compactVerify, EmbeddedJWK, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import { countersign } from '../world/countersign.ts'
import { codeOf } from '../world/governance.ts'
import { openWorld } from '../world/open.ts'
import { personOf, signInPerson } from '../world/person.ts'
import { type TerminalPeople, terminalPeople } from '../world/terminal-people.ts'
import type { World } from '../world/world.ts'

let world: World
let people: TerminalPeople
let file: string
let key: string
let made: { readonly export: string; readonly bytes: number; readonly sha256: string }

/** Where the exporter is started once a minute. Milliseconds. */
const patience = 180_000

beforeAll(async () => {
  world = await openWorld()
  people = terminalPeople(world)
  await (await world.raw('cedar').chat()).text()
  key = join(world.data, 'log.vkey')
  file = join(world.data, 'cedar.zip')
  for (;;) {
    const response = await fetch(`${world.issuer}/log/vkey`)
    if (response.ok) {
      await writeFile(key, await response.text())
      break
    }
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  // In the tree, so that a search that is pinned to it finds the call.
  for (;;) {
    const found = (await people.json('priya', 'log', 'search', 'type:outcome')) as readonly unknown[]
    if (found.length > 0) break
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  const asked = ['export', 'create', 'type:access', 'time:-1d..now', '--purpose', 'A review', '--out', file]
  const answering = people.as('priya', '--json', ...asked)
  let waits = true
  const done = answering.finally(() => {
    waits = false
  })
  while (waits) {
    await world.export()
    await Promise.race([done, new Promise(resolve => setTimeout(resolve, 1_000))])
  }
  const answered = await answering
  if (answered.code !== 0) throw new Error(answered.err)
  made = JSON.parse(answered.out)
}, patience)
afterAll(() => world.close())

test('a person asks for it, waits, and has a file that verifies offline, with who asked for it', async () => {
  expect((await stat(file)).size).toBe(made.bytes)
  const verified = (await people.json('priya', 'verify', 'bundle', file, '--key', key)) as Record<
    string,
    unknown
  >
  expect(verified).toMatchObject({ records: expect.any(Number), granted: true })
  expect(verified.records).toBeGreaterThan(1)
  const { code, out } = await people.as('priya', 'verify', 'bundle', file, '--key', key)
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining(made.export) })
})

test('status and list tell it, and the log tells who asked, that it was made, signed for and fetched', async () => {
  expect(await people.json('priya', 'export', 'status', made.export)).toMatchObject({
    state: 'done',
    purpose: 'A review',
    sha256: made.sha256,
  })
  expect(await people.json('priya', 'export', 'list')).toMatchObject([{ id: made.export }])
  const deadline = Date.now() + 60_000
  const kinds = async () =>
    (
      (await people.json('priya', 'log', 'search', 'type:export')) as readonly {
        body: { unmapped: { kind: string } }
      }[]
    )
      .map(({ body }) => body.unmapped.kind)
      .toSorted()
  while ((await kinds()).length < 4 && Date.now() < deadline)
    await new Promise(resolve => setTimeout(resolve, 500))
  expect(await kinds()).toEqual([
    'export_countersigned',
    'export_downloaded',
    'export_granted',
    'export_made',
  ])
}, 90_000)

describe('a fetch', () => {
  const partial = (out: string): string => `${out}.${made.sha256.slice(0, 16)}.part`

  test('that broke off is gone on with, and never over a file that is there', async () => {
    const whole = await readFile(file)
    const out = join(world.data, 'again.zip')
    await writeFile(partial(out), whole.subarray(0, 1_000))
    const { code, err } = await people.as('priya', 'export', 'download', made.export, '--out', out)
    expect({ code, err }).toMatchObject({ code: 0 })
    expect((await readFile(out)).equals(whole)).toBe(true)
    await expect(stat(partial(out))).rejects.toThrow('ENOENT')
    const twice = await people.as('priya', 'export', 'download', made.export, '--out', out)
    expect(twice).toMatchObject({ code: 1, err: expect.stringContaining('file_exists') })
  })

  test('of which a part is not what it was is thrown away, with the exit code of tampering', async () => {
    const out = join(world.data, 'other.zip')
    await writeFile(partial(out), Buffer.alloc(500, 7))
    const { code, err } = await people.as('priya', 'export', 'download', made.export, '--out', out)
    expect({ code, err }).toEqual({ code: 6, err: expect.stringContaining('digest_mismatch') })
    await expect(stat(out)).rejects.toThrow('ENOENT')
    await expect(stat(partial(out))).rejects.toThrow('ENOENT')
  })
})

test('its reader has signed that the copy is theirs, with the key that their sign-in names', async () => {
  const { statement, countersigned } = (await people.json('priya', 'export', 'status', made.export)) as {
    statement: string
    countersigned: { entry: string; key: string }
  }
  const read = await people.json('priya', 'log', 'get', countersigned.entry)
  const { unmapped } = (read as { body: { unmapped: Record<string, string> } }).body
  expect(unmapped).toMatchObject({ sha256: made.sha256, export: made.export, key: countersigned.key })
  const { payload, protectedHeader } = await compactVerify(unmapped.countersignature ?? '', EmbeddedJWK)
  expect(Buffer.from(payload).toString()).toBe(statement)
  expect(await calculateJwkThumbprint(protectedHeader.jwk as JWK)).toBe(countersigned.key)
  const signIns = (await people.json('priya', 'log', 'search', 'type:sign_in')) as readonly {
    body: { unmapped: { session: string; key: string } }
  }[]
  const own = signIns.filter(({ body }) => body.unmapped.session === unmapped.session)
  expect(own.map(({ body }) => body.unmapped.key)).toEqual([countersigned.key])
})

test(
  'nobody is given it who has not signed for it',
  async () => {
    const priya = await personOf(world, 'priya')
    const { body } = await priya.post('/exports', { q: 'type:access time:-1d..now', purpose: 'Another' })
    const id = textAt(body, 'id') ?? ''
    const code = async () => codeOf(await priya.get(`/exports/${id}/content`))
    expect(['export_not_ready', 'countersignature_required']).toContain(await code())
    while ((await code()) === 'export_not_ready') {
      await world.export()
      await new Promise(resolve => setTimeout(resolve, 250))
    }
    expect(await code()).toBe('countersignature_required')
    const other = { signature: await (await signInPerson(world, 'priya')).countersign('{}') }
    expect(codeOf(await priya.post(`/exports/${id}/countersignature`, other))).toBe(
      'countersignature_invalid',
    )
    expect(await code()).toBe('countersignature_required')
    await countersign(priya, id)
    const given = await priya.fetch(`${world.issuer}/api/v1/exports/${id}/content`, {
      headers: { range: 'bytes=0-3' },
    })
    expect({ status: given.status, magic: await given.text() }).toEqual({ status: 206, magic: 'PK\x03\x04' })
  },
  patience,
)

test('is nobody else’s: not of another organisation, and not of a workload of its own', async () => {
  expect(await people.as('ada', 'export', 'status', made.export)).toMatchObject({
    code: 7,
    err: expect.stringContaining('record_unknown'),
  })
  const cedar = world.raw('cedar')
  const token = await cedar.token({ resource: `${world.issuer}/api` })
  for (const path of ['/exports', `/exports/${made.export}/content`]) {
    const answer = (await (await cedar.call('GET', `/api/v1${path}`, { token })).json()) as { code: string }
    expect(answer.code).toBe('scope_missing')
  }
})

test('a query that is none is told with its place before anything is asked', async () => {
  const { code, err } = await people.as(
    'priya',
    'export',
    'create',
    'model:aurora',
    'pratner:cedar',
    '--purpose',
    'x',
  )
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('at character 14, “pratner”') })
})
