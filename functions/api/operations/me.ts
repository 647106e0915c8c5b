import * as z from 'zod'
import type { Organisation } from '../../../shared/domain/parties.ts'
import { time } from '../../../shared/domain/time.ts'
import { readRules } from '../../governance/engine/decide.ts'
import { noticesToAcknowledge } from '../agreement-waits.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller, WorkloadCaller } from '../caller.ts'
import { forBoth, type Operation } from '../operation.ts'
import { quotasOf } from '../quota.ts'
import { showStop } from '../shapes/common.ts'
import { personMe, workloadMe } from '../shapes/me.ts'
import { showWaits, waitsOn } from '../waits.ts'

const showOrganisation = (organisation: Organisation) => ({
  id: organisation.id,
  name: organisation.name,
  kind: organisation.kind,
  state: organisation.kind === 'partner' ? organisation.partner : organisation.state,
})

async function workload({ store, clock }: ApiDeps, caller: WorkloadCaller): Promise<object> {
  const { client, organisation } = caller
  const now = clock.now()
  const [quota, notices] = await Promise.all([
    quotasOf(store, organisation, now, client),
    noticesToAcknowledge(store, caller, now),
  ])
  return {
    client: { id: client.id, name: client.name, kind: client.kind, organisation: client.organisation },
    organisation: showOrganisation(organisation),
    quota,
    notices_to_acknowledge: notices,
  }
}

async function person({ store, clock }: ApiDeps, caller: PersonCaller): Promise<object> {
  const { person: own, organisation, session } = caller
  const now = clock.now()
  const [rules, waits, quota, notices] = await Promise.all([
    readRules(store),
    waitsOn(store, caller, now),
    organisation.kind === 'partner' ? quotasOf(store, organisation, now) : null,
    noticesToAcknowledge(store, caller, now),
  ])
  const stop = organisation.kind === 'partner' ? organisation.stop : undefined
  return {
    person: { id: own.id, name: own.name, organisation: own.organisation },
    organisation: showOrganisation(organisation),
    roles: own.roles,
    session: {
      id: session.id,
      ends_at: time(session.endsAt),
      fresh_until: time(session.authTime + rules.freshMinutes * 60_000),
    },
    standing: {
      state: own.state,
      confirmed_until: own.sponsor ? time(own.sponsor.confirmedUntil) : null,
      // Sealed words are for those who decide about it.
      organisation_stop: stop ? showStop(stop, false, organisation.id) : null,
    },
    quota,
    notices_to_acknowledge: notices,
    waits_on_me: showWaits(waits),
  }
}

export const meOperations: readonly Operation[] = [
  forBoth({
    id: 'getMe',
    method: 'GET',
    path: '/me',
    tag: 'me',
    summary: 'Who you are here, your standing and quota, and what waits on you',
    scope: 'quota:read',
    answers: { 200: z.union([workloadMe, personMe]) },
    answer: async ({ deps, caller }) => ({
      status: 200,
      body: caller.kind === 'workload' ? await workload(deps, caller) : await person(deps, caller),
    }),
  }),
]
