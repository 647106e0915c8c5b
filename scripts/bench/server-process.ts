/** A server in a process of its own, whose CPU and memory can be asked for: the load is made elsewhere. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { type Profiled, profiler } from './profile.ts'

export interface Usage {
  /** CPU of the whole process since its start, user and system, in milliseconds; without what asking costs. */
  readonly cpuMs: number
  /** Bytes: resident, and live on the heap after a collection. */
  readonly rss: number
  readonly heap: number
}

export interface ServerProcess<Told extends object> {
  /** What the server said when it was ready. */
  readonly told: Told
  usage(): Promise<Usage>
  /** Like `usage`, without a collection: the garbage that is made is collected at the server's own expense. */
  cpuMs(): Promise<number>
  /** Where its time went during `work`. */
  profile(work: () => Promise<void>): Promise<readonly Profiled[]>
  close(): Promise<void>
}

type Question = 'usage' | 'cpu' | 'profile' | 'profiled' | 'close'

/** Runs `module` with `argument`; it calls `serve` (below) once. */
export async function startServer<Told extends object>(
  module: string,
  argument: object,
): Promise<ServerProcess<Told>> {
  const child = fork(module, [JSON.stringify(argument)], {
    execArgv: ['--expose-gc'],
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: 'inherit',
  })
  const waiting: ((answer: unknown) => void)[] = []
  child.on('message', answer => waiting.shift()?.(answer))
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${module} ended with ${code}`)
  })
  const next = <T>(): Promise<T> =>
    Promise.race([new Promise<T>(resolve => waiting.push(answer => resolve(answer as T))), ended])
  const ask = <T>(question: Question): Promise<T> => {
    const answer = next<T>()
    child.send(question)
    return answer
  }
  const told = await next<Told>()
  ended.catch(() => undefined)
  return {
    told,
    usage: () => ask<Usage>('usage'),
    cpuMs: () => ask<number>('cpu'),
    async profile(work) {
      await ask('profile')
      await work()
      return ask<readonly Profiled[]>('profiled')
    },
    async close() {
      child.send('close' satisfies Question)
      await ended.catch(() => undefined)
    },
  }
}

/** In the server's process: says what there is to know, then answers until it is to close. */
export function serve(told: object, close: () => Promise<void>): void {
  let collecting = 0
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000 - collecting
  }
  const profiling = profiler()
  const answers: Record<Question, () => unknown> = {
    cpu: cpuMs,
    usage: () => {
      const before = cpuMs()
      globalThis.gc?.()
      collecting += cpuMs() - before
      const { rss, heapUsed } = process.memoryUsage()
      return { cpuMs: before, rss, heap: heapUsed } satisfies Usage
    },
    profile: profiling.start,
    profiled: profiling.stop,
    close: async () => {
      await close()
      process.exit(0)
    },
  }
  process.on('message', async question => process.send?.((await answers[question as Question]()) ?? null))
  // Whoever started it has gone.
  process.on('disconnect', () => process.exit(1))
  process.send?.(told)
}

/** The origin at which a server answers from now on, on any free port. */
export async function listenOnLoopback(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What the process was started with. */
export const argument = <T>(): T => JSON.parse(process.argv[2] ?? '{}') as T
