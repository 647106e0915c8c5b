/** Where the story happens: its people at the API. What does not come out as it is told stops it, with the answer's words. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, PersonGateway } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import { type Actor, actorOf, createNarration, type Narration } from './narration.ts'

/** What the story needs of the world that it is told in. */
export interface StoryDeps {
  readonly issuer: string
  /** Somebody of the demo by login, with a sign-in that is fresh. */
  as(login: string): Promise<Pick<PersonGateway, 'get' | 'post' | 'patch'>>
  readonly print: (line: string) => void
  /** A run of the sweeper at once. Without it, what only the sweeper does is left out. */
  readonly sweep?: () => Promise<void>
}

export interface Step {
  /** By login. */
  readonly who: string
  readonly what: string
  /** Below `/api/v1`. */
  readonly path: string
  readonly body?: object
  readonly method?: 'get' | 'post' | 'patch'
  /** The path of the record that is decided on: its version goes along. */
  readonly on?: string
  readonly reason?: Reason
  /** For the line; else it is told from which state to which. */
  readonly tells?: (answer: unknown) => string
}

export interface Reason {
  readonly code: string
  readonly text: string
  readonly reference?: string
}

export interface Asked {
  readonly id: string
  readonly version: number
  /** What it is about. */
  readonly subject: string
  readonly answer: unknown
}

export interface Stage extends Pick<Narration, 'chapter' | 'note' | 'counts'> {
  readonly deps: StoryDeps
  /** How long a few decisions in a row may take here. Milliseconds. */
  readonly paceMs: number
  /** A step that is taken at once. */
  does(step: Step): Promise<unknown>
  /** A step that is refused with this code. */
  isRefused(step: Step, code: string): Promise<void>
  /** A step that waits for another's signature. */
  asks(step: Step): Promise<Asked>
  /** The signature that was missing last. */
  approves(who: string, what: string, asked: Asked, tells?: Step['tells']): Promise<void>
  /** A signature after which it waits for another. */
  signs(who: string, what: string, asked: Asked): Promise<Asked>
  approvalIsRefused(who: string, what: string, asked: Asked, code: string): Promise<void>
  declines(who: string, what: string, asked: Asked, reason: Reason): Promise<void>
  /** Not a step: what somebody sees. */
  sees(who: string, path: string): Promise<unknown>
  /** A line of somebody, or of a workload, that was not a request to the API. */
  tell: Narration['step']
  /** By login. */
  actor(login: string): Actor
  /** Until the moment, milliseconds since the epoch, and a little longer. */
  until(moment: number): Promise<void>
}

/** The story cannot go on. */
export class StoryStopped extends Error {
  override readonly name = 'StoryStopped'
}

export async function openStage(deps: StoryDeps): Promise<Stage> {
  const narration = createNarration(deps.print)

  async function read(who: string, path: string): Promise<Answer> {
    const answer = await (await deps.as(who)).get(path)
    if (answer.status !== 200) throw stopped(`${who} reads ${path}`, answer)
    return answer
  }

  async function send({ who, path, body, method = 'post', on, reason }: Step): Promise<Answer> {
    const gateway = await deps.as(who)
    if (method === 'get') return gateway.get(path)
    const found = on === undefined ? undefined : await gateway.get(on)
    const version = found && (found.status === 200 ? versionOf(found) : 1)
    return gateway[method](
      path,
      { ...body, reason: reason ?? because },
      version === undefined ? {} : { ifMatch: version },
    )
  }

  const refuses = (who: string, what: string, { status, body, headers }: Answer, code: string): void => {
    if (textAt(body, 'code') !== code)
      throw stopped(`${who} ${what}, to be refused with ${code}`, { status, body, headers })
    const clause = textAt(body, 'clause')
    const by = clause === undefined ? '' : ` by clause ${clause}`
    narration.step(actorOf(who), what, `refused ${code}${by}: ${textAt(body, 'detail')}`)
  }

  const approve = async (who: string, { id, version }: Asked): Promise<Answer> =>
    (await deps.as(who)).post(`/proposals/${id}/approve`, {}, { ifMatch: version })

  return {
    deps,
    paceMs: await paceOf(deps),
    counts: narration.counts,
    chapter: narration.chapter,
    note: narration.note,
    tell: narration.step,
    actor: actorOf,
    sees: async (who, path) => (await read(who, path)).body,
    async does(step) {
      const answer = await send(step)
      if (answer.status >= 400 || answer.status === 202) throw stopped(`${step.who} ${step.what}`, answer)
      narration.step(actorOf(step.who), step.what, (step.tells ?? fromStateToState)(answer.body))
      return answer.body
    },
    async isRefused(step, code) {
      refuses(step.who, step.what, await send(step), code)
    },
    async asks(step) {
      const answer = await send(step)
      const id = textAt(answer.body, 'proposal', 'id')
      if (answer.status !== 202 || id === undefined) throw stopped(`${step.who} ${step.what}`, answer)
      narration.step(actorOf(step.who), step.what, `waits for ${textAt(answer.body, 'proposal', 'waits_on')}`)
      return {
        id,
        version: Number(at(answer.body, 'proposal', 'version')),
        subject: textAt(answer.body, 'subject', 'id') ?? '',
        answer: answer.body,
      }
    },
    async approves(who, what, asked, tells = fromStateToState) {
      const answer = await approve(who, asked)
      if (textAt(answer.body, 'state') !== 'applied') throw stopped(`${who} ${what}`, answer)
      narration.step(actorOf(who), what, tells(asked.answer))
    },
    async signs(who, what, asked) {
      const answer = await approve(who, asked)
      if (textAt(answer.body, 'state') !== 'open') throw stopped(`${who} ${what}`, answer)
      narration.step(actorOf(who), what, `waits for ${textAt(answer.body, 'waits_on')}`)
      return { ...asked, version: Number(at(answer.body, 'version')) }
    },
    async approvalIsRefused(who, what, asked, code) {
      refuses(who, what, await approve(who, asked), code)
    },
    async declines(who, what, { id, version }, reason) {
      const gateway = await deps.as(who)
      const answer = await gateway.post(`/proposals/${id}/decline`, { reason }, { ifMatch: version })
      if (textAt(answer.body, 'state') !== 'declined') throw stopped(`${who} ${what}`, answer)
      narration.step(actorOf(who), what, 'declined')
    },
    async until(moment) {
      await sleep(Math.max(0, moment - Date.now()) + 300)
    },
  }
}

/** By how long the second of two looks takes; the first may find everything asleep. */
async function paceOf({ as }: StoryDeps): Promise<number> {
  const gateway = await as('ada')
  await gateway.get('/me')
  const begun = Date.now()
  await gateway.get('/me')
  return Math.min(15_000, Math.max(2_000, 30 * (Date.now() - begun)))
}

const because: Reason = { code: 'request', text: 'As the story has it.' }

const versionOf = ({ headers }: Answer): number => Number(headers.get('etag')?.replaceAll('"', '') ?? 0)

function fromStateToState(answer: unknown): string {
  const changes = (at(answer, 'difference') as readonly Change[] | undefined) ?? []
  const state = changes.find(({ field }) => field === 'state')
  if (state === undefined) return 'done'
  const [from, to] = [state.from, state.to].map(one => String(one).replaceAll('_', ' '))
  return typeof state.from === 'string' ? `${from} to ${to}` : String(to)
}

interface Change {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
}

const stopped = (what: string, { status, body }: Answer): StoryStopped =>
  new StoryStopped(
    `${what}: ${status} ${textAt(body, 'code') ?? ''}: ${textAt(body, 'detail') ?? JSON.stringify(body)}`,
  )
