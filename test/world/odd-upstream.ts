import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { keys } from '../../shared/domain/keys.ts'
import type { World } from './world.ts'

export interface OddUpstream extends AsyncDisposable {
  /** Requests seen, and of those the ones whose connection is still open. */
  readonly requests: number
  readonly open: number
}

/** Stands in for the model's endpoint of `world`, and answers as `answer` does: what no demo would do. */
export async function oddUpstream(
  world: World,
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<OddUpstream> {
  let requests = 0
  let open = 0
  const server = createServer((request, response) => {
    requests += 1
    open += 1
    response.on('close', () => {
      open -= 1
    })
    request.resume().on('end', () => void answer(request, response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [model] = await world.store.get([keys.model('aurora-preview')])
  if (!model) throw new Error('no model')
  const { openai, anthropic } = model.upstreams
  await world.store.write({
    kind: 'update',
    key: keys.model('aurora-preview'),
    change: {
      set: [
        [
          ['upstreams'],
          { openai: { ...openai, url: `${origin}/v1` }, anthropic: { ...anthropic, url: origin } },
        ],
      ],
    },
  })
  return {
    get requests() {
      return requests
    },
    get open() {
      return open
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

export const sse = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

export const chunk = (content: string, more: object = {}): string =>
  sse({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }], ...more })
