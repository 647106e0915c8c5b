/** `keys.json`: by which keys the checkpoint is signed. Whoever made the bundle wrote it: it is to be compared, not believed. */
import * as z from 'zod/mini'

export interface BundleKeys {
  /** The log's verifier key, as its `/log/vkey` answers. */
  readonly log: string
  /** Of those witnesses that the log asks. */
  readonly witnesses: readonly string[]
  /** Where the public keys of people's statements are published. */
  readonly statements?: string
}

export const formatKeys = ({ log, witnesses, statements }: BundleKeys): string =>
  `${JSON.stringify({ log, witnesses, ...(statements !== undefined && { statements }) }, null, 2)}\n`

const vkey = z.string().check(z.maxLength(1_000))
const shape = z.strictObject({
  log: vkey,
  witnesses: z.array(vkey).check(z.maxLength(32)),
  statements: z.optional(z.string().check(z.maxLength(2_000))),
})

export function parseKeys(value: unknown): BundleKeys | undefined {
  const read = z.safeParse(shape, value)
  if (!read.success) return undefined
  const { log, witnesses, statements } = read.data
  return { log, witnesses, ...(statements !== undefined && { statements }) }
}
