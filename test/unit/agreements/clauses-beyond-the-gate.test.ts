/** What clauses do that no refusal of the gate shows: who holds a token, what a developer may always do, and entries. */
import { describe, expect, test } from 'vitest'
import { newSalt } from '../../../functions/governance/findings/words-digest.ts'
import { isToOpen, nextReview } from '../../../functions/governance/reviews/review-clock.ts'
import { type Template, templates } from '../../../shared/agreements/templates.ts'
import { modelMachine, modelStep } from '../../../shared/domain/model-step.ts'
import type { Agreement, ModelState } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { whoDecides } from '../../../shared/domain/who-decides.ts'
import { type ModelTokenClaims, signAccessToken } from '../../../shared/oauth/access-token.ts'
import { accessTokenHash } from '../../../shared/oauth/dpop-proof.ts'
import { rotate } from '../../../shared/oauth/key-ring.ts'
import { modelResource } from '../../../shared/oauth/metadata.ts'
import { issueNonce } from '../../../shared/oauth/nonce.ts'
import { verifyResourceRequest } from '../../../shared/oauth/resource.ts'
import { hour, now } from '../domain/admitted.ts'
import { day, grantWorld, told } from '../functions/governance/grant-world.ts'
import { type JoseKey, joseKey, joseSign, joseSigner } from '../oauth/jose-keys.ts'
import { admittedUnder, agreementOf, documentOf, outcome } from './admitted-under.ts'

describe('named use: a token is of no use but to the key of its named client', () => {
  const issuer = 'https://gate.example'
  const url = `${issuer}/openai/v1/chat/completions`
  const nonceKey = Buffer.alloc(32, 1)

  async function asked(by: 'itself' | 'another' | 'nobody'): Promise<unknown> {
    const [signing, holder, thief] = [await joseKey(), await joseKey(), await joseKey()]
    const { kid, alg, jwk } = signing
    const claims: ModelTokenClaims = {
      ...{ iss: issuer, sub: 'client_1', client_id: 'client_1', aud: modelResource(issuer, 'aurora') },
      ...{ scope: 'infer', iat: now / 1000, exp: now / 1000 + 300, jti: 't', cnf: { jkt: holder.kid } },
      ...{ organisation: 'cedar', grant: 'grant_1', agreement: { id: 'agreement_1', digest: 'd' } },
      ...{ purpose: 'p', clauses: ['named-use-1'], meters: ['m'] },
    }
    const token = await signAccessToken(claims, joseSigner(signing))
    const proof = {
      ...{ jti: 'proof-1', htm: 'POST', htu: url, iat: now / 1000 },
      ...{ ath: accessTokenHash(token), nonce: issueNonce(nonceKey, now) },
    }
    const signed = (key: JoseKey) => joseSign(key, { typ: 'dpop+jwt', jwk: key.jwk }, proof)
    const verified = verifyResourceRequest({
      ...{ method: 'POST', url, issuer, nonceKey, now },
      authorization: [`${by === 'nobody' ? 'Bearer' : 'DPoP'} ${token}`],
      dpop: by === 'nobody' ? [] : [await signed(by === 'itself' ? holder : thief)],
      ring: rotate({ version: 0, keys: [] }, { kid, alg, jwk, ref: 'file' }, now),
      audience: aud => aud === modelResource(issuer, 'aurora'),
    })
    return verified instanceof Refusal ? verified.code : 'verified'
  }

  test.each([
    ['itself', 'verified'],
    ['another', 'proof_invalid'],
    ['nobody', 'token_invalid'],
  ] as const)('proved by %s: %s', async (by, expected) => {
    expect(await asked(by)).toBe(expected)
  })

  test('and a client that is not enrolled is not admitted, whatever its token says', () => {
    const [template] = templates
    if (template === undefined) throw new Error('no template')
    const one = admittedUnder(agreementOf(documentOf(template)))
    expect(outcome({ ...one, records: { ...one.records, client: undefined } as never })).toEqual([
      'client_expired',
      undefined,
    ])
  })
})

describe('no licence: from every state, release and withdrawal are one act of the developer', () => {
  const unknown = 'a state of a later version' as ModelState

  test.each([...modelMachine.states, unknown])('from %s', state => {
    if (state !== 'released') expect(modelStep(state, 'release')).toBe('released')
    if (state !== 'withdrawn') expect(modelStep(state, 'withdraw')).toBe('withdrawn')
  })

  test.each(['model.release', 'model.withdraw'] as const)('%s takes one person, of the developer', action => {
    expect(whoDecides[action]).toMatchObject({ seats: [[{ role: 'developer-admin', of: 'developer' }]] })
  })

  test('and a model that was withdrawn refuses the next request', () => {
    for (const template of templates) {
      const one = admittedUnder(agreementOf(documentOf(template)))
      const model = { ...one.records.model, state: 'withdrawn' as const }
      expect(outcome({ ...one, records: { ...one.records, model } })).toEqual(['model_withdrawn', undefined])
    }
  })
})

describe('what is evidenced leaves its entry', () => {
  const template = templates.find(({ id }) => id === 'sample-access')
  if (template === undefined) throw new Error('no template')

  async function world(change: Partial<Agreement> = {}, clauses = template?.clauses ?? []) {
    const opened = await grantWorld()
    const { poolLimits: _, ...agreement } = agreementOf(documentOf(template as Template, clauses))
    await opened.records.agreement({ ...agreement, ...change })
    return { ...opened, agreement }
  }
  type Opened = Awaited<ReturnType<typeof world>>

  /** The entry of a decision that was carried out. */
  async function entryOf({ decide, entry }: Opened, ...decision: Parameters<Opened['decide']>) {
    const decided = await decide(...decision)
    expect(told(decided)).toBe('applied')
    return entry((decided as { readonly entry: string }).entry) as Promise<{
      readonly clause?: string
      readonly params: Readonly<Record<string, unknown>>
      readonly subject: { readonly kind: string; readonly id: string }
    }>
  }

  test.each([
    ['incident', 'incident-report-1', 72],
    ['vulnerability', 'vulnerability-report-1', 24],
  ] as const)(
    'a report of an %s, with the clause and whether it was in time',
    async (kind, clause, hours) => {
      const opened = await world()
      const report = (hoursAgo: number) =>
        entryOf(opened, 'pat', 'finding.report', `finding_${hoursAgo}`, {
          ...{ kind, model: 'aurora', severity: 'high', title: 'Seen', text: 'It was seen.' },
          salt: newSalt(opened.deps.random),
          discoveredAt: opened.now() - hoursAgo * hour,
        })
      const inTime = await report(hours - 1)
      expect([inTime.clause, inTime.params]).toMatchObject([
        clause,
        { agreement: 'agreement_1', in_time: true },
      ])
      const late = await report(hours + 1)
      expect([late.clause, late.params]).toMatchObject([clause, { agreement: 'agreement_1', in_time: false }])
    },
  )

  const ended = {
    state: 'terminated',
    ended: { how: 'terminated', at: now, entry: 'entry_1' },
    closeOut: { dueAt: now + 30 * day },
  } as const

  test('destruction: it cannot be closed before an entry attests it', async () => {
    const opened = await world(ended)
    expect(told(await opened.decide('dana', 'agreement.close', 'agreement_1'))).toBe('state_forbids')
    const attested = await entryOf(opened, 'pat', 'agreement.attest', 'agreement_1', { text: 'It is gone.' })
    expect(attested.subject).toMatchObject({ kind: 'agreement', id: 'agreement_1' })
    await entryOf(opened, 'dana', 'agreement.close', 'agreement_1')
  })

  test('and without that clause it can', async () => {
    const opened = await world(
      ended,
      template.clauses.filter(({ kind }) => kind !== 'destruction'),
    )
    await entryOf(opened, 'dana', 'agreement.close', 'agreement_1')
  })

  test('insider risk without screening: an access review falls due by its clock, and none without it', () => {
    const clause = template.clauses.find(one => one.kind === 'insider-risk')
    if (clause?.kind !== 'insider-risk') throw new Error('no such clause')
    const agreement = agreementOf(documentOf(template))
    const days = clause.terms.review_days
    expect(nextReview(agreement, now)?.nominal).toBe(agreement.startsAt + days * day)
    expect(isToOpen(agreement, agreement.startsAt + days * day)).toBe(true)
    const others = template.clauses.filter(({ kind }) => kind !== 'insider-risk')
    expect(nextReview(agreementOf(documentOf(template, others)), now)).toBeUndefined()
  })
})
