import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import { serveCall, type Upstream } from './upstream-call.ts'
import { readJson, sendJson } from './upstream-json.ts'
import { ScriptedReplies, scriptSchema } from './upstream-script.ts'
import { Calls } from './upstream-stats.ts'

export interface DemoUpstream {
  /** The origin. The OpenAI protocol stands under `<url>/v1`; Anthropic's clients take `url` itself. */
  readonly url: string
  readonly port: number
  /** Breaks off what is under way. */
  close(): Promise<void>
}

export const demoApiKeys = { openai: 'demo-openai-key', anthropic: 'demo-anthropic-key' }

/**
 * Stands in for the providers on loopback: speaks OpenAI's chat completions, responses and embeddings, and
 * Anthropic's messages and their counting, under any model's name; tells what it was asked at
 * `GET /demo/stats`, and behaves as `POST /demo/script` says until `DELETE /demo/script`. Port 0 is any free
 * one; rejects where the port is taken.
 */
export async function startDemoUpstream({
  port,
  apiKeys = demoApiKeys,
}: {
  readonly port: number
  readonly apiKeys?: Upstream['apiKeys']
}): Promise<DemoUpstream> {
  const upstream: Upstream = { calls: new Calls(), script: new ScriptedReplies(), apiKeys }
  const server = createServer((request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?')
    const serve = path.startsWith('/demo/') ? serveControl : serveCall
    serve(upstream, request, response, path).catch(error => {
      // Whatever fails after the client has gone fails because it has gone.
      if (response.destroyed) return
      console.error(error)
      response.destroy()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function serveControl(
  { calls, script }: Upstream,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const route = `${request.method} ${path}`
  switch (route) {
    case 'GET /demo/stats':
      return sendJson(response, 200, calls.report())
    case 'POST /demo/script': {
      const { data, error } = scriptSchema.safeParse(await readJson(request))
      if (error) return sendJson(response, 400, { errors: wrongFields(error) })
      script.set(data)
      return sendJson(response, 200, data)
    }
    case 'DELETE /demo/script':
      script.reset()
      response.writeHead(204).end()
      return
    default:
      return sendJson(response, 404, { errors: [{ path: '', message: `There is no ${route}` }] })
  }
}

function wrongFields({ issues }: z.ZodError): { path: string; message: string }[] {
  return issues.flatMap(issue => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : []
    const paths = unknown.length > 0 ? unknown.map(key => [...issue.path, key]) : [issue.path]
    return paths.map(path => ({ path: path.join('.'), message: issue.message }))
  })
}
