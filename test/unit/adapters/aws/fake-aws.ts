/** A client of the SDK that answers as it is told, and a clock that moves only when nothing else can. */
import type { Clock, Random } from '../../../../shared/ports/world.ts'

/** Time goes on to the next sleeper once every promise that can be settled is. */
export function createFakeClock(start = 1_000_000): Clock {
  let now = start
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>()
  const goOn = (): void => {
    const [next] = [...sleepers].sort((a, b) => a.at - b.at)
    if (next === undefined) return
    sleepers.delete(next)
    now = Math.max(now, next.at)
    next.wake()
  }
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise(resolve => {
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          resolve()
        })
        setImmediate(goOn)
      }),
  }
}

export const longestPauses: Random = { bytes: n => new Uint8Array(n).fill(0xff) }

export interface Sent {
  readonly name: string
  readonly input: Record<string, unknown>
  readonly at: number
}

export interface FakeClient {
  /** It stands in for the clients of four services. */
  readonly client: never
  readonly sent: readonly Sent[]
}

export type Answer = (sent: Sent) => unknown

/** Answers in turn; the last one again and again. An answer that is an error is thrown. */
export function createFakeClient(clock: Clock, ...answers: readonly (Answer | object)[]): FakeClient {
  const sent: Sent[] = []
  const client = {
    async send(command: object, options: { readonly abortSignal?: AbortSignal } = {}) {
      const { input } = command as { readonly input: Record<string, unknown> }
      const one = { name: command.constructor.name, input, at: clock.now() }
      const answer = answers[Math.min(sent.length, answers.length - 1)]
      sent.push(one)
      options.abortSignal?.throwIfAborted()
      const told = await (typeof answer === 'function' ? answer(one) : answer)
      if (told instanceof Error) throw told
      return told ?? {}
    },
  }
  return { sent, client: client as never }
}

/** As the SDK makes them of a reply. */
export const serviceError = (name: string, httpStatusCode: number, more: object = {}): Error =>
  Object.assign(new Error(`the service says ${name}`), { name, $metadata: { httpStatusCode }, ...more })

export const connectionError = (code: string): Error => Object.assign(new Error(code), { code })

export const hangs: Answer = () => new Promise(() => undefined)
