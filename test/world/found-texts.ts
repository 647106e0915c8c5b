/** Replies of a model that somebody finds outside, and whoever asks whom they were sent to. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { quiet } from './embedded.ts'
import { chunk, oddUpstream, sse } from './odd-upstream.ts'
import { openWorld } from './open.ts'
import { type TerminalPeople, terminalPeople } from './terminal-people.ts'
import type { World } from './world.ts'

/** Where the exporter is started once a minute. Milliseconds. */
export const patience = 180_000

/** Of words that no other text has. */
export const secret = (name: string, words = 70): string =>
  Array.from({ length: words }, (_, n) => `${name}quoll${n}`).join(' ')
export const words = (text: string, from: number, to: number): string =>
  text.split(' ').slice(from, to).join(' ')

/** What the upstream says next: whole, or in pieces until it breaks off. */
export interface NextReply {
  readonly text: string
  readonly breaksAfter?: number
}

export interface Told {
  readonly verdict: string
  readonly partners: readonly {
    readonly partner: string
    readonly replies: readonly {
      readonly entry: string
      readonly runs: readonly { readonly from: number; readonly to: number }[]
      readonly commitment: { readonly fingerprints: string }
    }[]
  }[]
}

export const named = ({ verdict, partners }: Told): readonly string[] => [
  verdict,
  ...partners.map(({ partner }) => partner).sort(),
]

export interface FoundTexts {
  readonly world: World
  readonly people: TerminalPeople
  /** Every line that the gateway logged. */
  readonly logged: readonly string[]
  /** The id of its outcome's entry, and what came. */
  replied(
    partner: 'cedar' | 'prairie',
    reply: NextReply,
  ): Promise<{ readonly entry: string; readonly sent: string }>
  attributed(text: string, ...more: readonly string[]): ReturnType<TerminalPeople['as']>
  toldOf(text: string): Promise<Told>
  close(): Promise<void>
}

const usage = { prompt_tokens: 7, completion_tokens: 60, total_tokens: 67 }

export async function openFoundTexts(): Promise<FoundTexts> {
  const logged: string[] = []
  let serial = 0
  let next: NextReply = { text: '' }
  const line = (...said: readonly unknown[]): void => void logged.push(said.map(String).join(' '))
  const error = (message: string, why: unknown): void => line(message, (why as Error)?.stack)
  const world = await openWorld({ telemetry: { ...quiet, error, alarm: line, count: line } })
  const people = terminalPeople(world)
  const upstream = await oddUpstream(world, async (_, response) => {
    const { text, breaksAfter } = next
    if (breaksAfter === undefined) {
      const message = { role: 'assistant', content: text }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      const whole = {
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'aurora-preview',
        choices,
        usage,
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const word of text.split(' ').slice(0, breaksAfter)) {
      response.write(chunk(`${word} `))
      await wait(1)
    }
    // Without an end, and without what it bills.
    response.write(sse({ object: 'chat.completion.chunk', choices: [] }))
    response.end()
  })

  async function replied(
    partner: 'cedar' | 'prairie',
    reply: NextReply,
  ): Promise<{ readonly entry: string; readonly sent: string }> {
    next = reply
    const stream = reply.breaksAfter !== undefined
    const response = await world.raw(partner).chat({ max_tokens: 200, ...(stream && { stream }) })
    const sent = await response.text().catch(() => '')
    expect(response.status).toBe(200)
    const entry = `${response.headers.get('x-sallyport-entry')}.outcome`
    // Fingerprints are put behind the last byte, and then the outcome is.
    for (;;) {
      const [there] = await world.store.get([keys.entry(entry)])
      if (there) return { entry, sent }
      await wait(50)
    }
  }

  async function attributed(text: string, ...more: readonly string[]) {
    const file = join(world.data, `found-${++serial}.txt`)
    await writeFile(file, text)
    const answering = people.as('ada', ...more, 'attribute', '--file', file, '--purpose', 'A text on the web')
    let waits = true
    const done = answering.finally(() => {
      waits = false
    })
    while (waits) {
      await world.export()
      await Promise.race([done, wait(world.target === 'embedded' ? 50 : 1_000)])
    }
    return answering
  }

  async function toldOf(text: string): Promise<Told> {
    const { out, err } = await attributed(text, '--json')
    if (out === '') throw new Error(err)
    return (JSON.parse(out) as { readonly result: Told }).result
  }

  return {
    ...{ world, people, logged, replied, attributed, toldOf },
    async close() {
      await upstream[Symbol.asyncDispose]()
      await world.close()
    },
  }
}
