/** The world of grants with consultants in two offices, and the operations of consultation and access reviews on top. */
import * as z from 'zod'
import type { PersonCaller } from '../../../../functions/api/caller.ts'
import type { Answer } from '../../../../functions/api/operation.ts'
import { agreementOperations } from '../../../../functions/api/operations/agreements.ts'
import { caseOperations } from '../../../../functions/api/operations/cases.ts'
import { clientOperations } from '../../../../functions/api/operations/clients.ts'
import { entryOperations } from '../../../../functions/api/operations/entries.ts'
import { findingOperations } from '../../../../functions/api/operations/findings.ts'
import { grantOperations } from '../../../../functions/api/operations/grants.ts'
import { holdOperations } from '../../../../functions/api/operations/holds.ts'
import { inboxOperations } from '../../../../functions/api/operations/inbox.ts'
import { meOperations } from '../../../../functions/api/operations/me.ts'
import { modelOperations } from '../../../../functions/api/operations/models.ts'
import { opinionOperations } from '../../../../functions/api/operations/opinions.ts'
import { partnerOperations } from '../../../../functions/api/operations/partners.ts'
import { personOperations } from '../../../../functions/api/operations/people.ts'
import { proposalOperations } from '../../../../functions/api/operations/proposals.ts'
import { reviewOperations } from '../../../../functions/api/operations/reviews.ts'
import { viewOperations } from '../../../../functions/api/operations/views.ts'
import type { Finding } from '../../../../shared/domain/findings.ts'
import { type Governed, keys, listed } from '../../../../shared/domain/keys.ts'
import type { Person, Role } from '../../../../shared/domain/parties.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import type { Signer } from '../../../../shared/ports/keys.ts'
import { testLogView } from '../../../world/log-view.ts'
import { joseKey, joseSigner } from '../../oauth/jose-keys.ts'
import { grantWorld, start } from './grant-world.ts'

export const issuer = 'https://gate.example'

const operations = [
  ...agreementOperations,
  ...caseOperations,
  ...clientOperations,
  ...entryOperations,
  ...findingOperations,
  ...grantOperations,
  ...holdOperations,
  ...inboxOperations,
  ...meOperations,
  ...modelOperations,
  ...opinionOperations,
  ...partnerOperations,
  ...personOperations,
  ...proposalOperations,
  ...reviewOperations,
  ...viewOperations,
]

interface Call {
  readonly path?: Record<string, string>
  readonly query?: object
  readonly body?: object
  readonly rev?: number
  readonly key?: string
}

export async function consultationWorld() {
  const world = await grantWorld()
  const key = await joseKey()
  const log = testLogView(world.store)
  let statements: Signer = joseSigner(key)
  let serial = 0
  const person = async (id: string, organisation: string, role: Role, change: Partial<Person> = {}) => {
    const item: Governed<Person> = {
      ...{ id, name: id, organisation, issuer: 'https://id.example', subject: id, roles: [role] },
      state: 'active',
      createdAt: start,
      rev: 1,
      ...listed('person', organisation, id),
      ...change,
    }
    await world.store.write({ kind: 'put', key: keys.person(id), item })
  }
  await person('tess', 'ofr', 'consultant')
  await person('eric', 'elsewhere', 'consultant')

  async function call(
    who: string | PersonCaller,
    id: string,
    { path = {}, query = {}, body, rev, key: once }: Call = {},
  ): Promise<Answer | Refusal> {
    const operation = operations.find(one => one.id === id)
    if (operation === undefined) throw new Error(`no operation ${id}`)
    const found = typeof who === 'string' ? await world.caller(who) : who
    const session = { id: 'session_1', endsAt: world.now() + 1_000, authTime: world.now() }
    const answer = await operation.answer({
      deps: { ...world.deps, issuer, statements, log } as never,
      caller: { ...found, session: session as never },
      path,
      query: operation.query?.parse(query) ?? {},
      body: operation.body?.parse({ ...body }),
      request: `request-${++serial}`,
      ...(rev !== undefined && { rev }),
      ...(operation.creates && { idempotency: { keyHash: once ?? `key-${++serial}`, digest: 'digest' } }),
    })
    // What is answered is what the document says.
    if (!(answer instanceof Refusal)) (operation.answers[answer.status] ?? z.never()).parse(answer.body)
    return answer
  }

  return {
    ...world,
    key,
    person,
    call,
    withSigner: (signer: Signer) => {
      statements = signer
    },
    body: async <T = Record<string, unknown>>(...given: Parameters<typeof call>): Promise<T> => {
      const answer = await call(...given)
      if (answer instanceof Refusal) throw new Error(`${answer.code}: ${answer.facts.detail}`)
      return answer.body as T
    },
    items: async (...given: Parameters<typeof call>): Promise<readonly Record<string, unknown>[]> => {
      const answer = await call(...given)
      if (answer instanceof Refusal) throw new Error(`${answer.code}: ${answer.facts.detail}`)
      return (answer.body as { readonly items: readonly Record<string, unknown>[] }).items
    },
  }
}

export type ConsultationWorld = Awaited<ReturnType<typeof consultationWorld>>

export const because = { reason: { code: 'request', text: 'as agreed' } } as const

/** As cedar reported it. */
export async function putFinding(
  { store }: Pick<ConsultationWorld, 'store'>,
  change: Partial<Finding> = {},
): Promise<void> {
  const one: Finding = {
    id: 'finding_1',
    kind: 'vulnerability',
    organisation: 'cedar',
    model: 'aurora',
    developer: 'halcyon',
    governments: ['ofr'],
    severity: 'high',
    title: 'made up',
    text: 'made up',
    salt: 'c2l4dGVlbiByYW5kb20gYg',
    state: 'reported',
    discoveredAt: start,
    reportedAt: start,
    by: {
      person: 'pat',
      name: 'pat',
      organisation: 'cedar',
      role: 'partner-admin',
      at: start,
      authTime: start,
    },
    entry: 'e',
    handedTo: [],
    sharedWith: ['ofr'],
    ...change,
  }
  const item: Governed<Finding> = { ...one, rev: 1, ...listed('finding', one.organisation, one.id) }
  await store.write({ kind: 'put', key: keys.finding(one.id), item })
}
