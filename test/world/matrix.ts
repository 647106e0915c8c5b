/**
 * Who asks in the tests of authorisation. In one process everybody of the matrix; elsewhere, where a request takes long,
 * the people of the demo and the three of the second side.
 */

import { subjectOf } from '../../scripts/demo/people.ts'
import type { DemoProvider } from '../../scripts/demo/provider.ts'
import { because, type Deciding, described, openSecondSide } from './governance.ts'
import { engagementOf, modelBody } from './governance-subjects.ts'
import {
  demoPeople,
  matrixPeople,
  newcomers,
  otherAuditor,
  otherModel,
  type Someone,
  strangers,
} from './matrix-people.ts'
import type { World } from './world.ts'

/** All of them sign in from one address within a moment. */
export const signInsAtOnce = { pageRateLimit: { perSecond: 1_000, burst: 1_000 } }

export interface Matrix {
  readonly everybody: readonly Someone[]
  close(): Promise<void>
}

export async function openMatrix(world: World, deciders: Deciding): Promise<Matrix> {
  const provider = await openSecondSide(world, deciders)
  const close = () => provider.close()
  if (!world.live) return { everybody: [...demoPeople, ...strangers], close }
  await engageAuditor(deciders, provider)
  for (const one of newcomers) await enrol(deciders, one)
  return { everybody: matrixPeople, close }
}

/** Whoever administers an organisation, and somebody of another one who decides with them on its people. */
const administrators: Readonly<Record<string, readonly [string, string]>> = {
  halcyon: ['ada', 'nora'],
  ofr: ['nora', 'ada'],
  cedar: ['priya', 'ada'],
  prairie: ['wes', 'ada'],
  ledger: ['ida', 'ada'],
  meridian: ['mira', 'nora'],
  ocb: ['olaf', 'ada'],
  harbor: ['pia', 'mira'],
  census: [otherAuditor.login, 'mira'],
}

async function enrol({ make }: Deciding, { login, organisation, roles }: Someone): Promise<void> {
  const [own = '', other = ''] = administrators[organisation] ?? []
  const { id } = await make(own, '/people', {
    organisation,
    name: login,
    subject: subjectOf(login),
    ...because(),
  })
  if (roles.length === 0) return
  const path = `/people/${id}`
  await make(own, `${path}/roles`, { roles, ...because() }, { on: path, with: other })
}

/** The second side's developer lets an auditor of its own audit its one model. */
async function engageAuditor(deciders: Deciding, provider: DemoProvider): Promise<void> {
  const { make } = deciders
  const side = { developer: 'mira', office: 'ocb', by: 'olaf' }
  const engagement = await engagementOf(deciders, [otherModel], side)
  const { upstreams, ...body } = modelBody(otherModel, engagement)
  const { openai } = upstreams
  await make('mira', '/models', {
    ...body,
    government: 'ocb',
    upstreams: { openai: { ...openai, credential: 'meridian/key' } },
  })
  const { login, organisation, kind } = otherAuditor
  await make(
    'mira',
    '/organisations',
    {
      id: organisation,
      name: organisation,
      kind,
      audits: [otherModel],
      developer: 'meridian',
      government: 'ocb',
      provider: described(provider),
      ...because(),
    },
    { with: 'olaf' },
  )
  const { id } = await make('mira', '/people', {
    organisation,
    name: login,
    subject: subjectOf(login),
    ...because(),
  })
  await make('mira', `/people/${id}/first_admin`, because(), { on: `/people/${id}`, with: 'olaf' })
}
