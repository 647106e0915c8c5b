/** The parties agree on a new version. Tokens of the one before go on to their end; the next ones are of the new one. */
import type { Gateway } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import { modelResource } from '../../shared/oauth/metadata.ts'
import { digestAt, offers, pathOf, signsAttested } from './agreements.ts'
import { type Access, ceiling } from './partner.ts'
import type { Plot } from './plot.ts'
import { figure, listOf, short } from './shown.ts'
import { type Stage, StoryStopped } from './stage.ts'
import { digestIn } from './workload.ts'

export async function tellNewVersion(
  stage: Stage,
  { model }: Plot,
  { agreement, grant, workload }: Access,
): Promise<void> {
  const path = pathOf(agreement)
  const audience = modelResource(stage.deps.issuer, model)
  const versionOf = async (gateway: Gateway): Promise<string | undefined> =>
    digestIn((await gateway.token({ resource: audience })).access_token)
  stage.chapter('A new version: shown as a difference, signed by all')
  const before = textAt(await stage.sees('priya', path), 'digest')
  const { gateway } = await workload.calls('calls with a token of the first version')

  const clauses = listOf(await stage.sees('carla', path), 'document', 'clauses').map(clause =>
    at(clause, 'kind') === 'quota' ? { ...(clause as object), terms: ceiling(25_000) } : clause,
  )
  await stage.does({
    who: 'carla',
    what: 'drafts the next version, with a lower ceiling',
    path,
    on: path,
    method: 'patch',
    body: { template: 'sample-access', clauses },
    tells: () => 'draft; the one in force goes on',
  })
  const after = await digestAt(stage, 'carla', agreement)
  await offers(stage, 'ada', agreement)
  await stage.does({
    who: 'priya',
    what: 'looks at the difference',
    path: `${path}/difference?from=${before}&to=${after}`,
    method: 'get',
    tells: answer => listOf(answer, 'changes').map(changed).join(', '),
  })
  await signsAttested(stage, 'priya', agreement)
  await workload.calls('calls, with one signature missing', { gateway })
  await signsAttested(stage, 'ada', agreement)
  await stage.does({
    who: 'priya',
    what: 'looks at the grant, which was above the new ceiling',
    path: `/grants/${grant}`,
    method: 'get',
    tells: answer => `${figure(totalOf(answer))} tokens in all`,
  })
  await workload.calls('calls with the token of the first version', { gateway })
  const version = await versionOf(workload.gateway())
  if (version !== after || version === before)
    throw new StoryStopped(`a new token is of ${version}, not of ${after}`)
  stage.tell(workload.actor, 'asks for a new token', `it is of the new version, ${short(after)}`)
}

const changed = (one: unknown): string =>
  `${textAt(one, 'path')} ${JSON.stringify(at(one, 'from'))} → ${JSON.stringify(at(one, 'to'))}`

function totalOf(grant: unknown): number {
  const own = listOf(grant, 'quota').find(one => at(one, 'shared') === null)
  return Number(at(own, 'limits', 'total'))
}
