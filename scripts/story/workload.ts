/** A workload of the story: enrolled by a ticket with a key of its own, it asks for tokens and calls the model. */
import { decodeJwt } from 'jose'
import { createGateway, enrol, type Gateway, generateClientKey, type PrivateJwk } from '../../client/index.ts'
import { textAt } from '../../client/json.ts'
import type { Actor } from './narration.ts'
import { type Stage, StoryStopped } from './stage.ts'

export interface Workload {
  readonly actor: Actor
  readonly clientId: string
  /** With tokens of its own; another one has others. */
  gateway(purpose?: string): Gateway
  /** A streamed call that is admitted. */
  calls(what: string, call?: Call): Promise<Called>
  callIsRefused(what: string, code: string, call?: Call): Promise<void>
}

export interface Call {
  /** Of a call before: its tokens serve again, as long as they last. */
  readonly gateway?: Gateway
  readonly purpose?: string
  /** Laid over the body. */
  readonly body?: object
  /** What happens while it is under way. */
  readonly during?: () => Promise<void>
}

export interface Called {
  readonly gateway: Gateway
  readonly entry: string
}

/** Its administrator makes the ticket; the key never leaves the workload. */
export async function enrolWorkload(
  stage: Stage,
  { admin, organisation, name, model }: { admin: string; organisation: string; name: string; model: string },
): Promise<Workload> {
  const { issuer } = stage.deps
  const made = await stage.does({
    who: admin,
    what: `makes a ticket for the workload ${name}`,
    path: '/clients/tickets',
    body: { kind: 'enrol', name, client: 'workload' },
    tells: () => 'good once, for 15 minutes',
  })
  const key = await generateClientKey()
  const { clientId, state } = await enrol({ issuer, ticket: textAt(made, 'ticket') ?? '', key })
  const actor = { name, organisation }
  stage.tell(actor, 'makes a key and enrols its public half', `${clientId}, ${state}`)
  return createWorkload(stage, { actor, clientId, key, model })
}

interface Identity {
  readonly actor: Actor
  readonly clientId: string
  readonly key: PrivateJwk
  readonly model: string
}

function createWorkload(stage: Stage, { actor, clientId, key, model }: Identity): Workload {
  const gateway = (purpose?: string): Gateway =>
    createGateway({ issuer: stage.deps.issuer, clientId, key, ...(purpose !== undefined && { purpose }) })
  const send = async (through: Gateway, body: object = {}): Promise<Response> =>
    through.fetch(`${through.openai}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        max_tokens: 20,
        stream: true,
        messages: [{ role: 'user', content: 'Say something short.' }],
        ...body,
      }),
    })
  return {
    actor,
    clientId,
    gateway,
    async calls(what, call = {}) {
      const through = call.gateway ?? gateway(call.purpose)
      const [response] = await Promise.all([send(through, call.body), call.during?.()])
      if (!response.ok) throw new StoryStopped(`${actor.name} ${what}: ${await response.text()}`)
      const reply = await response.text()
      const words = reply.match(/"content":"[^"]/g)?.length ?? 0
      if (!reply.includes('[DONE]')) throw new StoryStopped(`${actor.name} ${what}: the reply broke off`)
      const entry = response.headers.get('x-sallyport-entry') ?? ''
      stage.tell(actor, what, `admitted: ${words} pieces of a reply, entry ${entry}`)
      return { gateway: through, entry }
    },
    async callIsRefused(what, code, call = {}) {
      const response = await send(call.gateway ?? gateway(call.purpose), call.body)
      const body: unknown = await response.json().catch(() => undefined)
      const refusal = textAt(body, 'error', 'sallyport', 'code')
      if (response.ok || refusal !== code)
        throw new StoryStopped(
          `${actor.name} ${what}, to be refused with ${code}: ${response.status} ${JSON.stringify(body)}`,
        )
      const clause = textAt(body, 'error', 'sallyport', 'clause')
      const by = clause === undefined ? '' : ` by clause ${clause}`
      const next = textAt(body, 'error', 'sallyport', 'next') ?? ''
      const said = textAt(body, 'error', 'message')?.replace(next, '').trim()
      stage.tell(actor, what, `refused ${code}${by}: ${said}`)
    },
  }
}

/** Which version of an agreement a token is of. */
export const digestIn = (token: string): string | undefined => textAt(decodeJwt(token), 'agreement', 'digest')
