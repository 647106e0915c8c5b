/** The name of the log, in its checkpoints and of its key. It stays what it was at first, wherever the gateway moves. */
import type { Objects } from '../shared/ports/objects.ts'

/** Below it stands all of the log that everybody may read. */
export const logFolder = 'log/'
export const verifierKeyObject = `${logFolder}vkey`

/** The issuer without its scheme, as the name of a key has it, unless the log has its name already. */
export async function readLogOrigin(objects: Objects, issuer: string): Promise<string> {
  const found = await objects.get(verifierKeyObject)
  const [named] = found === undefined ? [] : Buffer.from(found.bytes).toString().split('+')
  return named ?? `${issuer.replace(/^https?:\/\//, '')}/log`
}
