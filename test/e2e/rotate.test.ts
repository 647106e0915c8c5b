/** An operator rotates the token signing key beside a running server, as `npm run rotate` does. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

const rotate = (...args: string[]) => world.operate('rotate', ...args)

const published = async (): Promise<string[]> => {
  const response = await fetch(`${world.issuer}/.well-known/jwks.json`)
  expect(response.headers.get('cache-control')).toContain('max-age=300')
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

const signedBy = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid

/** Tokens and calls without a pause until stopped; what was answered, by status. */
function load(): AsyncDisposable & { stop(): Promise<ReadonlyMap<number, number>> } {
  const statuses = new Map<number, number>()
  let stopped = false
  const body = { model: 'aurora-preview', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }
  const loops = Array.from({ length: 4 }, async () => {
    while (!stopped) {
      const gateway = world.gateway('cedar')
      for (let i = 0; i < 5; i++) {
        const response = await gateway.fetch(`${gateway.openai}/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        await response.arrayBuffer()
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      }
    }
  })
  const stop = async (): Promise<ReadonlyMap<number, number>> => {
    stopped = true
    await Promise.all(loops)
    return statuses
  }
  return {
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop()
    },
  }
}

test('under load: the new key is published before it signs, and no request notices', async () => {
  const before = await published()
  const first = signedBy(await world.raw('cedar').token())
  await using running = load()
  const { stdout } = await rotate()
  expect(stdout.match(/signs from/g)).toHaveLength(before.length + 1)
  const kids = await published()
  expect(kids).toHaveLength(before.length + 1)
  expect(kids).toEqual(expect.arrayContaining(before))
  expect(signedBy(await world.raw('cedar').token())).toBe(first)
  const statuses = await running.stop()
  expect([...statuses.keys()]).toEqual([200])
  expect(statuses.get(200)).toBeGreaterThanOrEqual(20)
})

test('a compromised key is refused at once, and its successor signs at once, under load', async () => {
  const cedar = world.raw('cedar')
  const old = await cedar.token()
  const first = signedBy(old)
  expect((await cedar.chat({}, { token: old })).status).toBe(200)
  await using running = load()
  await rotate('--compromised', first)
  const refused = await cedar.chat({}, { token: old })
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({ error: { sallyport: { code: 'key_compromised' } } })
  const fresh = await cedar.token()
  expect(signedBy(fresh)).not.toBe(first)
  expect((await cedar.chat({}, { token: fresh })).status).toBe(200)
  const kids = await published()
  expect(kids).not.toContain(first)
  expect(kids).toContain(signedBy(fresh))
  expect([...(await running.stop()).keys()]).toEqual([200])
})

test('a key id that begins with a dash is one, not an option', async () => {
  await expect(rotate('--compromised', '-nobody')).rejects.toMatchObject({
    stderr: expect.stringMatching(
      /^The key was not rotated: There is no signing key -nobody in the ring: .+\n$/,
    ),
  })
})

test('a key that is not in the ring is named, and nothing changes', async () => {
  const before = await published()
  await expect(rotate('--compromised', 'nobody')).rejects.toMatchObject({ code: 1 })
  expect(await published()).toEqual(before)
  const [standing] = await world.store.get([keys.standing])
  expect(standing?.compromised).toEqual({})
})
