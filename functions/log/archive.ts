/**
 * Sealed bodies: what the tree commits to, kept as objects for when the table has let go of it. The same lines give the
 * same bytes, so that two sequencers that make one commit agree.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Secrets } from '../../shared/ports/keys.ts'

/** A line of an archive: what of an entry never changes, and its place in the tree. */
export interface Archived {
  readonly i: number
  readonly eid: string
  readonly body: string
  readonly exact: Entry['exact']
  readonly attr?: string
  readonly organisation?: string
  readonly actor?: string
}

export const archiveFolder = 'body/'

export interface ArchiveName {
  readonly epoch: number
  /** Hours since 1970. */
  readonly hour: number
  /** The places of the first and the last entry in it. */
  readonly first: number
  readonly last: number
}

/** `body/<epoch>/<hour of the epoch's time>/<first>-<last>` */
export const archiveKey = ({ epoch, hour, first, last }: ArchiveName): string =>
  `${archiveFolder}${epoch}/${hour}/${first}-${last}`

const shape = /^body\/(\d+)\/(\d+)\/(\d+)-(\d+)$/

/** `undefined` where a key names no archive. */
export function parseArchiveKey(key: string): ArchiveName | undefined {
  const [, epoch, hour, first, last] = shape.exec(key) ?? []
  if (last === undefined) return undefined
  return { epoch: Number(epoch), hour: Number(hour), first: Number(first), last: Number(last) }
}

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** What the key of an epoch's archives is derived by, in the domain `seal`. */
const archiveLabel = (epoch: number): string => `body/${epoch}`

/** A map of the store keeps no order of its names, and the same entry must give the same bytes. */
function lineOf({ exact: { time, start }, ...line }: Archived): string {
  return `${JSON.stringify({ ...line, exact: { time, ...(start !== undefined && { start }) } })}\n`
}

/** The nonce is made of what is sealed: of two texts no two have the same, and one text has always the same. */
export async function sealArchive(
  secrets: Pick<Secrets, 'derive'>,
  epoch: number,
  archived: readonly Archived[],
): Promise<Uint8Array> {
  const key = await secrets.derive('seal', archiveLabel(epoch))
  const text = Buffer.from(archived.map(lineOf).join(''))
  const nonce = createHmac('sha256', key).update(text).digest().subarray(0, nonceBytes)
  const sealing = createCipheriv(cipher, key, nonce)
  return Buffer.concat([nonce, sealing.update(text), sealing.final(), sealing.getAuthTag()])
}

/** Throws where these bytes were not sealed for that epoch. */
export async function openArchive(
  secrets: Pick<Secrets, 'derive'>,
  epoch: number,
  bytes: Uint8Array,
): Promise<readonly Archived[]> {
  const key = await secrets.derive('seal', archiveLabel(epoch))
  const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
  opening.setAuthTag(bytes.subarray(-tagBytes))
  const text = Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()])
  return text
    .toString()
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Archived)
}
