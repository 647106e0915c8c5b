/** The servers of the benchmarks, each in a process of its own, and what the processes cost. */
import { fileURLToPath } from 'node:url'
import type { Limits } from '../../shared/domain/meter.ts'
import type { GateArgument, GateTold } from './gate-server.ts'
import { type ServerProcess, startServer } from './server-process.ts'
import type { UpstreamArgument, UpstreamTold } from './upstream-server.ts'

const module = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export const startUpstream = (settings: UpstreamArgument): Promise<ServerProcess<UpstreamTold>> =>
  startServer(module('./upstream-server.ts'), settings)

export const startPlainProxy = (upstream: UpstreamTold): Promise<ServerProcess<UpstreamTold>> =>
  startServer(module('./plain-proxy.ts'), upstream)

export const startGate = (settings: GateArgument): Promise<ServerProcess<GateTold>> =>
  startServer(module('./gate-server.ts'), settings)

/** Limits that no benchmark reaches, but for the streams, of which no grant may have more. */
export const plenty: Limits = { total: 1e15, rpm: 6_000_000, burst: 1_000_000, streams: 64 }

/** A server, a connection, a store: at once or not, it is closed when it says so. */
export interface Open {
  close(): void | Promise<void>
}

/** What was opened last is closed first. */
export async function closeAll(open: readonly Open[]): Promise<void> {
  for (const one of open.toReversed()) await one.close()
}

/** Milliseconds of the server's CPU that `work` takes. */
export async function cpuOf(server: ServerProcess<object>, work: () => Promise<void>): Promise<number> {
  const before = await server.cpuMs()
  await work()
  return (await server.cpuMs()) - before
}
