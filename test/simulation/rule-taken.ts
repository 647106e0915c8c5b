/** By which rule an action is decided on the records as they were, where that is not its own. */
import { keys } from '../../shared/domain/keys.ts'
import type { Person } from '../../shared/domain/parties.ts'
import type { Agreement, Client, Grant, Model } from '../../shared/domain/records.ts'
import type { Stop } from '../../shared/domain/stop.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Applied, Backend } from './backend.ts'
import { developer, government, grantOf, modelId, type Partner } from './records.ts'

/**
 * Where a mission hangs on a grant it takes two to suspend it, or the agreement that it is under; of a model that was
 * released, and of what it has stopped alone, its developer decides. What others than a partner's own people stopped
 * goes on by developer and government.
 */
export function ruleTaken(
  backend: Backend,
  action: ActionName,
  { before }: Pick<Applied, 'before'>,
  breakGlass: boolean,
): ActionName {
  const [model] = backend.get([keys.model(modelId)]) as [Model]
  const ofModel = /^(grant|agreement)\.(suspend|reinstate|revoke)$/.test(action)
  if (ofModel && model.state === 'released')
    return action.endsWith('.suspend') ? 'model.kill' : 'model.resume'
  if (action === 'agreement.reinstate' && isDevelopersOwn((before as Agreement).stop))
    return 'agreement.resume'
  const continuing =
    (action === 'grant.suspend' && (before as Grant).missionContinuity === true) ||
    (action === 'agreement.suspend' && isMission(backend, before as Agreement))
  if (continuing && !breakGlass) return 'grant.suspend_continuing'
  if (action !== 'client.reinstate' && action !== 'person.reinstate') return action
  const { organisation, stop } = before as Client | Person
  const partners = organisation !== developer && organisation !== government
  const others = stop && (stop.by.organisation !== organisation || stop.breakGlass)
  return partners && others ? `${action}_stopped` : action
}

function isMission(backend: Backend, { counterparty }: Agreement): boolean {
  const [grant] = backend.get([keys.grant(grantOf(counterparty as Partner))]) as [Grant]
  return grant.state === 'active' && grant.missionContinuity === true
}

const isDevelopersOwn = (stop: Stop | undefined): boolean =>
  stop !== undefined && [stop.by, stop.ratified ?? stop.by].every(one => one.organisation === developer)
