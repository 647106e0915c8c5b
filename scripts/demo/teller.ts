/** Demo people at the API, one gateway each: they ask, and what is refused stops the story with its words. */
import { type Answer, createPersonGateway, type PersonGateway } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import { signInAs } from './browserless.ts'

export interface Made {
  readonly status: number
  readonly body: unknown
  readonly version: number
}

export interface Teller {
  /** What somebody sees; `undefined` where there is none for them. */
  look(login: string, path: string): Promise<Made | undefined>
  /** Every item of a list. */
  list(login: string, path: string): Promise<readonly unknown[]>
  /** One person asks for it; where it takes another's signature too, `with` approves it. */
  decide(login: string, path: string, body: object, further?: Further): Promise<Made>
}

export interface Further {
  /** The version that is decided on. */
  readonly version?: number
  readonly method?: 'post' | 'patch'
  /** Who signs beside. */
  readonly with?: string
}

export function createTeller(issuer: string): Teller {
  const signedIn = new Map<string, Promise<PersonGateway>>()
  const as = (login: string): Promise<PersonGateway> => {
    const gateway =
      signedIn.get(login) ??
      signInAs({ issuer, login }).then(session => createPersonGateway({ issuer, session }))
    signedIn.set(login, gateway)
    return gateway
  }

  const teller: Teller = {
    async look(login, path) {
      const answer = await (await as(login)).get(path)
      return answer.status === 404 ? undefined : made(answer, `${login} reads ${path}`)
    },
    async list(login, path) {
      const items: unknown[] = []
      let next: string | undefined
      do {
        const cursor = next === undefined ? '' : `${path.includes('?') ? '&' : '?'}after=${next}`
        const { body } = made(await (await as(login)).get(path + cursor), `${login} lists ${path}`)
        items.push(...((at(body, 'items') as readonly unknown[] | undefined) ?? []))
        next = textAt(body, 'next')
      } while (next !== undefined)
      return items
    },
    async decide(login, path, body, { version, method = 'post', with: other } = {}) {
      const what = `${login} asks for ${path}`
      const options = version === undefined ? {} : { ifMatch: version }
      const asked = made(await (await as(login))[method](path, body, options), what)
      const proposal = textAt(asked.body, 'proposal', 'id')
      if (proposal === undefined) return asked
      if (other === undefined) throw new Error(`${what}: it waits for another signature`)
      const approval = await (await as(other)).post(
        `/proposals/${proposal}/approve`,
        {},
        { ifMatch: Number(at(asked.body, 'proposal', 'version')) },
      )
      const approved = made(approval, `${other} approves ${path}`)
      if (textAt(approved.body, 'state') !== 'applied')
        throw new Error(`${what}: it waits for more signatures`)
      return { ...approved, body: asked.body }
    },
  }
  return teller
}

function made({ status, body, headers }: Answer, what: string): Made {
  if (status >= 400)
    throw new Error(`${what}: ${status} ${textAt(body, 'code')}: ${textAt(body, 'detail') ?? 'no detail'}`)
  return { status, body, version: Number(headers.get('etag')?.replaceAll('"', '') ?? 0) }
}
