/**
 * `manifest.json`: whose copy of what a bundle is, and the digest of each other file of it. Nobody has signed it: what it
 * says of the export is proved by `granted.json` alone.
 */
import * as z from 'zod/mini'
import { type BundleFileName, type BundleKind, bundleKinds, fileNames } from './files.ts'

export const bundleFormat = 'sallyport-bundle/1'

export interface BundleFile {
  readonly name: Exclude<BundleFileName, typeof fileNames.manifest>
  readonly bytes: number
  /** 64 hexadecimal digits. */
  readonly sha256: string
}

export interface MonthReader {
  /** `2026-11`, of UTC */
  readonly month: string
  /** The pseudonym in the slots of that month: 16 hexadecimal digits. */
  readonly reader: string
}

export interface Manifest {
  readonly format: typeof bundleFormat
  /** The origin of the log. */
  readonly log: string
  /** The id of the export. */
  readonly export: string
  readonly kind: BundleKind
  /** In the grammar of searches. */
  readonly query: string
  /** Of what the reader's own people decided; absent: of what is about their organisation. */
  readonly decided_by?: 'us'
  /** RFC 3339, UTC, as are all times here. */
  readonly from: string
  readonly to: string
  /** Leaves of the tree when it was asked for: no record is beyond. The checkpoint may be of a larger tree. */
  readonly size: number
  /** Whose copy it is: a pseudonym for each month of which there is a record, in their order. */
  readonly readers: readonly MonthReader[]
  readonly by: { readonly person: string; readonly name: string; readonly organisation: string }
  readonly purpose: string
  /** When it was asked for: it is the same however often it is made. */
  readonly asked_at: string
  /** The id of the entry that granted it. */
  readonly entry: string
  readonly records: number
  /** All files but this one, in their order. */
  readonly files: readonly BundleFile[]
}

/** `2026-11` of an epoch of the log. */
export const monthOf = (epoch: number): string =>
  `${String(Math.floor(epoch / 12)).padStart(4, '0')}-${String((epoch % 12) + 1).padStart(2, '0')}`

const text = (most: number) => z.string().check(z.maxLength(most))
const whole = z.number().check(z.int(), z.minimum(0))
const instant = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/))

/** Names that are not known are refused: what nothing vouches for should not look as if it did. */
const shape = z.strictObject({
  format: z.literal(bundleFormat),
  log: text(1_000),
  export: text(100),
  kind: z.enum(bundleKinds),
  query: text(10_000),
  decided_by: z.optional(z.literal('us')),
  from: instant,
  to: instant,
  size: whole,
  readers: z
    .array(
      z.strictObject({
        month: z.string().check(z.regex(/^\d{4}-(0[1-9]|1[0-2])$/)),
        reader: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
      }),
    )
    .check(z.maxLength(2_000)),
  by: z.strictObject({ person: text(200), name: text(1_000), organisation: text(200) }),
  purpose: text(10_000),
  asked_at: instant,
  entry: text(100),
  records: whole,
  files: z
    .array(
      z.strictObject({
        name: z.enum(Object.values(fileNames).filter(isListed)),
        bytes: whole,
        sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      }),
    )
    .check(z.maxLength(Object.keys(fileNames).length)),
})

function isListed(name: BundleFileName): name is BundleFile['name'] {
  return name !== fileNames.manifest
}

/** JSON with its names in the order above, and a newline at its end. */
export const formatManifest = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** What JSON says of one; or which field is wrong. */
export function parseManifest(value: unknown): Manifest | { readonly field: string } {
  const read = z.safeParse(shape, value)
  // Fields that are not there are absent, since JSON has no other way to say so.
  if (read.success) return read.data as Manifest
  const [issue] = read.error.issues
  const field = [
    ...(issue?.path ?? []),
    ...(issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []),
  ]
  return { field: field.map(String).join('.') }
}
