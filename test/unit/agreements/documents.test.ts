/** The text that is signed, what it compiles to, and what is signed over it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Compiled, compile } from '../../../shared/agreements/compile.ts'
import {
  type AgreementDocument,
  counterpartyOf,
  differenceOf,
  digestOf,
  documentText,
} from '../../../shared/agreements/document.ts'
import { signStatement, statementTypes, verifyStatement } from '../../../shared/agreements/statement.ts'
import { templateOf, templates } from '../../../shared/agreements/templates.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { memorySigner } from '../functions/governance/agreement-world.ts'
import { draftFrom } from './draft-from.ts'

const parties = {
  access: [
    { organisation: 'halcyon', name: 'Halcyon Research', as: 'developer' },
    { organisation: 'cedar', name: 'Cedar County Hospital', as: 'partner' },
  ],
  engagement: [
    { organisation: 'halcyon', name: 'Halcyon Research', as: 'developer' },
    { organisation: 'ofr', name: 'Office of Frontier Review', as: 'government' },
  ],
} as const

const documentOf = (id = 'sample-access', change: Partial<AgreementDocument> = {}): AgreementDocument => {
  const template = templateOf(id)
  if (template === undefined) throw new Error(id)
  return {
    ...draftFrom(template, {
      agreement: 'agreement_1',
      version: 1,
      parties: parties[template.kind],
      models: ['aurora'],
      startsAt: '2027-01-01T00:00:00.000Z',
      endsAt: '2027-12-31T00:00:00.000Z',
    }),
    ...change,
  }
}
const compiled = (document: AgreementDocument): Compiled => {
  const made = compile(document)
  if (made instanceof Refusal) throw new Error(made.facts.detail)
  return made
}
const fieldOf = (document: AgreementDocument): string | undefined => {
  const made = compile(document)
  return made instanceof Refusal ? made.facts.field : undefined
}
const without = (kind: string) => documentOf().clauses.filter(clause => clause.kind !== kind)

/** The same, with its names in another order, at every depth. */
function shuffled(value: unknown, pick: (n: number) => number): unknown {
  if (Array.isArray(value)) return value.map(one => shuffled(one, pick))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const mixed: [string, unknown][] = []
  while (entries.length > 0) {
    const [entry] = entries.splice(pick(entries.length), 1)
    if (entry) mixed.push([entry[0], shuffled(entry[1], pick)])
  }
  return Object.fromEntries(mixed)
}

describe('the text', () => {
  test('is the same bytes whatever the order of its names', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), stream => {
        const pick = (n: number): number => Number(stream.next().value) % n
        const document = documentOf()
        expect(documentText(shuffled(document, pick) as AgreementDocument)).toBe(documentText(document))
      }),
    )
  })

  test('is another for another agreement, version, party or clause', () => {
    const document = documentOf()
    const digest = (change: Partial<AgreementDocument>) => digestOf(documentText({ ...document, ...change }))
    const others = [
      {},
      { agreement: 'agreement_2' },
      { version: 2 },
      { parties: parties.engagement },
      { clauses: without('destruction') },
    ].map(digest)
    expect(new Set(others).size).toBe(others.length)
  })

  test('of every template says that it is made up, and who is given access', () => {
    for (const { id, kind } of templates) {
      const document = documentOf(id)
      expect(document.made_up).toBe(true)
      expect(counterpartyOf(document)).toBe(kind === 'access' ? 'cedar' : 'ofr')
    }
  })

  test('differs by path; clauses are compared by their ids, whatever their order', () => {
    const document = documentOf()
    expect(differenceOf(document, { ...document, clauses: document.clauses.toReversed() })).toEqual([])
    const clauses = document.clauses.map(clause =>
      clause.kind === 'destruction' ? { ...clause, terms: { days: 60 } } : clause,
    )
    expect(differenceOf(document, { ...document, version: 2, clauses })).toEqual([
      { path: 'clauses[destruction-1].terms.days', from: 30, to: 60 },
      { path: 'version', from: 1, to: 2 },
    ])
    const fewer = differenceOf(document, { ...document, clauses: without('named-use') })
    expect(fewer.map(({ path, to }) => [path, to])).toEqual([['clauses[named-use-1]', null]])
  })
})

describe('it compiles', () => {
  test('to what its clauses ask for, each with the id of its clause', () => {
    const made = compiled(documentOf())
    expect(made).toMatchObject({
      kind: 'access',
      developer: 'halcyon',
      counterparty: 'cedar',
      governments: [],
      purposes: ['defensive-research'],
      ceiling: { total: 100_000_000, perDay: 20_000_000 },
      poolLimits: { total: 200_000_000 },
      clauses: { quota: 'quota-1', 'retention-notice': 'retention-notice-1' },
      clocks: {
        incidentHours: 72,
        vulnerabilityHours: 24,
        embargoDays: 90,
        reviewDays: 90,
        destructionDays: 30,
      },
      signatories: ['halcyon', 'cedar'],
    })
    expect(made.eligibility).toBeUndefined()
    expect(compiled(documentOf('sample-access-restricted')).eligibility).toEqual({
      nationality: { admit: ['US'] },
      region: { admit: ['US'] },
      screening: true,
    })
  })

  test.each(['quota', 'purpose', 'capabilities', 'retention-notice', 'non-licensing'])(
    'not without %s',
    kind => {
      expect(fieldOf(documentOf('sample-access', { clauses: without(kind) }))).toBe('document.clauses')
    },
  )

  test('not with two of a kind, or two of an id', () => {
    const { clauses } = documentOf()
    const [first] = clauses
    if (!first) throw new Error('a template has clauses')
    const field = (more: typeof first) =>
      fieldOf(documentOf('sample-access', { clauses: [...clauses, more] }))
    expect(field({ ...first, id: 'another' })).toBe('document.clauses[another].kind')
    expect(field(first)).toBe(`document.clauses[${clauses.length}].id`)
  })

  test.each([
    ['whom it admits and whom it excludes', { admit: ['US'], exclude: ['FR'] }],
    ['neither', {}],
  ])('not where an attribute says %s', (_, terms) => {
    const clauses = [...documentOf().clauses, { id: 'n', kind: 'nationality' as const, text: 'x', terms }]
    expect(fieldOf(documentOf('sample-access', { clauses }))).toBe('document.clauses[n].terms')
  })

  test.each([
    ['no developer', parties.access.slice(1)],
    ['no partner', parties.access.slice(0, 1)],
    ['one twice', [...parties.access, parties.access[1]]],
    [
      'two offices',
      [...parties.access, parties.engagement[1], { ...parties.engagement[1], organisation: 'ocb' }],
    ],
  ])('not with %s', (_, who) => {
    expect(fieldOf(documentOf('sample-access', { parties: who }))).toBe('document.parties')
  })

  test('an engagement is between a developer and one office', () => {
    const who = [...parties.engagement, parties.access[1]]
    expect(fieldOf(documentOf('sample-engagement', { parties: who }))).toBe('document.parties')
  })

  test('not where it ends before it starts', () => {
    expect(fieldOf(documentOf('sample-access', { ends_at: '2026-12-31T00:00:00.000Z' }))).toBe(
      'document.ends_at',
    )
  })
})

describe('a statement', () => {
  const payload = documentText(documentOf())

  test('verifies with its key, as its type, and gives back its bytes', async () => {
    const signer = memorySigner()
    const jws = await signStatement(signer, statementTypes.document, payload)
    const verified = verifyStatement(jws, statementTypes.document, signer.publicJwk)
    expect(typeof verified === 'string' ? verified : verified.payload.toString()).toBe(payload)
  })

  test('is not taken for one of another type, nor by another key', async () => {
    const signer = memorySigner()
    for (const made of Object.values(statementTypes)) {
      const jws = await signStatement(signer, made, payload)
      for (const wanted of Object.values(statementTypes))
        expect(typeof verifyStatement(jws, wanted, signer.publicJwk) === 'object').toBe(made === wanted)
      expect(verifyStatement(jws, made, memorySigner().publicJwk)).toMatch(/kid/)
    }
  })

  test('does not verify once a character of it has changed', async () => {
    const signer = memorySigner()
    const jws = await signStatement(signer, statementTypes.document, '{"a":1}')
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    fc.assert(
      fc.property(fc.nat(jws.length - 1), fc.constantFrom(...letters), (at, letter) => {
        if (jws[at] === letter) return
        const changed = `${jws.slice(0, at)}${letter}${jws.slice(at + 1)}`
        expect(typeof verifyStatement(changed, statementTypes.document, signer.publicJwk)).toBe('string')
      }),
      { numRuns: 200 },
    )
  })

  test.each([
    ['a key of its own', { jwk: {} }],
    ['an address of keys', { jku: 'https://keys.example' }],
    ['certificates', { x5c: [] }],
    ['an extension', { crit: ['b64'], b64: false }],
  ])('with %s in its header is not looked at', async (_, more) => {
    const signer = memorySigner()
    const [head = '', body] = (await signStatement(signer, statementTypes.document, payload)).split('.')
    const header = { ...JSON.parse(Buffer.from(head, 'base64url').toString()), ...more }
    const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${body}`
    const tail = Buffer.from(await signer.sign(Buffer.from(input))).toString('base64url')
    expect(verifyStatement(`${input}.${tail}`, statementTypes.document, signer.publicJwk)).toMatch(
      /parameter/,
    )
  })

  test('without a signature, or by none, is none', async () => {
    const signer = memorySigner()
    const body = Buffer.from(payload).toString('base64url')
    for (const alg of ['none', 'HS256', 'RS256']) {
      const header = { alg, kid: signer.kid, typ: statementTypes.document }
      const head = Buffer.from(JSON.stringify(header)).toString('base64url')
      expect(verifyStatement(`${head}.${body}.`, statementTypes.document, signer.publicJwk)).toMatch(/alg/)
    }
  })
})
