/**
 * Callers that keep streams and shorter calls under way, whatever becomes of the server, and remember each thing it
 * told them: what was acknowledged must be found in the store later.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import { rawClient } from '../world/raw-client.ts'
import type { Chance } from './chance.ts'

/** What a caller saw of one call. */
export interface Seen {
  /** Output tokens that arrived. */
  tokens: number
  /** The whole reply came: to the protocol's own end, or to an error in its place. */
  end?: 'completed' | 'failed'
  /** What the reply itself says was used, in tokens. */
  usage?: number
}

export interface Told {
  /** By the id in `x-sallyport-entry`. */
  readonly calls: Map<string, Seen>
  /** The `jti` of each token that was issued. */
  readonly tokens: Set<string>
  /** How often each status, with its code where it has one; `no answer` where the server was gone. */
  readonly answers: Map<string, number>
}

export interface UnderWay {
  /** A token was asked for. */
  readonly token: number
  /** A call whose answer has not begun. */
  readonly asked: number
  readonly streaming: number
  /** Neither: refused, or the server is away, and tried again in a moment. */
  readonly pausing: number
  /** Calls whose end a caller has seen so far, and those that it left. */
  readonly ended: number
  readonly left: number
}

export interface Traffic {
  readonly told: Told
  underWay(): UnderWay
  /** Leaves what is under way, and calls no more. */
  stop(): Promise<void>
}

/** Milliseconds, at most, between a failure and the next attempt. */
const pauseMs = 300
/** Milliseconds, at most, until an impatient caller leaves. */
const patienceMs = 500

/** Output tokens. The small partner's budget would not hold many of the first partner's long replies. */
const long = { cedar: 2_000, prairie: 100 }
const short = 8

/** How many calls are under way at most. */
export const callersOf = (streams: number): number => streams + Math.ceil(streams / 2)

interface Caller {
  readonly name: string
  readonly partner: 'cedar' | 'prairie'
  /** Holds one long stream until the server dies; the others call again and again. */
  readonly patient: boolean
  readonly raw: ReturnType<typeof rawClient>
  token?: string
  place: 'token' | 'asked' | 'streaming' | 'pausing'
}

/** As many callers as `streams` that each hold a long one, and half as many that make short calls of all kinds. */
export function startTraffic(credentials: DemoCredentials, streams: number, chance: Chance): Traffic {
  const told: Told = { calls: new Map(), tokens: new Set(), answers: new Map() }
  const stopping = new AbortController()
  let left = 0
  const all = Array.from({ length: callersOf(streams) }, (_, i): Caller => {
    const partner = i % 10 < 8 ? 'cedar' : 'prairie'
    const found = credentials.partners.find(({ id }) => id === partner)
    if (found === undefined) throw new Error(`no partner ${partner}`)
    const raw = rawClient(credentials.issuer, found)
    return { name: `caller ${i}`, partner, patient: i < streams, raw, place: 'pausing' }
  })

  const keepCalling = async (caller: Caller): Promise<void> => {
    for (let n = 0; !stopping.signal.aborted; n++) {
      const draw: Chance = name => chance(`${caller.name} call ${n} ${name}`)
      const leaving = new AbortController()
      try {
        const answered = await call(caller, told, draw, leaving, stopping.signal)
        if (answered) continue
      } catch (error) {
        if (leaving.signal.aborted) left += 1
        else if (isGone(error)) count(told.answers, 'no answer')
        else throw error
        if (leaving.signal.aborted) continue
      }
      caller.place = 'pausing'
      await sleep(draw('pause') * pauseMs)
    }
  }

  const running = Promise.all(all.map(keepCalling))
  // A mistake of ours is told at the end; until then nobody waits for it.
  running.catch(() => undefined)
  return {
    told,
    underWay: () => {
      const at = (place: Caller['place']): number => all.filter(caller => caller.place === place).length
      return {
        token: at('token'),
        asked: at('asked'),
        streaming: at('streaming'),
        pausing: at('pausing'),
        ended: [...told.calls.values()].filter(({ end }) => end).length,
        left,
      }
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** One call, with a token of its own now and then. False where it was refused. */
async function call(
  caller: Caller,
  told: Told,
  draw: Chance,
  leaving: AbortController,
  stopping: AbortSignal,
): Promise<boolean> {
  const { raw, patient } = caller
  if (caller.token === undefined || draw('token') < 1 / 8) {
    caller.place = 'token'
    const token = await askToken(raw, told)
    if (token === undefined) return false
    caller.token = token
  }
  caller.place = 'asked'
  const impatient = !patient && draw('impatient') < 1 / 4
  const timer = impatient ? setTimeout(() => leaving.abort(), draw('patience') * patienceMs) : undefined
  const leave = (): void => leaving.abort()
  stopping.addEventListener('abort', leave)
  try {
    const stream = patient || draw('stream') < 1 / 2
    const max_tokens = patient ? long[caller.partner] : 1 + Math.floor(draw('tokens') * short)
    const send = draw('protocol') < 1 / 2 ? raw.chat : raw.messages
    const response = await send({ stream, max_tokens }, { token: caller.token, signal: leaving.signal })
    const eid = response.headers.get('x-sallyport-entry')
    const seen: Seen = { tokens: 0 }
    if (eid !== null) told.calls.set(eid, seen)
    if (response.ok && stream) {
      caller.place = 'streaming'
      count(told.answers, `${response.status} stream`)
      await readStream(response, seen)
    } else await readWhole(response, seen, told)
    if (response.status === 401) delete caller.token
    return response.ok
  } finally {
    clearTimeout(timer)
    stopping.removeEventListener('abort', leave)
  }
}

async function askToken(raw: Caller['raw'], told: Told): Promise<string | undefined> {
  const response = await raw.tokenRequest()
  const body = (await response.json()) as { access_token?: string; error?: string }
  count(told.answers, `${response.status} ${body.error ?? 'token'}`)
  if (body.access_token === undefined) return undefined
  told.tokens.add(String(decodeJwt(body.access_token).jti))
  return body.access_token
}

/** Tokens of either protocol; the first event of OpenAI's has an empty one. */
const output = /"delta":\{"content":"[^"]|"type":"text_delta"/
const protocolEnd = /^data: \[DONE\]$|^event: message_stop$/m

async function readStream(response: Response, seen: Seen): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const events = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      if (output.test(event)) seen.tokens += 1
      if (protocolEnd.test(event)) seen.end = 'completed'
    }
  }
  seen.end ??= 'failed'
}

async function readWhole(response: Response, seen: Seen, told: Told): Promise<void> {
  const body = (await response.json()) as {
    usage?: {
      completion_tokens?: number
      total_tokens?: number
      input_tokens?: number
      output_tokens?: number
    }
    error?: { sallyport?: { code: string } }
  }
  const code = body.error?.sallyport?.code
  count(told.answers, code === undefined ? `${response.status}` : `${response.status} ${code}`)
  seen.end = response.ok ? 'completed' : 'failed'
  if (body.usage === undefined) return
  const { input_tokens = 0, output_tokens = 0, completion_tokens, total_tokens } = body.usage
  seen.tokens = completion_tokens ?? output_tokens
  seen.usage = total_tokens ?? input_tokens + output_tokens
}

/** How undici says that the other side has gone, before the answer or within it. */
const isGone = (error: unknown): boolean =>
  error instanceof TypeError && ['fetch failed', 'terminated'].includes(error.message)

const count = (counts: Map<string, number>, what: string): void =>
  void counts.set(what, (counts.get(what) ?? 0) + 1)
