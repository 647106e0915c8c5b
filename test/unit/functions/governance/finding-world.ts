/** The world of grants, with agreements whose clauses set clocks, two models, and offices that take findings. */
import { generateKeyPairSync, sign } from 'node:crypto'
import type { Answer } from '../../../../functions/api/operation.ts'
import { findingOperations } from '../../../../functions/api/operations/findings.ts'
import { organisationOperations } from '../../../../functions/api/operations/organisations.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Person, Role } from '../../../../shared/domain/parties.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { thumbprint } from '../../../../shared/oauth/public-jwk.ts'
import type { PublicJwk, Signer } from '../../../../shared/ports/keys.ts'
import { applied, grantWorld, start } from './grant-world.ts'

export const issuer = 'https://gate.example'
export const hour = 3_600_000

function openSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const publicJwk = { kty, crv, x, y } as PublicJwk
  return {
    kid: thumbprint(publicJwk),
    alg: 'ES256',
    publicJwk,
    sign: async bytes => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
}

export const reportBody = {
  kind: 'vulnerability',
  model: 'aurora',
  severity: 'high',
  title: 'Replies repeat the prompt of somebody else',
  text: 'Seen twice this morning.\nNothing to be done from outside.',
  discovered_at: new Date(start - 2 * hour).toISOString(),
}

export async function findingWorld() {
  const world = await grantWorld()
  const statements = openSigner()
  let signs = true
  let serial = 0

  await world.records.agreement({
    governments: ['ofr'],
    clauses: {
      ...{ quota: 'quota-1', purpose: 'purpose-1', capabilities: 'cap-1', 'retention-notice': 'notice-1' },
      'incident-report': 'incident-1',
      'vulnerability-report': 'vulnerability-1',
    },
    clocks: { incidentHours: 24, vulnerabilityHours: 72, embargoDays: 30 },
  })
  await world.store.write({
    kind: 'update',
    key: keys.organisation('ofr'),
    change: {
      set: [
        [['developers'], ['halcyon']],
        [['clearinghouse'], { url: 'https://clearing.example/findings', setAt: start }],
      ],
    },
  })
  /** The demo has none: whoever consults, for an office. */
  const person = async (id: string, organisation: string, role: Role): Promise<void> => {
    const [like] = await world.store.get([keys.person('nora')])
    if (like === undefined) throw new Error('nobody to be like')
    const item = { ...like, id, name: id, organisation, roles: [role], subject: id } satisfies Person
    await world.store.write({
      kind: 'put',
      key: keys.person(id),
      item: { ...item, listed: `person#${id}`, owner: organisation },
    })
  }
  await person('conny', 'ofr', 'consultant')
  await person('hugo', 'elsewhere', 'consultant')

  async function call(
    who: string,
    id: string,
    {
      finding,
      organisation,
      body,
      query = {},
      rev,
    }: {
      readonly finding?: string
      readonly organisation?: string
      readonly body?: object
      readonly query?: object
      readonly rev?: number
    } = {},
  ): Promise<Answer | Refusal> {
    const operation = [...findingOperations, ...organisationOperations].find(one => one.id === id)
    if (operation === undefined) throw new Error(`no operation ${id}`)
    const usual = ['reportFinding', 'resolveFinding'].includes(id)
      ? {}
      : { reason: { code: 'request', text: 'please' } }
    const parsed = operation.body?.safeParse({ ...usual, ...body })
    if (parsed?.success === false) throw new Error(`malformed: ${parsed.error.message}`)
    return operation.answer({
      deps: {
        ...world.deps,
        issuer,
        statements: {
          ...statements,
          sign: async (bytes: Uint8Array) => {
            const { SignerUnavailable } = await import('../../../../shared/ports/keys.ts')
            if (!signs) throw new SignerUnavailable('no answer')
            return statements.sign(bytes)
          },
        },
      } as never,
      caller: await world.caller(who),
      path: { ...(finding && { finding }), ...(organisation && { organisation }) },
      query: operation.query?.parse(query) ?? {},
      body: parsed?.data,
      request: `request-finding-${++serial}`,
      ...(rev !== undefined && { rev }),
    })
  }

  return {
    ...world,
    call,
    person,
    statements,
    signs: (can: boolean) => {
      signs = can
    },
    /** Reports, and answers the id of the finding. */
    async report(who: string, body: object = {}): Promise<string> {
      const { subject } = applied(await call(who, 'reportFinding', { body: { ...reportBody, ...body } }))
        .body as {
        subject: { id: string }
      }
      return subject.id
    },
    finding: (id: string) => world.get(keys.finding(id)),
    /** As somebody is shown it; `undefined` where it is not there for them. */
    async shown(who: string, finding: string): Promise<Record<string, unknown> | undefined> {
      const answer = await call(who, 'getFinding', { finding })
      if (answer instanceof Refusal) {
        if (answer.code !== 'record_unknown') throw new Error(answer.code)
        return undefined
      }
      return answer.body as Record<string, unknown>
    },
    /** Everything that the log and the notices hold, as text. */
    async everythingTold(): Promise<string> {
      const texts: string[] = []
      const { indexes } = await import('../../../../shared/domain/keys.ts')
      for (const [index, partitions] of [
        [indexes.byOrganisation, ['cedar', 'halcyon', 'ofr', 'prairie', 'elsewhere', 'auditors']],
        [indexes.byRecord, ['notice']],
      ] as const)
        for (const partition of partitions) {
          const page = await world.store.query({ index, partition, order: 'asc', limit: 1000 })
          texts.push(JSON.stringify(await world.store.get(page.keys)))
        }
      return texts.join('\n')
    },
  }
}

export type FindingWorld = Awaited<ReturnType<typeof findingWorld>>
