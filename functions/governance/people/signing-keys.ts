/**
 * Keys that somebody signs agreements with. Each person registers and ends their own, and shows by a signature that they
 * have it; nobody does that for another.
 */
import { keys } from '../../../shared/domain/keys.ts'
import type { Person, SignatoryKey } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { itemAbsent } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { personSubject, readMember } from './members.ts'

/** What the operation has looked at: that the key was shown to be theirs. */
export type SigningKeyWords =
  | { readonly kid: string; readonly register: Pick<SignatoryKey, 'jwk' | 'alg'> }
  | { readonly kid: string; readonly register?: never }

/** Ended ones stay, since what was signed with them is verified with them. */
const maxKeys = 20

export const signingKey: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { kid, register } = params as unknown as SigningKeyWords
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { person } = member
    const subject = personSubject(member)
    const role = actor && judgeRole('person.signing_key', actor, subject)
    if (role instanceof Refusal) return role
    if (actor && actor.person.id !== id)
      return refuse('role_missing', 'A key to sign with is registered and ended by whoever has it.')
    if (person.state !== 'active') return refuse('state_forbids', `${person.name} is ${person.state}.`)
    const held = person.signingKeys ?? {}
    const known = Object.hasOwn(held, kid) ? held[kid] : undefined
    if (register === undefined) {
      if (known === undefined)
        return refuse('record_unknown', `You have no key ${kid} to sign with.`, {
          field: 'kid',
          next: 'See your own: sallyport person sign-key list',
        })
      if (known.endedAt !== undefined) return refuse('state_forbids', `The key ${kid} has ended already.`)
      return {
        subject,
        difference: [{ field: 'signing_keys', from: kid, to: null }],
        writes: () => [
          change<Person>(keys.person(id), person, {
            signingKeys: { ...held, [kid]: { ...known, endedAt: now } },
          }),
        ],
        told: {
          type: 'person.signing_key_ended',
          text: `${person.name} signs with the key ${kid} no more.`,
        },
      }
    }
    if (known) return taken(`The key ${kid} ${known.endedAt ? 'has ended' : 'is registered already'}.`)
    // By whom is not told: whoever has its private half as well can only have been given it.
    if ((await store.get([keys.signatoryKey(kid)]))[0])
      return taken(`The key ${kid} is not yours alone: it was registered before. A key is one person's.`)
    if (Object.keys(held).length >= maxKeys)
      return refuse('state_forbids', `There are ${maxKeys} keys of yours already, and that is the most.`)
    return {
      subject,
      difference: [{ field: 'signing_keys', from: null, to: kid }],
      writes: ({ eid }) => [
        change<Person>(keys.person(id), person, {
          signingKeys: { ...held, [kid]: { ...register, registeredAt: now, entry: eid } },
        }),
        { kind: 'put', key: keys.signatoryKey(kid), item: { person: id }, if: itemAbsent },
      ],
      told: {
        type: 'person.signing_key_registered',
        text: `${person.name} signs with the key ${kid} from now on.`,
      },
    }
  },
}

const taken = (detail: string): Refusal =>
  refuse('record_exists', detail, {
    next: 'Make another, and register that: sallyport person sign-key create --out <file>, then sallyport person sign-key add me --key <file>',
  })
