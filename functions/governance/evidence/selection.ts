/** What evidence is asked for, judged by the records: whose it is, and who decides on it. */
import { type EvidenceSelection, evidenceQuery } from '../../../shared/domain/evidence.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { type Facts, sees } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Actor } from '../engine/plan.ts'
import { viewerOf } from '../engine/sight.ts'
import { deciders } from '../engine/subjects.ts'
import { readFinding } from '../findings/finding-record.ts'
import { dealingWith } from '../preservations/concerned.ts'

export interface Selected {
  readonly developer: string
  readonly governments: readonly string[]
  readonly model?: string
  readonly q: string
}

/**
 * Of one developer, who is asked for it: the one that is named, or that alone can be meant. What the asking person does
 * not see is not there for them.
 */
export async function selected(
  store: Store,
  selection: EvidenceSelection,
  named: string | undefined,
  actor: Actor,
): Promise<Selected | Refusal> {
  const { incident: id } = selection
  const incident = id === undefined ? undefined : await readFinding(store, id, actor)
  if (incident instanceof Refusal) return unknownRecord('finding', id ?? '', { field: 'selection.incident' })
  if (incident && incident.kind !== 'incident')
    return refuse('body_malformed', `That is a ${incident.kind}, and no incident.`, {
      field: 'selection.incident',
    })
  const about = await whose(store, selection, actor)
  if (about instanceof Refusal) return about
  const own = actor.organisation
  const meant =
    incident?.developer !== undefined
      ? [incident.developer]
      : own.kind === 'developer'
        ? [own.id]
        : (about?.developers ?? (await dealingWith(store, own)))
  const developer = named ?? (meant.length === 1 ? meant[0] : undefined)
  if (developer === undefined)
    return refuse('body_malformed', 'Name the developer whose entries they are.', { field: 'developer' })
  const [found] = await store.get([keys.organisation(developer)])
  const deals = own.id === developer || (await dealingWith(store, own)).includes(developer)
  if (found?.kind !== 'developer' || !deals)
    return unknownRecord('organisation', developer, { field: 'developer' })
  if (incident && incident.developer !== developer)
    return refuse('body_malformed', 'The incident is of another developer’s model.', { field: 'developer' })
  return {
    developer,
    governments: await dealingWith(store, found),
    ...(incident && { model: incident.model }),
    q: evidenceQuery(selection, incident),
  }
}

/** Who decides about whom the selection names; all that it names are one organisation’s. */
async function whose(
  store: Store,
  { organisation, person, client }: EvidenceSelection,
  actor: Actor,
): Promise<{ readonly developers: readonly string[] } | undefined | Refusal> {
  const [ofPerson, ofClient] = await store.get([keys.person(person ?? '-'), keys.client(client ?? '-')])
  const owner = organisation ?? ofPerson?.organisation ?? ofClient?.organisation
  if (owner === undefined && person === undefined && client === undefined) return undefined
  const [of] = await store.get([keys.organisation(owner ?? '-')])
  const there = (noun: Facts['noun'], organisationOf: string | undefined): boolean =>
    of !== undefined && organisationOf === of.id && isSeen(noun, of, actor)
  if (person !== undefined && !there('person', ofPerson?.organisation))
    return unknownRecord('person', person, { field: 'selection.person' })
  if (client !== undefined && !there('client', ofClient?.organisation))
    return unknownRecord('client', client, { field: 'selection.client' })
  if (organisation !== undefined && !there('organisation', organisation))
    return unknownRecord('organisation', organisation, { field: 'selection.organisation' })
  const { developers } = of ? deciders(of) : { developers: [] }
  return developers.length > 0 ? { developers } : undefined
}

const isSeen = (noun: Facts['noun'], of: Organisation, actor: Actor): boolean =>
  sees(viewerOf(actor), { noun, owner: of.id, ...deciders(of) }) !== undefined
