/** Stands between a log and whoever verifies it, and answers one of its files otherwise. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface File {
  readonly status: number
  readonly type: string
  readonly bytes: Uint8Array
}

export interface Spoiling extends AsyncDisposable {
  readonly address: string
  /** How often the file was asked for. */
  readonly asked: () => number
}

/** `path` is below the log's address. */
export async function spoil(address: string, path: string, change: (file: File) => File): Promise<Spoiling> {
  let asked = 0
  const server = createServer(async (request, response) => {
    const answer = await fetch(address + request.url)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const file = { status: answer.status, type: answer.headers.get('content-type') ?? '', bytes }
    const wanted = request.url === `/${path}`
    if (wanted) asked += 1
    const sent = wanted ? change(file) : file
    response.writeHead(sent.status, { 'content-type': sent.type }).end(sent.bytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One bit of the byte at `at`, counted from the end where it is negative. */
export const flipped =
  (at: number) =>
  (file: File): File => ({ ...file, bytes: file.bytes.with(at, (file.bytes.at(at) ?? 0) ^ 1) })
