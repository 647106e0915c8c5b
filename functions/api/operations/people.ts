import * as z from 'zod'
import { randomId } from '../../../shared/domain/id.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { adminOf, type Organisation, type Person, roles } from '../../../shared/domain/parties.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { preview } from '../../governance/engine/decide.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { deciders } from '../../governance/engine/subjects.ts'
import { type Member, personSubject, readMember, readOrganisation } from '../../governance/people/members.ts'
import type { Enrolment } from '../../governance/people/person-add.ts'
import { auditedModels } from '../audited.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody, stopBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { ratification } from '../ratification.ts'
import { anyId, listOf, listQuery, shortText, toReason } from '../shapes/common.ts'
import { claimsBody, personShown, showPerson, toClaims } from '../shapes/person.ts'
import { judgeProof, readSentKey } from '../signatory-proof.ts'

function shown(caller: PersonCaller, member: Member, models: readonly string[]): object | undefined {
  const { person, organisation } = member
  const sight = sees(caller.viewer, { ...factsOf('person', personSubject(member)), models })
  return (
    sight && showPerson(person, { closely: isClose(caller, person, organisation), whole: sight === 'whole' })
  )
}

/** Who has to know a person's attributes: themselves, their administrators, and those who select their partner. */
function isClose(caller: PersonCaller, { id }: Person, organisation: Organisation): boolean {
  if (caller.person.id === id) return true
  const { developers, governments } = deciders(organisation)
  const own = caller.organisation.id === organisation.id
  const selects =
    organisation.kind === 'partner' && [...developers, ...governments].includes(caller.organisation.id)
  return (own || selects) && caller.person.roles.includes(adminOf[caller.organisation.kind])
}

/** A decision about a person who is there: what its body says beside the reason becomes its params. */
const decision = <B extends z.infer<typeof decisionBody>>(
  verb: string,
  action: ActionName & `person.${string}`,
  summary: string,
  body: z.ZodType<B>,
  params: (body: B) => object = () => ({}),
): Operation =>
  forPeople<undefined, z.ZodType<B>>({
    id: `${verb.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}Person`,
    method: 'POST',
    path: `/people/{person}/${verb}`,
    tag: 'people',
    summary,
    action,
    changes: true,
    body,
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, {
        name: action,
        id: context.path.person ?? '',
        params: { ...params(context.body) },
      }),
  })

export const personOperations: readonly Operation[] = [
  forPeople({
    id: 'listPeople',
    method: 'GET',
    path: '/people',
    tag: 'people',
    summary: 'The people of an organisation: your own, or one that you decide about',
    query: listQuery.extend({
      organisation: anyId.optional().meta({ description: 'Yours, if it is left out.' }),
    }),
    answers: { 200: listOf(personShown) },
    async answer({ deps, caller, query: { organisation: id = caller.organisation.id, ...page } }) {
      const organisation = await readOrganisation(deps.store, id)
      if (organisation instanceof Refusal) return organisation
      const models = await auditedModels(deps.store, caller, id)
      const facts = { noun: 'person', owner: id, ...deciders(organisation), models } as const
      if (sees(caller.viewer, facts) === undefined) return unknownRecord('organisation', id)
      return listRecords<Person>(deps.store, {
        record: 'person',
        owner: id,
        ...page,
        show: person => shown(caller, { person, organisation }, models),
      })
    },
  }),
  forPeople({
    id: 'getPerson',
    method: 'GET',
    path: '/people/{person}',
    tag: 'people',
    summary: 'One person',
    answers: { 200: personShown },
    async answer({ deps, caller, path }) {
      const member = await readMember(deps.store, path.person ?? '')
      if (member instanceof Refusal) return member
      const models = await auditedModels(deps.store, caller, member.organisation.id)
      const body = shown(caller, member, models)
      if (body === undefined) return unknownRecord('person', member.person.id)
      return { status: 200, body, rev: member.person.rev }
    },
  }),
  forPeople({
    id: 'addPerson',
    method: 'POST',
    path: '/people',
    tag: 'people',
    summary: 'Enrol somebody by who they are at their organisation’s provider; it gives no role',
    description:
      'An organisation that has no administrator yet is enrolled by those who decide about it. With a sponsor it is a contractor, whom the sponsor confirms again and again.',
    action: 'person.add',
    creates: true,
    body: decisionBody.extend({
      organisation: anyId.optional().meta({ description: 'Yours, if it is left out.' }),
      name: shortText,
      subject: z.string().min(1).max(255).meta({ description: '`sub` at the provider.' }),
      sponsor: anyId.optional(),
      attributes: claimsBody.optional(),
    }),
    answers: creationAnswers,
    async answer(context) {
      const { deps, caller, body } = context
      const marked = judgeText(body.name, 'name')
      if (marked) return marked
      const id = randomId('person', deps.random.bytes(16))
      const params: Enrolment = {
        organisation: body.organisation ?? caller.organisation.id,
        name: body.name,
        subject: body.subject,
        ...(body.sponsor !== undefined && { sponsor: body.sponsor }),
        ...(body.attributes && { attributes: toClaims(body.attributes) }),
      }
      return decideBy(context, { name: 'person.add', id, params: { ...params } }, `/people/${id}`)
    },
  }),
  decision(
    'first_admin',
    'person.first_admin',
    'Make somebody the first administrator of their organisation: developer and government together',
    decisionBody,
  ),
  decision(
    'roles',
    'person.roles',
    'Set somebody’s roles: an administrator of theirs, and one of another organisation',
    decisionBody.extend({ roles: z.array(z.enum(roles)).max(roles.length) }),
    ({ roles: wanted }) => ({ roles: [...new Set(wanted)] }),
  ),
  decision(
    'attributes',
    'person.attributes',
    'Vouch for a nationality, a region or a screening, until it expires',
    decisionBody.extend(claimsBody.shape),
    toClaims,
  ),
  decision(
    'confirm',
    'person.confirm',
    'Answer for a contractor for another while; an administrator can name another sponsor',
    decisionBody.extend({ sponsor: anyId.optional() }),
    ({ sponsor }) => (sponsor === undefined ? {} : { sponsor }),
  ),
  forPeople({
    id: 'registerSigningKey',
    method: 'POST',
    path: '/people/{person}/signing-keys',
    tag: 'people',
    summary: 'Register a key of your own that you sign agreements with',
    action: 'person.signing_key',
    changes: true,
    body: decisionBody.extend({
      public_key: z
        .record(z.string(), z.unknown())
        .meta({ description: 'A JWK (RFC 7517) without a private part.' }),
      proof: z.string().min(1).max(4_000).meta({
        description:
          'A compact JWS by the private half of public_key: typ sallyport-signatory+jwt; aud the issuer, sub your id, iat, jti. A minute old at most.',
      }),
    }),
    answers: decisionAnswers,
    async answer(context) {
      const { deps, caller, body, path, request, rev } = context
      const key = readSentKey(body)
      if (key instanceof Refusal) return key
      const { kid, ...register } = key
      const action = { name: 'person.signing_key', id: path.person ?? '', params: { kid, register } } as const
      // Whoever could not register it for this person is told that first.
      const asked = { action, reason: toReason(body.reason), request, ...(rev !== undefined && { rev }) }
      const could = await preview(deps, caller, asked)
      if (could instanceof Refusal) return could
      const own = { issuer: deps.issuer, person: caller.person.id, now: deps.clock.now() }
      return judgeProof(key, body, own) ?? decideBy(context, action)
    },
  }),
  forPeople({
    id: 'endSigningKey',
    method: 'POST',
    path: '/people/{person}/signing-keys/{kid}/end',
    tag: 'people',
    summary: 'Sign nothing more with a key of your own; what it has signed stays signed',
    action: 'person.signing_key',
    changes: true,
    body: decisionBody,
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, {
        name: 'person.signing_key',
        id: context.path.person ?? '',
        params: { kid: context.path.kid ?? '' },
      }),
  }),
  decision('suspend', 'person.suspend', 'Suspend somebody at once', stopBody),
  decision('reinstate', 'person.reinstate', 'End a suspension: two people, two organisations', decisionBody),
  decision('remove', 'person.remove', 'Remove somebody for good', decisionBody),
  ratification({
    id: 'ratifyPersonSuspension',
    path: '/people/{person}/ratify',
    tag: 'people',
    summary: 'Stand by a suspension that another person put in force',
    action: 'person.suspend',
    async read({ deps, caller, path }) {
      const member = await readMember(deps.store, path.person ?? '', caller)
      if (member instanceof Refusal) return member
      const { person } = member
      const stop = person.state === 'suspended' ? person.stop : undefined
      const key = keys.person(person.id) as never
      return { key, action: 'person.suspend', subject: personSubject(member), stop }
    },
  }),
]
