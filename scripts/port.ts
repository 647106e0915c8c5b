import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Systems take the local port of an outgoing connection from above this one (Linux from 32,768, others from 49,152): a
 * port below stays free until it is listened on, however many connections are made meanwhile.
 */
const belowOutgoing = 32_768

/** `port` where it is free on loopback, or any free one for 0. Throws where another program has it. */
export async function choosePort(port: number): Promise<number> {
  if (port === 0) return freePort()
  if (await isFree(port)) return port
  throw new Error(`Port ${port} is taken by another program: stop that one, or choose another with --port.`)
}

/** A port of loopback on which nothing listens, and that no outgoing connection is given. */
export async function freePort(): Promise<number> {
  const port = randomInt(belowOutgoing / 2, belowOutgoing)
  return (await isFree(port)) ? port : freePort()
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
