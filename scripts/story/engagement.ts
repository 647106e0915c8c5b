/** A developer and an office agree on how they look at a model together; then the model is engaged. */
import { tokens } from '../demo/story.ts'
import { acknowledges, documentAt, idIn, offers, pathOf, signed, signsAttested } from './agreements.ts'
import { inDays, type Plot } from './plot.ts'
import { stateOf } from './shown.ts'
import { registerSigningKey, signedBy } from './signing.ts'
import type { Stage } from './stage.ts'

/** The id of the agreement. */
export async function tellEngagement(stage: Stage, plot: Plot): Promise<string> {
  const { model, modelName, upstreams } = plot
  stage.chapter('Engagement: an agreement first, then the model')
  const agreement = idIn(
    await stage.does({
      who: 'carla',
      what: `drafts an engagement with the office about ${model}, from a made-up template`,
      path: '/agreements',
      body: {
        kind: 'engagement',
        counterparty: 'ofr',
        template: 'sample-engagement',
        models: [model],
        starts_at: inDays(0),
        ends_at: inDays(300),
      },
      tells: answer => `draft ${idIn(answer)}`,
    }),
  )
  const path = pathOf(agreement)
  const engaging = {
    who: 'ada',
    what: `engages ${model} with the office`,
    path: '/models',
    body: { id: model, name: modelName, government: 'ofr', agreement, upstreams, tokens },
  }
  await stage.isRefused(
    { who: 'carla', what: 'tries to offer it herself', path: `${path}/offer`, on: path },
    'role_missing',
  )
  await offers(stage, 'ada', agreement)
  await stage.isRefused(
    { ...engaging, what: `tries to engage ${model} before it is signed` },
    'agreement_not_effective',
  )

  const key = await registerSigningKey(stage, 'ada')
  const { digest, signature } = await signedBy(key, await documentAt(stage, 'ada', agreement))
  await stage.isRefused(
    {
      who: 'boris',
      what: 'tries to sign with a signature of Ada’s',
      path: `${path}/sign`,
      on: path,
      body: { digest, signature },
    },
    'body_malformed',
  )
  await stage.does({
    who: 'ada',
    what: 'signs the text with her own key',
    path: `${path}/sign`,
    on: path,
    body: { digest, signature },
    tells: signed,
  })
  await stage.isRefused(
    {
      who: 'boris',
      what: 'tries to sign for Halcyon a second time',
      path: `${path}/sign`,
      on: path,
      body: { digest },
    },
    'state_forbids',
  )
  await signsAttested(stage, 'nora', agreement)
  await acknowledges(stage, 'nora', agreement)
  await stage.does({ ...engaging, tells: () => 'engaged' })
  await stage.does({
    who: 'nora',
    what: 'looks at it',
    path: `/models/${model}`,
    method: 'get',
    tells: stateOf,
  })
  return agreement
}
