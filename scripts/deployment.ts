import type { NewKey } from '../shared/oauth/key-ring.ts'
import type { Store, Table } from '../shared/ports/store.ts'
import { openDataFolder } from './embedded/data-folder.ts'

/** What an operator's command works on: the data folder of an embedded Sallyport, or a deployed stack. */
export interface Deployment {
  readonly store: Store
  /**
   * Who runs the command, for the log: no argument chooses it. On AWS it is the ARN that AWS itself knows the caller by.
   * Throws where that cannot be known, and then nothing is done.
   */
  operator(): Promise<string>
  /** Makes a token signing key where the token service finds it. */
  createKey(): Promise<NewKey>
  /** For a key that signs no more and whose tokens have all ended, or are trusted no more. */
  retireKey(ref: string): Promise<void>
  close(): void
}

/** The option that every such command takes. */
export const stackOption = { stack: { type: 'string' } } as const

/**
 * `stack` is a stack's name; without one it is the folder that `SALLYPORT_DATA` names. `restored` are tables that will
 * serve in place of the stack's, and do not yet.
 */
export async function openDeployment(
  stack: string | undefined,
  restored: Partial<Record<Table, string>> = {},
): Promise<Deployment> {
  if (stack === undefined) return openDataFolder(process.env)
  // The SDK takes longer to load than an embedded command to run.
  const { openStack } = await import('./aws/stack.ts')
  return openStack(stack, restored)
}
