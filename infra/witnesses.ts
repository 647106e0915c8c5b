import { parseWitnessList } from '../shared/tlog/witness-list.ts'
import type { Parameters } from './parameters.ts'

/** Throws an `Error` that names the witness which is wrong: the sequencer would refuse to start with it. */
export async function refuseWrongWitnesses({ witnesses }: Pick<Parameters, 'witnesses'>): Promise<void> {
  await parseWitnessList(witnesses).catch((cause: Error) => {
    throw new Error(`These parameters of the stack are wrong:\n  witnesses: ${cause.message}`, { cause })
  })
}
