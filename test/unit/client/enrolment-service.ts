/** The service itself over HTTP on loopback, for tests of a machine that enrols: real handlers, made-up organisations. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApi } from '../../../functions/api/app.ts'
import type { Handler } from '../../../functions/http.ts'
import { createRingReader } from '../../../functions/ring.ts'
import { createToken } from '../../../functions/token/app.ts'
import { toEvent, writeReply } from '../../../scripts/embedded/gateway-event.ts'
import { BodyPool } from '../../../scripts/embedded/read-body.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { type ClientWorld, clientWorld } from '../functions/governance/client-world.ts'
import { joseSigner } from '../oauth/jose-keys.ts'

export interface EnrolmentService {
  readonly issuer: string
  readonly world: ClientWorld
  /** Enrolments take place, and their answers are lost on the way. */
  lose: boolean
  /** The bodies of the enrolments that came in. */
  readonly sent: string[]
  stop(): Promise<void>
}

export async function startEnrolmentService(): Promise<EnrolmentService> {
  const pool = new BodyPool(1 << 20)
  let serial = 0
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const world = await clientWorld(undefined, { issuer, clock: () => Date.now() })
  const ring = createRingReader(world.store, world.deps.clock)
  const deps = { ...world.deps, ring }
  const token = createToken({ ...deps, signers: async () => joseSigner(world.signing) })
  const api = createApi(deps)
  const service: EnrolmentService = {
    issuer,
    world,
    lose: false,
    sent: [],
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  server.on('request', async (request, response) => {
    const event = await toEvent(request, `request-${++serial}`, pool)
    if (event instanceof Refusal) throw new Error(event.code)
    const enrolment = event.path.endsWith('/enrolments')
    if (enrolment) service.sent.push(Buffer.from(event.body ?? '', 'base64').toString())
    const handler: Handler = event.path.startsWith('/api/') ? api : token
    const reply = await handler(event, new AbortController().signal)
    if (service.lose && enrolment) response.destroy()
    else await writeReply(response, reply)
  })
  return service
}
