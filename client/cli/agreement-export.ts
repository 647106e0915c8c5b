/** `agreement export`: a version as files that anybody can verify by themselves, with this program or with another. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { digestOf } from '../../shared/agreements/document.ts'
import { at, textAt } from '../json.ts'
import { digestOption, noun } from './agreement-document.ts'
import { readKeys, verifyFiles } from './agreement-verification.ts'
import type { Cli } from './cli.ts'
import { formatFacts, listAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { recordPath } from './record-commands.ts'
import { readRecord } from './records.ts'

export function addExport(agreement: Command, cli: Cli): void {
  agreement
    .command('export')
    .description('write it, its signatures and their keys to a folder, to be verified offline')
    .argument('<agreement>', 'its id')
    .requiredOption('--to <folder>', 'a new folder, or an empty one')
    .option('--digest <digest>', 'another version than that in force', digestOption)
    .action((id: string, options: Asked) => exportTo(cli, id, options))
}

interface Asked {
  readonly to: string
  readonly digest?: string
}

async function exportTo(cli: Cli, id: string, { to, digest: asked }: Asked): Promise<void> {
  await judgeFolder(to)
  const query = asked === undefined ? '' : `?digest=${asked}`
  const told = await readRecord(cli, `${recordPath(noun, id)}/export${query}`)
  const files = filesOf(told)
  const digest = digestOf(files.get('agreement.json') ?? '')
  if (digest !== textAt(told, 'digest') || (asked !== undefined && digest !== asked))
    throw new Failure(exit.tampered, 'The digest is not that of the document that the gateway gives.', {
      code: 'digest_mismatch',
      next: 'Nothing was written. Ask whoever operates the gateway.',
    })
  await writeAll(to, files)
  const missing = unsigned(files)
  if (cli.options().json)
    return cli.printValue({ agreement: id, digest, folder: to, files: [...files.keys()], missing })
  await cli.terminal.write(
    formatFacts([
      ['agreement', `${id}, version ${at(told, 'terms_version')}`],
      ['digest', digest],
      ['written', `${[...files.keys()].join(', ')} in ${to}`],
      ['missing', missing.length > 0 ? `the signatures of ${missing.join(', ')}` : undefined],
      ['verify', `sallyport agreement verify ${to}`],
    ]),
  )
}

/** By name, in the order in which they are told. */
function filesOf(told: unknown): ReadonlyMap<string, string> {
  const document = textAt(told, 'document')
  if (document === undefined) throw malformed()
  const signatures = listAt(told, 'signatures').map(one => {
    const [organisation, jws] = [textAt(one, 'organisation'), textAt(one, 'jws')]
    // It becomes the name of a file.
    if (jws === undefined || !/^[a-z0-9][a-z0-9._-]{0,100}$/.test(organisation ?? '')) throw malformed()
    return [`${organisation}.jws`, jws] as const
  })
  return new Map([
    ['agreement.json', document],
    ...signatures,
    ['keys.json', `${JSON.stringify({ keys: keysOf(told) }, null, 2)}\n`],
    ['README.txt', readme],
  ])
}

/**
 * Those that the gateway signs its statements with, the ones from before too, and each other one with whose it is: it
 * counts for them alone.
 */
function keysOf(told: unknown): readonly object[] {
  const used = (kind: string): readonly unknown[] =>
    listAt(told, 'signatures').filter(one => textAt(one, 'kind') === kind)
  const statements = listAt(told, 'statement_keys', 'keys')
  const former = used('attested')
    .map(one => ({ ...(at(one, 'jwk') as object), kid: textAt(one, 'kid') }))
    .filter(({ kid }, i, all) => all.findIndex(one => one.kid === kid) === i)
    .filter(({ kid }) => !statements.some(one => textAt(one, 'kid') === kid))
  const own = used('key').map(one => ({
    ...(at(one, 'jwk') as object),
    kid: textAt(one, 'kid'),
    organisation: textAt(one, 'organisation'),
  }))
  const keys = [...statements, ...former, ...own] as readonly object[]
  if (typeof readKeys({ keys }) === 'string') throw malformed()
  return keys
}

const malformed = (): Failure =>
  new Failure(exit.failed, 'The gateway gives no export that could be verified. Nothing was written.', {
    code: 'export_malformed',
    next: 'Ask whoever operates the gateway.',
  })

const readme = `agreement.json is what was signed, byte for byte; its identity is the SHA-256 of it. Each .jws is the signature of the organisation it is named after.
With the program: sallyport agreement verify <this folder>. It asks nobody. With --keys <file> it takes keys that you got elsewhere, for instance from /api/v1/keys of the gateway, in place of keys.json.
With another library: verify each .jws (RFC 7515) with the key of its kid in keys.json; the payload is agreement.json itself (typ sallyport-agreement+jws), or says who signed its digest (typ sallyport-attestation+jwt).
`

async function judgeFolder(path: string): Promise<void> {
  const there = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw unwritable(path, error)
  })
  if (there.length > 0)
    throw new Failure(exit.failed, `There is something in ${path} already. Nothing was written.`, {
      code: 'file_exists',
      next: 'Name a new folder: --to <folder>',
    })
}

async function writeAll(path: string, files: ReadonlyMap<string, string>): Promise<void> {
  try {
    // Agreements are confidential: whoever is to have the files is given them.
    await mkdir(path, { recursive: true, mode: 0o700 })
    for (const [name, content] of files)
      await writeFile(join(path, name), content, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw unwritable(path, error as NodeJS.ErrnoException)
  }
}

const unwritable = (path: string, { code }: NodeJS.ErrnoException): Failure =>
  new Failure(exit.failed, `The folder ${path} could not be written (${code}).`, {
    code: 'file_unwritable',
    next: 'Name another one: --to <folder>',
  })

/** The parties that have not signed, of a version that not all have signed yet. */
function unsigned(files: ReadonlyMap<string, string>): readonly string[] {
  const { document } = verifyFiles({
    document: Buffer.from(files.get('agreement.json') ?? ''),
    signatures: new Map(),
    keys: [],
  })
  return (document?.parties ?? []).map(one => one.organisation).filter(one => !files.has(`${one}.jws`))
}
