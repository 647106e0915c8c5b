import { at, readJson, textAt } from './json.ts'

/** What the organisation of the client may still spend by one meter of a grant. Token counts are whole numbers. */
export interface Quota {
  readonly model: string
  readonly grant: string
  readonly agreement: string
  readonly meter: string
  /** A budget that other grants are charged to as well: that of affiliates, or of the whole agreement. */
  readonly shared: 'pool' | 'agreement' | null
  readonly state: string
  readonly limits: {
    readonly total: number
    /** A UTC day's tokens; `null` where days are not limited. */
    readonly per_day: number | null
    /** Requests a minute, and how many of them at once. */
    readonly rpm: number
    readonly burst: number
    readonly streams: number
  }
  readonly remaining: number
  readonly used: number
  readonly reserved: number
  readonly streams_in_use: number
  readonly day_used: number
  /** The limit that would refuse a request now. */
  readonly binding: string | null
  /** What any call would be answered now, whatever is left: a hold, a suspension. */
  readonly refused?: { readonly code: string; readonly detail: string; readonly next: string } | null
  readonly expires_at: string
}

export interface Model {
  readonly id: string
  readonly name: string
  readonly state: string
  /** A call could be admitted now, budgets apart. */
  readonly open: boolean
  readonly developer: string
  readonly protocols: readonly string[]
}

export interface Entry {
  readonly eid: string
  /** What the log commits to of the body, salted: the same for every reader. base64url. */
  readonly digest: string
  /** The record, in OCSF. */
  readonly body: Readonly<Record<string, unknown>>
  /** What of the body is not for the reader. */
  readonly withheld?: readonly string[]
  /** What it tells, in plain words. */
  readonly sentence: string
  /** Time and latency as the reader has them: below ten seconds they mark the copy, and are no facts. */
  readonly shown?: { readonly time: string; readonly latency_s?: string; readonly exact_to_s: 10 }
  /** The reader's own slot, by which the record can be proved: `docs/log-format.md`. */
  readonly view: Readonly<Record<string, unknown>>
  /** The text of a c2sp.org/tlog-proof file, where it was asked for. */
  readonly proof?: string
}

export interface SearchQuery {
  /** `model:aurora-preview code:budget_exhausted time:>=-7d` */
  readonly q: string
  /** At most 100. */
  readonly limit?: number | undefined
  readonly after?: string | undefined
  readonly by?: 'us' | undefined
  readonly proofs?: 'true' | undefined
  readonly explain?: 'true' | undefined
}

export interface SearchPage extends EntryPage {
  /** What all pages of a search share: its range, and the size of the tree that they show. */
  readonly pin: { readonly from: string; readonly to: string; readonly size: number }
  /** How often what occurs among the entries of this page. */
  readonly facets: readonly {
    readonly key: string
    readonly values: readonly { readonly value: string; readonly count: number }[]
  }[]
  /** Down to here everything was looked at. RFC 3339. */
  readonly looked_until: string
  readonly explain?: readonly string[]
}

/** How the log stands. Times are RFC 3339. */
export interface Integrity {
  /** The origin of its checkpoints. */
  readonly log: string
  readonly verifier_key: string | null
  readonly checkpoint: {
    readonly size: number
    /** base64 */
    readonly root: string
    readonly note: string
    readonly made_at: string | null
    readonly age_s: number | null
  } | null
  readonly pending: {
    readonly entries: number
    readonly at_least: boolean
    readonly oldest_s: number | null
  }
  /** Why nothing more is appended. */
  readonly halted: { readonly why: string; readonly detail: string; readonly at: string } | null
  readonly gaps: { readonly unfinished: number; readonly late: number }
  readonly clock_skew_s: number
  readonly witnesses: readonly {
    readonly name: string
    readonly cosigned: boolean
    readonly size: number
    readonly cosigned_at: string | null
    readonly refused: { readonly status: number; readonly detail: string; readonly at: string } | null
  }[]
}

export interface EntryPage {
  readonly items: readonly Entry[]
  /** The `after` of the next page; `null` at the end. */
  readonly next: string | null
}

export interface EntryQuery {
  /** At most 100. */
  readonly limit?: number | undefined
  readonly after?: string | undefined
  /** By time; the newest come first unless it says otherwise. */
  readonly order?: 'asc' | 'desc' | undefined
  /** `us`: of what the organisation's own people decided, in place of what is about it. */
  readonly by?: 'us' | undefined
}

/** The API said no, in problem details (RFC 9457). */
export class ApiRefused extends Error {
  override readonly name = 'ApiRefused'
  readonly status: number
  readonly code: string
  readonly next: string | undefined
  readonly requestId: string | undefined

  constructor(response: Response, problem: unknown) {
    const title = textAt(problem, 'title') ?? `The gateway answered ${response.status}`
    const detail = textAt(problem, 'detail')
    super(detail === undefined ? `${title}.` : `${title}. ${detail}`)
    this.status = response.status
    this.code = textAt(problem, 'code') ?? `http_${response.status}`
    this.next = textAt(problem, 'next')
    this.requestId = textAt(problem, 'request_id') ?? response.headers.get('x-request-id') ?? undefined
  }
}

/** What a workload can ask about itself. All throw `ApiRefused`, `TokenRefused`, or as `fetch` does. */
export interface Api {
  /** A row for each grant's meter, of one model or of all. */
  quota(model?: string): Promise<readonly Quota[]>
  models(): Promise<readonly Model[]>
  /** The organisation's own entries. */
  entries(query?: EntryQuery): Promise<EntryPage>
  entry(eid: string): Promise<Entry>
  /** The same, with the proof that it is in the published tree. */
  provedEntry(eid: string): Promise<Entry>
  search(query: SearchQuery): Promise<SearchPage>
  /** How the log stands: its checkpoint, what waits, its witnesses, its clocks. */
  integrity(): Promise<Integrity>
}

/** `base` is `<issuer>/api/v1`. The answers' shapes are the gateway's word; unknown fields pass. */
export function createApi(base: string, fetch: typeof globalThis.fetch): Api {
  async function get(path: string): Promise<unknown> {
    const response = await fetch(base + path, { headers: { accept: 'application/json' } })
    const body = await readJson(response)
    if (!response.ok || body === undefined) throw new ApiRefused(response, body)
    return body
  }
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
  const parametersOf = (query: object): URLSearchParams =>
    new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as [string, string]],
      ),
    )
  return {
    async quota(model) {
      const rows = list(at(await get('/me'), 'quota')) as readonly Quota[]
      return model === undefined ? rows : rows.filter(row => row.model === model)
    },
    async models() {
      return list(at(await get('/models'), 'items')) as readonly Model[]
    },
    async entries(query = {}) {
      const page = await get(`/entries?${parametersOf(query)}`)
      return { items: list(at(page, 'items')) as readonly Entry[], next: textAt(page, 'next') ?? null }
    },
    async entry(eid) {
      return (await get(`/entries/${encodeURIComponent(eid)}`)) as Entry
    },
    async provedEntry(eid) {
      return (await get(`/entries/${encodeURIComponent(eid)}/proof`)) as Entry
    },
    async search(query) {
      return (await get(`/entries?${parametersOf(query)}`)) as SearchPage
    },
    async integrity() {
      return (await get('/integrity')) as Integrity
    },
  }
}
