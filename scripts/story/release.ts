/** The office stops what it can. The developer releases its model all the same, alone and at once; and withdraws it. */
import { textAt } from '../../client/json.ts'
import { idIn, pathOf } from './agreements.ts'
import type { Access } from './partner.ts'
import type { Plot } from './plot.ts'
import { listOf, stateOf } from './shown.ts'
import { type Reason, type Stage, StoryStopped } from './stage.ts'

const order: Reason = { code: 'legal_order', text: 'A made-up order.', reference: 'order 7' }

export async function tellRelease(
  stage: Stage,
  { model }: Plot,
  { agreement, grant, workload }: Access,
): Promise<void> {
  const [path, ofGrant, ofAgreement] = [`/models/${model}`, `/grants/${grant}`, pathOf(agreement)]
  stage.chapter('Release and withdrawal: the developer’s alone')
  await stage.does({
    who: 'nora',
    what: 'suspends the grant',
    path: `${ofGrant}/suspend`,
    on: ofGrant,
    reason: order,
  })
  await workload.callIsRefused('calls', 'grant_suspended')
  await stage.isRefused(
    {
      who: 'nora',
      what: 'tries to hold the model itself',
      path: '/holds',
      body: { scope: { model } },
      reason: order,
    },
    'role_missing',
  )
  const held = await stage.does({
    who: 'omar',
    what: 'holds Cedar at the model',
    path: '/holds',
    body: { scope: { organisation: 'cedar', model } },
    reason: order,
    tells: () => 'in force',
  })
  await stage.does({
    who: 'nora',
    what: 'suspends the agreement',
    path: `${ofAgreement}/suspend`,
    on: ofAgreement,
    reason: order,
  })
  await workload.callIsRefused('calls', 'hold_active')
  const asked = await stage.asks({
    who: 'ada',
    what: 'asks to reinstate the grant',
    path: `${ofGrant}/reinstate`,
    on: ofGrant,
  })
  await stage.declines('omar', 'says no for the office', asked, order)
  await workload.callIsRefused('calls', 'hold_active')

  await stage.does({ who: 'ada', what: 'releases the model, alone', path: `${path}/release` })
  await workload.calls('calls the model, streamed')
  await stage.does({
    who: 'priya',
    what: 'looks at the hold',
    path: `/holds/${idIn(held)}`,
    method: 'get',
    tells: stateOf,
  })
  await stage.isRefused(
    {
      who: 'nora',
      what: 'tries to suspend the grant again',
      path: `${ofGrant}/suspend`,
      on: ofGrant,
      reason: order,
    },
    'role_missing',
  )
  await stage.does({ who: 'ada', what: 'withdraws the model, alone', path: `${path}/withdraw` })
  await workload.callIsRefused('calls', 'model_withdrawn')
  await stage.does({
    who: 'omar',
    what: 'reads the ledger of the model',
    path: `${path}/ledger`,
    method: 'get',
    tells: ledgerOf,
  })
}

/** What became of it, in the order of time; a step that changed no state is left out. */
function ledgerOf(answer: unknown): string {
  const lines = listOf(answer, 'items')
  const times = lines.map(line => textAt(line, 'at') ?? '')
  if (times.join() !== times.toSorted().join())
    throw new StoryStopped('the ledger is not in the order of time')
  const states = lines.map(stateOf)
  return states.filter((state, i) => state !== states[i - 1]).join(', ')
}
