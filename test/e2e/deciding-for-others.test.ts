/**
 * Who drafts, signs, reports, certifies or says what they think is the person of the verified token: a request that names
 * somebody else is refused for it, and a signature counts for whoever has its key.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import type { Answer } from '../../client/person.ts'
import { operations } from '../../functions/api/operations.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { signStatement, statementTypes } from '../../shared/agreements/statement.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import {
  draftFor,
  makeSubjects,
  modelBody,
  personId,
  report,
  type Subjects,
  signingKeyOf,
  windowFor,
} from '../world/governance-subjects.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let made: Subjects
let ids: Readonly<Record<'ada' | 'boris' | 'priya', string>>
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  made = await makeSubjects(world, deciders)
  ids = {
    ada: await personId(deciders, 'ada', 'Ada Lind'),
    boris: await personId(deciders, 'ada', 'Boris Hale'),
    priya: await personId(deciders, 'priya', 'Priya Nair'),
  }
})
afterAll(() => world.close())

const nora = { person: 'person_nora', name: 'Nora Quill', organisation: 'ofr', role: 'nsa-admin' }
/** As the records and the statements call them, and as one might try. */
const forged: Readonly<Record<string, unknown>> = {
  by: nora,
  person: 'person_nora',
  signed_by: 'Nora Quill',
  signatures: { ofr: nora },
  role: 'nsa-admin',
  organisation: 'ofr',
  developer: 'meridian',
  counterparty_signed: true,
  on_behalf_of: 'nora',
  state: 'effective',
  kind: 'attested',
  jws: 'a.b.c',
  certificate: 'a.b.c',
  parties: [nora],
  approved_by: ['person_nora'],
}

interface Asked {
  readonly login: string
  /** What stands in the braces of the path. */
  readonly at?: Readonly<Record<string, string>>
  readonly body?: object | (() => Promise<object>)
  /** Where it is read what it would have changed. */
  readonly on: string
}

const text = { text: 'It is so.' }
const determined = { determination: 'OFR-4', signer: 'The director' }

/** Each by whoever may, on something in a state from which it is possible. */
function asks(): Readonly<Record<string, Asked>> {
  const agreement = (login: string, name: keyof Subjects['agreements'], body: object = {}): Asked => ({
    login,
    at: { agreement: made.agreements[name] },
    on: `/agreements/${made.agreements[name]}`,
    body,
  })
  const model = (login: string, id: string, body: object = {}): Asked => ({
    login,
    at: { model: id },
    on: `/models/${id}`,
    body,
  })
  const finding = (body: object): Asked => ({
    login: 'ada',
    at: { finding: made.findings.reported },
    on: `/findings/${made.findings.reported}`,
    body,
  })
  const person = {
    login: 'priya',
    at: { person: ids.priya, kid: made.signingKey },
    on: `/people/${ids.priya}`,
  }
  const kept = async () => {
    const { body } = (await deciders.read('priya', `/reviews/${made.review}`)) ?? {}
    return { kept: (at(body, 'subjects') as readonly { readonly id: string }[]).map(({ id }) => id) }
  }
  return {
    setClearinghouse: {
      login: 'ada',
      at: { organisation: 'ofr' },
      on: '/organisations/ofr',
      body: { url: 'http://127.0.0.1:9/elsewhere' },
    },
    registerSigningKey: { ...person, body: async () => (await signingKeyOf(world, ids.priya)).body },
    endSigningKey: person,
    draftAgreement: { login: 'ada', on: '/agreements?limit=100', body: draftFor('cedar') },
    redraftAgreement: agreement('ada', 'draft', { kind: 'access', title: 'Another' }),
    offerAgreement: agreement('ada', 'draft'),
    discardAgreement: agreement('ada', 'draft'),
    returnAgreement: agreement('priya', 'offered'),
    signAgreement: agreement('priya', 'offered', { digest: made.digests.offered }),
    acknowledgeAgreement: agreement('priya', 'unread', { digest: made.digests.unread }),
    suspendAgreement: agreement('nora', 'unread'),
    reinstateAgreement: agreement('ada', 'suspended'),
    resumeAgreement: agreement('ada', 'stopped'),
    terminateAgreement: agreement('ada', 'unread'),
    leaveAgreement: agreement('priya', 'unread'),
    attestAgreement: agreement('priya', 'terminated', text),
    closeAgreement: agreement('ada', 'attested'),
    engageModel: { login: 'ada', on: '/models?limit=100', body: modelBody('newcomer', made.engagement) },
    assessModel: model('nora', 'engaged-one'),
    designateModel: model('nora', 'engaged-one', determined),
    notDesignateModel: model('nora', 'engaged-one', determined),
    offerModelWindow: model('ada', 'designated-one', windowFor(made.office)),
    closeModelWindow: model('ada', 'windowed-one'),
    shareModel: model('ada', 'designated-one', { organisation: 'ofr', shared: true }),
    attachOpinion: { ...model('tess', 'engaged-one', text), on: '/models/engaged-one/opinions' },
    reportFinding: {
      login: 'priya',
      on: '/findings?limit=100',
      body: report({ agreement: made.agreements.effective }),
    },
    handOffFinding: finding({ to: 'ofr' }),
    shareFinding: finding({ organisation: 'ofr' }),
    resolveFinding: finding(text),
    certifyReview: { login: 'priya', at: { review: made.review }, on: `/reviews/${made.review}`, body: kept },
  }
}

/** `further` beside what the operation takes. */
async function ask(id: string, further: object, as?: string): Promise<Answer> {
  const { login, at: named = {}, body, on } = asks()[id] as Asked
  const operation = operations.find(one => one.id === id)
  const path = operation?.path.replace(/\{(\w+)\}/g, (_, name: string) => named[name] ?? '-') ?? ''
  const gateway = await deciders.as(as ?? login)
  const ifMatch = operation?.changes ? (await deciders.read(login, on))?.version : undefined
  const given = typeof body === 'function' ? await body() : body
  const send = operation?.method === 'PATCH' ? gateway.patch : gateway.post
  return send(path, { ...because(), ...given, ...further }, ifMatch === undefined ? {} : { ifMatch })
}

const named = [
  ...['setClearinghouse', 'registerSigningKey', 'endSigningKey', 'draftAgreement', 'redraftAgreement'],
  ...['offerAgreement', 'returnAgreement', 'signAgreement', 'acknowledgeAgreement', 'suspendAgreement'],
  ...['reinstateAgreement', 'resumeAgreement', 'terminateAgreement', 'leaveAgreement', 'attestAgreement'],
  ...[
    'closeAgreement',
    'discardAgreement',
    'engageModel',
    'assessModel',
    'designateModel',
    'notDesignateModel',
  ],
  ...['offerModelWindow', 'closeModelWindow', 'shareModel', 'attachOpinion', 'reportFinding'],
  ...['handOffFinding', 'shareFinding', 'resolveFinding', 'certifyReview'],
]

test('every operation on agreements, models, findings, opinions and reviews that decides is asked', () => {
  expect(Object.keys(asks()).toSorted()).toEqual(named.toSorted())
  const tags: readonly string[] = ['agreements', 'findings', 'opinions', 'reviews']
  const deciding = operations.filter(one => one.action && one.body && tags.includes(one.tag))
  expect(deciding.map(({ id }) => id).filter(id => !named.includes(id))).toEqual([])
})

describe('a request that names somebody who decides, or what only a decision makes', () => {
  test.each(named)('%s is refused for it, and changes nothing', async id => {
    const { login, body, on } = asks()[id] as Asked
    const takes = Object.keys(typeof body === 'function' ? await body() : (body ?? {}))
    const before = await deciders.read(login, on)
    expect(before).toBeDefined()
    // As it stands it would do.
    const dry = await ask(id, { dry_run: true })
    expect([id, dry.status, codeOf(dry)]).toEqual([id, 200, undefined])
    const tried = Object.entries(forged).filter(([name]) => !takes.includes(name))
    // Elsewhere a request takes long: others for each operation.
    const some = tried.filter((_, i) => world.live || i % 5 === named.indexOf(id) % 5)
    for (const [field, value] of some) {
      const answer = await ask(id, { [field]: value })
      expect([id, field, answer.status, codeOf(answer)]).toEqual([id, field, 400, 'field_not_allowed'])
    }
    expect(await deciders.read(login, on)).toEqual(before)
  })
})

describe('a signature by a key', () => {
  /** A key of Priya's, and what she signs with it. */
  async function keyOfPriya() {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const public_key = await exportJWK(publicKey)
    const kid = await calculateJwkThumbprint(public_key)
    const proof = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', typ: statementTypes.signatory, kid })
      .setAudience(world.issuer)
      .setSubject(ids.priya)
      .setIssuedAt()
      .setJti('once')
      .sign(privateKey)
    const sign = async (data: Uint8Array) =>
      new Uint8Array(
        await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, Buffer.from(data)),
      )
    const signed = (payload: string, type: keyof typeof statementTypes = 'document') =>
      signStatement({ kid, alg: 'ES256', sign }, statementTypes[type], payload)
    return { kid, signed, registered: { public_key, proof, ...because() } }
  }
  const registered = (login: string, person: string, body: object) =>
    deciders
      .read(login, `/people/${person}`)
      .then(one => deciders.ask(login, `/people/${person}/signing-keys`, body, { ifMatch: one?.version }))
  const documentOf = async (id: string): Promise<string> =>
    textAt((await deciders.read('ada', `/agreements/${id}/export`))?.body, 'document') ?? ''
  const keysOf = async (login: string, id: string) =>
    at((await deciders.read(login, `/people/${id}`))?.body, 'signing_keys')

  test('is registered by whoever has it, for nobody else', async () => {
    const { registered: body } = await keyOfPriya()
    const before = [
      await keysOf('ada', ids.ada),
      await keysOf('ada', ids.boris),
      await keysOf('priya', ids.priya),
    ]
    // Hers is not another's, in their own name or in hers; and one’s own is no colleague's.
    for (const [login, person, code] of [
      ['ada', ids.ada, 'body_malformed'],
      ['ada', ids.priya, 'role_missing'],
      ['sam', ids.priya, 'role_missing'],
    ] as const)
      expect([login, codeOf(await registered(login, person, body))]).toEqual([login, code])
    const own = (await signingKeyOf(world, ids.ada)).body
    expect(codeOf(await registered('ada', ids.boris, { ...own, ...because() }))).toBe('role_missing')
    expect([
      await keysOf('ada', ids.ada),
      await keysOf('ada', ids.boris),
      await keysOf('priya', ids.priya),
    ]).toEqual(before)
  })

  test('counts for whoever has registered it, over the very text that is offered, and under its own type', async () => {
    const { kid, signed, registered: body } = await keyOfPriya()
    const { third, offered } = made.agreements
    const path = `/agreements/${third}`
    const document = await documentOf(third)
    const sign = async (login: string, signature: string) => {
      const seen = await deciders.read(login, path)
      const asked = { digest: made.digests.third, signature, ...because() }
      return deciders.ask(login, `${path}/sign`, asked, { ifMatch: seen?.version })
    }
    const own = await signed(document)
    const waits = async () => at((await deciders.read('ada', path))?.body, 'waits_on')
    const before = await waits()
    // Nobody has registered it yet.
    for (const login of ['priya', 'ada', 'nora'])
      expect([login, codeOf(await sign(login, own))]).toEqual([login, 'body_malformed'])
    expect((await registered('priya', ids.priya, body)).status).toBe(200)

    const [head = '', , tail = ''] = own.split('.')
    const other = Buffer.from(await documentOf(offered)).toString('base64url')
    const jwk = Buffer.from(
      JSON.stringify({ alg: 'ES256', kid, typ: statementTypes.document, jwk: body.public_key }),
    ).toString('base64url')
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid, typ: statementTypes.document })).toString(
      'base64url',
    )
    const payload = own.split('.')[1]
    for (const [login, signature] of [
      // Another's signature does not make it theirs.
      ['ada', own],
      ['nora', own],
      ['priya', await signed(`${document} `)],
      ['priya', await signed(await documentOf(offered))],
      ['priya', `${head}.${other}.${tail}`],
      ['priya', await signed(document, 'attestation')],
      ['priya', await signed(document, 'signatory')],
      ['priya', `${jwk}.${payload}.${tail}`],
      ['priya', `${none}.${payload}.`],
      ['priya', `${head}.${payload}.${tail.slice(0, -6)}AAAAAA`],
    ] as const)
      expect([login, signature.slice(-20), codeOf(await sign(login, signature))]).toEqual([
        login,
        signature.slice(-20),
        'body_malformed',
      ])
    expect(await waits()).toEqual(before)

    expect((await sign('priya', own)).status).toBe(200)
    const after = (await deciders.read('ada', path))?.body
    expect(at(after, 'signatures')).toMatchObject([
      { organisation: 'cedar', kind: 'key', kid, by: { name: 'Priya Nair', role: 'partner-admin' } },
    ])
    expect(at(after, 'waits_on')).toEqual((before as string[]).filter(one => one !== 'cedar'))
    // Once it has ended it signs nothing more; what it has signed stands.
    const person = `/people/${ids.priya}`
    await deciders.make('priya', `${person}/signing-keys/${kid}/end`, because(), { on: person })
    const late = await deciders.ask(
      'priya',
      `/agreements/${offered}/sign`,
      { digest: made.digests.offered, signature: await signed(await documentOf(offered)), ...because() },
      { ifMatch: (await deciders.read('priya', `/agreements/${offered}`))?.version },
    )
    expect(codeOf(late)).toBe('body_malformed')
    expect(at((await deciders.read('nora', path))?.body, 'signatures', '0', 'kid')).toBe(kid)
  })
})

test('what is attested is the sign-in of the token: its person, role, provider and moment', async () => {
  const path = `/agreements/${made.agreements.offered}`
  const asked = { digest: made.digests.offered, ...because() }
  await deciders.make('priya', `${path}/sign`, asked, { on: path })
  const exported = (await deciders.read('ada', `${path}/export`))?.body
  const jws = textAt(exported, 'signatures', '0', 'jws') ?? ''
  const claims: unknown = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString())
  expect(claims).toMatchObject({
    iss: world.issuer,
    agreement: made.agreements.offered,
    digest: made.digests.offered,
    organisation: 'cedar',
    person: ids.priya,
    role: 'partner-admin',
    signed_in: { subject: 'demo-priya' },
  })
  expect(Date.now() / 1000 - Number(at(claims, 'signed_in', 'auth_time'))).toBeLessThan(600)
  // Of a finding and an opinion, too.
  const found = await deciders.make(
    'priya',
    '/findings',
    report({ agreement: made.agreements.effective, model: modelId }),
  )
  expect((await deciders.read('ada', `/findings/${found.id}`))?.body).toMatchObject({
    organisation: 'cedar',
    by: { name: 'Priya Nair', organisation: 'cedar' },
  })
})
