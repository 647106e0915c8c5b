/** The world of grants with agreements that are drafted, offered and signed through the operations of the API. */
import { createPrivateKey, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import type { Answer } from '../../../../functions/api/operation.ts'
import { agreementOperations } from '../../../../functions/api/operations/agreements.ts'
import { grantOperations } from '../../../../functions/api/operations/grants.ts'
import { modelOperations } from '../../../../functions/api/operations/models.ts'
import { personOperations } from '../../../../functions/api/operations/people.ts'
import { digestOf, documentText } from '../../../../shared/agreements/document.ts'
import { type StatementType, signStatement } from '../../../../shared/agreements/statement.ts'
import { type Template, templateOf } from '../../../../shared/agreements/templates.ts'
import type { Clause, QuotaTerms } from '../../../../shared/domain/clauses.ts'
import { type Governed, keys, listed } from '../../../../shared/domain/keys.ts'
import { freshMeter, type Limits, type Meter } from '../../../../shared/domain/meter.ts'
import type { Agreement, AgreementVersion, Grant } from '../../../../shared/domain/records.ts'
import type { Refusal } from '../../../../shared/domain/refusal.ts'
import { time } from '../../../../shared/domain/time.ts'
import { thumbprint } from '../../../../shared/oauth/public-jwk.ts'
import { type PublicJwk, type Signer, SignerUnavailable } from '../../../../shared/ports/keys.ts'
import { draftFrom } from '../../agreements/draft-from.ts'
import { applied, day, type GrantWorld, grantWorld, limits, start } from './grant-world.ts'

export const issuer = 'https://gate.example'

/** A key in memory, made anew for each. */
export function memorySigner(): Signer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = privateKey.export({ format: 'jwk' })
  const publicJwk = { kty, crv, x, y } as PublicJwk
  const key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  return {
    kid: thumbprint(publicJwk),
    alg: 'ES256',
    publicJwk,
    sign: async bytes => signBytes('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
  }
}

const template = (id: string): Template => {
  const found = templateOf(id)
  if (found === undefined) throw new Error(id)
  return found
}

export const words = ({ total, perDay, rpm, burst, streams }: Limits) => ({
  total,
  ...(perDay !== undefined && { per_day: perDay }),
  rpm,
  burst,
  streams,
})

/** The sample clauses with this quota, and without kinds that are left out. */
export const clausesWith = (
  quota: QuotaTerms & { readonly pool?: QuotaTerms } = words(limits),
  further: { readonly without?: readonly string[]; readonly notice?: string } = {},
): readonly Clause[] =>
  template('sample-access')
    .clauses.filter(({ kind }) => !further.without?.includes(kind))
    .map(clause => {
      if (clause.kind === 'quota') return { ...clause, terms: quota }
      if (clause.kind === 'retention-notice' && further.notice !== undefined)
        return { ...clause, terms: { ...clause.terms, notice: further.notice } }
      return clause
    })

export const accessBody = (change: object = {}) => ({
  kind: 'access',
  counterparty: 'cedar',
  template: 'sample-access',
  models: ['aurora'],
  starts_at: time(start),
  ends_at: time(start + 100 * day),
  clauses: clausesWith(),
  ...change,
})

export const engagementBody = (change: object = {}) => ({
  kind: 'engagement',
  counterparty: 'ofr',
  template: 'sample-engagement',
  models: ['aurora'],
  starts_at: time(start),
  ends_at: time(start + 100 * day),
  ...change,
})

const operations = [...agreementOperations, ...personOperations, ...modelOperations, ...grantOperations]

export async function agreementWorld() {
  const world: GrantWorld = await grantWorld()
  const statements = memorySigner()
  let signs: Signer = statements
  Object.assign(world.deps, { statements })
  // The agreement that stands in that world gets a text of its own.
  const document = documentText(
    draftFrom(template('sample-access'), {
      agreement: 'agreement_1',
      version: 1,
      parties: [
        { organisation: 'halcyon', name: 'Halcyon Research', as: 'developer' },
        { organisation: 'cedar', name: 'Cedar County Hospital', as: 'partner' },
      ],
      models: ['aurora', 'borealis'],
      startsAt: time(start - day),
      endsAt: time(start + 365 * day),
    }),
  )
  const of = { agreement: 'agreement_1', version: 1, digest: 'digest-1', document }
  await world.store.write({
    kind: 'put',
    key: keys.agreementVersion('digest-1'),
    item: {
      ...of,
      draftedAt: start,
      offeredAt: start,
      signatures: {},
      ...listed('version', 'agreement_1', 'digest-1'),
    },
  })

  let serial = 0
  async function call(
    who: string,
    id: string,
    asked: {
      readonly path?: Record<string, string>
      readonly body?: object
      readonly query?: object
      readonly rev?: number
    } = {},
  ): Promise<Answer | Refusal> {
    const operation = operations.find(one => one.id === id)
    if (operation === undefined) throw new Error(`no operation ${id}`)
    return operation.answer({
      deps: { ...world.deps, issuer, statements: signs } as never,
      caller: await world.caller(who),
      path: asked.path ?? {},
      query: operation.query?.parse(asked.query ?? {}) ?? {},
      body: operation.body?.parse({ reason: { code: 'request', text: 'please' }, ...asked.body }),
      request: `call-${++serial}`,
      ...(asked.rev !== undefined && { rev: asked.rev }),
    })
  }

  const agreementOf = (id: string): Promise<Governed<Agreement>> => world.get(keys.agreement(id))
  const versionOf = (digest: string): Promise<AgreementVersion> => world.get(keys.agreementVersion(digest))
  const draft = (who: string, body: object): Promise<Answer | Refusal> =>
    call(who, 'draftAgreement', { body })
  const redraft = (who: string, agreement: string, body: object): Promise<Answer | Refusal> =>
    call(who, 'redraftAgreement', { path: { agreement }, body })
  const act = (who: string, verb: string, agreement: string, body: object = {}): Promise<Answer | Refusal> =>
    call(who, `${verb}Agreement`, { path: { agreement }, body })
  const pendingDigest = async (id: string): Promise<string> => {
    const { digest, next } = await agreementOf(id)
    return next?.digest ?? digest
  }
  const sign = async (who: string, id: string, body: object = {}): Promise<Answer | Refusal> =>
    act(who, 'sign', id, { digest: await pendingDigest(id), ...body })

  /** Drafted; its id. */
  async function drafted(body: object = accessBody()): Promise<string> {
    const { subject } = applied(await draft('dana', body)).body as { subject: { id: string } }
    return subject.id
  }
  async function offered(body: object = accessBody()): Promise<string> {
    const id = await drafted(body)
    applied(await act('dana', 'offer', id))
    return id
  }
  /** Signed by all; its notice is acknowledged where it is in force. */
  async function inForce(
    body: object = accessBody(),
    signers: readonly string[] = ['dana', 'pat'],
  ): Promise<string> {
    const id = await offered(body)
    for (const who of signers) applied(await sign(who, id))
    const { digest } = await agreementOf(id)
    applied(await act(signers.at(-1) ?? 'pat', 'acknowledge', id, { digest }))
    return id
  }
  /** The version that follows, drafted, offered and signed by these. */
  async function following(
    id: string,
    body: object,
    signers: readonly string[] = ['dana', 'pat'],
  ): Promise<string> {
    applied(await redraft('dana', id, body))
    applied(await act('dana', 'offer', id))
    for (const who of signers) applied(await sign(who, id))
    return (await agreementOf(id)).digest
  }
  /** A grant of cedar's under an agreement, with a meter of its own. */
  async function granted(
    agreement: string,
    n: string,
    own: Limits = limits,
    change: { readonly grant?: Partial<Grant>; readonly meter?: Partial<Meter> } = {},
  ): Promise<string> {
    const id = `grant_${n}`
    await world.records.grant({ id, agreement, meters: [`meter_${n}`], ...change.grant })
    await world.store.write({
      kind: 'put',
      key: keys.meter(`meter_${n}`),
      item: { ...freshMeter(`meter_${n}`, own, world.now()), ...change.meter },
    })
    return id
  }

  /** A key that somebody has registered. */
  async function signingKey(who: string): Promise<Signer> {
    const signer = memorySigner()
    const { kid, alg, publicJwk: jwk } = signer
    const key = { jwk, alg, registeredAt: start, entry: 'entry_1' }
    await world.store.write({
      kind: 'update',
      key: keys.person(who),
      change: { set: [[['signingKeys'], { [kid]: key }]] },
    })
    return signer
  }

  return {
    ...world,
    call,
    statements,
    agreementOf,
    versionOf,
    draft,
    redraft,
    act,
    sign,
    pendingDigest,
    drafted,
    offered,
    inForce,
    following,
    granted,
    signingKey,
    signed: (signer: Signer, type: StatementType, payload: string | Uint8Array) =>
      signStatement(signer, type, payload),
    /** The key of statements does not answer any more. */
    loseSigner: () => {
      signs = {
        ...statements,
        sign: async () => {
          throw new SignerUnavailable('gone')
        },
      }
    },
    /** What was decided, by its entry. */
    entryOf: async (answer: Answer | Refusal) =>
      world.entry((applied(answer).body as { entry: string }).entry),
    digestOf,
  }
}

export type AgreementWorld = Awaited<ReturnType<typeof agreementWorld>>
