/** How a server ends: nothing new, time for what is under way, a word to those that it breaks off. */
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { entriesOf, told } from '../world/entries.ts'
import { rawHttp } from '../world/raw-http.ts'

let world: EmbeddedWorld
beforeEach(async () => {
  world = await openEmbedded()
  await world.script({ pace_ms: 10, tokens: 2_000 })
})
afterEach(async () => {
  await world.upstream.close()
  await rm(world.data, { recursive: true })
})

test('calls that go on beyond the grace are cut, told so, and settled', async () => {
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const stream = await cedar.chat({ stream: true, max_tokens: 2_000 }, { token })
  const json = cedar.chat({ max_tokens: 2_000 }, { token })
  while ((await world.stats()).in_flight < 2) await new Promise(resolve => setTimeout(resolve, 5))
  const closed = world.sallyport.close(100)
  expect(await stream.text()).toMatch(/"code":"stopping".*\n\n$/)
  expect((await json).status).toBe(503)
  await closed

  const store = openSqliteStore(join(world.data, 'sallyport.db'), Object.values(indexes))
  const outcomes = (await entriesOf(store, 'cedar'))
    .map(({ entry }) => told(entry))
    .filter(one => one.kind === 'outcome')
  expect(outcomes).toMatchObject([
    { ending: 'cut', code: 'stopping' },
    { ending: 'cut', code: 'stopping' },
  ])
  const [meter] = await store.get([keys.meter(world.meterId('cedar'))])
  expect(meter?.leases).toEqual({})
  store.close()
})

test('connections that ask for nothing do not hold it up', async () => {
  const silent = connect({ host: '127.0.0.1', port: Number(new URL(world.issuer).port) })
  await once(silent, 'connect')
  const since = performance.now()
  await world.sallyport.close(20_000)
  expect(performance.now() - since).toBeLessThan(5_000)
  silent.destroy()
})

test('bytes that are no request end the reply before them, and write nothing into it', async () => {
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const path = '/openai/v1/chat/completions'
  const body = JSON.stringify({
    model: 'aurora-preview',
    stream: true,
    max_tokens: 2_000,
    messages: [{ role: 'user', content: 'x' }],
  })
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: DPoP ${token}`,
    `DPoP: ${await cedar.proof('POST', path, {}, token)}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ]
  const answer = await rawHttp(world.issuer, `${head.join('\r\n')}\r\n\r\n${body}`, async write => {
    while ((await world.stats()).tokens_produced === 0) await new Promise(resolve => setTimeout(resolve, 5))
    write('HELLO\r\n\r\n')
  })
  expect(answer).toMatch(/^HTTP\/1.1 200 /)
  expect(answer).not.toContain('400 Bad Request')
  while ((await world.stats()).in_flight > 0) await new Promise(resolve => setTimeout(resolve, 5))
  await world.sallyport.close(0)
})
