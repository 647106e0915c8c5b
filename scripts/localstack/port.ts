import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** `port` where it is free on loopback, or any free one for 0. Throws where another program has it. */
export async function choosePort(port: number): Promise<number> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new Error(`Port ${port} is taken by another program: stop that one, or choose another with --port.`)
  }
  const { port: chosen } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return chosen
}
