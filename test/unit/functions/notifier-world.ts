/** Receivers of webhooks that listen on loopback, and a notifier with a store in memory. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { NotifierDeps } from '../../../functions/notifier/deps.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { createHttp } from '../../../shared/adapters/http.ts'
import { publicLookup } from '../../../shared/adapters/public-lookup.ts'
import { systemClock, systemRandom } from '../../../shared/adapters/world.ts'
import { type Governed, indexes, keys, type Listed, listed } from '../../../shared/domain/keys.ts'
import type { Notice } from '../../../shared/domain/notices.ts'
import type { Organisation, Webhook } from '../../../shared/domain/parties.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { entryId } from '../../../shared/entries/id.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'
import { webhookLabel, webhookSecret } from '../../../shared/webhooks/sign.ts'

export interface Received {
  readonly id: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Reply = (response: ServerResponse, received: Received) => void | Promise<void>

export interface Receiver {
  readonly url: string
  readonly received: Received[]
  /** How it answers; 204 at first. */
  reply: Reply
}

export async function openReceiver(): Promise<Receiver> {
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const one = {
      id: String(request.headers['webhook-id']),
      path: request.url ?? '',
      headers: request.headers,
      body: await text(request),
    }
    receiver.received.push(one)
    await receiver.reply(response, one)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook?token=s3cr3t`,
    received: [],
    reply: status(204),
  }
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return receiver
}

export const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  response =>
    void response.writeHead(code, headers).end()

export const hangs: Reply = () => undefined

/** A root that is no secret, so that a test can verify. */
const derive = async (domain: string, label: string): Promise<Uint8Array> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(`${domain} ${label}`)))

export const secretOf = async (organisation: string, webhook: string): Promise<string> =>
  webhookSecret(await derive('webhook', webhookLabel(organisation, webhook)))

export const day = 86_400_000

export function notifierWorld(replace: Partial<NotifierDeps> = {}) {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const told: string[] = []
  const alarms: (readonly [string, Readonly<Record<string, string | number>>])[] = []
  let ahead = 0
  const issuer = 'http://127.0.0.1:8788'
  const http = createHttp({ lookup: publicLookup(issuer) })
  onTestFinished(async () => {
    await http.close()
    store.close()
  })
  const deps: NotifierDeps = {
    store,
    clock: { now: () => Date.now() + ahead, sleep: systemClock.sleep },
    random: systemRandom,
    telemetry: {
      count: (metric, labels) => void told.push(JSON.stringify([metric, labels])),
      alarm(name, fields) {
        told.push(JSON.stringify([name, fields]))
        alarms.push([name, fields])
      },
      error: (message, error, fields) =>
        void told.push(`${message} ${String(error)} ${JSON.stringify(fields)}`),
    },
    http,
    secrets: { derive },
    issuer,
    deliveryMs: 2_000,
    ...replace,
  }
  let made = 0

  return {
    deps,
    store,
    told,
    alarms,
    /** Time goes on for the notifier. Milliseconds. */
    wait(ms: number) {
      ahead += ms
    },

    async organisation(id: string, urls: Readonly<Record<string, string>>, createdAt = 0): Promise<void> {
      const webhooks: Record<string, Webhook> = Object.fromEntries(
        Object.entries(urls).map(([webhook, url]) => [webhook, { url, createdAt }]),
      )
      const item: Governed<Organisation> = {
        id,
        name: `Organisation ${id}`,
        state: 'active',
        kind: 'developer',
        webhooks,
        rev: 1,
        ...listed('organisation', id, id),
      }
      await store.write({ kind: 'put', key: keys.organisation(id), item })
    },

    /** As a decision puts it. */
    async notice(organisation: string, fields: Partial<Notice> = {}): Promise<string> {
      const now = deps.clock.now()
      const eid = entryId(now, Buffer.from(String(++made).padStart(16, '0')))
      const id = `${eid}-${organisation}`
      const item: Notice & Listed = {
        id,
        organisation,
        type: 'partner.suspended',
        subject: { kind: 'partner', id: 'organisation_9', name: 'Köln Utilities' },
        text: 'The partner Köln Utilities is suspended.',
        entry: eid,
        at: now,
        due: 'pending',
        dueAt: now,
        attempts: 0,
        ...fields,
        ...listed('notice', organisation, id),
      }
      await store.write({ kind: 'put', key: keys.notice(id), item })
      return id
    },

    async read(id: string): Promise<Notice> {
      const [notice] = await store.get([keys.notice(id)])
      if (notice === undefined) throw new Error('no notice')
      return notice
    },

    async webhook(organisation: string, id: string): Promise<Webhook | undefined> {
      const [found] = await store.get([keys.organisation(organisation)])
      return found?.webhooks?.[id]
    },

    entries: (organisation: string) => entriesOf(store, organisation),
  }
}

async function entriesOf(store: Store, organisation: string): Promise<readonly Record<string, unknown>[]> {
  const page = await store.query({
    index: indexes.byOrganisation,
    partition: organisation,
    order: 'asc',
    limit: 100,
  })
  const found = await store.get(page.keys as readonly Key<Entry>[])
  return found.map(entry => JSON.parse(entry?.body ?? '{}').unmapped)
}
