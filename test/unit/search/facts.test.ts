import { describe, expect, test } from 'vitest'
import type { Body } from '../../../shared/search/body.ts'
import { searchFacts } from '../../../shared/search/facts.ts'
import { parseQuery } from '../../../shared/search/grammar.ts'
import { entryTypes, typeOfKind } from '../../../shared/search/kinds.ts'
import { matches } from '../../../shared/search/matching.ts'
import { isQueryFault, type WordKey } from '../../../shared/search/query.ts'
import { withholdable } from '../../../shared/watermark/committed.ts'
import { bodyOf, decided, everyKind, grantSubject, now } from './every-kind.ts'

const factsOf = (label: string) => {
  const named = everyKind[label]
  if (named === undefined) throw new Error(`no ${label}`)
  return searchFacts(named.eid, bodyOf(named), named.entry)
}

/** What is found under each key, without those that find nothing. */
const foundIn = (label: string): Partial<Record<WordKey, readonly string[]>> => {
  const { entry: _, ...words } = factsOf(label).words
  return Object.fromEntries(Object.entries(words).filter(([, found]) => found.length > 0))
}

const call = {
  partner: ['cedar'],
  model: ['aurora-preview'],
  client: ['client_1'],
  grant: ['grant_1'],
  agreement: ['agreement_1'],
  clause: ['quota-1', 'logging-1'],
  purpose: ['evaluation'],
  request: ['r-1'],
}
const ofPriya = { partner: ['cedar'], person: ['person_priya'], request: ['r-2'] }

describe('what each kind of entry is found by', () => {
  test.each(
    Object.entries({
      'an intent': { ...call, decision: ['allow'], type: ['access', 'intent'], ending: ['open'] },
      'an outcome': {
        ...call,
        decision: ['allow'],
        type: ['access', 'outcome'],
        ending: ['completed'],
        charge: ['1180'],
      },
      'an outcome that was cut': {
        ...call,
        decision: ['allow'],
        code: ['hold_active'],
        type: ['access', 'outcome'],
        ending: ['cut'],
        charge: ['0'],
      },
      'an outcome that was refused': {
        ...call,
        decision: ['refuse'],
        code: ['streams_exhausted'],
        type: ['access', 'outcome'],
        ending: ['refused'],
        charge: ['0'],
      },
      'a refusal': {
        ...call,
        clause: ['holds-1', 'quota-1', 'logging-1'],
        decision: ['refuse'],
        code: ['hold_active'],
        type: ['access', 'refusal'],
      },
      'a decision': {
        decision: ['applied'],
        partner: ['cedar'],
        model: ['aurora-preview'],
        person: ['person_nora', 'person_dana'],
        grant: ['grant_1'],
        type: ['decision'],
        request: ['r-4'],
        action: ['grant.suspend'],
      },
      'a decision of time': {
        decision: ['applied'],
        partner: ['cedar'],
        model: ['aurora-preview'],
        client: ['client_1'],
        type: ['decision'],
        action: ['client.suspend'],
      },
      'a token for a client': {
        decision: ['allow'],
        partner: ['cedar'],
        client: ['client_1'],
        grant: ['grant_1'],
        agreement: ['agreement_1'],
        clause: ['quota-1'],
        purpose: ['evaluation'],
        type: ['token', 'issuance'],
        request: ['r-3'],
      },
      'a token for a person': { ...ofPriya, decision: ['allow'], type: ['token', 'issuance'] },
      'a refused token': {
        decision: ['refuse'],
        code: ['grant_suspended'],
        partner: ['cedar'],
        client: ['client_1'],
        agreement: ['agreement_1'],
        clause: ['term-1'],
        type: ['token', 'token_refusal'],
        request: ['r-3'],
      },
      'a token given up by a client': {
        partner: ['cedar'],
        client: ['client_1'],
        type: ['token', 'revocation'],
        request: ['r-3'],
      },
      'a token given up by a person': { ...ofPriya, type: ['token', 'revocation'] },
      'a sign-in': { ...ofPriya, decision: ['allow'], type: ['session', 'sign_in'] },
      'a refused sign-in': {
        ...ofPriya,
        decision: ['refuse'],
        code: ['person_suspended'],
        type: ['session', 'sign_in_refusal'],
      },
      'a notice': { ...ofPriya, type: ['session', 'notice'] },
      'a sign-out': { ...ofPriya, type: ['session', 'session_end'] },
      'a session ended by an administrator': {
        partner: ['cedar'],
        person: ['person_ada', 'person_priya'],
        type: ['session', 'session_end'],
        request: ['r-5'],
      },
      'the founding': { person: ['person_dana', 'person_nora'], type: ['system', 'founding'] },
      'a receipt': {
        partner: ['cedar'],
        model: ['aurora-preview'],
        clause: ['findings-1'],
        type: ['system', 'hand_off_receipt'],
      },
      'a pattern': {
        partner: ['halcyon'],
        model: ['aurora-preview'],
        agreement: ['agreement_1'],
        clause: ['no-extraction-1'],
        type: ['system', 'finding_raised'],
      },
      'a recount': { partner: ['cedar'], type: ['system', 'recount'] },
      'a reopening': { partner: ['cedar'], model: ['aurora-preview'], type: ['system', 'reopening'] },
      'a restored log': { type: ['system', 'log_restored'] },
      'a deleted month': { type: ['system', 'month_deleted'] },
      'a webhook': { partner: ['cedar'], type: ['system', 'webhook_disabled'] },
      'a reminder': { partner: ['cedar'], grant: ['grant_1'], type: ['system', 'reminder'] },
      'a search of a person': {
        partner: ['cedar'],
        person: ['person_priya'],
        type: ['read', 'log_read'],
        request: ['r-6'],
      },
      'a read of a workload': {
        partner: ['cedar'],
        client: ['client_1'],
        type: ['read', 'log_read'],
        request: ['r-7'],
      },
      'an epoch': { type: ['epoch', 'epoch_commitment'] },
    }),
  )('%s', (label, words) => {
    expect(foundIn(label)).toEqual(words)
  })

  test('its id, and the time that its id tells: an outcome stands with its intent', () => {
    const [intent, outcome] = [factsOf('an intent'), factsOf('an outcome')]
    expect(outcome.words.entry).toEqual([`${intent.words.entry[0]}.outcome`])
    expect([intent.time, outcome.time]).toEqual([now - 7_000, now - 7_000])
    expect([intent.charge, outcome.charge]).toEqual([undefined, 1_180])
  })

  test('the organisation of its index, whatever tells it, so that each index finds the same', () => {
    for (const [label, { entry }] of Object.entries(everyKind))
      expect([label, factsOf(label).words.partner]).toEqual([
        label,
        entry.organisation === undefined ? [] : [entry.organisation],
      ])
    const untold = ['a recount', 'a reopening']
    for (const [label, named] of Object.entries(everyKind))
      if (!untold.includes(label))
        expect([label, searchFacts(named.eid, bodyOf(named)).words.partner]).toEqual([
          label,
          factsOf(label).words.partner,
        ])
  })

  test('of an intent that has its outcome: no ending, as that is told by the outcome', () => {
    const named = everyKind['an intent']
    expect(named && searchFacts(named.eid, bodyOf(named)).words.ending).toEqual([])
  })

  test('every kind has a type, and each type has a kind', () => {
    expect([...new Set(Object.values(typeOfKind))].sort()).toEqual([...entryTypes].sort())
    expect(searchFacts('entry_1', { time: 5, unmapped: { kind: 'later' } })).toMatchObject({
      time: 5,
      words: { type: ['later'] },
    })
  })
})

test('whoever signed and whose words they stand by are both found', () => {
  const nora = {
    person: 'person_nora',
    name: 'Nora',
    organisation: 'ofr',
    role: 'nsa-admin',
    at: now,
    authTime: now,
  } as const
  const { eid, entry } = decided({ by: nora, wordsOf: { ...nora, person: 'person_dana' } })
  expect(searchFacts(eid, JSON.parse(entry.body)).words.person).toEqual(['person_nora', 'person_dana'])
})

describe('nothing that a view may withhold is compared', () => {
  const secret = 'known_only_to_some'
  const withSecrets = (body: Body): Body => {
    const changed = structuredClone(body) as Record<string, unknown> & { unmapped: Record<string, unknown> }
    for (const path of withholdable) {
      const [first = '', inner] = path.split('.')
      const record = inner === undefined ? changed : changed.unmapped
      record[inner ?? first] = [{ person: secret, organisation: secret, model: secret, id: secret }]
    }
    return changed
  }

  test.each(Object.keys(everyKind))('%s', label => {
    const named = everyKind[label]
    if (named === undefined) throw new Error(`no ${label}`)
    const body = bodyOf(named)
    expect(searchFacts(named.eid, withSecrets(body), named.entry)).toEqual(
      searchFacts(named.eid, body, named.entry),
    )
  })

  test('whom else a hold hits, and who made a ticket, is found by no query', () => {
    const { eid, entry } = decided({
      subject: { ...grantSubject, hit: [{ organisation: 'fjord', clients: 1, people: 0 }] },
      action: { name: 'client.ticket', params: { person: 'person_maker' } },
    })
    const facts = searchFacts(eid, JSON.parse(entry.body), entry)
    for (const text of ['partner:fjord', 'person:person_maker', 'client:fjord']) {
      const query = parseQuery(text)
      expect([text, !isQueryFault(query) && matches(query.terms, facts)]).toEqual([text, false])
    }
  })
})

test('what stands in a body in another shape than it is made in is passed over', () => {
  const odd = {
    unmapped: { kind: 7, model: {}, models: 'x', clauses: [1, null, 'c'], charge: '5', signatures: {} },
  }
  expect(searchFacts('x', odd)).toMatchObject({
    time: 0,
    kind: '',
    words: { model: [], clause: ['c'], charge: [], person: [], type: [] },
  })
  expect(searchFacts('x', { unmapped: null }).words.type).toEqual([])
})
