/** Clauses are limits in the gate: what they forbid is refused by their id, and what each did can be looked up. */
import { setTimeout as sleep } from 'node:timers/promises'
import { at, textAt } from '../../client/json.ts'
import { pathOf } from './agreements.ts'
import { type Access, spentOf } from './partner.ts'
import type { Plot } from './plot.ts'
import { figure, listOf, numberAt } from './shown.ts'
import { type Stage, StoryStopped } from './stage.ts'

export async function tellLimits(stage: Stage, plot: Plot, access: Access): Promise<void> {
  const { grant, workload } = access
  const path = `/grants/${grant}`
  stage.chapter('Limits: each refusal names its clause')
  await workload.callIsRefused('asks for a token for another purpose', 'purpose_not_registered', {
    purpose: 'marketing',
  })
  const tool = { type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }
  await workload.callIsRefused('calls with a tool', 'capability_withheld', { body: { tools: [tool] } })
  await workload.callIsRefused('asks for more output than was ever granted', 'request_exceeds_limit', {
    body: { max_tokens: 55_000 },
  })
  const quota = (total: number) => ({ limits: { total, rpm: 600, burst: 20, streams: 4 } })
  await stage.isRefused(
    {
      who: 'boris',
      what: 'tries to raise the grant to 90,000 tokens',
      path: `${path}/quota`,
      on: path,
      body: quota(90_000),
    },
    'ceiling_exceeded',
  )
  await slowDown(stage, plot)
  await workload.calls('calls the model, streamed, while its quota is changed', {
    async during() {
      await untilUnderWay(stage, path)
      await stage.does({
        who: 'boris',
        what: 'lowers the grant to 30,000 tokens, with that call under way',
        path: `${path}/quota`,
        on: path,
        body: quota(30_000),
        tells: () => 'the call keeps what it has reserved',
      })
    },
  })
  await stage.does({ who: 'priya', what: 'looks at the grant', path, method: 'get', tells: spentOf })
  await tellEffects(stage, access)
}

async function tellEffects(stage: Stage, { agreement }: Access): Promise<void> {
  const path = `${pathOf(agreement)}/clauses/quota-1/effects`
  await stage.does({
    who: 'priya',
    what: 'asks what the quota clause did',
    path,
    method: 'get',
    tells: answer =>
      `${numberAt(answer, 'tokens', 'count')} tokens carry it, ${numberAt(answer, 'admissions', 'count')} calls admitted, ` +
      `${numberAt(answer, 'refusals', 'count')} refused (${codes(answer)})`,
  })
  await stage.does({
    who: 'ida',
    what: 'asks the same, as auditor of another model of the agreement',
    path,
    method: 'get',
    tells: answer =>
      `${numberAt(answer, 'decisions', 'count')} decisions, and ${numberAt(answer, 'admissions', 'count')} calls: those were of a model that she does not audit`,
  })
}

const codes = (answer: unknown): string =>
  Object.entries((at(answer, 'refusals', 'by_code') ?? {}) as Readonly<Record<string, number>>)
    .map(([code, count]) => `${code} ${figure(count)}`)
    .join(', ')

/** The demo's upstream takes its time for the next reply. */
async function slowDown({ paceMs }: Stage, { upstreams }: Plot): Promise<void> {
  const { origin } = new URL(textAt(upstreams, 'openai', 'url') ?? '')
  const response = await fetch(`${origin}/demo/script`, {
    method: 'POST',
    body: JSON.stringify({ pace_ms: Math.ceil(paceMs / 10), times: 1 }),
  })
  if (!response.ok) throw new StoryStopped(`the demo’s upstream at ${origin}: ${await response.text()}`)
}

async function untilUnderWay(stage: Stage, path: string): Promise<void> {
  for (let left = 100; left > 0; left--) {
    const quota = listOf(await stage.sees('priya', path), 'quota')
    if (quota.some(one => numberAt(one, 'streams_in_use') > 0)) return
    await sleep(50)
  }
  throw new StoryStopped('the call was not seen under way')
}
