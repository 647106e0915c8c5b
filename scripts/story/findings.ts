/** A partner reports a vulnerability. Its words are kept to those who can act on it, and go to the clearinghouse. */
import { setTimeout as sleep } from 'node:timers/promises'
import { at, textAt } from '../../client/json.ts'
import { judgeWebhookUrl } from '../../shared/webhooks/address.ts'
import { idIn } from './agreements.ts'
import { openClearinghouse } from './clearinghouse.ts'
import type { Access } from './partner.ts'
import { inMs, type Plot } from './plot.ts'
import { numberAt, short, stateOf } from './shown.ts'
import { type Stage, StoryStopped } from './stage.ts'

export async function tellFindings(stage: Stage, plot: Plot, { agreement }: Access): Promise<void> {
  const { run, audited } = plot
  stage.chapter('A finding: under embargo, and on to the clearinghouse')
  const reported = await stage.does({
    who: 'sam',
    what: `reports a vulnerability of ${audited}, which Ida audits`,
    path: '/findings',
    body: {
      kind: 'vulnerability',
      model: audited,
      agreement,
      severity: 'high',
      title: 'A made-up weakness',
      text: 'Made up for this story: asked in a certain way, it answers what it should not.',
      discovered_at: inMs(-60_000),
    },
    tells: () => 'reported; the clock of the clause runs from the discovery',
  })
  const finding = idIn(reported)
  const path = `/findings/${finding}`
  await stage.does({ who: 'ida', what: 'reads it', path, method: 'get', tells: withheld })
  await stage.isRefused(
    { who: 'nora', what: 'tries to read it, before it is handed over', path, method: 'get' },
    'record_unknown',
  )
  await stage.does({
    who: 'ada',
    what: 'reads it',
    path,
    method: 'get',
    tells: answer => `“${textAt(answer, 'title')}”`,
  })

  // On loopback only what is on loopback itself sends.
  const { issuer } = stage.deps
  const isNear = judgeWebhookUrl('http://127.0.0.1/', issuer) === undefined
  const own = isNear ? await openClearinghouse(issuer, run) : undefined
  try {
    await tellHandOff(stage, path, own?.url ?? `https://clearinghouse.invalid/${run}`)
    await tellReceipt(stage, path)
  } finally {
    await own?.close()
  }
  await stage.does({
    who: 'ada',
    what: 'says what was done about it',
    path: `${path}/resolve`,
    on: path,
    body: { text: 'Nothing had to be done: it was made up.' },
  })
}

async function tellHandOff(stage: Stage, path: string, url: string): Promise<void> {
  const office = '/organisations/ofr'
  const asked = await stage.asks({
    who: 'nora',
    what: 'says where the office takes findings',
    path: `${office}/clearinghouse`,
    on: office,
    body: { url },
  })
  await stage.approves('ada', 'approves it', asked, () => 'set')
  await stage.isRefused(
    {
      who: 'sam',
      what: 'tries to hand it to the office',
      path: `${path}/hand_off`,
      on: path,
      body: { to: 'ofr' },
    },
    'role_missing',
  )
  await stage.does({
    who: 'priya',
    what: 'hands it to the office, as a signed advisory',
    path: `${path}/hand_off`,
    on: path,
    body: { to: 'ofr' },
  })
  await stage.does({
    who: 'nora',
    what: 'reads it now',
    path,
    method: 'get',
    tells: answer => `“${textAt(answer, 'title')}”`,
  })
}

/**
 * The receiver is on this machine, and a notifier beside it sends at once; one that is elsewhere has no way to it, and
 * sends again and again.
 */
async function tellReceipt(stage: Stage, path: string): Promise<void> {
  for (let left = 25; left > 0; left--) {
    const seen = await stage.sees('nora', path)
    const receipt = at(seen, 'hand_off', 'receipt')
    if (receipt) {
      stage.tell(
        { name: 'clearinghouse', organisation: 'ofr' },
        'verifies the advisory with the published keys',
        `${stateOf(seen)}: ${textAt(receipt, 'id')}, digest ${short(textAt(receipt, 'digest'))}`,
      )
      return
    }
    await sleep(400)
  }
  const seen = await stage.sees('nora', path)
  if (stateOf(seen) !== 'handed off') throw new StoryStopped(`the finding is ${stateOf(seen)}`)
  stage.note(
    `No receiver is reached from here: after ${numberAt(seen, 'hand_off', 'attempts')} attempts it waits, and is sent again.`,
  )
}

function withheld(answer: unknown): string {
  if (at(answer, 'withheld') !== true || at(answer, 'text') !== null)
    throw new StoryStopped('the auditor reads words that are under embargo')
  return `sees that there is one, severity ${textAt(answer, 'severity')}; its words are withheld until ${textAt(answer, 'embargo_until')?.slice(0, 10)}`
}
