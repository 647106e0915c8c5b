import { connect } from 'node:net'

/** All that comes back for these bytes until the connection is closed. `then` may send more meanwhile. */
export async function rawHttp(
  issuer: string,
  bytes: string | Uint8Array,
  then?: (write: (bytes: string) => void) => Promise<void>,
): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(issuer).port) })
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  const closed = new Promise(resolve => socket.once('close', resolve))
  // A server that has said its last word may not take the rest: what it said is what counts.
  socket.on('error', () => undefined)
  socket.write(bytes)
  await then?.(more => void socket.write(more))
  await closed
  return Buffer.concat(chunks).toString()
}

/** The body of an answer that has one. */
export const bodyOf = (answer: string): Record<string, unknown> =>
  JSON.parse(answer.split('\r\n\r\n').at(-1) ?? '')
