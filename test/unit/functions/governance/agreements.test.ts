import { beforeEach, describe, expect, test } from 'vitest'
import { agreementShown } from '../../../../functions/api/shapes/agreement.ts'
import { type AgreementDocument, digestOf, documentText } from '../../../../shared/agreements/document.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { time } from '../../../../shared/domain/time.ts'
import {
  type AgreementWorld,
  accessBody,
  agreementWorld,
  clausesWith,
  engagementBody,
  words,
} from './agreement-world.ts'
import { applied, day, limits, start, told } from './grant-world.ts'

let world: AgreementWorld
beforeEach(async () => {
  world = await agreementWorld()
})

const shownTo = async (who: string, agreement: string) => {
  const { body } = applied(await world.call(who, 'getAgreement', { path: { agreement } }))
  return agreementShown.parse(body)
}

/** The clauses in other words than those of the sample. */
const own = () => clausesWith().map(clause => ({ ...clause, text: 'In words of our own.' }))

describe('an agreement is drafted', () => {
  test('from a template, by the developer, who alone sees it', async () => {
    const id = await world.drafted(accessBody({ clauses: undefined }))
    const shown = await shownTo('dana', id)
    expect(shown.state).toBe('draft')
    expect(shown.document.made_up).toBe(true)
    for (const who of ['pat', 'nora', 'audrey', 'zoe', 'rita']) {
      expect(told(await world.call(who, 'getAgreement', { path: { agreement: id } }))).toBe('record_unknown')
      const { body } = applied(await world.call(who, 'listAgreements'))
      expect(JSON.stringify(body)).not.toContain(id)
    }
  })

  test('its digest is the SHA-256 of the canonical text of the document that is shown', async () => {
    const shown = await shownTo('dana', await world.drafted())
    const text = documentText(shown.document as unknown as AgreementDocument)
    expect(shown.digest).toBe(digestOf(text))
    expect((await world.versionOf(shown.digest)).document).toBe(text)
  })

  test('names the parties as the records do', async () => {
    const shown = await shownTo('dana', await world.drafted(accessBody({ third_party: 'ofr' })))
    expect(shown.document.parties.map(({ name, as }) => `${name}: ${as}`)).toEqual([
      'Halcyon Research: developer',
      'Cedar County Hospital: partner',
      'Office of Frontier Review: government',
    ])
  })

  test('clauses of one’s own, without a template, are no sample', async () => {
    const id = await world.drafted(accessBody({ template: undefined, title: 'Ours', clauses: own() }))
    const { document } = await shownTo('dana', id)
    expect([document.template, document.made_up, document.title]).toEqual([null, false, 'Ours'])
  })

  test('a sample clause among one’s own makes it one, whatever it is named to come from', async () => {
    const id = await world.drafted(accessBody({ template: undefined, title: 'Ours' }))
    const { document } = await shownTo('dana', id)
    expect([document.template, document.made_up]).toEqual([null, true])
  })

  test('a sample that is changed stays one until its text is said to be one’s own, and is', async () => {
    const id = await world.drafted()
    const changed = async (body: object) => {
      applied(await world.redraft('dana', id, body))
      const { document } = await shownTo('dana', id)
      return [document.template, document.made_up]
    }
    expect(await changed({ clauses: clausesWith(undefined, { notice: 'Another.' }) })).toEqual([
      'sample-access',
      true,
    ])
    expect(await changed({ template: null, title: 'Ours' })).toEqual(['sample-access', true])
    expect(await changed({ clauses: own() })).toEqual(['sample-access', true])
    expect(await changed({ template: null })).toEqual([null, false])
    expect(await changed({ clauses: clausesWith() })).toEqual([null, true])
  })

  test('its title is one line, and its clauses may have several', async () => {
    for (const title of ['Access\nto Aurora', 'Access\tto Aurora', 'Access \u202eto Aurora', 'Ac\u200bcess'])
      await expect(world.draft('dana', accessBody({ title }))).rejects.toThrow('title')
    const [first, ...others] = clausesWith()
    const lines = [{ ...first, text: 'One.\n\n\tTwo.' }, ...others]
    await world.drafted(accessBody({ clauses: lines }))
    const hidden = [{ ...first, text: 'Free\u2066 of charge' }, ...others]
    await expect(world.draft('dana', accessBody({ clauses: hidden }))).rejects.toThrow('U+2066')
  })

  test('an entry tells the digest and not the text; nobody else is told', async () => {
    const answer = await world.draft('dana', accessBody())
    const entry = await world.entryOf(answer)
    const { subject } = applied(answer).body as { subject: { id: string } }
    expect(entry).toMatchObject({
      action: 'agreement.draft',
      organisation: 'halcyon',
      governments: [],
      params: { digest: (await world.agreementOf(subject.id)).digest },
    })
    expect(JSON.stringify(entry)).not.toContain('Made-up sample text')
  })

  test.each([
    ['a partner that there is not', { counterparty: 'nobody' }, 'record_unknown counterparty'],
    ['an office in place of a partner', { counterparty: 'ofr' }, 'record_unknown counterparty'],
    [
      'an office that does not select the partner',
      { third_party: 'elsewhere' },
      'body_malformed third_party',
    ],
    ['a template that there is not', { template: 'none' }, 'body_malformed template'],
    ['a template of another kind', { template: 'sample-engagement' }, 'body_malformed template'],
    [
      'neither template nor clauses',
      { template: undefined, title: 'x', clauses: undefined },
      'body_malformed clauses',
    ],
    ['no title', { template: undefined }, 'body_malformed title'],
    ['a model that there is not', { models: ['unheard-of'] }, 'record_unknown models'],
    ['an end before its start', { ends_at: time(start - day) }, 'body_malformed ends_at'],
    [
      'a term that is over',
      { starts_at: time(start - 9 * day), ends_at: time(start - day) },
      'body_malformed ends_at',
    ],
    [
      'a clause that is missing',
      { clauses: clausesWith(undefined, { without: ['non-licensing'] }) },
      'body_malformed clauses',
    ],
    [
      'a pool smaller than a grant',
      { clauses: clausesWith({ ...words(limits), pool: { ...words(limits), total: 1 } }) },
      'body_malformed clauses[quota-1].terms.total',
    ],
    [
      'more than 64 KB',
      {
        clauses: clausesWith().map(clause => ({ ...clause, text: 'ü'.repeat(4_000) })),
      },
      'body_malformed clauses',
    ],
  ])('not with %s', async (_, change, code) => {
    expect(told(await world.draft('dana', accessBody(change)))).toBe(code)
  })

  test.each([
    ['a clause marked above the level', (text: string) => `${text} (S//NF)`, 'classification_exceeded'],
    ['a marked notice', (text: string) => `TOP SECRET//SI\n${text}`, 'classification_exceeded'],
  ])('not with %s', async (_, mark, code) => {
    const marked = clausesWith().map(clause =>
      clause.kind === 'retention-notice'
        ? { ...clause, terms: { ...clause.terms, notice: mark(clause.terms.notice) } }
        : clause,
    )
    expect(told(await world.draft('dana', accessBody({ clauses: marked })))).toContain(code)
    const texts = clausesWith().map(clause => ({ ...clause, text: mark(clause.text) }))
    expect(told(await world.draft('dana', accessBody({ clauses: texts })))).toBe(
      `${code} clauses[quota-1].text`,
    )
  })

  test.each([
    ['a character that turns the order of letters', 'read \u202Eme\u202C'],
    ['an escape sequence', '\u001b[2K'],
    ['half of a character', '\ud800'],
  ])('not with %s in a text that is signed', async (_, text) => {
    const clauses = clausesWith().map(clause => ({ ...clause, text }))
    await expect(world.draft('dana', accessBody({ clauses }))).rejects.toThrow()
  })

  test.each([
    ['a clause of an unknown kind', { kind: 'permission' }],
    ['terms of another kind', { terms: { purposes: ['x'] } }],
    ['terms that nothing enforces', { terms: { ...words(limits), bonus: 1 } }],
  ])('not with %s: the shape of each kind is strict', async (_, change) => {
    const [quota, ...rest] = clausesWith()
    const clauses = [{ ...quota, ...change }, ...rest]
    await expect(world.draft('dana', accessBody({ clauses }))).rejects.toThrow()
  })

  test('not to a partner of others: for them there is none', async () => {
    expect(told(await world.draft('zoe', accessBody()))).toBe('record_unknown counterparty')
  })

  test('not by the office or the partner', async () => {
    expect(told(await world.draft('nora', accessBody()))).toBe('role_missing')
    expect(told(await world.draft('pat', accessBody()))).toBe('role_missing')
  })

  test('access not to a model of another developer, nor to one that was withdrawn; an engagement to one to come', async () => {
    await world.records.model({ id: 'foreign', developer: 'zephyr' })
    expect(told(await world.draft('dana', accessBody({ models: ['foreign'] })))).toBe('record_unknown models')
    expect(told(await world.draft('dana', engagementBody({ models: ['foreign'] })))).toBe(
      'record_unknown models',
    )
    await world.records.model({ id: 'gone', state: 'withdrawn' })
    expect(told(await world.draft('dana', accessBody({ models: ['gone'] })))).toBe('model_withdrawn models')
    expect(applied(await world.draft('dana', engagementBody({ models: ['still-to-come'] }))).status).toBe(201)
  })

  test('and changed, as often as they like; a draft that nobody saw leaves the lists', async () => {
    const id = await world.drafted()
    const { digest } = await world.agreementOf(id)
    applied(await world.redraft('dana', id, { ends_at: time(start + 50 * day) }))
    const after = await world.agreementOf(id)
    expect(after.endsAt).toBe(start + 50 * day)
    expect(after.digest).not.toBe(digest)
    const { body } = applied(await world.call('dana', 'listAgreementVersions', { path: { agreement: id } }))
    expect((body as { items: { digest: string }[] }).items.map(one => one.digest)).toEqual([after.digest])
    expect(told(await world.redraft('dana', id, { ends_at: time(start + 50 * day) }))).toBe('state_forbids')
    expect(told(await world.redraft('pat', id, { title: 'Mine' }))).toBe('record_unknown')
  })

  test('with another counterparty, in whose list it then is', async () => {
    const id = await world.drafted()
    applied(await world.redraft('dana', id, { counterparty: 'prairie' }))
    applied(await world.act('dana', 'offer', id))
    const { body } = applied(await world.call('rita', 'listAgreements'))
    expect((body as { items: { id: string }[] }).items.map(one => one.id)).toEqual([id])
    expect(told(await world.call('pat', 'getAgreement', { path: { agreement: id } }))).toBe('record_unknown')
  })
})

describe('a draft that was never offered is discarded', () => {
  test('by its developer; nobody else learns of it, and nothing follows', async () => {
    const id = await world.drafted()
    for (const other of ['pat', 'nora', 'zoe'])
      expect(told(await world.act(other, 'discard', id))).toBe('record_unknown')
    applied(await world.act('dana', 'discard', id))
    expect((await shownTo('dana', id)).state).toBe('discarded')
    for (const other of ['pat', 'nora', 'audrey', 'rita'])
      expect(told(await world.call(other, 'getAgreement', { path: { agreement: id } }))).toBe(
        'record_unknown',
      )
    for (const verb of ['offer', 'discard'])
      expect(told(await world.act('dana', verb, id))).toBe('state_forbids')
    expect(told(await world.redraft('dana', id, { title: 'Again' }))).toBe('state_forbids')
  })

  test('not what is offered, nor what was and came back, also in other words', async () => {
    const id = await world.offered()
    expect(told(await world.act('dana', 'discard', id))).toBe('state_forbids')
    applied(await world.act('pat', 'return', id))
    expect(told(await world.act('dana', 'discard', id))).toBe('state_forbids')
    applied(await world.redraft('dana', id, { title: 'In other words' }))
    expect(told(await world.act('dana', 'discard', id))).toBe('state_forbids')
  })

  test('what a state forbids, the refusal says what people can do, and what shows it', async () => {
    const id = await world.inForce()
    const refusal = await world.act('dana', 'close', id)
    if (!(refusal instanceof Refusal)) throw new Error('it was closed')
    expect(refusal.facts.detail).toBe(
      'The agreement is effective. Possible from there: suspend, terminate, leave, draft (a new version).',
    )
    expect(refusal.next).toBe(`See it: sallyport agreement get ${id}`)
  })
})

describe('a draft is offered and given back', () => {
  test.each([
    ['the partner', 'pat', true],
    ['its users', 'uma', true],
    ['the developer', 'dana', true],
    ['the office that selects the partner', 'nora', true],
    ['its auditor', 'audrey', true],
    ['another partner', 'rita', false],
    ['another developer', 'zoe', false],
    ['another office', 'elsa', false],
  ])('%s then sees it: %s', async (_, who, seen) => {
    const id = await world.offered()
    const one = await world.call(who, 'getAgreement', { path: { agreement: id } })
    expect(told(one) === 'record_unknown').toBe(!seen)
    const { body } = applied(await world.call(who, 'listAgreements'))
    const ids = (body as { items: readonly { id: string }[] }).items.map(item => item.id)
    expect(ids.includes(id)).toBe(seen)
  })

  test('asking for another partner’s by name shows nothing more', async () => {
    await world.offered()
    const { body } = applied(await world.call('rita', 'listAgreements', { query: { partner: 'cedar' } }))
    expect(body).toEqual({ items: [], next: null })
  })

  test('offered by the developer-admin alone, and once', async () => {
    const id = await world.drafted()
    expect(told(await world.act('pat', 'offer', id))).toBe('record_unknown')
    applied(await world.act('dana', 'offer', id))
    expect(told(await world.act('dana', 'offer', id))).toBe('state_forbids')
    expect(told(await world.redraft('dana', id, { title: 'Another' }))).toBe('state_forbids')
  })

  test('as it was read: not what another has made of it since', async () => {
    const id = await world.drafted()
    const { digest } = await world.agreementOf(id)
    applied(await world.redraft('devon', id, { ends_at: time(start + 50 * day) }))
    expect(told(await world.act('dana', 'offer', id, { digest }))).toBe('version_stale digest')
    applied(await world.act('dana', 'offer', id, { digest: (await world.agreementOf(id)).digest }))
  })

  test('the entry of the offer is read by whoever it is offered to, and names the digest', async () => {
    const id = await world.drafted()
    const { digest } = await world.agreementOf(id)
    expect(await world.entryOf(await world.act('dana', 'offer', id))).toMatchObject({
      organisation: 'cedar',
      governments: ['ofr'],
      params: { digest },
    })
  })

  test('not to a partner that was revoked meanwhile, nor on a model that was withdrawn', async () => {
    const id = await world.drafted()
    await world.records.model({ state: 'withdrawn' })
    expect(told(await world.act('dana', 'offer', id))).toBe('model_withdrawn models')
    await world.records.model()
    await world.store.write({
      kind: 'update',
      key: keys.organisation('cedar'),
      change: { set: [[['partner'], 'revoked']] },
    })
    expect(told(await world.act('dana', 'offer', id))).toBe('partner_revoked')
  })

  test.each([['dana'], ['pat']])('%s gives it back, and no signature of before counts', async who => {
    const id = await world.offered()
    const { digest } = await world.agreementOf(id)
    applied(await world.sign('dana', id))
    const answer = await world.act(who, 'return', id)
    expect((await world.entryOf(answer)).organisation).toBe('cedar')
    expect((await world.agreementOf(id)).state).toBe('draft')
    expect(told(await world.sign('pat', id))).toBe('record_unknown')
    applied(await world.act('dana', 'offer', id))
    expect((await world.versionOf(digest)).signatures).toEqual({})
  })

  test('not by an office that is no party of it, nor by a user', async () => {
    const id = await world.offered()
    expect(told(await world.act('nora', 'return', id))).toBe('role_missing')
    expect(told(await world.act('uma', 'return', id))).toBe('role_missing')
  })

  test('a text that was offered once is kept', async () => {
    const id = await world.offered()
    const { digest } = await world.agreementOf(id)
    applied(await world.act('pat', 'return', id))
    applied(await world.redraft('dana', id, { ends_at: time(start + 20 * day) }))
    expect((await world.versionOf(digest)).offeredAt).toBe(start)
    applied(await world.redraft('dana', id, { ends_at: time(start + 100 * day) }))
    expect((await world.agreementOf(id)).digest).toBe(digest)
  })
})

describe('its parties sign', () => {
  test('each once, developer and partner; the last makes it effective', async () => {
    const id = await world.offered()
    applied(await world.sign('pat', id))
    expect((await world.agreementOf(id)).state).toBe('offered')
    expect((await shownTo('dana', id)).waits_on).toEqual(['halcyon'])
    expect(told(await world.sign('pat', id))).toBe('state_forbids')
    const entry = await world.entryOf(await world.sign('dana', id))
    const { state, digest } = await world.agreementOf(id)
    expect(state).toBe('effective')
    expect(entry).toMatchObject({ action: 'agreement.sign', params: { digest, kind: 'attested' } })
    expect((await world.versionOf(digest)).effectiveAt).toBe(start)
  })

  test('an office that is named in it signs too', async () => {
    const id = await world.offered(accessBody({ third_party: 'ofr' }))
    applied(await world.sign('dana', id))
    applied(await world.sign('pat', id))
    expect((await world.agreementOf(id)).state).toBe('offered')
    applied(await world.sign('nora', id))
    expect((await world.agreementOf(id)).state).toBe('effective')
  })

  test('an engagement by developer and office', async () => {
    const id = await world.inForce(engagementBody(), ['dana', 'nora'])
    const { state, counterparty, governments, consentedAt } = await world.agreementOf(id)
    expect([state, counterparty, governments, consentedAt]).toEqual(['effective', 'ofr', ['ofr'], start])
  })

  test('not by an office that only selects the partner, nor by a user, nor for another partner', async () => {
    const id = await world.offered()
    expect(told(await world.sign('nora', id))).toBe('role_missing')
    expect(told(await world.sign('uma', id))).toBe('role_missing')
    expect(told(await world.sign('rita', id))).toBe('record_unknown')
  })

  test('not under the digest of another version, nor after its term', async () => {
    const id = await world.offered()
    expect(told(await world.sign('pat', id, { digest: 'another' }))).toBe('version_stale digest')
    world.pass(101 * day)
    expect(told(await world.sign('pat', id))).toBe('state_forbids ends_at')
  })

  test('not by or with a partner that was revoked meanwhile', async () => {
    const id = await world.offered()
    await world.store.write({
      kind: 'update',
      key: keys.organisation('cedar'),
      change: { set: [[['partner'], 'revoked']] },
    })
    for (const who of ['dana', 'pat']) expect(told(await world.sign(who, id))).toBe('partner_revoked')
  })

  test('before its term it is signed, and is in force when the term begins', async () => {
    const id = await world.offered(accessBody({ starts_at: time(start + day) }))
    applied(await world.sign('dana', id))
    applied(await world.sign('pat', id))
    expect((await world.agreementOf(id)).state).toBe('signed')
    expect((await shownTo('pat', id)).state).toBe('signed')
    world.pass(day)
    expect((await shownTo('pat', id)).state).toBe('effective')
  })

  test('two at the same moment: both signatures stand, and it is effective once', async () => {
    const id = await world.offered()
    const [one, other] = await Promise.all([world.sign('dana', id), world.sign('pat', id)])
    applied(one)
    applied(other)
    const { state, digest } = await world.agreementOf(id)
    expect(state).toBe('effective')
    expect(Object.keys((await world.versionOf(digest)).signatures).sort()).toEqual(['cedar', 'halcyon'])
  })

  test('two of one party at the same moment: one signs', async () => {
    const id = await world.offered()
    const both = await Promise.all([world.sign('dana', id), world.sign('devon', id)])
    expect(both.filter(one => one instanceof Refusal).map(told)).toEqual(['state_forbids'])
  })

  test('a dry run signs nothing and attests nothing', async () => {
    const id = await world.offered()
    const { digest } = await world.agreementOf(id)
    applied(await world.sign('pat', id, { dry_run: true }))
    expect((await world.versionOf(digest)).signatures).toEqual({})
  })
})

describe('its notice is acknowledged', () => {
  const acknowledge = async (who: string, id: string) =>
    world.act(who, 'acknowledge', id, { digest: (await world.agreementOf(id)).digest })

  test('by the counterparty, once it is signed, and once', async () => {
    const id = await world.offered()
    expect(told(await acknowledge('pat', id))).toBe('state_forbids')
    applied(await world.sign('dana', id))
    applied(await world.sign('pat', id))
    expect(told(await acknowledge('dana', id))).toBe('role_missing')
    expect(told(await acknowledge('nora', id))).toBe('role_missing')
    world.pass(1_000)
    const entry = await world.entryOf(await acknowledge('pat', id))
    const { consentedAt, digest } = await world.agreementOf(id)
    expect(consentedAt).toBe(start + 1_000)
    const { notice } = await shownTo('pat', id)
    expect(entry.params).toEqual({ digest, notice: notice.digest })
    expect(notice.digest).toBe(digestOf(notice.text))
    expect(told(await acknowledge('pat', id))).toBe('state_forbids')
  })
})
