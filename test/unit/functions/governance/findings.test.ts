import { describe, expect, test } from 'vitest'
import { verifyStatement } from '../../../../shared/agreements/statement.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { csafFaults } from '../../csaf/csaf-faults.ts'
import { findingWorld, hour, reportBody } from './finding-world.ts'
import { applied, day, start, told } from './grant-world.ts'

const at = (ms: number): string => new Date(ms).toISOString()

describe('a report', () => {
  test('runs by the clocks of the agreement in force, and records the clause that sets them', async () => {
    const world = await findingWorld()
    const vulnerability = await world.finding(await world.report('pat'))
    expect(vulnerability).toMatchObject({
      ...{ organisation: 'cedar', developer: 'halcyon', state: 'reported' },
      ...{ agreement: 'agreement_1', clause: 'vulnerability-1' },
      ...{ discoveredAt: start - 2 * hour, dueAt: start + 70 * hour, embargoUntil: start + 30 * day },
      ...{ handedTo: [], sharedWith: [], governments: ['ofr'] },
    })
    expect(vulnerability.late).toBeUndefined()
    const incident = await world.finding(await world.report('uma', { kind: 'incident' }))
    expect(incident).toMatchObject({ clause: 'incident-1', dueAt: start + 22 * hour, handedTo: ['ofr'] })
    expect(incident.embargoUntil).toBeUndefined()
    const entry = await world.entry(vulnerability.entry)
    expect(entry).toMatchObject({
      ...{ kind: 'decision', action: 'finding.report', decision: 'applied', clause: 'vulnerability-1' },
      params: { clause: 'vulnerability-1', in_time: true, severity: 'high', due_at: at(start + 70 * hour) },
    })
  })

  test('that comes after its clock has run out is taken, and marked as late', async () => {
    const world = await findingWorld()
    const on = await world.finding(await world.report('pat', { discovered_at: at(start - 72 * hour) }))
    expect([on.dueAt, on.late]).toEqual([start, undefined])
    const late = await world.finding(await world.report('pat', { discovered_at: at(start - 72 * hour - 1) }))
    expect(late.late).toBe(true)
    expect(await world.entry(late.entry)).toMatchObject({ params: { in_time: false } })
  })

  test('leaves a digest of its words in the log, and no word of them there or in a notice', async () => {
    const world = await findingWorld()
    const id = await world.report('pat', { title: 'A title apart', text: 'The words themselves' })
    applied(
      await world.call('dana', 'resolveFinding', { finding: id, rev: 1, body: { text: 'Fixed in place' } }),
    )
    const everything = await world.everythingTold()
    expect(everything).toContain(id)
    for (const words of ['A title apart', 'The words themselves', 'Fixed in place'])
      expect(everything).not.toContain(words)
    const { entry } = await world.finding(id)
    expect((await world.entry(entry)).params).toMatchObject({ digest: expect.stringMatching(/^[\w-]{43}$/) })
  })

  test.each([
    ['of the future', { discovered_at: at(start + 61_000) }, 'body_malformed discovered_at'],
    ['of an unknown model', { model: 'nowhere' }, 'record_unknown model'],
    ['under an unknown agreement', { agreement: 'agreement_9' }, 'record_unknown agreement'],
    ['of an incident with an embargo', { kind: 'incident', embargo_days: 3 }, 'body_malformed embargo_days'],
    ['with a marking in the text', { text: '(TS) what is not for here' }, 'classification_exceeded text'],
    ['with a marking in the title', { title: 'SECRET//NOFORN' }, 'classification_exceeded title'],
  ])('%s is refused, and nothing is written', async (_, body, code) => {
    const world = await findingWorld()
    expect(told(await world.call('pat', 'reportFinding', { body: { ...reportBody, ...body } }))).toBe(code)
    expect((await world.call('pat', 'listFindings')) as object).toMatchObject({ body: { items: [] } })
  })

  test.each([
    [{ title: 'x'.repeat(201) }],
    [{ text: 'x'.repeat(10_001) }],
    [{ title: 'bell \u0007' }],
    [{ text: 'half a pair \ud800' }],
    [{ embargo_days: 366 }],
    [{ severity: 'dire' }],
  ])('with %j is malformed', async body => {
    const world = await findingWorld()
    await expect(world.call('pat', 'reportFinding', { body: { ...reportBody, ...body } })).rejects.toThrow(
      'malformed',
    )
  })

  test('can lengthen the embargo that was agreed, and not shorten it', async () => {
    const world = await findingWorld()
    for (const days of [30, 365]) {
      const finding = await world.finding(await world.report('pat', { embargo_days: days }))
      expect(finding.embargoUntil).toBe(start + days * day)
    }
    for (const days of [0, 29]) {
      const answer = await world.call('pat', 'reportFinding', { body: { ...reportBody, embargo_days: days } })
      expect(told(answer)).toBe('body_malformed embargo_days')
      expect(answer instanceof Refusal && answer.facts.detail).toContain('30 days')
      expect(answer instanceof Refusal && answer.facts.detail).toContain('vulnerability-1')
    }
  })

  test('where nothing was agreed, can shorten it and do without', async () => {
    const world = await findingWorld()
    for (const [days, until] of [
      [0, undefined],
      [1, start + day],
    ] as const)
      expect((await world.finding(await world.report('audrey', { embargo_days: days }))).embargoUntil).toBe(
        until,
      )
  })

  test('without an agreement has no clock, and an embargo of 90 days', async () => {
    const world = await findingWorld()
    const finding = await world.finding(await world.report('audrey'))
    expect(finding).toMatchObject({ organisation: 'auditors', embargoUntil: start + 90 * day })
    expect([finding.agreement, finding.clause, finding.dueAt]).toEqual([undefined, undefined, undefined])
  })

  test('of an office and of the developer itself is owed under their engagement', async () => {
    const world = await findingWorld()
    const clauses = {
      ...{ quota: 'q', purpose: 'p', capabilities: 'c', 'retention-notice': 'n' },
      'vulnerability-report': 'engagement-7',
    }
    await world.records.agreement({
      ...{ id: 'agreement_e', kind: 'engagement', counterparty: 'ofr', governments: ['ofr'], clauses },
      clocks: { vulnerabilityHours: 1, embargoDays: 7 },
    })
    await world.records.model({ agreement: 'agreement_e' })
    for (const who of ['nora', 'dana'])
      expect(await world.finding(await world.report(who))).toMatchObject({
        ...{ agreement: 'agreement_e', clause: 'engagement-7', late: true },
        embargoUntil: start + 7 * day,
      })
    // What the office agreed is no matter of a partner.
    expect((await world.finding(await world.report('pat'))).agreement).toBe('agreement_1')
  })

  test('names its agreement where several are in force; one that has ended can be named, a draft is not there', async () => {
    const world = await findingWorld()
    await world.records.agreement({ id: 'agreement_2' })
    expect(told(await world.call('pat', 'reportFinding', { body: reportBody }))).toBe(
      'body_malformed agreement',
    )
    expect((await world.finding(await world.report('pat', { agreement: 'agreement_2' }))).agreement).toBe(
      'agreement_2',
    )
    await world.records.agreement({ id: 'agreement_2', state: 'terminated' })
    expect((await world.finding(await world.report('pat'))).agreement).toBe('agreement_1')
    expect((await world.finding(await world.report('pat', { agreement: 'agreement_2' }))).agreement).toBe(
      'agreement_2',
    )
    for (const [state, code] of [
      ['draft', 'record_unknown agreement'],
      ['offered', 'agreement_not_effective agreement'],
    ] as const) {
      await world.records.agreement({ id: 'agreement_2', state })
      const body = { ...reportBody, agreement: 'agreement_2' }
      expect(told(await world.call('pat', 'reportFinding', { body }))).toBe(code)
    }
  })

  test('is for whoever sees the model: to others neither the model nor the agreement is there', async () => {
    const world = await findingWorld()
    for (const who of ['rita', 'zoe', 'elsa'])
      expect(told(await world.call(who, 'reportFinding', { body: reportBody }))).toBe('record_unknown model')
    for (const who of ['dana', 'nora', 'audrey', 'pat', 'uma']) await world.report(who)
    for (const who of ['olga', 'conny'])
      expect(told(await world.call(who, 'reportFinding', { body: reportBody }))).toBe('role_missing')
    // Of another partner, whatever it is called.
    await world.records.agreement({ id: 'agreement_3', counterparty: 'prairie' })
    const body = { ...reportBody, agreement: 'agreement_3' }
    expect(told(await world.call('pat', 'reportFinding', { body }))).toBe('record_unknown agreement')
  })
})

describe('who is shown a finding', () => {
  test('a vulnerability: its reporter and the developer at once, the office once it is handed over', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    const sees = async (who: string) => (await world.shown(who, id)) !== undefined
    for (const who of ['pat', 'uma', 'dana', 'audrey']) expect([who, await sees(who)]).toEqual([who, true])
    for (const who of ['nora', 'conny', 'elsa', 'hugo', 'rita', 'zoe'])
      expect([who, await sees(who)]).toEqual([who, false])
    applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } }))
    expect(await world.shown('nora', id)).toMatchObject({ withheld: false, text: reportBody.text })
    for (const who of ['conny', 'elsa', 'rita']) expect([who, await sees(who)]).toEqual([who, false])
  })

  test('an incident: the office at once, where a clause of its agreement has it so', async () => {
    const world = await findingWorld()
    const id = await world.report('pat', { kind: 'incident' })
    expect(await world.shown('nora', id)).toMatchObject({ kind: 'incident', text: reportBody.text })
    expect(await world.shown('elsa', id)).toBeUndefined()
    await world.records.agreement({ governments: ['ofr'] })
    expect(await world.shown('nora', await world.report('pat', { kind: 'incident' }))).toBeUndefined()
  })

  test('until the embargo ends auditors and consultants see that there is one, and no word of it', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    applied(await world.call('dana', 'shareFinding', { finding: id, rev: 1, body: { organisation: 'ofr' } }))
    applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 2, body: { to: 'ofr' } }))
    applied(
      await world.call('dana', 'resolveFinding', { finding: id, rev: 3, body: { text: 'Fixed in place' } }),
    )
    for (const who of ['audrey', 'conny']) {
      const shown = await world.shown(who, id)
      expect(shown).toMatchObject({
        id,
        withheld: true,
        title: null,
        text: null,
        severity: 'high',
        state: 'resolved',
      })
      for (const words of [reportBody.title, reportBody.text, 'Fixed in place'])
        expect(JSON.stringify(shown)).not.toContain(words)
      expect(told(await world.call(who, 'getAdvisory', { finding: id }))).toBe('state_forbids')
      const list = await world.call(who, 'listFindings')
      expect(JSON.stringify(list)).not.toContain(reportBody.title)
    }
    for (const who of ['pat', 'dana', 'nora'])
      expect(await world.shown(who, id)).toMatchObject({ withheld: false, title: reportBody.title })
    world.pass(30 * day - 1)
    expect(await world.shown('audrey', id)).toMatchObject({ withheld: true })
    world.pass(1)
    expect(await world.shown('audrey', id)).toMatchObject({ withheld: false, text: reportBody.text })
    expect(await world.shown('conny', id)).toMatchObject({ withheld: false, title: reportBody.title })
  })

  test('an auditor who reports reads what they wrote', async () => {
    const world = await findingWorld()
    expect(await world.shown('audrey', await world.report('audrey'))).toMatchObject({ withheld: false })
  })

  test('sharing is the developer’s, with offices alone, and can end', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    const share = (who: string, rev: number, body: object) =>
      world.call(who, 'shareFinding', { finding: id, rev, body })
    expect(told(await share('pat', 1, { organisation: 'ofr' }))).toBe('role_missing')
    expect(told(await share('nora', 1, { organisation: 'ofr' }))).toBe('record_unknown')
    expect(told(await share('dana', 1, { organisation: 'prairie' }))).toBe('body_malformed organisation')
    applied(await share('dana', 1, { organisation: 'elsewhere' }))
    expect(await world.shown('hugo', id)).toMatchObject({ id, withheld: true })
    expect(await world.shown('elsa', id)).toBeUndefined()
    expect(told(await share('dana', 2, { organisation: 'elsewhere' }))).toBe('state_forbids')
    applied(await share('dana', 2, { organisation: 'elsewhere', shared: false }))
    expect(await world.shown('hugo', id)).toBeUndefined()
  })
})

describe('a hand-off', () => {
  test('makes a valid advisory that names no partner, signs its bytes, and leaves it for the notifier', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } }))
    const finding = await world.finding(id)
    expect(finding).toMatchObject({ state: 'handed_off', handedTo: ['ofr'], due: 'hand_off', rev: 2 })
    const { handOff } = finding
    if (handOff === undefined) throw new Error('it was not handed off')
    expect(handOff).toMatchObject({ to: 'ofr', attempts: 0, nextAt: world.now(), by: { person: 'dana' } })
    const verified = verifyStatement(handOff.jws, 'sallyport-advisory+jws', world.statements.publicJwk)
    if (typeof verified === 'string') throw new Error(verified)
    expect(verified.payload.toString()).toBe(handOff.advisory)
    const document = JSON.parse(handOff.advisory)
    expect(await csafFaults(document)).toEqual([])
    expect(document.vulnerabilities[0].product_status).toEqual({ known_affected: ['aurora'] })
    for (const name of ['cedar', 'Cedar', 'prairie', 'Prairie', 'pat'])
      expect(JSON.stringify(document)).not.toContain(name)
    expect(await world.entry(handOff.entry)).toMatchObject({
      ...{ action: 'finding.hand_off', handed_to: ['ofr'], clause: 'vulnerability-1' },
      params: { to: 'ofr', digest: handOff.digest },
    })
    const advisory = applied(await world.call('nora', 'getAdvisory', { finding: id })).body
    expect(advisory).toEqual({ document: handOff.advisory, sha256: handOff.digest, jws: handOff.jws })
  })

  test('is its reporter’s too, who says nothing in the developer’s name', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    const handOff = (who: string, body: object) =>
      world.call(who, 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr', ...body } })
    const remediation = { category: 'workaround', details: 'Ask for one thing at a time.' }
    expect(told(await handOff('uma', {}))).toBe('role_missing')
    expect(told(await handOff('nora', {}))).toBe('record_unknown')
    expect(told(await handOff('audrey', {}))).toBe('role_missing')
    expect(told(await handOff('pat', { status: 'known_affected' }))).toBe('role_missing status')
    expect(told(await handOff('pat', { remediation }))).toBe('role_missing remediation')
    applied(await handOff('pat', {}))
    const document = JSON.parse((await world.finding(id)).handOff?.advisory ?? '')
    expect(document.vulnerabilities[0].product_status).toEqual({ under_investigation: ['aurora'] })
  })

  test('tells what helps, where the developer says so', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    const body = { to: 'ofr', remediation: { category: 'workaround', details: 'One thing at a time.' } }
    applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body }))
    const document = JSON.parse((await world.finding(id)).handOff?.advisory ?? '')
    expect(document.vulnerabilities[0].remediations).toEqual([
      { ...body.remediation, product_ids: ['aurora'] },
    ])
    expect(await csafFaults(document)).toEqual([])
  })

  test('goes to an office that takes findings and has to do with it, and to nobody else', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    const to = async (office: string) =>
      told(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: office } }))
    expect(await to('nowhere')).toBe('record_unknown to')
    expect(await to('prairie')).toBe('record_unknown to')
    expect(await to('elsewhere')).toBe('record_unknown to')
    const set = (path: readonly [string], value: unknown) =>
      world.store.write({
        kind: 'update',
        key: keys.organisation('elsewhere'),
        change: { set: [[path, value]] },
      })
    await set(['clearinghouse'], { url: 'https://other.example/', setAt: start })
    expect(await to('elsewhere')).toBe('record_unknown to')
    await set(['developers'], ['halcyon'])
    await set(['state'], 'suspended')
    expect(await to('elsewhere')).toBe('record_unknown to')
    await set(['state'], 'active')
    await world.store.write({
      kind: 'update',
      key: keys.organisation('ofr'),
      change: { remove: [['clearinghouse']] },
    })
    expect(await to('ofr')).toBe('state_forbids to')
    expect(await to('elsewhere')).toEqual(expect.objectContaining({ status: 200 }))
    expect((await world.finding(id)).handedTo).toEqual(['elsewhere'])
  })

  test('once: what was handed off is not handed off again, and a dry run neither signs nor changes', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    world.signs(false)
    const dry = applied(
      await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr', dry_run: true } }),
    )
    expect(dry.body).toMatchObject({ step: 'dry_run' })
    expect(await world.finding(id)).toMatchObject({ state: 'reported', rev: 1 })
    const ask = (rev: number) =>
      world.call('dana', 'handOffFinding', { finding: id, rev, body: { to: 'ofr' } })
    expect(told(await ask(1))).toBe('signer_unavailable')
    expect(await world.finding(id)).toMatchObject({ state: 'reported', rev: 1 })
    world.signs(true)
    expect(told(await ask(9))).toBe('version_stale')
    applied(await ask(1))
    expect(told(await ask(2))).toBe('state_forbids')
  })

  test('a signature over anything but the document that the records make is not taken', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    const forged = ['e30', Buffer.from('{"document":{}}').toString('base64url'), 'AAAA'].join('.')
    const params = { to: 'ofr', issuer: 'https://gate.example', at: start, jws: forged }
    expect(told(await world.decide('dana', 'finding.hand_off', id, params))).toBe('version_stale')
    expect((await world.finding(id)).handOff).toBeUndefined()
  })
})

describe('a resolution', () => {
  test('is the developer’s, from every state but itself, and takes nothing off its way', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    const resolve = (who: string, rev: number) =>
      world.call(who, 'resolveFinding', { finding: id, rev, body: { text: 'Fixed in place.' } })
    expect(told(await resolve('pat', 1))).toBe('role_missing')
    applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } }))
    applied(await resolve('dana', 2))
    expect(await world.finding(id)).toMatchObject({
      ...{ state: 'resolved', due: 'hand_off', rev: 3 },
      resolved: { text: 'Fixed in place.', by: { person: 'dana' } },
    })
    expect(told(await resolve('dana', 3))).toBe('state_forbids')
  })

  test('keeps nothing from the clearinghouse: it is handed off all the same, and stays resolved', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    applied(await world.call('dana', 'resolveFinding', { finding: id, rev: 1, body: { text: 'Fixed.' } }))
    applied(await world.call('pat', 'handOffFinding', { finding: id, rev: 2, body: { to: 'ofr' } }))
    expect(await world.finding(id)).toMatchObject({ state: 'resolved', due: 'hand_off', handedTo: ['ofr'] })
    const again = await world.call('pat', 'handOffFinding', { finding: id, rev: 3, body: { to: 'ofr' } })
    expect(told(again)).toBe('state_forbids')
  })
})

describe('where an office takes findings', () => {
  const url = 'https://clearing.example/in'
  const set = (
    world: Awaited<ReturnType<typeof findingWorld>>,
    who: string,
    organisation = 'ofr',
    to = url,
  ) => world.call(who, 'setClearinghouse', { organisation, body: { url: to } })

  test('is decided by the office itself and a developer that decides about it', async () => {
    const world = await findingWorld()
    const asked = applied(await set(world, 'dana'))
    expect(asked.status).toBe(202)
    const { proposal } = asked.body as { proposal: { id: string } }
    expect(told(await world.answer('devon', 'approve', proposal.id))).toBe('approval_required')
    applied(await world.answer('nora', 'approve', proposal.id))
    expect((await world.get(keys.organisation('ofr'))).clearinghouse).toMatchObject({ url })
    for (const who of ['zoe', 'elsa']) expect(told(await set(world, who))).toBe('record_unknown')
    expect(told(await set(world, 'olga'))).toBe('role_missing')
  })

  test('an office that stands for another one does not say where its findings go', async () => {
    const world = await findingWorld()
    const change = { set: [[['governments'], ['ofr']] as const, [['developers'], ['halcyon']] as const] }
    await world.store.write({ kind: 'update', key: keys.organisation('elsewhere'), change })
    expect(told(await set(world, 'nora', 'elsewhere'))).toBe('role_missing')
    expect(applied(await set(world, 'elsa', 'elsewhere')).status).toBe(202)
  })

  test.each([
    'http://clearing.example/',
    'https://10.0.0.1/',
    'https://user:pw@clearing.example/',
    'https://localhost/',
  ])('%s is not taken', async to => {
    const world = await findingWorld()
    expect(told(await set(world, 'dana', 'ofr', to))).toBe('body_malformed url')
  })

  test('is no matter of a partner', async () => {
    const world = await findingWorld()
    const refused = await set(world, 'dana', 'cedar')
    expect(refused).toBeInstanceOf(Refusal)
  })

  test('is shown to its own administrators and that developer; others learn that it takes findings', async () => {
    const world = await findingWorld()
    const shown = async (who: string) => {
      const { takes_findings, clearinghouse } = applied(
        await world.call(who, 'getOrganisation', { organisation: 'ofr' }),
      ).body as { takes_findings: boolean; clearinghouse: { url: string } | null }
      return [takes_findings, clearinghouse?.url]
    }
    for (const who of ['nora', 'dana'])
      expect(await shown(who)).toEqual([true, 'https://clearing.example/findings'])
    for (const who of ['pat', 'olga', 'conny', 'audrey']) expect(await shown(who)).toEqual([true, undefined])
  })
})
