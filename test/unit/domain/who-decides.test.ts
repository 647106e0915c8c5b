import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Role, roles } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Signature } from '../../../shared/domain/stop.ts'
import {
  type ActionName,
  fillsSeat,
  isDecided,
  judgeSignature,
  openSeats,
  roleFor,
  ruleOf,
  whoDecides,
} from '../../../shared/domain/who-decides.ts'

/** `role of relation`; `own admin` is whoever looks after the subject's organisation. */
const abbreviations: Readonly<Record<string, readonly string[]>> = {
  developer: ['developer-admin of developer'],
  government: ['nsa-admin of government'],
  partner: ['partner-admin of subject'],
  'own admin': [
    'partner-admin of subject',
    'developer-admin of subject',
    'nsa-admin of subject',
    'auditor of subject',
  ],
  'own others': ['partner-user of subject', 'counsel of subject', 'consultant of subject'],
  'own users': ['partner-user of subject', 'counsel of subject'],
  counsel: ['counsel of developer', 'counsel of government'],
  "developer's counsel": ['counsel of developer'],
  'office itself': ['nsa-admin of subject'],
  'partner user': ['partner-user of subject'],
  consultant: ['consultant of consulted'],
}

/** The seats, of how many organisations, and whether a fresh sign-in is asked for. */
const table = `
organisation.register    | developer; government                                 | 2 | fresh
organisation.provider    | developer; government                                 | 2 | fresh, severe
organisation.webhooks    | own admin                                             | 1 | fresh
organisation.clearinghouse | developer; government                               | 2 | fresh, severe
person.add               | own admin, developer, government                      | 1 | fresh
person.first_admin       | developer; government                                 | 2 | fresh
person.roles             | own admin; developer, government                      | 2 | fresh
person.attributes        | own admin                                             | 1 | fresh
person.confirm           | own admin, own others                                 | 1 | fresh
person.signing_key       | own admin                                             | 1 | fresh
person.suspend           | own admin, developer, government                      | 1 | stops
person.reinstate         | own admin; developer, government                      | 2 | fresh
person.reinstate_stopped | developer; government                                 | 2 | fresh
person.remove            | own admin                                             | 1 | severe
partner.nominate         | developer, government                                 | 1 | fresh
partner.vet              | developer, government                                 | 1 | fresh
partner.select           | developer; government                                 | 2 | fresh
partner.activate         | developer, government                                 | 1 | fresh
partner.suspend          | developer, government                                 | 1 | stops
partner.reinstate        | developer; government                                 | 2 | fresh
partner.revoke           | developer, government; developer, government, counsel | 1 | fresh, severe
partner.revoke_released  | developer; government                                 | 2 | fresh, severe
partner.close            | developer, government; developer, government, counsel | 1 | fresh, severe
client.ticket            | own admin                                             | 1 | fresh
client.attributes        | own admin                                             | 1 | fresh
client.confirm           | own admin, own others                                 | 1 | fresh
client.suspend           | own admin, developer, government                      | 1 | stops
client.reinstate         | own admin; developer, government                      | 2 | fresh
client.reinstate_stopped | developer; government                                 | 2 | fresh
client.revoke            | own admin                                             | 1 | severe
client.compromised       | own admin, developer, government                      | 1 | stops
grant.activate           | developer; government                                 | 2 | fresh
grant.activate_released  | developer                                             | 1 | fresh
grant.continuity         | developer; government                                 | 2 | fresh
grant.quota              | developer                                             | 1 | fresh
grant.suspend            | developer, government                                 | 1 | stops
grant.suspend_continuing | developer, government; developer, government, counsel | 1 | fresh
grant.reinstate          | developer; government                                 | 2 | fresh
grant.revoke             | developer, government; developer, government, counsel | 1 | fresh, severe
hold.place               | developer, government                                 | 1 | stops
hold.concur              | developer                                             | 1 | fresh
hold.lift                | developer, government                                 | 1 | fresh
appeal.lodge             | partner                                               | 1 |
appeal.uphold            | developer; government                                 | 2 | fresh
appeal.dismiss           | developer, government; developer, government, counsel | 1 | fresh
model.engage             | developer                                             | 1 | fresh
model.change             | developer                                             | 1 | fresh
model.assess             | government                                            | 1 | fresh
model.designate          | government                                            | 1 | fresh
model.not_designate      | government                                            | 1 | fresh
model.window             | developer; government                                 | 2 | fresh
model.close_window       | developer                                             | 1 |
model.share              | developer, government                                 | 1 | fresh
model.open               | developer                                             | 1 | fresh
model.kill               | developer                                             | 1 |
model.resume             | developer                                             | 1 | fresh
model.release            | developer                                             | 1 | severe
model.withdraw           | developer                                             | 1 | severe
agreement.draft          | developer, developer's counsel                        | 1 | fresh
agreement.offer          | developer                                             | 1 | fresh
agreement.discard        | developer, developer's counsel                        | 1 |
agreement.return         | developer, partner, government                        | 1 | fresh
agreement.sign           | developer, partner, government                        | 1 | fresh
agreement.acknowledge    | partner, office itself                                | 1 | fresh
agreement.suspend        | developer, government                                 | 1 | stops
agreement.reinstate      | developer; government                                 | 2 | fresh
agreement.resume         | developer                                             | 1 | fresh
agreement.terminate      | developer, government; developer, government, counsel | 1 | fresh, severe
agreement.leave          | developer, partner, government                        | 1 | severe
agreement.attest         | partner, office itself                                | 1 | fresh
agreement.close          | developer                                             | 1 | fresh
finding.report           | own admin, partner user                               | 1 |
finding.hand_off         | developer, partner                                    | 1 |
finding.share            | developer                                             | 1 | fresh
finding.resolve          | developer                                             | 1 | fresh
opinion.attach           | consultant                                            | 1 |
review.certify           | own admin                                             | 1 | fresh
evidence.export          | developer; government                                 | 2 | fresh
evidence.receipt         | developer, government                                 | 1 | fresh
preservation.place       | developer, government, counsel                        | 1 |
preservation.lift        | developer; government                                 | 2 | fresh, severe
log.delete               | developer; government                                 | 2 | fresh, severe
case.open                | own admin, own users                                  | 1 |
case.add                 | own admin, own users                                  | 1 |
case.note                | own admin, own users                                  | 1 |
case.close               | own admin, own users                                  | 1 |
case.reopen              | own admin, own users                                  | 1 |
view.save                | own admin, own users                                  | 1 |
view.remove              | own admin, own users                                  | 1 |
rules.change             | developer; government                                 | 2 | fresh
`

const rows = table
  .trim()
  .split('\n')
  .map(line => {
    const [name = '', seats = '', organisations = '', flags = ''] = line.split('|').map(cell => cell.trim())
    const seat = (text: string) => text.split(', ').flatMap(who => abbreviations[who] ?? [])
    return {
      name: name as ActionName,
      seats: seats.split('; ').map(seat),
      organisations: Number(organisations),
      flags: flags === '' ? [] : flags.split(', '),
    }
  })

const subjectOf = (over: Partial<Subject> = {}): Subject => ({
  kind: 'organisation',
  id: 'cedar',
  name: 'Cedar',
  rev: 1,
  organisation: 'cedar',
  developers: ['halcyon', 'juniper'],
  governments: ['office', 'bureau'],
  consulted: ['institute'],
  ...over,
})
/** About a partner, and about a developer's own people. */
const subjects = [subjectOf(), subjectOf({ organisation: 'halcyon', developers: ['halcyon'] })]
const organisations = ['cedar', 'halcyon', 'juniper', 'office', 'bureau', 'institute', 'prairie']

const relationsOf = (organisation: string, subject: Subject): readonly string[] => [
  ...(subject.organisation === organisation ? ['subject'] : []),
  ...(subject.developers.includes(organisation) ? ['developer'] : []),
  ...(subject.governments.includes(organisation) ? ['government'] : []),
  ...(subject.consulted?.includes(organisation) ? ['consulted'] : []),
]

const fits = (seat: readonly string[], role: Role, organisation: string, subject: Subject): boolean =>
  relationsOf(organisation, subject).some(of => seat.includes(`${role} of ${of}`))

const signature = (person: string, role: Role, organisation: string): Signature => ({
  person,
  name: person,
  organisation,
  role,
  at: 0,
  authTime: 0,
})

const everybody = roles.flatMap(role => organisations.map(organisation => ({ role, organisation })))

test('the table names every action and no other', () => {
  expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(whoDecides).toSorted())
})

describe.each(rows)('$name', ({ name, seats, organisations: asked, flags }) => {
  test('asks for a fresh sign-in, stops at once, is severe, as the table says', () => {
    const { fresh, stops, severe } = ruleOf(name)
    const set = [fresh && 'fresh', stops && 'stops', severe && 'severe'].filter(Boolean)
    expect(set).toEqual(flags)
    expect(seats.filter(seat => seat.length === 0)).toEqual([])
  })

  test.each(subjects)(
    'has a seat for each role of the table, in its own organisation only ($organisation)',
    subject => {
      for (const { role, organisation } of everybody) {
        const expected = seats.some(seat => fits(seat, role, organisation, subject))
        expect([role, organisation, fillsSeat(name, role, organisation, subject)]).toEqual([
          role,
          organisation,
          expected,
        ])
      }
    },
  )

  test.each(subjects)(
    'is decided by one person exactly where it has one seat and they fit it ($organisation)',
    subject => {
      for (const { role, organisation } of everybody) {
        const decided = isDecided(name, [signature('person_1', role, organisation)], subject)
        const [only = [], ...others] = seats
        expect([role, organisation, decided]).toEqual([
          role,
          organisation,
          others.length === 0 && fits(only, role, organisation, subject),
        ])
      }
    },
  )

  test.each(subjects)(
    'of two seats each is filled by another, from as many organisations as asked ($organisation)',
    subject => {
      const [first = [], second] = seats
      if (second === undefined) return
      const seated = (a: (typeof everybody)[number], b: (typeof everybody)[number]): boolean =>
        fits(first, a.role, a.organisation, subject) && fits(second, b.role, b.organisation, subject)
      for (const a of everybody)
        for (const b of everybody) {
          const enough = asked === 1 || a.organisation !== b.organisation
          const expected = enough && (seated(a, b) || seated(b, a))
          const signatures = [
            signature('person_1', a.role, a.organisation),
            signature('person_2', b.role, b.organisation),
          ]
          if (isDecided(name, signatures, subject) !== expected)
            expect.fail(`${a.role} of ${a.organisation} and ${b.role} of ${b.organisation}: ${!expected}`)
        }
    },
  )
})

test('only a partner asks for what it does not decide: a grant, and that others let its own go on', () => {
  const asking = rows.filter(({ name }) => ruleOf(name).asks !== undefined).map(({ name }) => name)
  expect(asking).toEqual([
    'person.reinstate_stopped',
    'client.reinstate_stopped',
    'grant.activate',
    'grant.activate_released',
  ])
  const subject = subjectOf()
  const cedar = { person: 'person_1', organisation: 'cedar', roles: ['partner-admin'] as const }
  for (const name of asking) {
    expect(roleFor(name, cedar, subject)).toBe('partner-admin')
    expect(fillsSeat(name, 'partner-admin', 'cedar', subject)).toBe(false)
    expect(roleFor(name, { ...cedar, organisation: 'prairie' }, subject)).toBeUndefined()
  }
})

const anyAction = fc.constantFrom(...rows.map(({ name }) => name))
const anySubject = fc.constantFrom(...subjects)
const anySignature = fc
  .record({
    person: fc.constantFrom('person_1', 'person_2', 'person_3', 'person_4'),
    role: fc.constantFrom<Role>('developer-admin', 'nsa-admin', 'partner-admin', 'counsel', 'partner-user'),
    organisation: fc.constantFrom(...organisations),
  })
  .map(({ person, role, organisation }) => signature(person, role, organisation))
const signatureLists = fc.array(anySignature, { maxLength: 5 })

/** Nobody belongs to two organisations, and nobody signs twice. */
const onePersonOneSignature = (signatures: readonly Signature[]): readonly Signature[] =>
  signatures.filter((one, at) => signatures.findIndex(({ person }) => person === one.person) === at)

describe('whatever is decided, and whoever has signed', () => {
  test('another signature never takes a decision back', () => {
    fc.assert(
      fc.property(anyAction, anySubject, signatureLists, anySignature, (name, subject, signatures, more) => {
        fc.pre(isDecided(name, signatures, subject))
        expect(isDecided(name, [...signatures, more], subject)).toBe(true)
        expect(isDecided(name, [more, ...signatures], subject)).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  test('the order of the signatures does not matter', () => {
    fc.assert(
      fc.property(anyAction, anySubject, signatureLists, (name, subject, signatures) => {
        const decided = isDecided(name, signatures, subject)
        expect(isDecided(name, signatures.toReversed(), subject)).toBe(decided)
      }),
    )
  })

  test('one person never fills two seats, whatever roles they sign in', () => {
    fc.assert(
      fc.property(anyAction, anySubject, signatureLists, (name, subject, signatures) => {
        fc.pre(ruleOf(name).seats.length > 1)
        const alone = signatures.map(one => ({ ...one, person: 'person_1' }))
        expect(isDecided(name, alone, subject)).toBe(false)
      }),
    )
  })

  test('one organisation never decides what takes two', () => {
    fc.assert(
      fc.property(anyAction, anySubject, signatureLists, (name, subject, signatures) => {
        fc.pre(ruleOf(name).organisations === 2)
        for (const organisation of organisations) {
          const of = signatures.map(one => ({ ...one, organisation }))
          expect(isDecided(name, of, subject)).toBe(false)
        }
      }),
    )
  })

  test('those who stand in no relation to it, or hold no role that does, decide nothing', () => {
    fc.assert(
      fc.property(anyAction, anySubject, signatureLists, (name, subject, signatures) => {
        const strangers = signatures.map(one => ({ ...one, organisation: 'prairie' }))
        const users = signatures.map(one => ({ ...one, role: 'partner-user' as const }))
        expect(isDecided(name, strangers, subject)).toBe(false)
        // A sponsor is who confirms, whatever they are; who finds something reports it, and gathers what they look into.
        if (!name.endsWith('.confirm') && name !== 'finding.report' && !/^(case|view)\./.test(name))
          expect(isDecided(name, users, subject)).toBe(false)
        expect(isDecided(name, [], subject)).toBe(false)
      }),
    )
  })

  test('no seat is open once it is decided, and some seat is before anybody signs', () => {
    fc.assert(
      fc.property(anyAction, anySubject, signatureLists, (name, subject, all) => {
        const signatures = onePersonOneSignature(all)
        expect(openSeats(name, signatures, subject).length === 0).toBe(isDecided(name, signatures, subject))
        expect(openSeats(name, [], subject)).toEqual(ruleOf(name).seats)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe("the proposer's own signature", () => {
  test('fills a seat in the role of that seat only', () => {
    const subject = subjectOf()
    const seat = (role: Role, organisation: string) =>
      openSeats('partner.select', [signature('person_1', role, organisation)], subject).length
    expect(seat('developer-admin', 'halcyon')).toBe(1)
    expect(seat('nsa-admin', 'office')).toBe(1)
    expect(seat('counsel', 'halcyon')).toBe(2)
    expect(seat('developer-admin', 'office')).toBe(2)
    expect(seat('partner-admin', 'cedar')).toBe(2)
  })

  test('of a partner opens the proposal of a grant, and both others still have to sign', () => {
    const subject = subjectOf()
    const asked = [signature('person_1', 'partner-admin', 'cedar')]
    const developer = signature('person_2', 'developer-admin', 'halcyon')
    const government = signature('person_3', 'nsa-admin', 'office')
    expect(isDecided('grant.activate', [...asked, developer], subject)).toBe(false)
    expect(isDecided('grant.activate', [...asked, government], subject)).toBe(false)
    expect(isDecided('grant.activate', [...asked, developer, government], subject)).toBe(true)
  })

  test('is the first of two: the second is of another person', () => {
    const subject = subjectOf()
    const first = signature('person_1', 'nsa-admin', 'office')
    expect(isDecided('partner.revoke', [first, { ...first }], subject)).toBe(false)
    expect(isDecided('partner.revoke', [first, signature('person_2', 'nsa-admin', 'office')], subject)).toBe(
      true,
    )
    const counsel = signature('person_3', 'counsel', 'office')
    expect(isDecided('partner.revoke', [counsel, first], subject)).toBe(true)
    expect(isDecided('partner.revoke', [counsel, { ...counsel, person: 'person_4' }], subject)).toBe(false)
  })
})

describe('a signature is refused', () => {
  const signer = { person: 'person_1', organisation: 'office', roles: ['nsa-admin'] as const }

  test.each([
    [
      'of whose rights it raises',
      [],
      'person_9',
      'person_1',
      'It would raise your own rights: somebody else signs it.',
    ],
    ['of the proposer', [], 'person_1', undefined, 'You proposed it: another person approves it.'],
    [
      'of who has signed',
      [{ person: 'person_1' }],
      'person_9',
      undefined,
      'You have signed it already: another person approves it.',
    ],
  ])('%s', (_, signatures, proposedBy, raises, detail) => {
    const refusal = judgeSignature(signer, signatures, proposedBy, raises)
    const next = raises ? /asks for it.*sallyport person list/ : /sallyport proposal list/
    expect(refusal).toMatchObject({
      code: 'own_proposal',
      facts: { detail, next: expect.stringMatching(next) },
    })
  })

  test('of nobody else', () => {
    expect(judgeSignature(signer, [{ person: 'person_2' }], 'person_3', 'person_4')).toBeUndefined()
  })
})
