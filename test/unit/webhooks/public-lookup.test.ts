import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp } from '../../../shared/adapters/http.ts'
import { publicLookup } from '../../../shared/adapters/public-lookup.ts'
import { NotSent } from '../../../shared/ports/http.ts'

const issuer = 'https://gate.example'
const local = 'http://127.0.0.1:8788'

type Answer = readonly (readonly [string, 4 | 6])[]

const asked = (at: string, answer: Answer, all: boolean, hostname = 'hooks.example') =>
  new Promise(resolve => {
    const addresses: LookupAddress[] = answer.map(([address, family]) => ({ address, family }))
    const lookup = publicLookup(at, (_, __, callback) => callback(null, addresses))
    lookup(hostname, { all }, (error, ...rest) => resolve(error?.code ?? rest))
  })

describe('a name that somebody else has chosen', () => {
  test('resolves to public addresses, in the form that was asked for', async () => {
    const answer: Answer = [
      ['8.8.8.8', 4],
      ['2606:4700::1111', 6],
    ]
    expect(await asked(issuer, answer, true)).toEqual([
      [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1111', family: 6 },
      ],
    ])
    expect(await asked(issuer, answer, false)).toEqual(['8.8.8.8', 4])
  })

  test.each(['10.0.0.1', '127.0.0.1', '169.254.169.254', 'fd00::1', '::1', '::ffff:10.0.0.1'])(
    'does not resolve to %s, alone or among others',
    async address => {
      const family = address.includes(':') ? 6 : 4
      for (const all of [true, false])
        for (const answer of [
          [[address, family]],
          [
            ['8.8.8.8', 4],
            [address, family],
          ],
        ] as Answer[])
          expect(await asked(issuer, answer, all)).toBe('EADDRNOTPUBLIC')
    },
  )

  test('that resolves to nothing is refused', async () => {
    expect(await asked(issuer, [], true)).toBe('EADDRNOTPUBLIC')
  })

  test('may be localhost only where the deployment is on loopback itself', async () => {
    expect(await asked(local, [['127.0.0.1', 4]], false, 'localhost')).toEqual(['127.0.0.1', 4])
    expect(await asked(local, [['127.0.0.1', 4]], false, 'hooks.example')).toBe('EADDRNOTPUBLIC')
    expect(await asked(issuer, [['127.0.0.1', 4]], false, 'localhost')).toBe('EADDRNOTPUBLIC')
  })
})

describe('over HTTP', () => {
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    response.end()
  })
  beforeEach(async () => {
    requests = 0
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => void server.close())

  const send = async (at: string, hostname: string) => {
    const http = createHttp({
      lookup: publicLookup(at, (_, __, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])),
    })
    const { port } = server.address() as AddressInfo
    try {
      const request = { method: 'POST', url: `http://${hostname}:${port}/`, headers: {} } as const
      const { status, bytes } = await http.open(request, AbortSignal.timeout(2_000))
      for await (const _ of bytes);
      return status
    } finally {
      await http.close()
    }
  }

  test('a name that is rebound to loopback is not connected to', async () => {
    await expect(send(issuer, 'rebound.example')).rejects.toThrow(NotSent)
    expect(requests).toBe(0)
  })

  test('the same name is, where it may be', async () => {
    expect(await send(local, 'localhost')).toBe(200)
    expect(requests).toBe(1)
  })
})
