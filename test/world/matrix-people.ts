/**
 * The people of the authorisation matrix: in each organisation of either side somebody with each role that its kind can
 * have, and somebody with none. Those of the demo and of the second side fill their places; the others stand here.
 */
import { type DemoPerson, type organisationNames, people } from '../../scripts/demo/people.ts'
import { type OrganisationKind, type Role, rolesOf } from '../../shared/domain/parties.ts'

export interface Someone {
  readonly login: string
  readonly organisation: string
  readonly kind: OrganisationKind
  readonly roles: readonly Role[]
}

const kinds: Readonly<Record<keyof typeof organisationNames, OrganisationKind>> = {
  halcyon: 'developer',
  ofr: 'government',
  cedar: 'partner',
  prairie: 'partner',
  ledger: 'auditor',
}

/** The eleven of the demo. */
export const demoPeople: readonly Someone[] = people.map(({ login, organisation, roles }) => ({
  login,
  organisation,
  kind: kinds[organisation],
  roles,
}))

/** A developer, an office and a partner of their own, one administrator each. All made up. */
export const strangers = [
  { login: 'mira', organisation: 'meridian', kind: 'developer', roles: ['developer-admin'] },
  { login: 'olaf', organisation: 'ocb', kind: 'government', roles: ['nsa-admin'] },
  { login: 'pia', organisation: 'harbor', kind: 'partner', roles: ['partner-admin'] },
] as const satisfies readonly Someone[]

/** Whom that developer lets audit its one model. */
export const otherAuditor = {
  login: 'cato',
  organisation: 'census',
  kind: 'auditor',
  roles: ['auditor'],
} as const satisfies Someone
/** The model of the second side's developer. */
export const otherModel = 'tern-one'

const known: readonly Someone[] = [...demoPeople, ...strangers, otherAuditor]

/** The places that none of those fills. `matrix.ts` enrols them; they are named by what they are. */
export const newcomers: readonly Someone[] = [
  ...new Map(known.map(({ organisation, kind }) => [organisation, kind])),
].flatMap(([organisation, kind]) =>
  [...rolesOf[kind].map(role => [role]), []]
    .filter(roles => !known.some(one => one.organisation === organisation && same(one.roles, roles)))
    .map(roles => ({ login: `${roles[0] ?? 'nobody'}-of-${organisation}`, organisation, kind, roles })),
)

function same(one: readonly Role[], other: readonly Role[]): boolean {
  return one.length === other.length && one.every(role => other.includes(role))
}

export const matrixPeople: readonly Someone[] = [...known, ...newcomers]

/** As a provider shows them. The organisation is the heading that they stand under there, and nothing else. */
export const atProvider: readonly DemoPerson[] = [...strangers, otherAuditor, ...newcomers].map(
  ({ login, roles }) => ({ name: login, login, roles, organisation: 'ledger' as const }),
)
