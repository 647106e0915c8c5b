/** A clearinghouse of the story's own, on loopback: it verifies what it is sent, and answers with a receipt. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createLocalJWKSet, flattenedVerify, type JSONWebKeySet } from 'jose'
import { statementTypes } from '../../shared/agreements/statement.ts'

export interface Clearinghouse {
  readonly url: string
  close(): Promise<void>
}

/** `run` names its receipts. Only what verifies with the keys that the deployment publishes is taken. */
export async function openClearinghouse(issuer: string, run: string): Promise<Clearinghouse> {
  const verified = async (request: IncomingMessage): Promise<string> => {
    const body = await text(request)
    const keys = (await (await fetch(`${issuer}/api/v1/keys`)).json()) as JSONWebKeySet
    // The body is the payload (RFC 7515, appendix F).
    const [head = '', , signature = ''] = String(request.headers['sallyport-signature']).split('.')
    const payload = Buffer.from(body).toString('base64url')
    const { protectedHeader } = await flattenedVerify(
      { protected: head, payload, signature },
      createLocalJWKSet(keys),
    )
    if (protectedHeader?.typ !== statementTypes.advisory) throw new Error('it is no advisory')
    return createHash('sha256').update(body).digest('hex')
  }
  const server = createServer((request, response) => {
    verified(request).then(
      sha256 => {
        const receipt = JSON.stringify({ receipt_id: `receipt-${run}`, sha256 })
        response.writeHead(201, { 'content-type': 'application/json' }).end(receipt)
      },
      () => response.writeHead(400).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/findings`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
