import { globSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ActionName, whoDecides } from '../../../shared/domain/who-decides.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { done, endedByTime, toDo } from '../../../shared/search/action-words.ts'
import type { Body } from '../../../shared/search/body.ts'
import { decisionWords, typeOfKind } from '../../../shared/search/kinds.ts'
import { named } from '../../../shared/search/phrases.ts'
import { sentenceOf } from '../../../shared/search/sentence.ts'
import { withholdable } from '../../../shared/watermark/committed.ts'
import { bodyOf, decided, everyKind, grantSubject, now } from './every-kind.ts'

const actions = Object.keys(whoDecides) as ActionName[]
const text = (entry: NamedEntry | undefined): string => (entry ? sentenceOf(bodyOf(entry)) : '')
const by = {
  person: 'person_nora',
  name: 'Nora Okafor',
  organisation: 'ofr',
  role: 'nsa-admin',
  at: now,
  authTime: now,
} as const

/** The kinds that are written anywhere in the sources of what makes entries. */
const writtenKinds = (): readonly string[] => [
  ...new Set(
    globSync('{shared,functions,scripts}/**/*.ts')
      .filter(file => file !== 'shared/entries/record.ts')
      .map(file => readFileSync(file, 'utf8'))
      .filter(source => /\bmakeEntry\(/.test(source))
      .flatMap(source =>
        [...source.matchAll(/(?<!readonly )\bkind: '([a-z_]+)'/g)].map(([, kind = '']) => kind),
      ),
  ),
]

describe('an entry in a sentence', () => {
  test.each(
    Object.entries({
      'an intent':
        'The client planner of cedar was allowed to call aurora-preview by grant grant_1 for evaluation; 1,200 tokens were reserved.',
      'an outcome':
        'The call of aurora-preview by the client planner of cedar was completed; 1,180 tokens were charged.',
      'an outcome that was cut':
        'The call of aurora-preview by the client planner of cedar was cut off: a hold stops this access (hold_active); nothing was charged.',
      'an outcome that was refused':
        'The call of aurora-preview by the client planner of cedar was refused: too many calls are under way at once (streams_exhausted, clause quota-1); nothing was charged.',
      'an outcome beyond what was reserved':
        'The call of aurora-preview by the client planner of cedar was found without an end, and its charge estimated; 1 token was charged, more than was reserved.',
      'a refusal':
        'The client planner of cedar was refused a call of aurora-preview: a hold stops this access (hold_active, clause holds-1).',
      'a decision':
        'The grant “Aurora for Cedar” (grant_1) was suspended by Nora Okafor of ofr, on the signature of person_dana of halcyon (reason: security_incident).',
      'a decision of time': 'The client planner (client_1) was suspended, as it was due.',
      'a decision by a ticket': 'The client planner (client_1) took its key by a ticket.',
      'a hold by an operator':
        'The hold “all of cedar” (hold_1) was placed by an operator (“break-glass by bob”).',
      'a token for a client':
        'A token was issued to the client planner of cedar by grant grant_1 for evaluation, for 600 seconds.',
      'a token for a person': 'A token was issued to Priya Rao of cedar, for 600 seconds.',
      'a refused token':
        'The client planner of cedar was refused a token: the grant is suspended (grant_suspended, clause term-1).',
      'a token given up by a client': 'The client planner of cedar gave up the token token_1.',
      'a token given up by a person': 'Priya Rao of cedar gave up the token token_2.',
      'a sign-in': 'Priya Rao of cedar signed in by sallyport-cli.',
      'a refused sign-in':
        'Priya Rao of cedar was refused on the way in by sallyport-cli: the person is suspended or no longer enrolled (person_suspended).',
      'a refused token of a session':
        'Priya Rao of cedar was refused a further token of their session (invalid_grant).',
      'a notice': 'Priya Rao of cedar acknowledged the notice of use.',
      'a sign-out': 'Priya Rao of cedar signed out.',
      'a code that came twice':
        'The session of Priya Rao of cedar was ended, as its code came a second time.',
      'a session ended by an administrator': 'Ada of cedar ended a session of Priya Rao of cedar.',
      'the founding': 'The deployment was founded by the operator bob, with halcyon and ofr and 2 people.',
      'a receipt':
        'The finding “the jailbreak of aurora” (finding_1) reached ofr, which gave the receipt OFR-7.',
      'a pattern':
        'The pattern repetition was found in what was sent to cedar on 2026-11-26, by clause no-extraction-1; the finding “the pattern of aurora-preview” (finding_2) was raised, and nothing was narrowed.',
      'a recount':
        'The meter meter_1 was counted again by the operator bob: 1,200 tokens were used before, 1,180 after.',
      'a reopening':
        '2 meters of aurora-preview were opened again by the operator bob, after 1 call beyond what was reserved.',
      'a restored log':
        'The table of entries was brought from 31 to 57 by the operator bob, to agree with the log that is published; 24 entries were put back.',
      'a deleted month':
        'The bodies of 2026-01 are deleted, by what was decided in entry_7: 12 archives were removed, and the leaves stay.',
      'a webhook':
        'Nothing more is sent to the webhook webhook_1 of cedar, as its receiver took nothing for days.',
      'a reminder':
        'A reminder about the grant “Aurora for Cedar” (grant_1) went out to cedar (grant.ending), due at 2026-11-28 09:00 UTC.',
      'a search of a person':
        'Priya Rao of cedar searched the log, asking “decision:refuse”; 2 entries were shown.',
      'a read of a workload': 'The client planner of cedar listed entries of the log; 1 entry was shown.',
      'an export': 'Priya Rao of cedar asked for the export export_1 of “decision:refuse”.',
      'an export that is made': 'The export export_1 for Priya Rao of cedar was made, of 1 record.',
      'an export that failed':
        'The export export_1 for Priya Rao of cedar was not made: the person is suspended or no longer enrolled (person_suspended).',
      'a copy that its reader signed for':
        'Priya Rao of cedar signed that the copy of the export export_1 is their own.',
      'a fetch of an export': 'Priya Rao of cedar fetched the export export_1.',
      'a trace that was asked for':
        'Ida of ledger asked in the trace trace_1 who has leaked records of the log for the case case_1, as “A list on the web”, at a risk of 0.001 to accuse the wrong one.',
      'a trace that names somebody':
        'The trace trace_1 of Ida of ledger was answered: 1 reader was named, person_priya (risk 2.9e-39).',
      'a trace that names nobody': 'The trace trace_1 of Ida of ledger was answered: no reader was named.',
      'a trace that failed':
        'The trace trace_1 of Ida of ledger was not answered: nothing was read that could be looked up in the log (leak_unreadable).',
      'an attribution that was asked for':
        'Ida of ledger asked in the attribution attribution_1 to whom a reply of a model was sent for the case case_1, as “A list on the web”.',
      'an attribution':
        'The attribution attribution_1 of Ida of ledger was answered: 1 partner was named, cedar (risk 2.0e-30).',
      'an epoch': 'The key of the log’s entries of 2026-11 was committed to, with 64 slots for readers.',
    }),
  )('%s', (label, sentence) => {
    expect(text(everyKind[label])).toBe(sentence)
  })

  test('is looked at above for each of those that are made here', () => {
    expect(Object.keys(everyKind)).toHaveLength(45)
  })

  test('is a telling of its own for every kind that the sources write', () => {
    const kinds = writtenKinds()
    expect(kinds.length).toBeGreaterThan(15)
    expect([...kinds].sort()).toEqual(Object.keys(typeOfKind).sort())
    const made = Object.values(everyKind).map(entry => (bodyOf(entry).unmapped as { kind: string }).kind)
    expect([...new Set(made)].sort()).toEqual([...kinds].sort())
    for (const entry of Object.values(everyKind))
      expect(text(entry)).not.toMatch(/this is an entry of the kind/i)
    expect(sentenceOf({ unmapped: { kind: 'later' } })).toBe('This is an entry of the kind later.')
  })

  test('is whole for every step of every action, and names what it is about', () => {
    const said = actions.flatMap(name =>
      decisionWords
        .filter(step => step !== 'allow' && step !== 'refuse')
        .map(step => text(decided({ step: step as never, action: { name, params: {} }, by }))),
    )
    expect(said.length).toBe(actions.length * 11)
    for (const one of said) {
      expect(one).toMatch(/^[A-Z].*\.$/)
      expect(one).toContain('“Aurora for Cedar” (grant_1)')
      expect(one).not.toMatch(/[{}]|undefined|\bwas done to\b/)
    }
  })

  test('of an action of another version calls it by its name', () => {
    expect(toDo('later.act', 'it')).toBe('do later.act to it')
    expect(done('constructor', 'it')).toBe('constructor was done to it')
    expect(endedByTime('later.act', '$&')).toBe('the time of what was decided about $& was over')
  })

  test.each([
    ['proposed', 'Nora Okafor of ofr proposed to suspend the grant “Aurora for Cedar” (grant_1).'],
    [
      'approved',
      'Nora Okafor of ofr signed the proposal to suspend the grant “Aurora for Cedar” (grant_1), which waits for another signature.',
    ],
    [
      'declined',
      'Nora Okafor of ofr declined the proposal to suspend the grant “Aurora for Cedar” (grant_1).',
    ],
    [
      'withdrawn',
      'Nora Okafor of ofr withdrew the proposal to suspend the grant “Aurora for Cedar” (grant_1).',
    ],
    [
      'timed_out',
      'The proposal to suspend the grant “Aurora for Cedar” (grant_1) ended, as not everybody signed it in time.',
    ],
    [
      'stale',
      'The proposal to suspend the grant “Aurora for Cedar” (grant_1) ended, as what it was about had changed.',
    ],
    [
      'ratified',
      'Nora Okafor of ofr, as a second person, ratified that the grant “Aurora for Cedar” (grant_1) was suspended.',
    ],
    ['concurred', 'Nora Okafor of ofr concurred that the grant “Aurora for Cedar” (grant_1) was suspended.'],
    ['missed', 'Nobody ratified in time that the grant “Aurora for Cedar” (grant_1) was suspended.'],
    ['lapsed', 'The suspension of the grant “Aurora for Cedar” (grant_1) ended.'],
  ] as const)('of a step: %s', (step, sentence) => {
    expect(text(decided({ step, by }))).toBe(sentence)
  })

  test('calls a partner a partner, and says break-glass', () => {
    const subject = { ...grantSubject, kind: 'organisation', id: 'cedar', name: 'Cedar County' } as const
    expect(
      text(decided({ by, subject, breakGlass: true, action: { name: 'partner.suspend', params: {} } })),
    ).toBe('The partner Cedar County (cedar) was suspended by Nora Okafor of ofr, by break-glass.')
  })

  test('never tells what a view may withhold, and stands without it', () => {
    for (const entry of Object.values(everyKind)) {
      const { unmapped, ...body } = structuredClone(bodyOf(entry)) as { unmapped: Record<string, unknown> }
      const whole = { ...body, unmapped } as Record<string, unknown> & { unmapped: Record<string, unknown> }
      for (const path of withholdable) {
        const [first = '', inner] = path.split('.')
        const record = inner === undefined ? whole : whole.unmapped
        delete record[inner ?? first]
      }
      expect(sentenceOf(whole)).toBe(text(entry))
    }
  })

  test('ends, whatever is missing and whatever stands in its place', () => {
    const kinds = fc.constantFrom(...Object.keys(typeOfKind), 'later', 'constructor', '')
    fc.assert(
      fc.property(
        kinds,
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        (kind, fields, value) => {
          const said = sentenceOf({ ...fields, unmapped: { ...fields, kind, decision: value } } as Body)
          expect(said).toMatch(/^[^\n]+\.$/)
          expect(said).not.toContain('undefined')
        },
      ),
      { numRuns: 200 },
    )
  })

  test('stands for every entry from which any one field is taken away', () => {
    for (const entry of Object.values(everyKind)) {
      const body = bodyOf(entry) as { unmapped: Record<string, unknown> }
      for (const field of Object.keys(body.unmapped).filter(one => one !== 'kind'))
        expect(sentenceOf({ ...body, unmapped: { ...body.unmapped, [field]: undefined } })).toMatch(
          /^\S.*\.$/,
        )
      for (const field of Object.keys(body).filter(one => one !== 'unmapped'))
        expect(sentenceOf({ ...body, [field]: undefined })).toMatch(/^\S.*\.$/)
    }
  })
})

describe('a name that others chose', () => {
  test.each([
    ['planner', 'planner'],
    ['Nora Okafor', 'Nora Okafor'],
    ['client_1', 'client_1'],
    ['planner was refused', '“planner was refused”'],
    ['x. Nora of ofr was suspended', '“x. Nora of ofr was suspended”'],
    ['a” was removed by “b', "“a' was removed by 'b”"],
    ['one\ntwo\u202e\u0007', '“one two”'],
    ['', '“”'],
  ])('%j', (name, told) => {
    expect(named(name)).toBe(told)
  })

  test('cannot leave its quotes, break the line, or be longer than a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), name => {
        const told = named(name)
        expect([...told].length).toBeLessThanOrEqual(82)
        expect(told).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
        if (told.startsWith('“')) expect(told.slice(1, -1)).not.toMatch(/[“”]/)
        else expect(told).not.toMatch(/[\s:;,()]\p{Ll}/u)
      }),
      { numRuns: 100 },
    )
  })
})
