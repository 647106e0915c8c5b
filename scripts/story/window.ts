/** The developer offers the office a window on the model. It opens and ends by itself. */
import { inMs, type Plot } from './plot.ts'
import { stateOf } from './shown.ts'
import type { Stage } from './stage.ts'
import { enrolWorkload } from './workload.ts'

export async function tellWindow(stage: Stage, { model, run }: Plot): Promise<void> {
  const path = `/models/${model}`
  const { paceMs } = stage
  stage.chapter('Government window: it opens and ends by itself')
  const bench = await enrolWorkload(stage, {
    admin: 'nora',
    organisation: 'ofr',
    name: `bench-${run}`,
    model,
  })
  const window = () => ({
    opens_at: inMs(2 * paceMs),
    ends_at: inMs(4 * paceMs),
    clients: [bench.clientId],
    limits: { total: 20_000, per_day: 20_000, rpm: 60, burst: 10, streams: 2 },
    becomes: 'partner_access',
  })
  await stage.isRefused(
    { who: 'omar', what: 'tries to open a window himself', path: `${path}/window`, on: path, body: window() },
    'role_missing',
  )
  const body = window()
  const asked = await stage.asks({
    who: 'ada',
    what: `offers the office a window from ${body.opens_at.slice(11, 19)} to ${body.ends_at.slice(11, 19)}`,
    path: `${path}/window`,
    on: path,
    body,
  })
  await stage.approvalIsRefused('ada', 'tries to take her own offer for the office', asked, 'own_proposal')
  await stage.approves('omar', 'takes the offer', asked, () => 'applied; the window is set')
  await bench.callIsRefused('calls the model before it opens', 'window_closed')
  await stage.until(Date.parse(body.opens_at))
  stage.note(`It is ${body.opens_at.slice(11, 19)}: the window is open. Nobody did anything.`)
  const { gateway } = await bench.calls('calls the model, streamed')
  await stage.until(Date.parse(body.ends_at))
  stage.note(`It is ${body.ends_at.slice(11, 19)}: the window has ended. Nobody did anything.`)
  await bench.callIsRefused('calls again, with the token it has', 'grant_expired', { gateway })
  await stage.does({ who: 'ada', what: 'looks at her model', path, method: 'get', tells: stateOf })
}
