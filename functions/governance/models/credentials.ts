import { indexes } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import { type Model, protocols } from '../../../shared/domain/records.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'

/**
 * A credential goes to the address that stands beside its name. Whoever could name another developer's would have it
 * sent to an address of their own: one that stands in no record, because it is new or was replaced, is known by its
 * prefix alone. Where there is one developer, every name is theirs.
 */
export async function judgeCredentials(store: Store, model: Model): Promise<Refusal | undefined> {
  const { developer, upstreams } = model
  const names = protocols.flatMap(protocol => upstreams[protocol]?.credential ?? [])
  const foreign = (name: string): Refusal =>
    refuse('record_unknown', `There is no credential ${name} for you.`, {
      field: 'upstreams',
      next: 'Ask the operator of the deployment, who keeps the credentials, for the name of yours.',
    })
  const apart = names.find(name => name.includes('/') && !name.startsWith(`${developer}/`))
  if (apart !== undefined) return foreign(apart)
  const own = new Set<string>()
  for await (const batch of pages<Model>(store, { index: indexes.byRecord, partition: 'model' }))
    for (const other of await store.get(batch)) {
      if (other === undefined) continue
      const taken = protocols.flatMap(protocol => other.upstreams[protocol]?.credential ?? [])
      if (other.developer === developer) for (const one of taken) own.add(one)
      const name = other.developer === developer ? undefined : names.find(one => taken.includes(one))
      if (name !== undefined) return foreign(name)
    }
  const fresh = names.find(name => !name.includes('/') && !own.has(name))
  return fresh !== undefined && (await hasOtherDevelopers(store, developer)) ? foreign(fresh) : undefined
}

async function hasOtherDevelopers(store: Store, developer: string): Promise<boolean> {
  const range = { index: indexes.byRecord, partition: 'organisation' }
  for await (const batch of pages<Organisation>(store, range))
    for (const one of await store.get(batch))
      if (one?.kind === 'developer' && one.id !== developer) return true
  return false
}
