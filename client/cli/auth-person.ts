/** Who is signed in, by what the gateway and its token say, and how that is shown. */
import { decodeJwt } from 'jose'
import type { Answer } from '../index.ts'
import { at, textAt } from '../json.ts'
import type { StoredSession } from './auth-session.ts'
import { counted, type Fact, listAt, stopFacts, utc } from './facts.ts'

/** Milliseconds since an authentication in which it counts as fresh, where the gateway did not say until when. */
const freshFor = 300_000

export function isFresh({ authenticated_at: at, fresh_until }: StoredSession, now: number): boolean {
  const until = fresh_until === undefined ? Date.parse(at) + freshFor : Date.parse(fresh_until)
  return now <= until
}

/** The issuer's own word, as it came from there: what the token says of the person, for want of a better. */
export function readClaims(accessToken = ''): Partial<StoredSession> {
  try {
    const { sub, organisation, auth_time } = decodeJwt(accessToken)
    return {
      ...(sub && { person: sub }),
      ...(typeof organisation === 'string' && { organisation }),
      ...(typeof auth_time === 'number' && { authenticated_at: new Date(auth_time * 1000).toISOString() }),
    }
  } catch {
    return {}
  }
}

/** The fields of a person's `/api/v1/me`; what is not there is not shown. */
export function readMe({ body }: Answer): Partial<StoredSession> {
  const roles = at(body, 'roles')
  const [person, name, organisation, endsAt, freshUntil] = [
    textAt(body, 'person', 'id'),
    textAt(body, 'person', 'name'),
    textAt(body, 'organisation', 'id'),
    textAt(body, 'session', 'ends_at'),
    textAt(body, 'session', 'fresh_until'),
  ]
  return {
    ...(person && { person }),
    ...(name && { name }),
    ...(organisation && { organisation }),
    ...(endsAt && { ends_at: endsAt }),
    ...(freshUntil && { fresh_until: freshUntil }),
    ...(Array.isArray(roles) && { roles: roles.filter(role => typeof role === 'string') }),
  }
}

/** What the gateway says of the person beside the session: their standing, and what waits on them. */
export function standingFacts({ body }: Answer): readonly Fact[] {
  const state = textAt(body, 'standing', 'state')
  const stop = at(body, 'standing', 'organisation_stop')
  const confirmed = utc(textAt(body, 'standing', 'confirmed_until'))
  const waits = at(body, 'waits_on_me')
  const count = (name: string): number => Number(at(waits, name) ?? 0)
  const [proposals, stops, appeals] = [count('proposals'), count('stops'), count('appeals')]
  const [agreements, reviews] = [count('agreements'), count('reviews')]
  const waiting = [
    counted(proposals, 'proposal'),
    `${counted(stops, 'stop')} to stand by`,
    ...(appeals > 0 ? [`${counted(appeals, 'appeal')} to decide`] : []),
    ...(agreements > 0 ? [`${counted(agreements, 'agreement')} to act on`] : []),
    ...(reviews > 0 ? [`${counted(reviews, 'access review')} to certify`] : []),
  ]
  const most = at(waits, 'at_least') === true ? 'at least ' : ''
  return [
    ['standing', state === 'active' ? undefined : state],
    ['confirmed', confirmed && `until ${confirmed}`],
    // Who is stopped cannot ratify it, and can appeal.
    ...stopFacts(stop, '').filter(([name]) => !['to ratify', 'they run'].includes(name)),
    [
      'waits',
      proposals + stops + appeals + agreements + reviews > 0
        ? `on you: ${most}${waiting.join(', ')}`
        : 'nothing waits on you',
    ],
    ...listAt(waits, 'items').flatMap((one): readonly Fact[] => [
      ['', `by ${utc(textAt(one, 'until'))}: ${textAt(one, 'text')}`],
      ['', commandFor(one)],
    ]),
  ]
}

/** The nouns of the command line, by the kinds of records that can be stopped. */
const nouns: Readonly<Record<string, string>> = { organisation: 'partner' }

function commandFor(wait: unknown): string {
  const [kind, id, subject = ''] = ['kind', 'id', 'subject'].map(name => textAt(wait, name))
  if (kind === 'proposal') return `sallyport proposal approve ${id}`
  if (kind === 'appeal') return `sallyport appeal get ${id}`
  if (kind === 'signature') return `sallyport agreement sign ${id}`
  if (kind === 'acknowledgement') return `sallyport agreement acknowledge ${id}`
  if (kind === 'attestation') return `sallyport agreement attest ${id}`
  if (kind === 'review') return `sallyport review get ${id}`
  return `sallyport ${nouns[subject] ?? subject} ratify ${id}`
}

/** Without the secrets. */
export function shown(stored: StoredSession): Readonly<Record<string, unknown>> {
  const { app: _, refresh_token: _token, key: _key, ...rest } = stored
  return { signed_in: true, ...rest }
}

export const whoIs = ({ name, person, organisation }: StoredSession): string =>
  [name ?? person ?? 'a person', organisation && `of ${organisation}`].filter(Boolean).join(' ')

export function sessionFacts(stored: StoredSession, fresh: boolean): readonly Fact[] {
  const { issuer, roles = [], ends_at, fresh_until } = stored
  const until = fresh_until === undefined ? '' : ` until ${utc(fresh_until)}`
  return [
    ['gateway', issuer],
    ['person', whoIs(stored)],
    ['id', stored.person],
    ['roles', roles.join(', ') || 'none'],
    ['ends', utc(ends_at)],
    [
      'sign-in',
      fresh ? `fresh${until}` : 'not fresh: approving and signing ask for sallyport auth login --fresh',
    ],
  ]
}
