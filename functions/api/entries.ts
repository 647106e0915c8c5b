import { indexes, keys } from '../../shared/domain/keys.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { type Facts, sees } from '../../shared/domain/who-sees.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Key, Store } from '../../shared/ports/store.ts'
import type { Caller } from './caller.ts'

export interface EntryPage {
  readonly items: readonly object[]
  readonly next: string | null
}

const maxPage = 100

/** What of a caller decides on what they are shown. */
export type Reader = Pick<Caller, 'kind' | 'viewer'>

/**
 * In the order of time: entries about the caller's organisation, or of what its people decided. `order`, `limit` and
 * `by` come from the query string.
 */
export async function listEntries(
  store: Store,
  reader: Reader,
  query: Readonly<Record<string, string | undefined>>,
): Promise<EntryPage | Refusal> {
  const { order = 'desc', limit = '20', after, by } = query
  if (order !== 'asc' && order !== 'desc') return malformed('order', 'order is asc or desc.')
  const size = /^\d+$/.test(limit) ? Number(limit) : 0
  if (size < 1 || size > maxPage) return malformed('limit', `limit is 1 to ${maxPage}.`)

  const page = await store
    .query({
      index: by === 'us' ? indexes.byActor : indexes.byOrganisation,
      partition: reader.viewer.organisation,
      order,
      limit: size,
      ...(after && { after }),
    })
    .catch((error: unknown) => {
      if (error instanceof TypeError) return malformed('after', 'after is the next of an earlier page.')
      throw error
    })
  if (!('keys' in page)) return page
  const found = await store.get(page.keys as readonly Key<Entry>[])
  const items = page.keys.flatMap((key, i) => {
    const entry = found[i]
    const shown = entry && show(reader, key.pk, entry)
    return shown ? [shown] : []
  })
  return { items, next: page.next ?? null }
}

/** One entry, if the caller may see it: another looks like one that is not there. */
export async function getEntry(store: Store, reader: Reader, eid: string): Promise<object | Refusal> {
  const [entry] = await store.get([keys.entry(eid)])
  return (
    (entry && show(reader, eid, entry)) ?? refuse('entry_unknown', 'It does not exist, or it is not yours.')
  )
}

/** The body as this reader may see it; the digest is that of the whole. */
function show({ kind, viewer }: Reader, eid: string, entry: Entry): object | undefined {
  const body = JSON.parse(entry.body) as Body
  const { digest } = entry
  // A workload asks about its own organisation, by the scope of its token; what people said is for people.
  if (kind === 'workload' && entry.organisation !== viewer.organisation) return undefined
  const sight = kind === 'workload' ? 'without_sealed' : sees(viewer, factsOf(entry, body))
  if (sight === undefined) return undefined
  if (sight === 'whole' || !body.unmapped?.sealed) return { eid, digest, body }
  const { comment: _, ...rest } = body
  const { reference: __, ...told } = body.unmapped
  return { eid, digest, body: { ...rest, unmapped: told }, withheld: ['comment', 'unmapped.reference'] }
}

interface Body {
  readonly comment?: string
  readonly ai_model?: { readonly uid?: string; readonly ai_provider?: string }
  readonly unmapped?: {
    readonly kind?: string
    readonly sealed?: boolean
    readonly reference?: string
    readonly developers?: readonly string[]
    readonly governments?: readonly string[]
    readonly model?: string
    readonly models?: readonly string[]
    readonly signatures?: readonly { readonly organisation: string }[]
  }
}

function factsOf({ organisation, actor }: Entry, { ai_model, unmapped = {} }: Body): Facts {
  const model = unmapped.model ?? ai_model?.uid
  const provider = ai_model?.ai_provider
  const { developers = provider ? [provider] : [], governments = [], signatures = [] } = unmapped
  return {
    noun: unmapped.kind === 'decision' ? 'decision' : 'call',
    ...(organisation !== undefined && { owner: organisation }),
    ...(actor !== undefined && { placedBy: actor }),
    developers,
    governments,
    decidedBy: [...signatures.map(one => one.organisation), ...(actor === undefined ? [] : [actor])],
    ...(model !== undefined && { model }),
    ...(unmapped.models && { models: unmapped.models }),
  }
}

const malformed = (field: string, detail: string): Refusal => refuse('body_malformed', detail, { field })
