/** `person.roles` and `person.first_admin`: what somebody may do here, decided by two organisations. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import {
  adminOf,
  type Organisation,
  type Person,
  type Role,
  rolesOf,
} from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import {
  administers,
  judgeOpen,
  type Member,
  personSubject,
  readMember,
  readPeople,
  stays,
} from './members.ts'

export const setRoles: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { roles: asked } = params as { readonly roles: readonly Role[] }
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { person, organisation } = member
    const roles = judgeRoles(asked, organisation)
    if (roles instanceof Refusal) return roles
    const refused = judgeOpen(organisation) ?? judgePerson(person, roles)
    if (refused) return refused
    const staying = await whoStays(store, member, roles, now)
    if (staying instanceof Refusal) return staying
    return {
      subject: personSubject(member),
      difference: [{ field: 'roles', from: person.roles, to: roles }],
      // Nobody signs a change of their own roles: to be rid of one can be to be rid of whoever watches.
      raises: id,
      writes: carried => [
        change<Person>(keys.person(id), person, { roles }),
        ...(staying ? stays(staying, carried) : []),
      ],
      told: {
        type: 'person.roles_changed',
        text: `${person.name} of ${organisation.name} holds ${roles.join(', ') || 'no role'}.`,
      },
    }
  },
}

/** In the order of the list, each once. A partner has no administrator of the government's. */
function judgeRoles(asked: readonly Role[], { kind }: Organisation): readonly Role[] | Refusal {
  const foreign = asked.find(role => !rolesOf[kind].includes(role))
  if (foreign !== undefined)
    return refuse('body_malformed', `${foreign} is no role of a ${kind}: ${rolesOf[kind].join(', ')}.`, {
      field: 'roles',
    })
  return rolesOf[kind].filter(role => asked.includes(role))
}

function judgePerson({ state, name, roles: before }: Person, roles: readonly Role[]): Refusal | undefined {
  if (state === 'removed') return refuse('state_forbids', `${name} was removed.`)
  const same = before.length === roles.length && roles.every(role => before.includes(role))
  return same ? refuse('state_forbids', `${name} holds these roles already.`) : undefined
}

/** Where an administrator is taken, one who stays. */
async function whoStays(
  store: Store,
  { person, organisation }: Member,
  roles: readonly Role[],
  now: number,
): Promise<Governed<Person> | undefined | Refusal> {
  if (roles.includes(adminOf[organisation.kind]) || !administers(person, organisation, now)) return undefined
  const people = await readPeople(store, organisation.id)
  const other = people.find(one => one.id !== person.id && administers(one, organisation, now))
  return (
    other ??
    refuse(
      'state_forbids',
      `${person.name} is the last administrator of ${organisation.name}: name another one first.`,
    )
  )
}

/**
 * Whoever registered an organisation stands for it until somebody administers it; a developer and an office decide by
 * themselves from then on, with those who decide about them.
 */
export const firstAdmin: Definition = {
  async plan({ store }, { id }, { now, actor }) {
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { person, organisation } = member
    const closed = judgeOpen(organisation)
    if (closed) return closed
    if (person.state !== 'active') return refuse('state_forbids', `${person.name} is ${person.state}.`)
    const people = await readPeople(store, organisation.id)
    if (people.some(one => administers(one, organisation, now)))
      return refuse('state_forbids', `${organisation.name} has an administrator: they propose roles.`)
    const role = adminOf[organisation.kind]
    const roles = rolesOf[organisation.kind].filter(one => one === role || person.roles.includes(one))
    if (!administers({ ...person, roles }, organisation, now))
      return refuse(
        'state_forbids',
        `${person.name} could not sign in at the provider of ${organisation.name}.`,
      )
    return {
      subject: personSubject(member),
      difference: [{ field: 'roles', from: person.roles, to: roles }],
      raises: id,
      writes: () => [
        change<Person>(keys.person(id), person, { roles }),
        // Of two at once one is the first.
        change<Organisation>(
          keys.organisation(organisation.id) as never,
          organisation,
          independence(organisation),
        ),
      ],
      told: {
        type: 'person.first_admin',
        text: `${person.name} administers ${organisation.name}, as its first ${role}.`,
      },
    }
  },
}

const independence = ({ id, kind }: Organisation): Partial<Organisation> =>
  kind === 'developer' ? { developers: [id] } : kind === 'government' ? { governments: [id] } : {}
