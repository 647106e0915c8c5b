/** An endpoint that keeps calls waiting for as long as a test needs them under way. */
import type { ServerResponse } from 'node:http'
import { keys } from '../../shared/domain/keys.ts'
import { type OddUpstream, oddUpstream } from './odd-upstream.ts'
import type { World } from './world.ts'

export interface HeldUpstream extends AsyncDisposable {
  /** How many are kept waiting now, by a caller who still waits too. */
  readonly held: number
  /** Who comes from now on is answered at once. */
  hold(these: boolean): void
  release(): void
}

/** What each of its replies bills. */
export const billed = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }

const reply = JSON.stringify({
  id: 'chatcmpl-held',
  object: 'chat.completion',
  created: 1,
  model: 'aurora-preview',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Kept.' }, finish_reason: 'stop' }],
  usage: billed,
})

const answer = (response: ServerResponse): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(reply)

/** Stands in for the model's endpoint of `world` until it is disposed of. */
export async function heldUpstream(world: World): Promise<HeldUpstream> {
  const [before] = await world.store.get([keys.model('aurora-preview')])
  const waiting = new Set<ServerResponse>()
  let holds = true
  const odd: OddUpstream = await oddUpstream(world, (_, response) => {
    if (!holds) return answer(response)
    waiting.add(response)
    response.on('close', () => waiting.delete(response))
  })
  return {
    get held() {
      return waiting.size
    },
    hold(these) {
      holds = these
    },
    release() {
      for (const response of waiting) answer(response)
    },
    async [Symbol.asyncDispose]() {
      await odd[Symbol.asyncDispose]()
      if (before)
        await world.store.write({
          kind: 'update',
          key: keys.model('aurora-preview'),
          change: { set: [[['upstreams'], before.upstreams]] },
        })
    },
  }
}
