/** The logs that a witness watches: by their keys, or by their addresses, whose keys are pinned at the first start. */
import { keyType, NoteError, parseVerifierKey, type VerifierKey } from '../../shared/tlog/note.ts'
import { urlFault } from '../../shared/tlog/witness-list.ts'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'
import type { StoredWitness } from './witness-memory.ts'

export interface NamedLogs {
  readonly log?: readonly string[]
  readonly logUrl?: readonly string[]
}

type Pinned = StoredWitness['pinned']

/** A key is one line of text. Characters. */
const maxKey = 1_000
const fetchMs = 10_000

/** Throws a `Failure` of usage where one is no key of a log, or no address is one. */
export async function readLogKeys(
  cli: Cli,
  { log = [], logUrl = [] }: NamedLogs,
  before: Pinned,
): Promise<{ readonly keys: readonly VerifierKey[]; readonly pinned: Pinned }> {
  if (log.length + logUrl.length === 0)
    throw new Failure(exit.usage, 'No log is named whose checkpoints would be cosigned.', {
      code: 'option_missing',
      next: 'Name it by its key or by its address: --log <vkey>, or --log-url https://<gateway>/log',
    })
  const keys = new Map<string, VerifierKey>()
  for (const vkey of log) keys.set(vkey, await logKey(vkey, '--log'))
  const pinned = [...before]
  for (const given of logUrl) {
    const url = given.replace(/\/+$/, '')
    const known = pinned.find(one => one.url === url)
    const vkey = known?.vkey ?? (await fetchKey(cli, url))
    const key = await logKey(vkey, `${url}/vkey`)
    // A log may speak for itself alone: whoever serves an address is not whoever a name belongs to.
    if (key.name !== url.replace(/^https?:\/\//, ''))
      throw unusable(
        `The log at ${url} calls itself ${key.name}.`,
        'Name it by its key, if that is right: --log <vkey>',
      )
    if (known === undefined) {
      pinned.push({ url, vkey })
      cli.remark(
        `The log at ${url} has this key, by which it is known from now on. Compare it with its operator:`,
      )
      cli.remark(vkey)
    }
    keys.set(vkey, key)
  }
  return { keys: [...keys.values()], pinned }
}

async function logKey(vkey: string, where: string): Promise<VerifierKey> {
  const key = await parseVerifierKey(vkey).catch((error: unknown) => {
    if (!(error instanceof NoteError)) throw error
    throw unusable(
      `What ${where} says is no key of a log: ${error.message}.`,
      'A log serves it at /log/vkey.',
    )
  })
  if (key.type === keyType.ed25519) return key
  throw unusable(`The key of ${key.name} is that of a witness.`, 'A log serves its own at /log/vkey.')
}

async function fetchKey(cli: Cli, url: string): Promise<string> {
  const fault = urlFault(url)
  if (fault) throw unusable(`The address ${url} ${fault}.`, 'For instance --log-url https://<gateway>/log')
  const response = await cli.fetch(`${url}/vkey`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(fetchMs),
  })
  const text = response.ok ? await beginning(response) : ''
  if (response.ok && text.length <= maxKey) return text.trim()
  throw new Failure(exit.failed, `The log at ${url} has not told its key (${response.status}).`, {
    code: 'log_key_missing',
    next: url.endsWith('/log')
      ? 'Ask its operator for it, and name it: --log <vkey>'
      : 'A log’s address ends in /log: --log-url https://<gateway>/log',
  })
}

/** A little more than a key of it at most. */
async function beginning({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    chunks.push(chunk)
    if (length > maxKey) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

const unusable = (message: string, next: string): Failure =>
  new Failure(exit.usage, message, { code: 'option_invalid', next })
