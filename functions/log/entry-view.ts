/** What a reader is shown of an entry: pure. What is left out is named. */
import { adminOf } from '../../shared/domain/parties.ts'
import type { Hit } from '../../shared/domain/proposals.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import { type Facts, isOnlyHit, sees, type Viewer } from '../../shared/domain/who-sees.ts'
import type { Entry } from '../../shared/entries/entry.ts'

/** What of a caller decides on what they are shown. */
export interface Reader {
  readonly kind: 'person' | 'workload'
  readonly viewer: Viewer
}

interface Body {
  readonly ai_model?: { readonly uid?: string; readonly ai_provider?: string }
  readonly unmapped?: Unmapped
}

interface Unmapped {
  readonly kind?: string
  readonly action?: ActionName
  readonly sealed?: boolean
  readonly shown?: string
  readonly proposed_shown?: string
  readonly developers?: readonly string[]
  readonly governments?: readonly string[]
  readonly model?: string
  readonly models?: readonly string[]
  readonly shared_with?: readonly string[]
  readonly hit?: readonly Hit[]
  readonly signatures?: readonly { readonly organisation: string }[]
}

export interface Sight {
  readonly body: Readonly<Record<string, unknown>>
  /** Of the body, what is left out, or not shown whole. */
  readonly withheld: readonly string[]
}

/** `undefined` where it is not there for this reader. */
export function viewOf({ kind, viewer }: Reader, entry: Entry): Sight | undefined {
  const body = JSON.parse(entry.body) as Body
  // What a month's entries are made with is the business of everybody who reads one of them.
  if (body.unmapped?.kind === 'epoch_commitment') return { body: { ...body }, withheld: [] }
  // A workload asks about its own organisation, by the scope of its token; what people said is for people.
  if (kind === 'workload' && entry.organisation !== viewer.organisation) return undefined
  const facts = factsOf(entry, body)
  const sight = kind === 'workload' ? 'without_sealed' : sees(viewer, facts)
  if (sight === undefined) return undefined

  const withheld = [
    ...(sight === 'without_sealed' && body.unmapped?.sealed ? ['comment', 'unmapped.reference'] : []),
    ...personal({ kind, viewer }, entry, body.unmapped),
    ...ofOthers(viewer, facts, body.unmapped),
  ].filter(path => valueAt(body, path) !== undefined)
  if (withheld.length === 0) return { body: { ...body }, withheld }
  // What was shown is a digest too, of all but whom it hits.
  const guessed = withheld.some(path => path !== 'unmapped.hit') ? digests : []
  const left = [...withheld, ...guessed.filter(path => valueAt(body, path) !== undefined)]
  return { body: without(body, left, viewer), withheld: left }
}

const digests = ['unmapped.shown', 'unmapped.proposed_shown']

/** Actions whose parameters tell who somebody is: at their provider, by nationality, by region. */
const aboutSomebody: readonly ActionName[] = ['person.add', 'person.attributes']

/** Their own administrators read it here; those who select their partner, in the person's record. */
function personal(
  { kind, viewer }: Reader,
  { organisation }: Entry,
  unmapped: Unmapped = {},
): readonly string[] {
  if (unmapped.action === undefined || !aboutSomebody.includes(unmapped.action)) return []
  const administers =
    kind === 'person' && viewer.organisation === organisation && viewer.roles.includes(adminOf[viewer.kind])
  return administers ? [] : ['unmapped.params', 'unmapped.difference']
}

/** Whom else a hold hits is for nobody; what it does to all, not for one of those whom it only hits. */
function ofOthers(viewer: Viewer, facts: Facts, { hit = [] }: Unmapped = {}): readonly string[] {
  if (isOnlyHit(viewer, facts)) return ['unmapped.hit', 'unmapped.effects']
  const whole =
    hit.every(one => one.organisation === viewer.organisation) && viewer.roles.includes(adminOf[viewer.kind])
  return whole ? [] : ['unmapped.hit']
}

/** Each sees their own part; how many of its people, by what is attested of them, its administrators. */
export function ownHit(
  { kind, organisation, roles }: Viewer,
  hit: readonly Hit[] = [],
): Partial<Hit> | undefined {
  const found = hit.find(one => one.organisation === organisation)
  if (found === undefined || roles.includes(adminOf[kind])) return found
  return { organisation, clients: found.clients }
}

/** Whoever is told of a finding sees that it was raised; whoever sees that one was handed off, that it came. */
const decided: readonly string[] = ['decision', 'finding_raised', 'hand_off_receipt', 'month_deleted']

function factsOf({ organisation, actor }: Entry, { ai_model, unmapped = {} }: Body): Facts {
  const model = unmapped.model ?? ai_model?.uid
  const provider = ai_model?.ai_provider
  const { developers = provider ? [provider] : [], governments = [], signatures = [], hit } = unmapped
  return {
    noun: decided.includes(unmapped.kind ?? '') ? 'decision' : 'call',
    ...(organisation !== undefined && { owner: organisation }),
    ...(actor !== undefined && { placedBy: actor }),
    developers,
    governments,
    decidedBy: [...signatures.map(one => one.organisation), ...(actor === undefined ? [] : [actor])],
    ...(model !== undefined && { model }),
    ...(unmapped.models && { models: unmapped.models }),
    ...(unmapped.shared_with && { sharedWith: unmapped.shared_with }),
    ...(hit && { about: hit.map(one => one.organisation) }),
  }
}

const inside = 'unmapped.'

const valueAt = ({ unmapped = {}, ...body }: Body, path: string): unknown =>
  path.startsWith(inside) ? unmapped[path.slice(inside.length) as never] : body[path as never]

/** Each sees their own part of what a hold hits. */
function without(
  { unmapped = {}, ...body }: Body,
  withheld: readonly string[],
  viewer: Viewer,
): Sight['body'] {
  const left = (record: object, prefix: string): object =>
    Object.fromEntries(Object.entries(record).filter(([field]) => !withheld.includes(`${prefix}${field}`)))
  const own = ownHit(viewer, unmapped.hit)
  return {
    ...left(body, ''),
    unmapped: { ...left(unmapped, inside), ...(own && { hit: [own] }) },
  }
}
