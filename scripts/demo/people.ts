/** The people of the demo and where they work. Everybody here is made up. */
import type { Role } from '../../shared/domain/parties.ts'

export const organisationNames = {
  halcyon: 'Halcyon Research',
  ofr: 'Office of Frontier Review',
  cedar: 'Cedar County Hospital',
  prairie: 'Prairie Water Cooperative',
  ledger: 'Ledger & Pine Assurance',
} as const
type OrganisationId = keyof typeof organisationNames

export interface DemoPerson {
  readonly name: string
  readonly organisation: OrganisationId
  readonly roles: readonly Role[]
  /** What they are called at the demo's provider, and by the tests. */
  readonly login: string
}

export const people: readonly DemoPerson[] = [
  { name: 'Ada Lind', organisation: 'halcyon', roles: ['developer-admin'], login: 'ada' },
  { name: 'Boris Hale', organisation: 'halcyon', roles: ['developer-admin'], login: 'boris' },
  { name: 'Carla Voss', organisation: 'halcyon', roles: ['counsel'], login: 'carla' },
  { name: 'Nora Quill', organisation: 'ofr', roles: ['nsa-admin'], login: 'nora' },
  { name: 'Omar Reyes', organisation: 'ofr', roles: ['nsa-admin'], login: 'omar' },
  { name: 'Tess Marlow', organisation: 'ofr', roles: ['consultant'], login: 'tess' },
  { name: 'Priya Nair', organisation: 'cedar', roles: ['partner-admin'], login: 'priya' },
  { name: 'Sam Ortiz', organisation: 'cedar', roles: ['partner-user'], login: 'sam' },
  { name: 'Wes Tran', organisation: 'prairie', roles: ['partner-admin'], login: 'wes' },
  { name: 'Lena Fox', organisation: 'prairie', roles: ['partner-user'], login: 'lena' },
  { name: 'Ida Crane', organisation: 'ledger', roles: ['auditor'], login: 'ida' },
]

/** The `sub` that the demo's provider knows them by. */
export const subjectOf = (login: string): string => `demo-${login}`

/** `acr` for authentication that withstands phishing (OpenID Connect EAP ACR Values 1.0). */
export const phishingResistant = 'phr'
