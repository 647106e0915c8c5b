/**
 * For each decision that takes two people one that waits for its last signature, on a subject that no other is about:
 * made by the demo's people through the API.
 */
import { at, textAt } from '../../client/json.ts'
import { subjectOf } from '../../scripts/demo/people.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { exportOfEvidence } from '../../shared/domain/evidence.ts'
import { keys } from '../../shared/domain/keys.ts'
import { epochOfMonth } from '../../shared/domain/log-deletions.ts'
import { type ActionName, type Rule, whoDecides } from '../../shared/domain/who-decides.ts'
import { itemAbsent, type Key } from '../../shared/ports/store.ts'
import { because, type Deciding } from './governance.ts'
import { evidenceOfCedar, oldMonths } from './governance-evidence.ts'
import {
  draftFor,
  engagementOf,
  enrolClient,
  inDays,
  limits,
  modelBody,
  nomination,
  signed,
  someProvider,
  windowFor,
} from './governance-subjects.ts'
import type { World } from './world.ts'

/** As the table has it: the rules with a seat for a second person. */
export const takesTwo = (Object.keys(whoDecides) as ActionName[]).filter(
  name => (whoDecides[name] as Rule).seats.length > 1,
)

export interface Waiting {
  /** Its id, and its version: the next signature is given on it. */
  readonly proposal: string
  readonly version: number
  /** Who gives the last signature, by login. */
  readonly last: string
  /** What of these records is so before it, and once it is applied; absent: there is none. */
  readonly records: readonly Turn[]
}

interface Turn {
  readonly key: Key
  readonly before: object | undefined
  readonly after: object | undefined
}

export type Scenarios = Readonly<Record<string, () => Promise<Waiting>>>

const turn = (key: Key, before: object | undefined, after: object | undefined): Turn => ({
  key,
  before,
  after,
})

/** One for each rule of the table that takes two, by its name. What they need is made when they are asked for. */
export function proposals(world: World, deciders: Deciding): Scenarios {
  const { make, read, ask } = deciders

  /** Asked for by `by`, of what stands under `path`; `last` signs last. */
  async function waits(
    by: string,
    path: string,
    body: object,
    records: readonly Turn[],
    { on, last = 'nora' }: { readonly on?: string; readonly last?: string } = {},
  ): Promise<Waiting> {
    const ifMatch = on === undefined ? undefined : (await read(by, on))?.version
    const asked = await ask(by, path, { ...because(), ...body }, ifMatch === undefined ? {} : { ifMatch })
    const proposal = textAt(asked.body, 'proposal', 'id')
    if (asked.status !== 202 || proposal === undefined)
      throw new Error(`${by} asks for ${path}: ${asked.status} ${JSON.stringify(asked.body)}`)
    return { proposal, version: Number(at(asked.body, 'proposal', 'version')), last, records }
  }

  async function partner(id: string, ...steps: readonly string[]): Promise<string> {
    const path = `/partners/${id}`
    await make('ada', '/partners', nomination(id))
    for (const verb of steps) await make('ada', `${path}/${verb}`, because(), { on: path, with: 'nora' })
    return path
  }
  const provided = (id: string) =>
    make(
      'ada',
      `/organisations/${id}/provider`,
      { provider: someProvider, ...because() },
      { on: `/organisations/${id}`, with: 'nora' },
    )
  const person = async (by: string, organisation: string, name: string): Promise<string> =>
    (await make(by, '/people', { organisation, name, subject: subjectOf(name), ...because() })).id

  /** A client that one person has stopped, of the developer unless it says otherwise, and the entry of that stop. */
  async function stoppedClient(name: string, by = 'boris') {
    const { client_id: id } = await enrolClient(world, deciders, 'priya', name)
    const path = `/clients/${id}`
    const { entry } = await make(by, `${path}/suspend`, because(), { on: path })
    return { id, path, entry }
  }
  const reinstated = (path: string, key: Key, by: string) =>
    waits(by, `${path}/reinstate`, {}, [turn(key, { state: 'suspended' }, { state: 'active' })], { on: path })
  async function appeal(name: string) {
    const client = await stoppedClient(name)
    const lodged = await ask('priya', '/appeals', { entry: client.entry, text: 'It is needed.' })
    return { client: client.id, id: textAt(lodged.body, 'id') ?? '' }
  }

  /** Under an agreement of its own; of cedar, unless it says otherwise. */
  async function asked({ partner = 'cedar', admin = 'priya', model = modelId } = {}) {
    const { id: agreement } = await signed(deciders, draftFor(partner, { models: [model] }), admin)
    const body = { organisation: partner, model, agreement, limits, expires_at: inDays(100) }
    const { body: answer } = await make(admin, '/grants', { ...body, ...because() })
    const proposal = textAt(answer, 'proposal', 'id') ?? ''
    await make('ada', `/proposals/${proposal}/approve`, {}, { on: `/proposals/${proposal}` })
    return { id: textAt(answer, 'subject', 'id') ?? '', proposal, agreement }
  }
  async function granted(of: Parameters<typeof asked>[0] = {}) {
    const { id, proposal, agreement } = await asked(of)
    await make('nora', `/proposals/${proposal}/approve`, {}, { on: `/proposals/${proposal}` })
    return { id, path: `/grants/${id}`, key: keys.grant(id), meter: meterOf(id), agreement }
  }
  async function engaged(id: string): Promise<string> {
    await make('ada', '/models', modelBody(id, await engagementOf(deciders, [id])))
    return `/models/${id}`
  }
  /** A partner of its own, whose administrator signs in where cedar's people do. */
  async function active(id: string, admin: string): Promise<string> {
    const path = await partner(id, 'vet', 'select')
    const provider = at((await read('ada', '/organisations/cedar'))?.body, 'provider')
    const on = `/organisations/${id}`
    await make('ada', `${on}/provider`, { provider, ...because() }, { on, with: 'nora' })
    const own = `/people/${await person('ada', id, admin)}`
    await make('ada', `${own}/first_admin`, because(), { on: own, with: 'nora' })
    await make('ada', `${path}/activate`, because(), { on: path })
    return path
  }
  const meterOf = (grant: string) => keys.meter(grant.replace(/^grant_/, 'meter_'))
  const continuing = async (path: string): Promise<unknown> =>
    make('ada', `${path}/continuity`, { mission_continuity: true, ...because() }, { on: path, with: 'nora' })

  return {
    'organisation.register': async () =>
      waits('ada', '/organisations', { ...nomination('harrow'), kind: 'government' }, [
        turn(keys.organisation('harrow'), undefined, { kind: 'government', state: 'active' }),
      ]),
    'organisation.provider': async () => {
      await partner('birch')
      const on = '/organisations/birch'
      const after = { provider: { issuer: someProvider.issuer } }
      return waits(
        'ada',
        `${on}/provider`,
        { provider: someProvider },
        [turn(keys.organisation('birch'), { partner: 'nominated' }, after)],
        { on },
      )
    },
    'organisation.clearinghouse': async () => {
      const on = '/organisations/ofr'
      const url = 'http://127.0.0.1:9/findings'
      return waits(
        'ada',
        `${on}/clearinghouse`,
        { url },
        [turn(keys.organisation('ofr'), { kind: 'government' }, { clearinghouse: { url } })],
        { on },
      )
    },
    'person.roles': async () => {
      const id = await person('priya', 'cedar', 'rory')
      const after = { roles: ['partner-user'] }
      const on = `/people/${id}`
      return waits(
        'priya',
        `${on}/roles`,
        { roles: ['partner-user'] },
        [turn(keys.person(id), { roles: [] }, after)],
        { on },
      )
    },
    'person.first_admin': async () => {
      await partner('fjord')
      await provided('fjord')
      const id = await person('ada', 'fjord', 'fay')
      const on = `/people/${id}`
      return waits(
        'ada',
        `${on}/first_admin`,
        {},
        [turn(keys.person(id), { roles: [] }, { roles: ['partner-admin'] })],
        { on },
      )
    },
    'person.reinstate': async () => {
      const id = await person('priya', 'cedar', 'dana')
      const on = `/people/${id}`
      await make('priya', `${on}/suspend`, because(), { on })
      return reinstated(on, keys.person(id), 'priya')
    },
    'person.reinstate_stopped': async () => {
      const id = await person('priya', 'cedar', 'drew')
      const on = `/people/${id}`
      await make('boris', `${on}/suspend`, because(), { on })
      return reinstated(on, keys.person(id), 'ada')
    },
    'partner.select': async () => {
      const on = await partner('brook', 'vet')
      return waits(
        'ada',
        `${on}/select`,
        {},
        [turn(keys.organisation('brook'), { partner: 'vetting' }, { partner: 'selected' })],
        { on },
      )
    },
    'partner.reinstate': async () => {
      const on = '/partners/prairie'
      await make('boris', `${on}/suspend`, because(), { on })
      return waits(
        'ada',
        `${on}/reinstate`,
        {},
        [
          turn(keys.organisation('prairie'), { partner: 'suspended' }, { partner: 'active' }),
          turn(keys.meter(world.meterId('prairie')), { state: 'closed' }, { state: 'open' }),
        ],
        { on },
      )
    },
    'partner.close': async () => {
      const on = await partner('elm', 'vet', 'select')
      return waits(
        'ada',
        `${on}/close`,
        {},
        [turn(keys.organisation('elm'), { partner: 'selected' }, { partner: 'closed' })],
        { on },
      )
    },
    'client.reinstate': async () => {
      const { id, path } = await stoppedClient('paused', 'priya')
      return reinstated(path, keys.client(id), 'priya')
    },
    'client.reinstate_stopped': async () => {
      const { id, path } = await stoppedClient('stopped')
      return reinstated(path, keys.client(id), 'ada')
    },
    'grant.activate': async () => {
      const { id, proposal } = await asked()
      const version = (await read('nora', `/proposals/${proposal}`))?.version ?? 0
      const records = [
        turn(keys.grant(id), { state: 'requested' }, { state: 'active' }),
        turn(meterOf(id), undefined, { state: 'open', remaining: limits.total }),
      ]
      return { proposal, version, last: 'nora', records }
    },
    'grant.continuity': async () => {
      const { path: on, key } = await granted()
      const after = { missionContinuity: true }
      return waits(
        'ada',
        `${on}/continuity`,
        { mission_continuity: true },
        [turn(key, { state: 'active' }, after)],
        { on },
      )
    },
    'grant.suspend_continuing': async () => {
      const { path: on, key, meter } = await granted()
      await continuing(on)
      return waits(
        'boris',
        `${on}/suspend`,
        {},
        [
          turn(key, { state: 'active' }, { state: 'suspended' }),
          turn(meter, { state: 'open' }, { state: 'closed' }),
        ],
        { on },
      )
    },
    'grant.reinstate': async () => {
      const { path: on, key, meter } = await granted()
      await make('boris', `${on}/suspend`, because(), { on })
      return waits(
        'ada',
        `${on}/reinstate`,
        {},
        [
          turn(key, { state: 'suspended' }, { state: 'active' }),
          turn(meter, { state: 'closed' }, { state: 'open' }),
        ],
        { on },
      )
    },
    'grant.revoke': async () => {
      const { path: on, key, meter } = await granted()
      return waits(
        'ada',
        `${on}/revoke`,
        {},
        [
          turn(key, { state: 'active' }, { state: 'revoked' }),
          turn(meter, { state: 'open' }, { state: 'closed' }),
        ],
        { on, last: 'boris' },
      )
    },
    'appeal.uphold': async () => {
      const { id, client } = await appeal('appealed')
      const on = `/appeals/${id}`
      return waits(
        'ada',
        `${on}/uphold`,
        {},
        [
          turn(keys.appeal(id), { state: 'open' }, { state: 'upheld' }),
          turn(keys.client(client), { state: 'suspended' }, { state: 'active' }),
        ],
        { on },
      )
    },
    'appeal.dismiss': async () => {
      const { id, client } = await appeal('dismissed')
      const on = `/appeals/${id}`
      const still = { state: 'suspended' }
      return waits(
        'ada',
        `${on}/dismiss`,
        {},
        [
          turn(keys.appeal(id), { state: 'open' }, { state: 'dismissed' }),
          turn(keys.client(client), still, still),
        ],
        { on },
      )
    },
    'partner.revoke': async () => {
      const on = '/partners/cedar'
      return waits(
        'ada',
        `${on}/revoke`,
        {},
        [
          turn(keys.organisation('cedar'), { partner: 'active' }, { partner: 'revoked' }),
          turn(keys.meter(world.meterId('cedar')), { state: 'open' }, { state: 'closed' }),
        ],
        { on },
      )
    },
    'partner.revoke_released': async () => {
      const model = await engaged('freed-one')
      const on = await active('harbor', 'pia')
      const { meter } = await granted({ partner: 'harbor', admin: 'pia', model: 'freed-one' })
      await make('ada', `${model}/release`, because())
      return waits(
        'ada',
        `${on}/revoke`,
        {},
        [
          turn(keys.organisation('harbor'), { partner: 'active' }, { partner: 'revoked' }),
          turn(meter, { state: 'open' }, { state: 'closed' }),
        ],
        { on },
      )
    },
    'agreement.reinstate': async () => {
      const { agreement, meter } = await granted()
      const on = `/agreements/${agreement}`
      await make('nora', `${on}/suspend`, because(), { on })
      return waits(
        'ada',
        `${on}/reinstate`,
        {},
        [
          turn(keys.agreement(agreement), { state: 'suspended' }, { state: 'effective' }),
          turn(meter, { state: 'closed' }, { state: 'open' }),
        ],
        { on },
      )
    },
    'agreement.terminate': async () => {
      const { agreement, meter } = await granted()
      const on = `/agreements/${agreement}`
      return waits(
        'ada',
        `${on}/terminate`,
        {},
        [
          turn(
            keys.agreement(agreement),
            { state: 'effective' },
            { state: 'terminated', ended: { how: 'terminated' } },
          ),
          turn(meter, { state: 'open' }, { state: 'closed' }),
        ],
        { on, last: 'boris' },
      )
    },
    'model.window': async () => {
      const on = await engaged('looked-at')
      const determined = { determination: 'OFR-7', signer: 'The director' }
      await make('nora', `${on}/designate`, { ...determined, ...because() }, { on })
      const { client_id } = await enrolClient(world, deciders, 'nora', 'evaluation')
      return waits(
        'ada',
        `${on}/window`,
        windowFor(client_id),
        [
          turn(
            keys.model('looked-at'),
            { state: 'designated' },
            { state: 'government_window', window: { government: 'ofr', becomes: 'partner_access' } },
          ),
        ],
        { on },
      )
    },
    'evidence.export': async () => {
      const waiting = await ask('ada', '/evidence', { ...evidenceOfCedar(), ...because() })
      const id = textAt(waiting.body, 'subject', 'id') ?? ''
      return {
        proposal: textAt(waiting.body, 'proposal', 'id') ?? '',
        version: Number(at(waiting.body, 'proposal', 'version')),
        last: 'nora',
        records: [
          turn(keys.evidence(id), undefined, { developer: 'halcyon' }),
          turn(keys.export(exportOfEvidence(id)), undefined, { kind: 'evidence' }),
        ],
      }
    },
    'preservation.lift': async () => {
      const { id } = await make('nora', '/preservations', { query: 'partner:prairie', ...because() })
      const on = `/preservations/${id}`
      return waits(
        'ada',
        `${on}/lift`,
        {},
        [turn(keys.preservation(id), { state: 'active' }, { state: 'lifted' })],
        { on },
      )
    },
    'log.delete': async () => {
      const month = oldMonths.proposed
      const epoch = epochOfMonth(month) ?? 0
      const item = { epoch, slots: 4, commitment: '' }
      await world.store.write({ kind: 'put', key: keys.logEpoch(epoch), item, if: itemAbsent })
      return waits('ada', '/log/deletions', { month }, [turn(keys.logDeletion(month), undefined, { epoch })])
    },
    'rules.change': async () =>
      waits(
        'ada',
        '/rules/change',
        { rules: { proposal_hours: 48 } },
        [turn(keys.rules, { proposalHours: 72, version: 1 }, { proposalHours: 48, version: 2 })],
        { on: '/rules' },
      ),
  }
}
