/** What the benchmark of the gate calls: the upstream itself, and what may stand in front of it. */
import { chatPath, createCaller } from './caller.ts'
import { chatBody, type Load, openLoad, type ReplyKind } from './load.ts'
import type { ServerProcess } from './server-process.ts'
import { closeAll, type Open, plenty, startGate, startPlainProxy, startUpstream } from './servers.ts'

export interface Target {
  readonly name: string
  readonly server: ServerProcess<object>
  readonly load: Load
  /** Of so many calls that are made at once. */
  headers(calls: number): Promise<readonly Readonly<Record<string, string>>[]>
}

export interface Targets {
  readonly bare: Target
  readonly plain: Target
  readonly memory: Target
  readonly disk: Target
}

export interface Kind {
  readonly name: string
  readonly reply: ReplyKind
  readonly chunks: number
  readonly body: Buffer
}

const kind = (name: string, reply: ReplyKind, chunks: number): Kind => ({
  name,
  reply,
  chunks,
  body: chatBody(reply, chunks),
})

export const kinds = {
  document: kind('JSON calls', 'document', 8),
  stream: kind('streams of 8 chunks', 'stream', 8),
  longStream: kind('streams of 108 chunks', 'stream', 108),
}

const connections = 64
/** Milliseconds between chunks: a model's come one by one, and each has to be passed on by itself. */
const chunkMs = 4

export async function openTargets(): Promise<Targets> {
  const upstream = await startUpstream({ thinkMs: 0, chunkMs })
  const open: Open[] = [upstream]
  try {
    const plain = await startPlainProxy(upstream.told)
    open.push(plain)
    const gates = async (store: 'memory' | 'disk'): Promise<Target> => {
      const server = await startGate({ store, upstream: upstream.told.url, partner: 'cedar', limits: plenty })
      open.push(server)
      const load = openLoad(server.told.issuer + chatPath, connections)
      return {
        name: `store ${store === 'disk' ? 'on disk' : 'in memory'}`,
        server,
        load,
        ...createCaller(server.told),
      }
    }
    const direct = (name: string, server: typeof upstream): Target => ({
      name,
      server,
      load: openLoad(`${server.told.url}/chat/completions`, connections),
      headers: async calls => Array.from({ length: calls }, () => ({ 'content-type': 'application/json' })),
    })
    return {
      bare: direct('bare upstream', upstream),
      plain: direct('plain proxy', plain),
      memory: await gates('memory'),
      disk: await gates('disk'),
    }
  } catch (error) {
    await closeAll(open)
    throw error
  }
}

export async function closeTargets({ bare, plain, memory, disk }: Targets): Promise<void> {
  const all = [bare, plain, memory, disk]
  for (const { load } of all) await load.close()
  await closeAll(all.map(({ server }) => server))
}
