/** A partner is chosen by both; another, which is one already, signs an agreement and is granted the model. */
import { at, textAt } from '../../client/json.ts'
import { acknowledges, idIn, offers, pathOf, signsAttested } from './agreements.ts'
import { inDays, type Plot } from './plot.ts'
import { figure, listOf, numberAt } from './shown.ts'
import type { Stage } from './stage.ts'
import { enrolWorkload, type Workload } from './workload.ts'

export interface Access {
  readonly agreement: string
  readonly grant: string
  readonly workload: Workload
}

export async function tellChoice(stage: Stage, { run }: Plot): Promise<void> {
  const id = `willow-${run}`
  const path = `/partners/${id}`
  stage.chapter('A new partner: chosen by both, by neither alone')
  await stage.does({
    who: 'boris',
    what: `nominates the Willow Clinic, ${id}`,
    path: '/partners',
    body: { id, name: 'Willow Clinic', sector: 'healthcare', developer: 'halcyon', government: 'ofr' },
  })
  await stage.does({ who: 'nora', what: 'begins to vet it', path: `${path}/vet`, on: path })
  const asked = await stage.asks({ who: 'ada', what: 'selects it', path: `${path}/select`, on: path })
  await stage.approvalIsRefused('ada', 'tries to approve her own proposal', asked, 'own_proposal')
  await stage.approvalIsRefused(
    'boris',
    'tries to approve it for the same developer',
    asked,
    'approval_required',
  )
  await stage.approves('nora', 'approves it', asked)
  await stage.does({ who: 'ada', what: 'lets it take part', path: `${path}/activate`, on: path })
}

export async function tellAccess(stage: Stage, plot: Plot): Promise<Access> {
  const { model, run } = plot
  stage.chapter('Access: signed, acknowledged, granted by both, then admitted')
  const agreement = await draftAccess(stage, plot)
  const path = pathOf(agreement)
  await stage.isRefused(
    { who: 'priya', what: 'tries to read the draft', path, method: 'get' },
    'record_unknown',
  )
  await offers(stage, 'ada', agreement)
  await stage.does({
    who: 'priya',
    what: 'reads the agreement',
    path,
    method: 'get',
    tells: answer => `“${textAt(answer, 'title')}”, ${listOf(answer, 'document', 'clauses').length} clauses`,
  })
  const workload = await enrolWorkload(stage, {
    admin: 'priya',
    organisation: 'cedar',
    name: `ward-notes-${run}`,
    model,
  })
  await workload.callIsRefused('calls the model before anything is granted', 'grant_missing')
  const body = {
    organisation: 'cedar',
    model,
    agreement,
    limits: { total: 50_000, rpm: 600, burst: 20, streams: 4 },
    expires_at: inDays(200),
  }
  const asking = { who: 'priya', what: 'asks for a grant of 50,000 tokens', path: '/grants', body }
  await stage.isRefused(
    { ...asking, what: 'tries to ask for a grant before it is signed' },
    'agreement_not_effective',
  )
  await signsAttested(stage, 'ada', agreement)
  await signsAttested(stage, 'priya', agreement)

  const asked = await stage.asks(asking)
  await stage.isRefused(
    {
      who: 'sam',
      what: 'tries to ask for the same, as a user',
      path: '/grants',
      body,
    },
    'role_missing',
  )
  await workload.callIsRefused('calls before the notice was acknowledged', 'consent_missing')
  await acknowledges(stage, 'priya', agreement)
  const waiting = await stage.signs('ada', 'approves it for the developer', asked)
  await workload.callIsRefused('calls with the developer’s word alone', 'grant_missing')
  await stage.approves('nora', 'approves it for the office', waiting)
  await workload.calls('calls the model, streamed')
  return { agreement, grant: asked.subject, workload }
}

/** From the template, with a smaller quota, fewer capabilities and a review that is due soon. */
async function draftAccess(stage: Stage, { model, audited }: Plot): Promise<string> {
  const { items } = (await stage.sees('carla', '/agreement-templates')) as { items: readonly Sample[] }
  const sample = items.find(({ id }) => id === 'sample-access')
  const clauses = (sample?.clauses ?? []).map(clause => ({ ...clause, terms: termsOf(clause) }))
  return idIn(
    await stage.does({
      who: 'carla',
      what: 'drafts an access agreement with Cedar from the made-up template, and changes three clauses',
      path: '/agreements',
      body: {
        kind: 'access',
        counterparty: 'cedar',
        template: 'sample-access',
        models: [model, audited],
        starts_at: inDays(0),
        ends_at: inDays(300),
        clauses,
      },
      tells: answer => `draft ${idIn(answer)}`,
    }),
  )
}

interface Sample {
  readonly id: string
  readonly clauses: readonly { readonly id: string; readonly kind: string; readonly terms: object }[]
}

export const ceiling = (total: number) => ({
  ...{ total, rpm: 600, burst: 20, streams: 4 },
  pool: { total: 2 * total, rpm: 1_200, burst: 40, streams: 8 },
})

function termsOf({ kind, terms }: { readonly kind: string; readonly terms: object }): object {
  if (kind === 'quota') return ceiling(60_000)
  if (kind === 'capabilities') return { capabilities: ['infer', 'embed'] }
  return kind === 'insider-risk' ? { ...terms, review_days: 7 } : terms
}

/** In words. */
export function spentOf(grant: unknown): string {
  const own = listOf(grant, 'quota').find(one => at(one, 'shared') === null)
  const [used, total] = [numberAt(own, 'used'), numberAt(own, 'limits', 'total')]
  return `${figure(used)} of ${figure(total)} tokens used, ${numberAt(own, 'streams_in_use')} calls under way`
}
