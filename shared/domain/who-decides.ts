/**
 * Who decides what: the one place of this fact. The API judges by it, the documents and the tests of authorisation are
 * made from it.
 */
import type { Role } from './parties.ts'
import type { Subject } from './proposals.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { Signature } from './stop.ts'

/** A role, in an organisation that stands in this relation to what is decided about. */
export interface Who {
  readonly role: Role
  /** `subject`: whose it is. `developer`, `government`: who selects it together. `consulted`: whom it is shared with. */
  readonly of: 'subject' | 'developer' | 'government' | 'consulted'
}

export interface Rule {
  /** Each is filled by another person. One seat: that person decides at once. */
  readonly seats: readonly (readonly Who[])[]
  /** The seats are filled from so many organisations. */
  readonly organisations: 1 | 2
  /** Who may open the proposal without a seat of their own. */
  readonly asks?: readonly Who[]
  /** A sign-in of the last minutes is asked for (`freshMinutes`). Never for what stops. */
  readonly fresh: boolean
  /** In force at once, to be ratified by a second person. */
  readonly stops?: true
  /** Takes something away from whom it is about. What `stops` does so too. */
  readonly takes?: true
  /** What can hardly be taken back: the command line asks for the id once more. */
  readonly severe?: true
  /** Whom the records narrow it to, in words for people; the plans of the action judge by it. */
  readonly narrowed?: string
}

const developer: Who = { role: 'developer-admin', of: 'developer' }
const government: Who = { role: 'nsa-admin', of: 'government' }
const partner: Who = { role: 'partner-admin', of: 'subject' }
const officeItself: Who = { role: 'nsa-admin', of: 'subject' }
const anyCounsel: readonly Who[] = [
  { role: 'counsel', of: 'developer' },
  { role: 'counsel', of: 'government' },
]
/** Whoever looks after an organisation's own people and clients. */
const ownAdmin: readonly Who[] = [
  partner,
  { role: 'developer-admin', of: 'subject' },
  { role: 'nsa-admin', of: 'subject' },
  { role: 'auditor', of: 'subject' },
]

const ownOthers: readonly Who[] = (['partner-user', 'counsel', 'consultant'] as const).map(role => ({
  role,
  of: 'subject',
}))

/** Whoever acts for their organisation. Consultants do not: they are shown what is shared with them, and nothing else. */
const ownPeople: readonly Who[] = [
  ...ownAdmin,
  { role: 'partner-user', of: 'subject' },
  { role: 'counsel', of: 'subject' },
]

const one = (who: readonly Who[], further: Partial<Rule> = {}): Rule => ({
  seats: [who],
  organisations: 1,
  fresh: true,
  ...further,
})
/** Developer and government, together. */
const both = (further: Partial<Rule> = {}): Rule => ({
  seats: [[developer], [government]],
  organisations: 2,
  fresh: true,
  ...further,
})
/** Two people, of whom one administers for the government or the developer. */
const two = (further: Partial<Rule> = {}): Rule => ({
  seats: [
    [developer, government],
    [developer, government, ...anyCounsel],
  ],
  organisations: 1,
  fresh: true,
  ...further,
})
const stop = (who: readonly Who[], narrowed?: string): Rule =>
  one(who, { fresh: false, stops: true, ...(narrowed && { narrowed }) })

/** An office that suspended every administrator of a developer would hold up its release. */
const ownAlone = 'of a developer, an office or an auditor: its own administrators alone'
/** Its own organisation and one side alone would undo what the other side has stopped. */
const others = (reinstate: 'client' | 'person'): string =>
  `of a partner, where another organisation stopped it, or somebody by break-glass: \`${reinstate}.reinstate_stopped\``
const developerAlone = 'of a model that is released or withdrawn: its developer alone'

export const whoDecides = {
  'organisation.register': both(),
  'organisation.provider': both({ severe: true }),
  'organisation.webhooks': one(ownAdmin),
  /** Where an office takes findings: what is not fixed yet goes there. */
  'organisation.clearinghouse': both({ severe: true }),

  /** Of itself it gives no right. */
  'person.add': one([...ownAdmin, developer, government], {
    narrowed: 'those who decide about an organisation: while it has no administrator',
  }),
  /** An administrator of the person's own organisation, and one of another. */
  'person.roles': {
    seats: [ownAdmin, [developer, government]],
    organisations: 2,
    fresh: true,
  },
  /** Of an organisation that has no administrator yet. */
  'person.first_admin': both(),
  'person.attributes': one(ownAdmin),
  /** Also the sponsor, whatever they are. */
  'person.confirm': one([...ownAdmin, ...ownOthers], { narrowed: 'the others: where they are the sponsor' }),
  /** A key that they sign agreements with. */
  'person.signing_key': one(ownAdmin, { narrowed: 'their own' }),
  'person.suspend': stop([...ownAdmin, developer, government], ownAlone),
  'person.reinstate': both({ seats: [ownAdmin, [developer, government]], narrowed: others('person') }),
  /** Of a partner, where it was not its own people or time that stopped them. */
  'person.reinstate_stopped': both({ asks: [partner] }),
  'person.remove': one(ownAdmin, { takes: true, severe: true, fresh: false }),

  'partner.nominate': one([developer, government]),
  'partner.vet': one([developer, government]),
  'partner.select': both(),
  'partner.activate': one([developer, government]),
  'partner.suspend': stop([developer, government]),
  'partner.reinstate': both(),
  'partner.revoke': two({
    takes: true,
    severe: true,
    narrowed: 'of one that holds a grant of a released model: `partner.revoke_released`',
  }),
  'partner.revoke_released': both({ takes: true, severe: true }),
  'partner.close': two({ takes: true, severe: true }),

  'client.ticket': one(ownAdmin),
  'client.attributes': one(ownAdmin),
  /** Also the sponsor, whatever they are. */
  'client.confirm': one([...ownAdmin, ...ownOthers], { narrowed: 'the others: where they are the sponsor' }),
  'client.suspend': stop([...ownAdmin, developer, government], ownAlone),
  'client.reinstate': both({ seats: [ownAdmin, [developer, government]], narrowed: others('client') }),
  /** Of a partner, where it was not its own people or time that stopped it. */
  'client.reinstate_stopped': both({ asks: [partner] }),
  'client.revoke': one(ownAdmin, { takes: true, severe: true, fresh: false }),
  'client.compromised': stop([...ownAdmin, developer, government], ownAlone),

  'grant.activate': both({
    asks: [partner],
    narrowed: 'of a released model: `grant.activate_released`',
  }),
  /** No office is asked for access to what its developer has released. */
  'grant.activate_released': one([developer], { asks: [partner] }),
  'grant.continuity': both(),
  'grant.quota': one([developer]),
  'grant.suspend': stop(
    [developer, government],
    `${developerAlone}; where a mission hangs on it: \`grant.suspend_continuing\``,
  ),
  /** Where a mission hangs on the grant. */
  'grant.suspend_continuing': two({ takes: true }),
  'grant.reinstate': both({ narrowed: developerAlone }),
  'grant.revoke': two({ takes: true, severe: true }),

  'hold.place': stop(
    [developer, government],
    'of a model alone, and of one that is released or withdrawn: its developer; of a whole organisation that a mission hangs on: nobody',
  ),
  'hold.concur': one([developer]),
  'hold.lift': one([developer, government], { narrowed: 'of the organisation that placed it' }),

  'appeal.lodge': one([partner], { fresh: false }),
  'appeal.uphold': both(),
  'appeal.dismiss': two(),

  'model.engage': one([developer]),
  'model.change': one([developer]),
  'model.assess': one([government]),
  'model.designate': one([government]),
  'model.not_designate': one([government]),
  /** The developer's offer to an office, and its word that it takes it. */
  'model.window': both({ narrowed: 'offered by its developer, to an office that it is engaged with' }),
  'model.close_window': one([developer], { takes: true, fresh: false }),
  'model.open': one([developer]),
  'model.share': one([developer, government]),
  'model.kill': one([developer], { takes: true, fresh: false }),
  'model.resume': one([developer]),
  'model.release': one([developer], { fresh: false, severe: true }),
  'model.withdraw': one([developer], { takes: true, fresh: false, severe: true }),

  /** A first draft, and each change of what is not offered yet. */
  'agreement.draft': one([developer, { role: 'counsel', of: 'developer' }]),
  'agreement.offer': one([developer]),
  /** Nothing is taken from anybody. */
  'agreement.discard': one([developer, { role: 'counsel', of: 'developer' }], {
    fresh: false,
    narrowed: 'what was never offered',
  }),
  /** Back to a draft. */
  'agreement.return': one([developer, partner, government], {
    narrowed: 'its developer, or a party that was asked to sign it',
  }),
  'agreement.sign': one([developer, partner, government], {
    narrowed: 'a party that has not signed this version',
  }),
  'agreement.acknowledge': one([partner, officeItself], { narrowed: 'of its counterparty' }),
  'agreement.suspend': stop(
    [developer, government],
    'where a model of it is released or withdrawn: its developer',
  ),
  'agreement.reinstate': both({
    narrowed: 'what its developer stopped alone: its developer, by `agreement.resume`',
  }),
  'agreement.resume': one([developer]),
  'agreement.terminate': two({ takes: true, severe: true }),
  /** A party goes, on its own. */
  'agreement.leave': one([developer, partner, government], {
    takes: true,
    severe: true,
    fresh: false,
    narrowed: 'of an access agreement: its partner; of an engagement: either side',
  }),
  'agreement.attest': one([partner, officeItself], { narrowed: 'of its counterparty' }),
  'agreement.close': one([developer]),

  'finding.report': one([...ownAdmin, { role: 'partner-user', of: 'subject' }], { fresh: false }),
  'finding.hand_off': one([developer, partner], { fresh: false }),
  'finding.share': one([developer]),
  'finding.resolve': one([developer]),

  'opinion.attach': one([{ role: 'consultant', of: 'consulted' }], { fresh: false }),

  'review.certify': one(ownAdmin),

  /** What an organisation's people gather and keep for themselves. */
  'case.open': one(ownPeople, { fresh: false }),
  'case.add': one(ownPeople, { fresh: false }),
  'case.note': one(ownPeople, { fresh: false }),
  'case.close': one(ownPeople, { fresh: false }),
  'case.reopen': one(ownPeople, { fresh: false }),
  'view.save': one(ownPeople, { fresh: false }),
  'view.remove': one(ownPeople, {
    fresh: false,
    narrowed: 'whoever saved it; one that is shared: also an administrator',
  }),

  /** Of commercial use as well: whoever looks after the model, and an office, both. */
  'evidence.export': both(),
  'evidence.receipt': one([developer, government]),
  /** It only keeps. */
  'preservation.place': one([developer, government, ...anyCounsel], { fresh: false }),
  /** What it kept may go for good. */
  'preservation.lift': both({ severe: true }),
  'log.delete': both({ severe: true }),

  'rules.change': both(),
} as const satisfies Record<string, Rule>

export type ActionName = keyof typeof whoDecides

export const ruleOf = (name: ActionName): Rule => whoDecides[name]

export const takesAway = (name: ActionName): boolean =>
  ruleOf(name).stops === true || ruleOf(name).takes === true

type Signer = Pick<Signature, 'person' | 'organisation'> & { readonly roles: readonly Role[] }

/** The roles in which somebody fills this seat. */
function rolesIn(seat: readonly Who[], signer: Signer, subject: Subject): readonly Role[] {
  return seat
    .filter(({ role, of }) => signer.roles.includes(role) && stands(signer.organisation, of, subject))
    .map(({ role }) => role)
}

export const stands = (organisation: string, of: Who['of'], subject: Subject): boolean =>
  of === 'subject'
    ? subject.organisation === organisation
    : of === 'developer'
      ? subject.developers.includes(organisation)
      : of === 'government'
        ? subject.governments.includes(organisation)
        : subject.consulted?.includes(organisation) === true

/** The role in which somebody can decide on it at all, or ask for it. */
export function roleFor(name: ActionName, signer: Signer, subject: Subject): Role | undefined {
  const { seats, asks = [] } = ruleOf(name)
  return [...seats, asks].flatMap(seat => rolesIn(seat, signer, subject))[0]
}

/** Whether somebody's signature would fill a seat, rather than only open the proposal. */
export const fillsSeat = (
  name: ActionName,
  role: Signature['role'],
  organisation: string,
  subject: Subject,
): boolean =>
  ruleOf(name).seats.some(seat =>
    seat.some(who => who.role === role && stands(organisation, who.of, subject)),
  )

/**
 * Whether the signatures fill every seat, each by another person, and come from as many organisations as the rule asks
 * for.
 */
export const isDecided = (name: ActionName, signatures: readonly Signature[], subject: Subject): boolean =>
  openSeats(name, signatures, subject).length === 0

/**
 * The fewest seats that stay open, in the order of the rule: the offices that are waited on. There are at most a few
 * signatures, so that every way to seat them is tried. Where all seats could be filled, yet from too few organisations,
 * one stays open for another organisation.
 */
export function openSeats(
  name: ActionName,
  signatures: readonly Signature[],
  subject: Subject,
): readonly (readonly Who[])[] {
  const { seats, organisations } = ruleOf(name)
  const left = (at: number, taken: readonly Signature[]): readonly (readonly Who[])[] | undefined => {
    const seat = seats[at]
    if (seat === undefined) {
      const from = new Set(taken.map(({ organisation }) => organisation)).size
      return taken.length < seats.length || from >= organisations ? [] : undefined
    }
    const seated = signatures
      .filter(
        one =>
          taken.every(({ person }) => person !== one.person) &&
          seat.some(({ role, of }) => role === one.role && stands(one.organisation, of, subject)),
      )
      .map(one => left(at + 1, [...taken, one]))
    const rest = left(at + 1, taken)
    return [...seated, rest && [seat, ...rest]]
      .filter(open => open !== undefined)
      .toSorted((a, b) => a.length - b.length)[0]
  }
  return left(0, []) ?? seats
}

/** A partner is not of the office that decides: what it asked for waits on others. */
const seeWaiting = { next: 'See whom it waits on: sallyport proposal list' }

/** Nobody signs twice, and nobody signs what raises their own rights. */
export function judgeSignature(
  signer: Signer,
  signatures: readonly Pick<Signature, 'person'>[],
  proposedBy: string,
  raises: string | undefined,
): Refusal | undefined {
  if (raises === signer.person)
    return refuse('own_proposal', 'It would raise your own rights: somebody else signs it.', {
      next: 'Another administrator of your organisation asks for it; see who there is: sallyport person list',
    })
  if (proposedBy === signer.person)
    return refuse('own_proposal', 'You proposed it: another person approves it.', seeWaiting)
  if (signatures.some(({ person }) => person === signer.person))
    return refuse('own_proposal', 'You have signed it already: another person approves it.', seeWaiting)
  return undefined
}
