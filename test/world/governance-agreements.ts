/** Protected agreements as people of both sides make them, and the models that are engaged under them. */
import { textAt } from '../../client/json.ts'
import { accessClauses, modelId, tokens, upstreams } from '../../scripts/demo/story.ts'
import type { Clause } from '../../shared/domain/clauses.ts'
import { because, type Deciding } from './governance.ts'

const day = 86_400_000
export const inDays = (days: number): string => new Date(Date.now() + days * day).toISOString()

/** Below the ceilings of the demo's agreements. */
export const limits = { total: 5_000, rpm: 600, burst: 10, streams: 4 }

export const modelBody = (id: string, agreement: string) => ({
  id,
  name: id,
  government: 'ofr',
  agreement,
  upstreams: upstreams({ openai: 'http://127.0.0.1:9/v1', anthropic: 'http://127.0.0.1:9' }),
  tokens,
  ...because(),
})

/** What its developer drafts for a partner, from the sample with a small quota. */
export const draftFor = (partner: string, further: object = {}) => ({
  kind: 'access',
  counterparty: partner,
  template: 'sample-access',
  models: [modelId],
  starts_at: inDays(0),
  ends_at: inDays(300),
  clauses: accessClauses(limits),
  ...further,
})

/** Drafted and offered by its developer; its path and its digest. */
export async function offered(
  { make, read }: Deciding,
  draft: object,
  developer = 'ada',
): Promise<{ readonly id: string; readonly path: string; readonly digest: string }> {
  const { id } = await make(developer, '/agreements', { ...draft, ...because() })
  const path = `/agreements/${id}`
  await make(developer, `${path}/offer`, because(), { on: path })
  return { id, path, digest: textAt((await read(developer, path))?.body, 'digest') ?? '' }
}

/** Signed by both; nobody has acknowledged its notice. */
export async function signed(deciders: Deciding, draft: object, counterparty: string, developer = 'ada') {
  const made = await offered(deciders, draft, developer)
  const { path, digest } = made
  for (const login of [developer, counterparty])
    await deciders.make(login, `${path}/sign`, { digest, ...because() }, { on: path })
  return made
}

/** Under which models of these names can be engaged with ofr, or with another side's office; its id. */
export async function engagementOf(
  deciders: Deciding,
  models: readonly string[],
  { developer, office, by } = { developer: 'ada', office: 'ofr', by: 'nora' },
): Promise<string> {
  const draft = {
    kind: 'engagement',
    counterparty: office,
    template: 'sample-engagement',
    models,
    starts_at: inDays(0),
    ends_at: inDays(300),
  }
  return (await signed(deciders, draft, by, developer)).id
}

/** Access reviews follow so close on each other that one is due at once. */
export const reviewedAtOnce = (): readonly Clause[] =>
  accessClauses(limits).map(
    (clause): Clause =>
      clause.kind === 'insider-risk' ? { ...clause, terms: { review_days: 2, screening: false } } : clause,
  )
