/** All that the sweeper does, one after the other: leases and intents first, since budgets wait for them. */
import { indexes, type RecordKind } from '../../shared/domain/keys.ts'
import type { GovernanceDeps } from '../governance/engine/plan.ts'
import { type Lapse, type Lapsed, lapseRecords } from '../governance/lapse.ts'
import { type Swept, sweep } from './app.ts'
import { clientReminded, personReminded, personUnconfirmed } from './confirmations.ts'
import { endedAgreementSuspension, endedSuspension, goingOnOfPartner } from './ended-suspensions.ts'
import { clientAttributes, personAttributes } from './expiring-attributes.ts'
import { embargoEnded, embargoEnding, overdueHandOff } from './findings.ts'
import { lapsedAgreement } from './lapsed-agreements.ts'
import { lapsedClient } from './lapsed-clients.ts'
import { lapsedGrant } from './lapsed-grants.ts'
import { endedHold, lapsedHold } from './lapsed-holds.ts'
import { timedOut } from './lapsed-proposals.ts'
import {
  missedOfAgreement,
  missedOfClient,
  missedOfGrant,
  missedOfHold,
  missedOfPartner,
  missedOfPerson,
} from './missed-stops.ts'
import { endedWindow, lapsedAssessment, openedWindow } from './models.ts'
import { overdueAppeal } from './overdue-appeals.ts'
import { endedReview, missedReview, openedReview } from './reviews.ts'

export interface Ran extends Swept {
  /** What time ended, and how often. */
  readonly lapsed: Lapsed
}

/** Below what its function has in all, with the rest for the leases. Milliseconds. */
const lapseMs = 120_000

export async function runSweeper(deps: GovernanceDeps): Promise<Ran> {
  let lapsed: Lapsed = {}
  const swept = await sweep(deps).finally(async () => {
    lapsed = await lapse(deps)
  })
  return { ...swept, lapsed }
}

/** One kind of records that cannot be walked over is told, and the others are ended all the same. */
export async function lapse(deps: GovernanceDeps, runMs = lapseMs): Promise<Lapsed> {
  const until = deps.clock.now() + runMs
  const lapsed: Lapsed = {}
  const walk = async <R extends object>(kind: RecordKind, ...lapses: readonly Lapse<R>[]): Promise<void> => {
    try {
      await lapseRecords(deps, kind, lapses, until, lapsed)
    } catch (error) {
      const { name } = indexes.byRecord
      deps.telemetry.error('records of one kind could not be looked through', error, { kind, index: name })
    }
  }
  await walk('model', lapsedAssessment, openedWindow, endedWindow)
  await walk('hold', lapsedHold, endedHold, missedOfHold)
  await walk('proposal', timedOut)
  await walk('agreement', endedAgreementSuspension, lapsedAgreement, missedOfAgreement)
  await walk('grant', lapsedGrant, endedSuspension, missedOfGrant)
  await walk('client', lapsedClient, clientReminded, ...clientAttributes, missedOfClient)
  await walk('person', personUnconfirmed, personReminded, ...personAttributes, missedOfPerson)
  await walk('organisation', goingOnOfPartner, missedOfPartner)
  await walk('appeal', overdueAppeal)
  await walk('finding', embargoEnding, embargoEnded, overdueHandOff)
  await walk('agreement', endedAgreementSuspension, openedReview)
  await walk('review', endedReview, missedReview)
  return lapsed
}
