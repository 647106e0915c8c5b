import { randomBytes } from 'node:crypto'
import { keys } from '../../shared/domain/keys.ts'
import { reserve } from '../../shared/domain/meter.ts'
import { intentEntry } from '../../shared/entries/call.ts'
import { putEntry } from '../../shared/entries/put.ts'
import type { World } from './world.ts'

/** What a gate leaves that died `agoMs` ago, after it had reserved `r` tokens of cedar's and before it heard more. */
export async function leaveDeadCall(world: World, r: number, agoMs: number): Promise<string> {
  const then = Date.now() - agoMs
  const { client_id: client, grant, agreement } = world.partner('cedar')
  const meterId = world.meterId('cedar')
  const intent = intentEntry(
    {
      request: 'dead',
      address: '127.0.0.1',
      protocol: 'openai',
      operation: 'chat.completions',
      organisation: 'cedar',
      client,
      tokenId: 'token_dead',
      key: 'dead',
      model: 'aurora-preview',
      grant,
      agreement: { id: agreement, digest: 'd' },
      purpose: 'defensive-research',
      clauses: [],
    },
    { reserve: r, meters: [meterId] },
    then,
    randomBytes(16),
  )
  await world.store.write(putEntry(intent))
  const [meter] = await world.store.get([keys.meter(meterId)])
  const op = meter && reserve(meter, intent.eid, r, then, 1_000, Date.now())
  if (op === undefined || 'code' in op) throw new Error('nothing could be reserved')
  if (!(await world.store.write(op)).ok) throw new Error('nothing was reserved')
  return intent.eid
}
