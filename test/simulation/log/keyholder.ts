/** The keys of the simulated world. They are always the same ones; a process does not always get to them. */
import { createHmac } from 'node:crypto'
import { type LogKey, openLogKey } from '../../../functions/sequencer/log-key.ts'
import {
  type SecretDomain,
  type Secrets,
  SecretsUnavailable,
  SignerUnavailable,
} from '../../../shared/ports/keys.ts'
import type { Checkpoint } from '../../../shared/tlog/checkpoint.ts'
import { simulatedKey } from '../keys.ts'
import { ask, type Way } from '../way.ts'
import { Bucket, directObjects } from './bucket.ts'
import type { LogFaults } from './faults.ts'

/** What a way's `note` is told of a request for a key. */
export interface KeyRequest {
  readonly secret: string
}

export const derived = (domain: SecretDomain, label: string): Buffer =>
  createHmac('sha256', 'the root of a simulated world').update(`${domain}\0${label}`).digest()

/** WebCrypto makes its name, outside of any world: what a world does then stays within the event loop's turns. */
const opened: LogKey = await openLogKey(
  directObjects(new Bucket(), 'operator'),
  'https://gateway.example',
  simulatedKey(9).signer,
)

/**
 * The log's key as one world has it. The signatures of Ed25519 are the same each time, so each is made once and verified
 * once: that would be most of what a sequencer does here.
 */
export function createLogKey(): LogKey {
  const signed = new Map<string, Promise<string>>()
  const known = new Map<string, Checkpoint>()
  return {
    ...opened,
    sign(text) {
      const note = signed.get(text) ?? opened.sign(text)
      signed.set(text, note)
      return note
    },
    open(note) {
      const checkpoint = known.get(note) ?? opened.open(note)
      known.set(note, checkpoint)
      return checkpoint
    },
  }
}

export type KeyWay = Omit<Way, 'faults'> & { readonly faults: () => LogFaults }

export const createSecretsPort = (way: KeyWay): Pick<Secrets, 'derive'> => ({
  derive: (domain, label) =>
    held(way, `derive ${domain} ${label}`, SecretsUnavailable).then(() => derived(domain, label)),
})

export const createLogKeyPort = (way: KeyWay, logKey: LogKey): LogKey => ({
  ...logKey,
  sign: text => held(way, 'sign', SignerUnavailable).then(() => logKey.sign(text)),
})

/** Nothing is kept here: a request that was done twice has done nothing else. */
async function held(way: KeyWay, secret: string, Unavailable: new (why: string) => Error): Promise<void> {
  const request: KeyRequest = { secret }
  const unavailable = (why: string): Error => new Unavailable(why)
  await ask(way, { kind: 'read', request, perform: () => undefined, unavailable })
  if (!way.dice.chance(way.faults().keys)) return
  way.note('refused', request)
  throw new Unavailable('refused')
}
