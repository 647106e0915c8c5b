/** Searches that are kept under a name: saving one, and removing it. */
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import { adminOf } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { maxSavedViews, type SavedView } from '../../../shared/domain/saved-views.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { wordsDigest } from '../findings/words-digest.ts'
import { nameKey, readView, type ViewSeen, viewSubject } from './read-view.ts'

export interface Saving {
  readonly name: string
  readonly q: string
  readonly by?: 'us'
  readonly shared: boolean
  readonly salt: string
}

function personOf(actor: Actor | undefined): Actor {
  if (actor === undefined) throw new Error('a view is a matter of people')
  return actor
}

/** Gives a name to a view; refused where the person has the name already, or as many as there can be. */
async function naming(store: Store, person: string, name: string, id: string): Promise<TransactOp | Refusal> {
  const key = keys.viewNames(person)
  const at = nameKey(name)
  const [found] = await store.get([key])
  if (found === undefined) return { kind: 'put', key, item: { saved: { [at]: id } }, if: itemAbsent }
  const taken = found.saved[at]
  if (taken !== undefined)
    return refuse('record_exists', `You have a view of that name: ${taken}.`, {
      field: 'name',
      next: `Take another name, or remove that one: sallyport log views remove ${taken}`,
    })
  if (Object.keys(found.saved).length >= maxSavedViews)
    return refuse('state_forbids', `You keep ${maxSavedViews} views: more cannot be.`, {
      next: 'Remove one that you do not need: sallyport log views remove <view>',
    })
  return {
    kind: 'update',
    key,
    change: { set: [[['saved', at], id]] },
    if: { and: [{ absent: ['saved', at] }, { sizeLt: [['saved'], maxSavedViews] }] },
  }
}

const save: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { name, q, by: whose, shared, salt } = params as unknown as Saving
    const { person, organisation } = personOf(actor)
    const named = await naming(store, person.id, name, id)
    if (named instanceof Refusal) return named
    return {
      subject: viewSubject({ id, organisation: organisation.id, rev: 0 }),
      difference: [{ field: 'shared', from: null, to: shared }],
      // The log is read by colleagues too, and a private view is for whoever saved it.
      recorded: { shared, viewDigest: wordsDigest({ salt, title: name, text: q }) },
      writes: ({ by, eid }) => {
        const item: Governed<SavedView> = {
          ...{ id, organisation: organisation.id, name, q, shared, salt },
          ...(whose && { by: whose }),
          ...{ savedBy: by, savedAt: now, entry: eid, rev: 1 },
          ...listed('view', organisation.id, id),
        }
        return [{ kind: 'put', key: keys.view(id), item, if: itemAbsent }, named]
      },
    }
  },
}

/** What is left is in no list, and holds no word of it. */
const emptied = (id: string, { rev }: ViewSeen, eid: string): TransactOp => ({
  kind: 'update',
  key: keys.view(id),
  if: { eq: [['rev'], rev] },
  change: {
    set: [[['entry'], eid]],
    add: [[['rev'], 1]],
    remove: [['name'], ['q'], ['by'], ['salt'], ['record'], ['owner'], ['listed']],
  },
})

const remove: Definition = {
  async plan({ store }, { id }, { actor }) {
    const who = personOf(actor)
    const view = await readView(store, id, who)
    if (view instanceof Refusal) return view
    const { person, organisation } = who
    const own = view.savedBy.person === person.id
    // Whoever saved it may have left.
    if (!own && !person.roles.includes(adminOf[organisation.kind]))
      return refuse('role_missing', `${view.savedBy.name} saved it, and removes it, or an administrator.`)
    return {
      subject: viewSubject(view),
      difference: [{ field: 'shared', from: view.shared, to: null }],
      writes: ({ eid }) => [
        emptied(id, view, eid),
        {
          kind: 'update',
          key: keys.viewNames(view.savedBy.person),
          change: { remove: [['saved', nameKey(view.name)]] },
          if: { eq: [['saved', nameKey(view.name)], id] },
        },
      ],
    }
  },
}

export const viewActions = {
  'view.save': save,
  'view.remove': remove,
} satisfies Readonly<Record<string, Definition>>
