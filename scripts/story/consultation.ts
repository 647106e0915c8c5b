/** Consultants are shown the model and say what they think. It decides nothing. */
import type { Plot } from './plot.ts'
import { listOf, stateOf } from './shown.ts'
import { type Stage, StoryStopped } from './stage.ts'

export async function tellConsultation(stage: Stage, { model, run }: Plot): Promise<void> {
  const path = `/models/${model}`
  stage.chapter('Consultation: an opinion decides nothing')
  await stage.isRefused(
    { who: 'tess', what: `tries to read ${model}`, path, method: 'get' },
    'record_unknown',
  )
  await stage.does({
    who: 'ada',
    what: 'shares it with the consultants of the office',
    path: `${path}/share`,
    on: path,
    body: { organisation: 'ofr', shared: true },
    tells: () => 'shared',
  })
  await stage.does({
    who: 'tess',
    what: `reads ${model}`,
    path,
    method: 'get',
    tells: stateOf,
  })
  const before = JSON.stringify(await stage.sees('ada', path))
  await stage.does({
    who: 'tess',
    what: 'attaches an opinion',
    path: `${path}/opinions`,
    body: { text: 'Partners who keep water and hospitals safe would gain most from an early look.' },
    tells: () => 'attached',
  })
  if (JSON.stringify(await stage.sees('ada', path)) !== before)
    throw new StoryStopped(`an opinion has changed ${model}`)
  stage.note('The model is as it was, to the last field.')
  await stage.isRefused(
    {
      who: 'tess',
      what: 'tries to designate the model herself',
      path: `${path}/designate`,
      on: path,
      body: { determination: `OFR-2026-${run}-b`, signer: 'Tess Marlow' },
    },
    'role_missing',
  )
  await stage.does({
    who: 'nora',
    what: 'reads what consultants have said',
    path: `${path}/opinions`,
    method: 'get',
    tells: answer => `${listOf(answer, 'items').length} opinion`,
  })
}
