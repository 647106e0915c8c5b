/** What the demo's provider keeps: nothing outlives the process, and everything has its time. */

interface Kept {
  readonly payload: Record<string, unknown>
  /** Milliseconds since 1970. */
  readonly endsAt: number
}

/** How much is kept before what has ended is looked for. */
const roomy = 1_000

/** An adapter as `oidc-provider` asks for one. Clients are those of `clientOf`, and are not stored. */
export function createMemory(clientOf: (id: string) => object | undefined) {
  const kept = new Map<string, Kept>()

  function drop(fits: (key: string, one: Kept) => boolean): void {
    for (const [key, one] of kept) if (fits(key, one)) kept.delete(key)
  }

  return (model: string) => {
    const keyOf = (id: string): string => `${model}:${id}`
    const live = (one: Kept | undefined) => (one && one.endsAt > Date.now() ? one.payload : undefined)
    return {
      async upsert(id: string, payload: Record<string, unknown>, seconds: number): Promise<void> {
        if (kept.size >= roomy) drop((_, { endsAt }) => endsAt <= Date.now())
        kept.set(keyOf(id), { payload, endsAt: Date.now() + seconds * 1000 })
      },
      find: async (id: string) => (model === 'Client' ? clientOf(id) : live(kept.get(keyOf(id)))),
      async findByUid(uid: string) {
        for (const [key, one] of kept)
          if (key.startsWith(keyOf('')) && one.payload.uid === uid) return live(one)
        return undefined
      },
      findByUserCode: async () => undefined,
      async consume(id: string): Promise<void> {
        const one = kept.get(keyOf(id))
        if (one) one.payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id: string): Promise<void> {
        kept.delete(keyOf(id))
      },
      async revokeByGrantId(grant: string): Promise<void> {
        drop((key, { payload }) => key.startsWith(keyOf('')) && payload.grantId === grant)
      },
    }
  }
}
