/**
 * The trust that everything else grows from: one developer, one government office, and their first administrators. An
 * operator puts them in place once; from then on people decide, two organisations together.
 */

import { randomId } from '../shared/domain/id.ts'
import { type Governed, keys, listed } from '../shared/domain/keys.ts'
import { adminOf, type Organisation, type Person, type Provider } from '../shared/domain/parties.ts'
import { defaultRules } from '../shared/domain/rules.ts'
import { foundingEntry } from '../shared/entries/founding.ts'
import { putEntry } from '../shared/entries/put.ts'
import { identityHash } from '../shared/oauth/identity.ts'
import { itemAbsent, type Put, type Store } from '../shared/ports/store.ts'
import type { Clock, Random } from '../shared/ports/world.ts'

export interface Founder {
  readonly id: string
  readonly name: string
  readonly provider: Provider
  /** Its first administrators, by their `sub` at the provider: two, so that one can be replaced. */
  readonly admins: readonly { readonly name: string; readonly subject: string }[]
}

export interface Founding {
  readonly developer: Founder
  readonly government: Founder
}

/** False where the deployment was founded before: nothing is changed then. */
export async function found(
  store: Store,
  { developer, government }: Founding,
  { clock, random, operator }: { readonly clock: Clock; readonly random: Random; readonly operator: string },
): Promise<boolean> {
  const now = clock.now()
  const founders = [
    { ...developer, kind: 'developer' },
    { ...government, kind: 'government' },
  ] as const
  const organisations = founders.map(
    ({ id, name, kind, provider, admins }): Organisation => ({
      id,
      name,
      kind,
      state: 'active',
      provider,
      developers: [developer.id],
      governments: [government.id],
      enrolled: admins.length,
    }),
  )
  const people = founders.flatMap(({ id: organisation, kind, provider, admins }) =>
    admins.map(
      ({ name, subject }): Person => ({
        id: randomId('person', random.bytes(16)),
        name,
        organisation,
        issuer: provider.issuer,
        subject,
        roles: [adminOf[kind]],
        state: 'active',
        createdAt: now,
      }),
    ),
  )
  const entry = foundingEntry({ now, random: random.bytes(16), organisations, people, operator })
  const done = await store.transact([
    { kind: 'put', key: keys.rules, item: defaultRules, if: itemAbsent },
    ...organisations.map((one): Put => {
      const item: Governed<Organisation> = { ...one, rev: 1, ...listed('organisation', one.id, one.id) }
      return { kind: 'put', key: keys.organisation(one.id), item, if: itemAbsent }
    }),
    ...people.flatMap((one): readonly Put[] => {
      const item: Governed<Person> = { ...one, rev: 1, ...listed('person', one.organisation, one.id) }
      return [
        { kind: 'put', key: keys.person(one.id), item, if: itemAbsent },
        {
          kind: 'put',
          key: keys.identity(identityHash(one.issuer, one.subject)),
          item: { person: one.id },
          if: itemAbsent,
        },
      ]
    }),
    putEntry(entry),
  ])
  return done.ok
}
