/** The provider: speaks two protocols, and by a call's plan answers, stalls, lies about usage or breaks off. */
import { type Http, type HttpResponse, NotSent } from '../../shared/ports/http.ts'
import type { Dice } from './dice.ts'
import type { Process, Scheduler } from './scheduler.ts'

export const misbehaviours = [
  'unreachable',
  'stalls',
  'stalls midway',
  'breaks off',
  'refuses',
  'fails',
  'tells no usage',
  'bills too much',
  'bills too little',
] as const

export interface Provided {
  /** Tokens of output, each a chunk of its own. */
  readonly tokens: number
  /** Whether it thinks before it writes, as much as the limit of the request leaves, where the model hides that. */
  readonly thinks: boolean
  /** Of the bytes of the request, how many are a token of input: up to all of them. */
  readonly density: number
  /** Milliseconds before the first and between two chunks. */
  readonly first: number
  readonly pace: number
  readonly fault: (typeof misbehaviours)[number] | undefined
}

/** One request to the provider. */
export interface Asked {
  /** The proof that the call came with. */
  readonly proof: string
  readonly by: Process
  /** Tokens of input, and of output so far. */
  readonly input: number
  produced: number
  /** What it said that the call cost, once it has said so. */
  billed: number | undefined
}

export interface Provider {
  readonly scheduler: Scheduler
  readonly dice: Dice
  plan(call: string): Provided
  /** Whether the model produces tokens that are not sent. */
  hides(): boolean
  asked(one: Asked): void
  /** With each token that it makes. */
  produced(one: Asked): void
  note(by: Process, what: string): void
}

export function createHttpPort(provider: Provider, process: Process): Http {
  const { scheduler, dice } = provider
  return {
    open: (request, signal) =>
      new Promise((resolve, reject) => {
        const body = JSON.parse(Buffer.from(request.body ?? []).toString()) as Body
        const [proof = '', call = ''] = /(call-\d+) \d+/.exec(JSON.stringify(body.messages)) ?? []
        const plan = provider.plan(call)
        const gone = (): void => reject(new Error('aborted'))
        if (signal.aborted) return gone()
        signal.addEventListener('abort', gone, { once: true })
        // What was sent can arrive even where it is broken off.
        const input = Math.max(1, Math.floor((request.body?.length ?? 0) * plan.density))
        const one: Asked = { proof, by: process, input, produced: 0, billed: undefined }
        provider.asked(one)
        provider.note(process, `asks the provider for ${proof}${plan.fault ? `, which ${plan.fault}` : ''}`)
        if (plan.fault === 'unreachable')
          return scheduler.after(dice.between(1, 100), () => reject(new NotSent('no connection')), process)

        scheduler.after(dice.between(0, 5), () => {
          if (plan.fault === 'stalls') return
          const openai = request.url.endsWith('/chat/completions')
          const limit = body.max_tokens ?? body.max_completion_tokens ?? 0
          const hidden = plan.thinks && provider.hides() ? limit - plan.tokens : 0
          const reply = new Reply(provider, one, { ...plan, hidden }, openai, signal)
          // One document is written when all of it was produced.
          const head = body.stream ? plan.first : plan.first + plan.tokens * plan.pace
          const answer = (): void => {
            if (!signal.aborted) resolve(reply.respond(body.stream === true))
          }
          scheduler.after(head, answer, process)
        })
      }),
  }
}

interface Body {
  readonly stream?: boolean
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
  readonly messages: unknown
}

type Planned = Provided & { readonly hidden: number }

class Reply {
  readonly #provider: Provider
  readonly #one: Asked
  readonly #plan: Planned
  readonly #openai: boolean
  readonly #signal: AbortSignal

  constructor(provider: Provider, one: Asked, plan: Planned, openai: boolean, signal: AbortSignal) {
    this.#provider = provider
    this.#one = one
    this.#plan = plan
    this.#openai = openai
    this.#signal = signal
  }

  respond(stream: boolean): HttpResponse {
    const { fault } = this.#plan
    if (fault === 'refuses' || fault === 'fails') {
      const status = fault === 'refuses' ? 400 : 503
      return { status, headers: {}, bytes: once({ error: { message: 'no', type: 'no', code: 'no' } }) }
    }
    if (stream)
      return { status: 200, headers: { 'content-type': 'text/event-stream' }, bytes: this.#events() }
    this.#produce(this.#plan.hidden + this.#plan.tokens)
    if (fault === 'breaks off') return { status: 200, headers: {}, bytes: broken() }
    return { status: 200, headers: {}, bytes: once(this.#document()) }
  }

  #produce(tokens: number): void {
    this.#one.produced += tokens
    this.#provider.produced(this.#one)
  }

  get #output(): number {
    const { fault, tokens, hidden } = this.#plan
    // More than any call reserves, and not so much that nothing is left for the calls after it.
    if (fault === 'bills too much') return 2_000
    return fault === 'bills too little' ? 1 : hidden + tokens
  }

  /** What it bills from here on: the gate has it with the next bytes. */
  #bill(): { input: number; output: number } {
    const bill = { input: this.#one.input, output: this.#output }
    if (this.#plan.fault === 'bills too much') this.#one.billed = bill.input + bill.output
    return bill
  }

  #openaiUsage(): object {
    const { input, output } = this.#bill()
    return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
  }

  #anthropicUsage(): { input_tokens: number; output_tokens: number } {
    const { input, output } = this.#bill()
    return { input_tokens: input, output_tokens: output }
  }

  #document(): object {
    const text = 'word '.repeat(this.#plan.tokens)
    const told = this.#plan.fault !== 'tells no usage'
    return this.#openai
      ? {
          choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
          ...(told && { usage: this.#openaiUsage() }),
        }
      : {
          type: 'message',
          content: [{ type: 'text', text }],
          ...(told && { usage: this.#anthropicUsage() }),
        }
  }

  async *#events(): AsyncGenerator<Uint8Array> {
    const { tokens, pace, fault, hidden } = this.#plan
    if (!this.#openai)
      yield event({
        type: 'message_start',
        message: { usage: { input_tokens: this.#one.input, output_tokens: 1 } },
      })
    if (hidden > 0) {
      await this.#until(pace)
      this.#produce(hidden)
    }
    const faultAt = Math.floor(tokens / 2)
    for (let i = 0; i < tokens; i++) {
      if (i === faultAt && fault === 'stalls midway') await this.#until(Number.POSITIVE_INFINITY)
      if (i === faultAt && fault === 'breaks off') throw new Error('the connection broke')
      await this.#until(pace)
      this.#produce(1)
      yield event(
        this.#openai
          ? { choices: [{ index: 0, delta: { content: 'word ' } }] }
          : { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'word ' } },
      )
    }
    yield* this.#end()
  }

  *#end(): Generator<Uint8Array> {
    const told = this.#plan.fault !== 'tells no usage'
    if (this.#openai) {
      yield event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
      if (told) yield event({ choices: [], usage: this.#openaiUsage() })
      yield Buffer.from('data: [DONE]\n\n')
      return
    }
    const usage = told && { usage: { output_tokens: this.#anthropicUsage().output_tokens } }
    yield event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, ...usage })
    yield event({ type: 'message_stop' })
  }

  /** A wait that an abort breaks off, as it closes the connection. */
  #until(ms: number): Promise<void> {
    const { scheduler } = this.#provider
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('aborted'))
      if (this.#signal.aborted) return gone()
      this.#signal.addEventListener('abort', gone, { once: true })
      if (Number.isFinite(ms)) scheduler.after(ms, resolve, this.#one.by)
    })
  }
}

function event(data: Readonly<Record<string, unknown>>): Uint8Array {
  const named = data.type === undefined ? '' : `event: ${data.type}\n`
  return Buffer.from(`${named}data: ${JSON.stringify(data)}\n\n`)
}

async function* once(document: object): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify(document))
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"choices": [')
  throw new Error('the connection broke')
}
