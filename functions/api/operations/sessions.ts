import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { adminOf, type Person, type Session } from '../../../shared/domain/parties.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { endSession } from '../../governance/people/end-session.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { listRecords } from '../lists.ts'
import { type Answer, type Context, forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { sessionEnded, sessionShown, showSession } from '../shapes/session.ts'

type Page = { readonly limit?: number | undefined; readonly after?: string | undefined }

const list = (
  { store, clock }: ApiDeps,
  { session: current }: PersonCaller,
  owner: string,
  page: Page,
): Promise<Answer | Refusal> => {
  const now = clock.now()
  return listRecords<Session>(store, {
    record: 'session',
    owner,
    ...page,
    show: one => showSession(one, current.id, now),
  })
}

async function end(
  { deps, caller, path, request }: Context<PersonCaller>,
  person: Person,
): Promise<Answer | Refusal> {
  const ended = await endSession(deps, caller, { session: path.session ?? '', person, request })
  return ended instanceof Refusal
    ? ended
    : { status: 200, body: { id: ended.session.id, entry: ended.entry } }
}

/** Of the caller's own organisation, by its administrator; those of others are not there for them. */
async function administered(
  { store }: ApiDeps,
  { person, organisation, viewer }: PersonCaller,
  id: string,
): Promise<Governed<Person> | Refusal> {
  const [found] = await store.get([keys.person(id)])
  const facts = { noun: 'person', owner: organisation.id, developers: [], governments: [] } as const
  if (found?.organisation !== organisation.id || !sees(viewer, facts)) return unknownRecord('person', id)
  const role = adminOf[organisation.kind]
  return person.roles.includes(role)
    ? found
    : refuse('role_missing', `Sessions of others are for the ${role} of ${organisation.name}.`)
}

export const sessionOperations: readonly Operation[] = [
  forPeople({
    id: 'listMySessions',
    method: 'GET',
    path: '/me/sessions',
    tag: 'sessions',
    summary: 'Where you are signed in',
    query: listQuery,
    answers: { 200: listOf(sessionShown) },
    answer: ({ deps, caller, query }) => list(deps, caller, caller.person.id, query),
  }),
  forPeople({
    id: 'endMySession',
    method: 'POST',
    path: '/me/sessions/{session}/end',
    tag: 'sessions',
    summary: 'Sign out one of your sessions, from anywhere',
    answers: { 200: sessionEnded },
    answer: context => end(context as Context<PersonCaller>, context.caller.person),
  }),
  forPeople({
    id: 'listSessionsOfPerson',
    method: 'GET',
    path: '/people/{person}/sessions',
    tag: 'sessions',
    summary: 'Where somebody of your organisation is signed in',
    query: listQuery,
    answers: { 200: listOf(sessionShown) },
    async answer({ deps, caller, path, query }) {
      const person = await administered(deps, caller, path.person ?? '')
      return person instanceof Refusal ? person : list(deps, caller, person.id, query)
    },
  }),
  forPeople({
    id: 'endSessionOfPerson',
    method: 'POST',
    path: '/people/{person}/sessions/{session}/end',
    tag: 'sessions',
    summary: 'End a session of somebody of your organisation',
    answers: { 200: sessionEnded },
    async answer(context) {
      const person = await administered(context.deps, context.caller, context.path.person ?? '')
      return person instanceof Refusal ? person : end(context as Context<PersonCaller>, person)
    },
  }),
]
