/** The office assesses the model, and says what it has determined: that, by whom, and a reference; never a score. */
import type { Plot } from './plot.ts'
import type { Stage } from './stage.ts'

export async function tellAssessment(stage: Stage, { model, run }: Plot): Promise<void> {
  const path = `/models/${model}`
  stage.chapter('Assessment: the office takes a look')
  await stage.does({
    who: 'nora',
    what: 'opens an assessment of 14 days, which lapses by itself',
    path: `${path}/assess`,
    on: path,
    body: { days: 14 },
  })
  await stage.isRefused(
    {
      who: 'ada',
      what: 'tries to designate her own model',
      path: `${path}/designate`,
      on: path,
      body: determined(run),
    },
    'role_missing',
  )
}

export async function tellDetermination(stage: Stage, { model, run }: Plot): Promise<void> {
  const path = `/models/${model}`
  stage.chapter('Determination: what it is, and no score')
  await stage.isRefused(
    {
      who: 'nora',
      what: 'tries to designate it by a reference that tells a score',
      path: `${path}/designate`,
      on: path,
      body: { ...determined(run), determination: 'cyber-score-0.93' },
    },
    'score_refused',
  )
  await stage.isRefused(
    {
      who: 'nora',
      what: 'tries to designate it in words that carry a marking',
      path: `${path}/designate`,
      on: path,
      body: determined(run),
      reason: { code: 'request', text: '(S//NF) The assessment found what it found.' },
    },
    'classification_exceeded',
  )
  await stage.does({
    who: 'nora',
    what: 'designates it a covered frontier model',
    path: `${path}/designate`,
    on: path,
    body: determined(run),
    tells: () => `designated, by reference OFR-2026-${run}`,
  })
}

const determined = (run: string) => ({
  determination: `OFR-2026-${run}`,
  signer: 'The director of the office',
})
