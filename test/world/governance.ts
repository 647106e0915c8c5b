/** People who decide, over HTTP alone: those of the demo, and of a second side that has nothing to do with them. */
import { createPersonGateway, type PersonGateway } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import type { Answer, CallOptions } from '../../client/person.ts'
import type { PersonSession } from '../../client/session.ts'
import { type DemoSignIn, signInAs } from '../../scripts/demo/browserless.ts'
import { SignInStuck } from '../../scripts/demo/browserless-browser.ts'
import { people, phishingResistant, subjectOf } from '../../scripts/demo/people.ts'
import { type DemoProvider, demoClientId, startDemoProvider } from '../../scripts/demo/provider.ts'
import { atProvider, matrixPeople, strangers } from './matrix-people.ts'
import type { SignInTerms } from './person.ts'
import type { World } from './world.ts'

export { demoPeople, type Someone, strangers } from './matrix-people.ts'

export const because = (text = 'A test asks for it.', code = 'operational') => ({
  reason: { code, text, reference: 'case 7' },
})

export interface Deciding {
  /** A person's gateway, of a sign-in that is fresh. */
  as(login: string): Promise<PersonGateway>
  /** Asks, and answers whatever the API says. */
  ask(login: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  /** Reads; `undefined` where there is none for them. */
  read(login: string, path: string): Promise<Read | undefined>
  /**
   * Makes a change; throws where it is refused. `on` is the path of the record that it is made on, read before for its
   * version; `with` approves what takes a second person.
   */
  make(login: string, path: string, body: object, further?: { on?: string; with?: string }): Promise<Made>
  /** Every item of a list. */
  list(login: string, path: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export interface Read {
  readonly body: unknown
  readonly version: number
}

export interface Made {
  /** Of what was made or changed. */
  readonly id: string
  readonly entry: string
  readonly body: unknown
}

/** A sign-in is fresh for five minutes; a series of tests on a slow machine lasts longer. Milliseconds. */
const renewAfter = 4 * 60_000

/** `world` may be one of several: nothing of another is known here. */
export function deciding(world: Pick<World, 'issuer'>): Deciding {
  const signedIn = new Map<string, { readonly at: number; readonly gateway: Promise<PersonGateway> }>()
  const as = (login: string): Promise<PersonGateway> => {
    const known = signedIn.get(login)
    if (known && Date.now() - known.at < renewAfter) return known.gateway
    const gateway = signIn(world, login)
    signedIn.set(login, { at: Date.now(), gateway })
    return gateway
  }
  const deciders: Deciding = {
    as,
    ask: async (login, path, body, options) => (await as(login)).post(path, body, options),
    async read(login, path) {
      const { status, body, headers } = await (await as(login)).get(path)
      if (status === 404) return undefined
      if (status !== 200) throw new Error(`${login} reads ${path}: ${told({ status, body })}`)
      return { body, version: versionOf(headers) }
    },
    async make(login, path, body, { on, with: other } = {}) {
      const version = on === undefined ? undefined : (await deciders.read(login, on))?.version
      const asked = await deciders.ask(login, path, body, version === undefined ? {} : { ifMatch: version })
      if (asked.status >= 400) throw new Error(`${login} asks for ${path}: ${told(asked)}`)
      const id = textAt(asked.body, 'id') ?? textAt(asked.body, 'subject', 'id') ?? ''
      const proposal = textAt(asked.body, 'proposal', 'id')
      if (proposal === undefined || other === undefined)
        return { id, entry: textAt(asked.body, 'entry') ?? '', body: asked.body }
      const approved = await deciders.ask(
        other,
        `/proposals/${proposal}/approve`,
        {},
        { ifMatch: Number(at(asked.body, 'proposal', 'version')) },
      )
      if (approved.status !== 200) throw new Error(`${other} approves ${path}: ${told(approved)}`)
      return { id, entry: textAt(approved.body, 'entry') ?? '', body: approved.body }
    },
    async list(login, path) {
      const items: Readonly<Record<string, unknown>>[] = []
      let next: string | undefined
      do {
        const cursor = next === undefined ? '' : `${path.includes('?') ? '&' : '?'}after=${next}`
        const { status, body } = await (await as(login)).get(path + cursor)
        if (status !== 200) throw new Error(`${login} lists ${path}: ${told({ status, body })}`)
        items.push(...((at(body, 'items') as typeof items | undefined) ?? []))
        next = textAt(body, 'next')
      } while (next !== undefined)
      return items
    },
  }
  return deciders
}

export const codeOf = ({ body }: Pick<Answer, 'body'>): string | undefined => textAt(body, 'code')

export const versionOf = (headers: Headers): number => Number(headers.get('etag')?.replaceAll('"', '') ?? 0)

const told = ({ status, body }: Pick<Answer, 'status' | 'body'>): string =>
  `${status} ${JSON.stringify(body)}`

/** One of the demo or of the second side, with a session of their own. */
export async function signIn(
  world: Pick<World, 'issuer'>,
  login: string,
  terms: SignInTerms = {},
): Promise<PersonGateway> {
  const { issuer } = world
  const organisation = matrixPeople.find(one => one.login === login)?.organisation
  const asked = { issuer, login, ...(organisation && { organisation }), ...terms }
  return createPersonGateway({ issuer, session: await startSession(asked) })
}

/** Pages are limited for each address, and all people of a test come from one. */
export async function startSession(asked: DemoSignIn): Promise<PersonSession> {
  for (let left = 20; ; left--)
    try {
      return await signInAs(asked)
    } catch (error) {
      if (left === 0 || !(error instanceof SignInStuck) || !error.message.includes('answered 429'))
        throw error
      await new Promise(resolve => setTimeout(resolve, 500))
    }
}

/**
 * Starts a provider of the second side's own, which names its people as the demo's does: it also knows a `demo-ada`.
 * The three organisations come in through the API, and then stand for themselves.
 */
export async function openSecondSide(
  world: Pick<World, 'issuer'>,
  { make }: Deciding,
): Promise<DemoProvider> {
  const provider = await startDemoProvider({
    port: 0,
    issuerOfSallyport: world.issuer,
    people: [...people, ...atProvider],
  })
  const at = described(provider)
  for (const { login, organisation, kind } of strangers) {
    const [own, other, developer, government] =
      kind === 'partner' ? ['mira', 'olaf', 'meridian', 'ocb'] : ['ada', 'nora', 'halcyon', 'ofr']
    const parties = { id: organisation, name: organisation, developer, government, ...because() }
    if (kind === 'partner') {
      await make(own, '/partners', parties)
      const path = `/organisations/${organisation}`
      await make(own, `${path}/provider`, { provider: at, ...because() }, { on: path, with: other })
      for (const verb of ['vet', 'select', 'activate'])
        await make(own, `/partners/${organisation}/${verb}`, because(), {
          on: `/partners/${organisation}`,
          with: other,
        })
    } else await make(own, '/organisations', { ...parties, kind, provider: at }, { with: other })
    const { id } = await make(own, '/people', {
      organisation,
      name: login,
      subject: subjectOf(login),
      ...because(),
    })
    await make(own, `/people/${id}/first_admin`, because(), { on: `/people/${id}`, with: other })
  }
  return provider
}

/** In the words of the API. */
export const described = ({ issuer }: DemoProvider) => ({
  issuer,
  client_id: demoClientId,
  authentication: 'private_key_jwt',
  phishing_resistant: { acr: [phishingResistant], amr: [] },
})
