/** Decisions about people: `person.*` of who-decides. Admission and sign-in read the record, so nothing is ended by list. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Person } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { change, stopOf } from '../engine/changes.ts'
import type { Definition, Plan, Planning } from '../engine/plan.ts'
import { attested, attributeNames, type Claims, judgeClaims } from './attested.ts'
import { judgeHeldAttributes, valuesOf } from './held-attributes.ts'
import { judgeStopping, type Member, othersReinstate, personSubject, readMember } from './members.ts'
import { add } from './person-add.ts'
import { confirm } from './person-confirm.ts'
import { firstAdmin, setRoles } from './person-roles.ts'
import { personStep } from './person-states.ts'
import { signingKey } from './signing-keys.ts'

const attributes: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const claims = params as Claims
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { person } = member
    if (person.state === 'removed') return refuse('state_forbids', `${person.name} was removed.`)
    const refused = judgeClaims(claims, now)
    if (refused) return refused
    const before = { person: id, organisation: person.organisation, ...valuesOf(person.attributes ?? {}) }
    const after = valuesOf({ ...person.attributes, ...attested(claims, '') })
    const held = await judgeHeldAttributes(store, before, after, now)
    if (held) return held
    const fields = attributeNames.filter(field => claims[field] !== undefined)
    if (fields.length === 0)
      return refuse('body_malformed', `Say at least one of ${attributeNames.join(', ')}.`, {
        field: 'nationality',
      })
    return {
      subject: personSubject(member),
      difference: fields.map(field => ({
        field: `attributes.${field}`,
        from: person.attributes?.[field]?.value ?? null,
        to: claims[field]?.value,
      })),
      // Nobody vouches for themselves: a hold on a nationality goes by what stands here.
      raises: id,
      writes: ({ by }) => [
        change<Person>(keys.person(id), person, {
          attributes: { ...person.attributes, ...attested(claims, by.person) },
        }),
      ],
      told: {
        type: 'person.attributes_attested',
        text: `${fields.join(', ')} of ${person.name}: attested.`,
      },
    }
  },
}

const suspend: Definition = {
  async plan({ store }, { id }, { actor }) {
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { person } = member
    const refused = judgeOther(person, actor) ?? judgeStopping(member, actor)
    if (refused) return refused
    const state = personStep(person.state, 'suspend')
    if (state instanceof Refusal) return state
    return {
      ...planned(member, state, 'suspended', carried => ({ stop: stopOf(carried) })),
      stops: { person: id },
    }
  },
}

const reinstate: Definition = {
  async plan({ store }, { id }, { actor, now }) {
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { sponsor } = member.person
    // They would be stopped again by time at once.
    if (sponsor && sponsor.confirmedUntil <= now)
      return refuse('state_forbids', 'Their sponsor did not confirm them: that comes first (confirm).')
    const state = personStep(member.person.state, 'reinstate')
    if (state instanceof Refusal) return state
    return {
      ...planned(member, state, 'reinstated', () => ({ stop: undefined, lapse: undefined })),
      raises: id,
      ...(othersReinstate(member.person, member.organisation) && {
        rule: 'person.reinstate_stopped' as const,
      }),
    }
  },
}

/** An administrator always stays: whoever removes is one, is checked in the transaction, and does not remove themselves. */
const remove: Definition = {
  async plan({ store }, { id }, { actor }) {
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { person } = member
    const refused = judgeOther(person, actor)
    if (refused) return refused
    const state = personStep(person.state, 'remove')
    if (state instanceof Refusal) return state
    const plan = planned(member, state, 'removed', () => ({ roles: [] }))
    const roles = { field: 'roles', from: person.roles, to: [] }
    return {
      ...plan,
      // What they held is told by the entry alone from then on.
      difference: person.roles.length > 0 ? [...plan.difference, roles] : plan.difference,
      stops: { person: id },
    }
  },
}

const judgeOther = ({ id }: Person, actor: Planning['actor']): Refusal | undefined =>
  actor?.person.id === id
    ? refuse('own_proposal', 'That is you: another administrator does it. You can end your sessions.')
    : undefined

type Fields = { readonly [Name in keyof Person]?: Person[Name] | undefined }

function planned(
  member: Member,
  state: Person['state'],
  done: string,
  fields: (carried: Parameters<Plan['writes']>[0]) => Fields,
): Plan {
  const { person, organisation } = member
  return {
    subject: personSubject(member),
    difference: [{ field: 'state', from: person.state, to: state }],
    writes: carried => [change<Person>(keys.person(person.id), person, { state, ...fields(carried) })],
    told: { type: `person.${done}`, text: `${person.name} of ${organisation.name} is ${state}.` },
  }
}

export const personActions = {
  'person.add': add,
  'person.first_admin': firstAdmin,
  'person.roles': setRoles,
  'person.attributes': attributes,
  'person.confirm': confirm,
  'person.signing_key': signingKey,
  'person.suspend': suspend,
  'person.reinstate': reinstate,
  'person.remove': remove,
} satisfies Readonly<Record<string, Definition>>
