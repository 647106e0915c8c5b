import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createProviderFetch } from '../../../shared/adapters/provider-fetch.ts'

test('a provider of a public deployment is not asked at an address inside, also where its URL has it as a number', async () => {
  let hits = 0
  const server = createServer((_, response) => {
    hits += 1
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = createProviderFetch('https://gate.example')
  for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'])
    await ask(`http://${host}:${port}/`).then(
      r => r.text(),
      () => undefined,
    )
  server.close()
  expect(hits).toBe(0)
})
