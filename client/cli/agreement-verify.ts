/** `agreement verify`: whether the files of an export are what its parties signed. It asks no gateway. */
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { digestOption } from './agreement-document.ts'
import {
  type Files,
  type Key,
  readKeys,
  type Signed,
  type Verification,
  verifyFiles,
} from './agreement-verification.ts'
import type { Cli } from './cli.ts'
import { type Fact, formatFacts, quoted, utc } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { readJsonFile } from './json-file.ts'

interface Asked {
  readonly keys?: readonly string[]
  readonly digest?: string
}

export function addVerify(agreement: Command, cli: Cli): void {
  agreement
    .command('verify')
    .description('verify an exported agreement by its files alone; a changed byte ends with 6')
    .argument('<folder>', 'as agreement export wrote it')
    .option('--digest <digest>', 'the digest that you expect', digestOption)
    .option(
      '--keys <[organisation=]file...>',
      'keys that you got elsewhere, in place of keys.json: those of the gateway, as /api/v1/keys answers, and of an organisation its own',
    )
    .action((folder: string, options: Asked) => verify(cli, folder, options))
}

async function verify(cli: Cli, folder: string, { keys: pinned, digest }: Asked): Promise<void> {
  const files = await readFiles(cli, folder, pinned)
  const found = verifyFiles(files, digest)
  const faults = [...files.faults, ...found.faults]
  const verified = faults.length === 0
  if (cli.options().json)
    await cli.printValue({
      verified,
      digest: found.digest,
      agreement: found.document?.agreement ?? null,
      version: found.document?.version ?? null,
      signatures: found.signed,
      keys: pinned ? 'pinned' : 'exported',
      faults,
    })
  else await cli.terminal.write(formatFacts(factsOf(found, faults, pinned)))
  if (!verified)
    throw new Failure(exit.tampered, 'It is not shown that its parties signed this.', {
      code: 'verification_failed',
      next: 'See what is WRONG, and rely on none of it.',
    })
}

type Read = Files & { readonly faults: readonly string[] }

/** What cannot be read as a key is a fault of the files; only a folder that is none is one of whoever typed it. */
async function readFiles(cli: Cli, folder: string, pinned: readonly string[] | undefined): Promise<Read> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(exit.usage, `The folder ${folder} could not be read (${error.code}).`, {
      code: 'file_unreadable',
      next: 'Name one that agreement export wrote.',
    })
  })
  if (!names.includes('agreement.json'))
    throw new Failure(exit.usage, `There is no agreement.json in ${folder}.`, {
      code: 'file_unreadable',
      next: 'Name a folder that agreement export wrote.',
    })
  const signed = names.filter(name => name.endsWith('.jws'))
  const signatures = await Promise.all(
    // Latin-1 keeps every byte: a JWS is ASCII, and what is not shows as that.
    signed.map(
      async name =>
        [name.slice(0, -'.jws'.length), (await readWhole(folder, name)).toString('latin1')] as const,
    ),
  )
  const keys = pinned ? await pinnedKeys(cli, pinned) : await exportedKeys(folder, names)
  return {
    document: await readWhole(folder, 'agreement.json'),
    signatures: new Map(signatures),
    keys: typeof keys === 'string' ? [] : keys,
    faults: typeof keys === 'string' ? [`keys.json: ${keys}.`] : [],
  }
}

/** Bytes: ten times what a document or a signature may have. */
const mostBytes = 1_000_000

/** Whoever wrote the folder may mean harm: a pipe has no end, and a link leads elsewhere. */
async function readWhole(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name)
  const unreadable = (why: string): Failure =>
    new Failure(exit.usage, `The file ${path} could not be read (${why}).`, {
      code: 'file_unreadable',
      next: 'Export it anew: sallyport agreement export <agreement> --to <new folder>',
    })
  try {
    const facts = await lstat(path)
    if (!facts.isFile()) throw unreadable('it is no plain file')
    if (facts.size > mostBytes) throw unreadable(`it has more than ${mostBytes} bytes`)
    return await readFile(path)
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(String((error as NodeJS.ErrnoException).code))
  }
}

async function exportedKeys(folder: string, names: readonly string[]): Promise<readonly Key[] | string> {
  if (!names.includes('keys.json')) return 'it is missing'
  const text = (await readWhole(folder, 'keys.json')).toString('utf8')
  try {
    return readKeys(JSON.parse(text))
  } catch {
    return 'it is no JSON'
  }
}

/** `halcyon=<file>`: what is in the file and says of nobody that it is theirs is a key of halcyon. */
async function pinnedKeys(cli: Cli, given: readonly string[]): Promise<readonly Key[]> {
  const lists = await Promise.all(
    given.map(async one => {
      const [, organisation, named] = /^([a-z0-9][a-z0-9-]{0,62})=(.+)$/s.exec(one) ?? []
      const path = named ?? one
      const read = await readJsonFile(cli, path)
      const keys = readKeys(read)
      if (typeof keys !== 'string') return pinnedTo(organisation, path, keys, !('keys' in read))
      throw new Failure(exit.usage, `The file ${path} holds no keys to verify with: ${keys}.`, {
        code: 'file_malformed',
        next: 'It is a JWK set, as /api/v1/keys of the gateway answers, or one public JWK.',
      })
    }),
  )
  return lists.flat()
}

/** Whoever made the file says nothing of whose its keys are that whoever typed the option says otherwise. */
function pinnedTo(
  organisation: string | undefined,
  path: string,
  keys: readonly Key[],
  alone: boolean,
): readonly Key[] {
  const other = keys.find(
    key => organisation !== undefined && (key.organisation ?? organisation) !== organisation,
  )
  if (other !== undefined)
    throw new Failure(
      exit.usage,
      `The file ${path} holds a key of ${other.organisation}, not of ${organisation}.`,
      {
        code: 'file_malformed',
        next: 'Name a file with the keys of that organisation alone, as you got it from them.',
      },
    )
  if (organisation !== undefined) return keys.map(key => ({ ...key, organisation }))
  // A gateway answers with a set. One that was meant as a party's own would state what every other party has signed.
  if (alone && keys.some(key => key.organisation === undefined))
    throw new Failure(exit.usage, `The file ${path} holds one key, and nothing says whose it is.`, {
      code: 'option_missing',
      next: `Say whose it is: --keys <organisation>=${path}`,
    })
  return keys
}

function factsOf(found: Verification, faults: readonly string[], pinned: unknown): readonly Fact[] {
  const { document, digest, signed } = found
  return [
    [
      faults.length === 0 ? 'verified' : 'NOT',
      faults.length === 0 ? 'every signature, over these very bytes' : 'verified',
    ],
    [
      'agreement',
      document && `${document.agreement}, version ${document.version}: ${quoted(document.title)}`,
    ],
    ['digest', digest],
    ...signed.map((one): Fact => ['signed', signedText(one)]),
    ...faults.map((fault): Fact => ['WRONG', fault]),
    [
      'trust',
      pinned
        ? `the keys are those that you named${faults.length > 0 ? '; of a party’s own say whose it is: --keys <organisation>=<file>' : ''}`
        : 'the keys came with the files: whoever could change those could change these. Compare them with keys that you got elsewhere: --keys <file>',
    ],
  ]
}

function signedText(signed: Signed): string {
  const { organisation, kid } = signed
  if (signed.kind === 'key') return `${organisation}: with its own key ${kid}, which says no time`
  const { name, role, issuer, signedInAt, at } = signed
  return `${organisation}: ${name} (${role}), ${utc(at)}, signed in at ${signedInAt}; attested by ${issuer} with the key ${kid}`
}
