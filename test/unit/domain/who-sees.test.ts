import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type OrganisationKind,
  organisationKinds,
  type Role,
  roles,
  rolesOf,
} from '../../../shared/domain/parties.ts'
import {
  type Facts,
  isOnlyHit,
  type Noun,
  nouns,
  sees,
  type Viewer,
  type ViewerKind,
  viewers,
  whoSees,
  whoSeesRows,
} from '../../../shared/domain/who-sees.ts'

/** Each field of the facts, naming this organisation alone. */
const naming = {
  owner: id => ({ owner: id }),
  developers: id => ({ developers: ['other', id] }),
  governments: id => ({ governments: ['other', id] }),
  audits: () => ({ model: 'aurora' }),
  about: id => ({ about: ['other', id] }),
  decidedBy: id => ({ decidedBy: ['other', id] }),
  sharedWith: id => ({ sharedWith: ['other', id] }),
  placedBy: id => ({ placedBy: id }),
  handedTo: id => ({ handedTo: ['other', id] }),
  offeredTo: id => ({ offeredTo: ['other', id] }),
} as const satisfies Record<string, (id: string) => Partial<Facts>>
type Field = keyof typeof naming
const fields = Object.keys(naming) as Field[]

/** Through which facts each sees what; for every other one it is hidden. `*`: sealed words are left out. */
const table = `
noun         | partner       | developer           | government                            | auditor       | consultant
model        | offeredTo     | owner               | governments                           | owner, audits | sharedWith
agreement    | owner*        | owner, developers   | owner, governments                    | owner, audits | –
grant        | owner*        | owner, developers   | owner, governments                    | owner, audits | –
partner      | owner*        | owner, developers   | owner, governments                    | owner, audits | –
client       | owner*        | owner, developers   | owner, governments                    | owner, audits | –
call         | owner         | owner, developers   | owner                                 | owner, audits | –
decision     | owner*, about* | owner, developers, about* | owner, governments, decidedBy, placedBy, about* | owner*, audits, about* | sharedWith
proposal     | owner*, about* | owner, developers  | owner, governments, decidedBy, placedBy | owner, audits | –
hold         | owner*, about* | owner, developers, about* | owner, governments, decidedBy, placedBy, about* | owner*, audits, about* | –
finding      | owner         | owner, developers   | owner, handedTo                       | owner, audits | sharedWith
opinion      | –             | owner, developers   | owner, governments                    | owner, audits | sharedWith
review       | owner         | owner, developers   | owner, governments                    | owner, audits | –
appeal       | owner*        | owner, developers   | owner, governments, decidedBy, placedBy | owner, audits | –
person       | owner*        | owner, developers   | owner, governments                    | owner, audits | owner
organisation | owner, about, developers, governments | owner, about, developers, governments | owner, about, developers, governments | owner, about, developers, governments, audits | owner, about, developers, governments
evidence     | –             | owner, developers   | owner, governments, decidedBy, placedBy | owner, audits | –
preservation | –             | owner, developers   | owner, governments, decidedBy, placedBy | owner, audits | –
case         | owner         | owner               | owner                                 | owner         | –
view         | owner         | owner               | owner                                 | owner         | –
`

const cells = (line: string): readonly string[] => line.split('|').map(cell => cell.trim())
const [, ...columns] = cells(table.trim().split('\n')[0] ?? '')
const expected = new Map(
  table
    .trim()
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [noun, ...ways] = cells(line)
      return ways.map((way, at): [string, string] => [`${noun} ${columns[at]}`, way])
    }),
)

const viewer: Readonly<Record<ViewerKind, Viewer>> = {
  partner: { organisation: 'cedar', kind: 'partner', roles: ['partner-user'] },
  developer: { organisation: 'halcyon', kind: 'developer', roles: ['developer-admin'] },
  government: { organisation: 'office', kind: 'government', roles: ['nsa-admin'] },
  auditor: { organisation: 'lantern', kind: 'auditor', roles: ['auditor'], audits: ['borealis', 'aurora'] },
  consultant: { organisation: 'institute', kind: 'government', roles: ['consultant'] },
}

const nobodys = (noun: Noun): Facts => ({
  noun,
  owner: 'other',
  developers: ['other'],
  governments: ['other'],
  model: 'other',
  models: ['other'],
  about: ['other'],
  decidedBy: ['other'],
  sharedWith: ['other'],
  placedBy: 'other',
  handedTo: ['other'],
  offeredTo: ['other'],
})

test('the table names every noun and every viewer', () => {
  expect(columns).toEqual(viewers)
  expect([...expected.keys()]).toEqual(nouns.flatMap(noun => viewers.map(as => `${noun} ${as}`)))
})

describe.each(nouns)('of each %s', noun => {
  test.each(viewers)('the %s sees what the table says, for each way to have to do with it', as => {
    const cell = expected.get(`${noun} ${as}`) ?? ''
    const ways = cell === '–' ? [] : cell.split(', ')
    for (const field of fields) {
      const facts = { ...nobodys(noun), ...naming[field](viewer[as].organisation) }
      const how = ways.includes(field) ? 'whole' : ways.includes(`${field}*`) ? 'without_sealed' : undefined
      expect([field, sees(viewer[as], facts)]).toEqual([field, how])
    }
  })

  test.each(viewers)("the %s sees nothing of others'", as => {
    expect(sees(viewer[as], nobodys(noun))).toBeUndefined()
    expect(sees(viewer[as], { noun, developers: [], governments: [] })).toBeUndefined()
  })
})

describe('the government', () => {
  const call = (owner: string): Facts => ({
    ...nobodys('call'),
    owner,
    governments: ['office'],
    model: 'aurora',
  })

  test('does not see what the partners that it selected call', () => {
    expect(sees(viewer.government, call('cedar'))).toBeUndefined()
    expect(sees(viewer.government, call('office'))).toBe('whole')
  })
})

describe('sealed words', () => {
  test.each(['proposal', 'hold'] as const)(
    'of a %s about it are hidden from the partner, but for its own',
    noun => {
      const facts = { ...nobodys(noun), owner: 'cedar', about: ['cedar'] }
      expect(sees(viewer.partner, facts)).toBe('without_sealed')
      expect(sees(viewer.partner, { ...facts, placedBy: 'cedar' })).toBe('whole')
    },
  )

  test.each(['developer', 'government', 'auditor'] as const)(
    'of a hold that hits a %s are for it where it decides as well, or looks at how it was decided',
    as => {
      const { organisation } = viewer[as]
      for (const noun of ['hold', 'decision'] as const) {
        const hit = { ...nobodys(noun), about: [organisation] }
        expect(sees(viewer[as], hit)).toBe('without_sealed')
        expect(isOnlyHit(viewer[as], hit)).toBe(true)
        const ways: readonly Partial<Facts>[] = [
          { developers: [organisation] },
          { governments: [organisation] },
          { placedBy: organisation },
          { decidedBy: [organisation] },
          ...(as === 'auditor' ? [{ model: 'aurora' }] : [{ owner: organisation }]),
        ]
        for (const way of ways) {
          expect([way, sees(viewer[as], { ...hit, ...way })]).toEqual([way, 'whole'])
          expect(isOnlyHit(viewer[as], { ...hit, ...way })).toBe(false)
        }
      }
    },
  )

  test('of a hold that names an auditor are not for it, and what it does is', () => {
    const named = { ...nobodys('hold'), owner: 'lantern', about: ['lantern'] }
    expect(sees(viewer.auditor, named)).toBe('without_sealed')
    expect(isOnlyHit(viewer.auditor, named)).toBe(false)
  })

  test('are hidden from a partner wherever a decision or a stop leaves them', () => {
    for (const noun of ['decision', 'appeal', 'grant', 'client', 'partner', 'person', 'agreement'] as const)
      expect(sees(viewer.partner, { ...nobodys(noun), owner: 'cedar' })).toBe('without_sealed')
  })
})

describe("an auditor's engagement", () => {
  test('covers what is about several models when one of them is audited', () => {
    const agreement = { ...nobodys('agreement'), models: ['other', 'borealis'] }
    expect(sees(viewer.auditor, agreement)).toBe('whole')
  })

  test('is nothing when it names no model', () => {
    const { audits: _, ...without } = viewer.auditor
    for (const noun of nouns) {
      expect(sees({ ...without, audits: [] }, { ...nobodys(noun), model: 'aurora' })).toBeUndefined()
      expect(sees(without, { noun, developers: [], governments: [] })).toBeUndefined()
    }
  })

  test('is an auditor’s alone', () => {
    for (const as of ['partner', 'developer', 'government', 'consultant'] as const)
      for (const noun of nouns)
        expect(
          sees({ ...viewer[as], audits: ['aurora'] }, { ...nobodys(noun), model: 'aurora' }),
        ).toBeUndefined()
  })
})

const id = fc.constantFrom('cedar', 'prairie', 'halcyon', 'office', 'institute')
const ids = fc.uniqueArray(id, { maxLength: 3 })
const model = fc.constantFrom('aurora', 'borealis')
const anyFacts: fc.Arbitrary<Facts> = fc.record(
  {
    noun: fc.constantFrom(...nouns),
    owner: id,
    developers: ids,
    governments: ids,
    model,
    models: fc.uniqueArray(model),
    about: ids,
    decidedBy: ids,
    sharedWith: ids,
    placedBy: id,
    handedTo: ids,
    offeredTo: ids,
  },
  { requiredKeys: ['noun', 'developers', 'governments'] },
)
const anyKind: fc.Arbitrary<OrganisationKind> = fc.constantFrom(...organisationKinds)
const someRoles = fc.uniqueArray(fc.constantFrom(...roles), { maxLength: 4 })
const anyViewer: fc.Arbitrary<Viewer> = fc.record({
  organisation: id,
  kind: anyKind,
  roles: someRoles,
  audits: fc.uniqueArray(model),
})

describe('whoever it is, and whatever it is about', () => {
  const rank = { whole: 2, without_sealed: 1, nothing: 0 } as const
  const much = (who: Viewer, facts: Facts): number => rank[sees(who, facts) ?? 'nothing']

  test('another role never hides anything', () => {
    fc.assert(
      fc.property(anyViewer, someRoles, anyFacts, (who, more, facts) => {
        const with_ = { ...who, roles: [...who.roles, ...more] }
        expect(much(with_, facts)).toBeGreaterThanOrEqual(much(who, facts))
      }),
      { numRuns: 3_000 },
    )
  })

  test('who only consults sees of what is governed only what is shared with their organisation', () => {
    fc.assert(
      fc.property(anyFacts, id, fc.uniqueArray(model), (facts, organisation, audits) => {
        fc.pre(facts.noun !== 'person' && facts.noun !== 'organisation')
        const seen = sees({ organisation, kind: 'government', roles: ['consultant'], audits }, facts)
        if (seen) expect(facts.sharedWith).toContain(organisation)
        const { sharedWith: _, ...unshared } = facts
        expect(sees({ organisation, kind: 'government', roles: ['consultant'] }, unshared)).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  test('who consults and administers sees what either sees', () => {
    fc.assert(
      fc.property(anyFacts, id, (facts, organisation) => {
        const as = (held: readonly Role[]): number =>
          much({ organisation, kind: 'government', roles: held }, facts)
        expect(as(['consultant', 'nsa-admin'])).toBe(Math.max(as(['consultant']), as(['nsa-admin'])))
      }),
    )
  })

  test('who holds no role that their organisation has sees nothing', () => {
    fc.assert(
      fc.property(anyViewer, anyFacts, (who, facts) => {
        fc.pre(!who.roles.some(role => rolesOf[who.kind].includes(role)))
        expect(sees(who, facts)).toBeUndefined()
      }),
    )
  })

  test('whom nothing names sees nothing', () => {
    fc.assert(
      fc.property(anyViewer, anyFacts, (who, facts) => {
        expect(sees({ ...who, organisation: 'stranger', audits: [] }, facts)).toBeUndefined()
      }),
    )
  })

  test('a partner never gets sealed words that it did not write', () => {
    fc.assert(
      fc.property(anyFacts, ids, (facts, [organisation = 'cedar']) => {
        fc.pre(facts.placedBy !== organisation && ['proposal', 'hold', 'decision'].includes(facts.noun))
        const seen = sees({ organisation, kind: 'partner', roles: ['partner-admin'] }, facts)
        expect(seen).not.toBe('whole')
      }),
    )
  })
})

test('the table in words, for documents', () => {
  const rows = whoSeesRows()
  expect(rows.map(({ noun }) => noun)).toEqual(Object.keys(whoSees))
  expect(rows.find(({ noun }) => noun === 'call')).toEqual({
    noun: 'call',
    partner: 'own',
    developer: 'of or about its models, and own',
    government: 'under its own grants',
    auditor: 'in its engagement, and own',
    consultant: '–',
  })
  for (const row of rows) for (const as of viewers) expect(row[as]).toMatch(/^[–a-z]/)
})
