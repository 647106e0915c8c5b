/** A client and whose it is, as decisions about it read them. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { judgeSightIn } from '../engine/engagement.ts'
import type { Actor } from '../engine/plan.ts'
import { clientSubject } from '../engine/subjects.ts'

export interface ClientAndOrganisation {
  readonly client: Governed<Client>
  readonly organisation: Governed<Organisation>
}

export async function readClient(store: Store, id: string): Promise<ClientAndOrganisation | Refusal> {
  const [client] = await store.get([keys.client(id)])
  const [organisation] = client ? await store.get([keys.organisation(client.organisation)]) : []
  return client && organisation ? { client, organisation } : unknownRecord('client', id)
}

/** As whoever decides sees it: what is not seen is not there, whatever its state. */
export async function seenClient(
  store: Store,
  id: string,
  actor: Actor | undefined,
): Promise<ClientAndOrganisation | Refusal> {
  const found = await readClient(store, id)
  if (found instanceof Refusal || actor === undefined) return found
  return (await judgeSightIn(store, actor, clientSubject(found.client, found.organisation))) ?? found
}

const open = ['enrolled', 'active', 'suspended'] as const satisfies readonly Client['state'][]

/** What is known about a client changes as long as there is something left to know it for. */
export const judgeDescribed = ({ state }: Client): Refusal | undefined =>
  open.some(one => one === state)
    ? undefined
    : refuse('state_forbids', `The client is ${state}. Possible are these: ${open.join(', ')}.`)
