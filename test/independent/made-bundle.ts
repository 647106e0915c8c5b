/** The file of an export, made by the product and fetched by whoever asked; and how a test spoils it. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { unzipSync, zipSync } from 'fflate'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { terminalPeople } from '../world/terminal-people.ts'

export type Files = Record<string, Uint8Array>

export interface MadeBundle {
  readonly world: EmbeddedWorld
  readonly vkey: string
  /** Its path, and what is in it. */
  readonly file: string
  readonly files: Files
}

export async function makeBundle(): Promise<MadeBundle> {
  const world = await openEmbedded()
  try {
    const people = terminalPeople(world)
    await (await world.raw('cedar').chat()).text()
    // In the tree, so that a search that is pinned to it finds the call.
    const found = async () => (await people.json('ada', 'log', 'search', 'type:outcome')) as unknown[]
    while ((await found()).length === 0) await setTimeout(250)
    const vkey = (await (await fetch(`${world.issuer}/log/vkey`)).text()).trimEnd()
    const file = join(world.data, 'export.zip')
    const asked = ['export', 'create', 'type:access,decision', 'time:-1d..now', '--purpose', 'A review']
    const { code, err } = await people.as('ada', ...asked, '--out', file)
    if (code !== 0) throw new Error(err)
    return { world, vkey, file, files: unzipSync(await readFile(file)) }
  } catch (error) {
    await world.close()
    throw error
  }
}

/** Packed anew, with a manifest that fits: so a digest in it is not what finds the fault. Its path. */
export async function packSpoiled({ world, files }: MadeBundle, spoiled: Files): Promise<string> {
  const out = join(world.data, 'changed.zip')
  await writeFile(out, zipSync(fitting({ ...files, ...spoiled })))
  return out
}

export const textOf = (file: Uint8Array | undefined): string => Buffer.from(file ?? []).toString()
export const linesOf = (file: Uint8Array | undefined): readonly string[] =>
  textOf(file).split('\n').slice(0, -1)

/** Throws where there is nothing to change: such a test would judge the file as it was. */
export function changed(
  file: Uint8Array | undefined,
  from: RegExp,
  to: string | ((found: string) => string),
) {
  const text = textOf(file)
  const after = text.replace(from, found => (typeof to === 'string' ? to : to(found)))
  if (after === text) throw new Error(`${from} changes nothing`)
  return Buffer.from(after)
}
export const other = (digit: string): string => (digit === 'A' ? 'B' : 'A')

/** With a manifest that has the digests of these files. */
function fitting(files: Files): Files {
  const manifest = JSON.parse(textOf(files['manifest.json']))
  for (const each of manifest.files) {
    const bytes = files[each.name] ?? new Uint8Array()
    each.bytes = bytes.length
    each.sha256 = createHash('sha256').update(bytes).digest('hex')
  }
  return { ...files, 'manifest.json': Buffer.from(JSON.stringify(manifest)) }
}
