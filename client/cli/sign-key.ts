/**
 * `sallyport person sign-key`: the key that somebody signs agreements with. Its private half stays in a file on their
 * machine; only what it has signed is sent.
 */
import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { type Command, Option } from 'commander'
import {
  type StatementSigner,
  type StatementType,
  signStatement,
  statementTypes,
  verifyStatement,
} from '../../shared/agreements/statement.ts'
import { algorithms, curves, readPublicJwk, thumbprint } from '../../shared/oauth/public-jwk.ts'
import type { PrivateJwk } from '../client-key.ts'
import { generateClientKey } from '../enrol.ts'
import { textAt } from '../json.ts'
import { readKeyFile, SecretFileError } from '../key-file.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { listAt, utcShort } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { createSecretFile, isThere, outExists } from './profile-file.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { column, fields, printRows, readRecord } from './records.ts'

const noun: Noun = { name: 'person', path: '/people' }

type PublicJwk = NonNullable<ReturnType<typeof readPublicJwk>>
type SigningAlgorithm = (typeof algorithms)[number]

/** A private key at hand, for as long as a command runs. */
export interface OwnKey {
  readonly kid: string
  readonly publicJwk: PublicJwk
  /** A compact JWS over the payload as it stands. */
  sign(type: StatementType, payload: string): Promise<string>
}

export function addSignKey(person: Command, cli: Cli): void {
  const group = person
    .command('sign-key')
    .description('keys that you sign agreements with, in place of an attestation')
  group
    .command('create')
    .description('make a key in a new file of mode 0600; nothing is sent')
    .requiredOption('--out <file>', 'where it goes')
    .addOption(new Option('--algorithm <name>', 'which kind').choices(algorithms).default('ES256'))
    .action((options: { readonly out: string; readonly algorithm: SigningAlgorithm }) => create(cli, options))
  group
    .command('public')
    .description('print the public half of a key, for whoever verifies what you sign; nothing is sent')
    .requiredOption('--key <file>', 'the private key, a JWK in a file of mode 0600')
    .action(async ({ key }: { readonly key: string }) => {
      const { publicJwk, kid } = await readOwnKey(key)
      await cli.printValue({ ...publicJwk, kid })
    })
  group
    .command('list')
    .description('the keys that somebody signs with, and those that have ended')
    .argument('[person]', 'their id; your own unless given', 'me')
    .action(async (id: string) =>
      printRows(cli, listAt(await readRecord(cli, recordPath(noun, id)), 'signing_keys'), {
        table: [
          column('KEY', 'kid'),
          { title: 'SINCE (UTC)', value: row => utcShort(textAt(row, 'registered_at')) },
          { title: 'UNTIL (UTC)', value: row => utcShort(textAt(row, 'ended_at')) },
        ],
        csv: fields('kid', 'alg', 'registered_at', 'ended_at', 'entry'),
        none: 'No key is registered: sallyport person sign-key create --out <file> makes one.',
      }),
    )
  const add = group
    .command('add')
    .description('register the public half of a key of your own; from then on you may sign with it')
    .argument('<person>', 'your id, or me')
    .requiredOption(
      '--key <file>',
      'the private key, a JWK in a file of mode 0600: it proves that you have it',
    )
  type Adding = DecisionOptions & { readonly key: string }
  addDecisionOptions(add).action(async (id: string, options: Adding) => {
    const key = await readOwnKey(options.key)
    const record = recordPath(noun, id)
    const { issuer } = (await cli.openPerson()).gateway
    const claims = { aud: issuer, sub: id, iat: Math.floor(cli.terminal.now() / 1000), jti: randomUUID() }
    const proof = await key.sign(statementTypes.signatory, JSON.stringify(claims))
    await decide(cli, `${record}/signing-keys`, {
      id,
      noun: noun.name,
      record,
      params: { public_key: key.publicJwk, proof },
      options,
    })
    if (!options.dryRun)
      cli.remark(`The key is ${key.kid}. Sign with it: sallyport agreement sign <agreement> --key <file>`)
  })
  const end = group
    .command('end')
    .description('sign nothing more with a key; what it has signed stays signed')
    .argument('<person>', 'your id, or me')
    .argument('<kid>', 'the thumbprint of the key, as sign-key list shows it')
  addDecisionOptions(end).action(async (id: string, kid: string, options: DecisionOptions) => {
    if (!/^[A-Za-z0-9_-]{43}$/.test(kid))
      throw new Failure(exit.usage, 'That is no thumbprint of a key: it is 43 characters of base64url.', {
        code: 'id_malformed',
        next: 'sallyport person sign-key list',
      })
    const record = recordPath(noun, id)
    await decide(cli, `${record}/signing-keys/${kid}/end`, { id, noun: noun.name, record, options })
  })
}

async function create(
  cli: Cli,
  { out, algorithm }: { readonly out: string; readonly algorithm: SigningAlgorithm },
): Promise<void> {
  if (await isThere(out)) throw outExists(out)
  const key = await generateClientKey(algorithm)
  await createSecretFile(out, key)
  if (cli.options().json) await cli.printValue({ kid: key.kid, file: out })
  cli.remark(`The key ${key.kid} is in ${out}. Keep it to yourself, and register it:`)
  cli.remark(`sallyport person sign-key add me --key ${out}`)
}

/** Throws a `Failure` or a `SecretFileError` that tells nothing of the key. */
export async function readOwnKey(path: string): Promise<OwnKey> {
  // Whoever gives the key itself has shown it to all who read the list of processes: it is not shown again.
  if (/[{}]/.test(path))
    throw new Failure(
      exit.usage,
      'A private key is a secret, and everybody on this machine can read the arguments of a command.',
      { code: 'secret_as_argument', next: 'Name the file that holds it, of mode 0600: --key <file>' },
    )
  const jwk = await readKeyFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof SecretFileError) throw error
    throw new Failure(exit.usage, `The key ${path} could not be read (${error.code}).`, {
      code: 'file_unreadable',
      next: 'Make one: sallyport person sign-key create --out <file>',
    })
  })
  return ownKeyOf(jwk, path)
}

function ownKeyOf(jwk: PrivateJwk, path: string): OwnKey {
  const { kty, crv, x, y } = jwk
  const alg = algorithms.find(one => curves[one].crv === crv)
  const publicJwk = alg && readPublicJwk({ kty, crv, x, ...(y !== undefined && { y }) }, alg)
  const key = importKey(jwk)
  if (alg === undefined || publicJwk === undefined || key === undefined) throw unfit(path)
  const kid = thumbprint(publicJwk)
  const digest = curves[alg].digest
  const signer: StatementSigner = {
    kid,
    alg,
    sign: async bytes => sign(digest, bytes, { key, dsaEncoding: 'ieee-p1363' }),
  }
  return {
    kid,
    publicJwk,
    async sign(type, payload) {
      const jws = await signStatement(signer, type, payload)
      // A private half beside the public one of another key signs what nobody can verify.
      if (typeof verifyStatement(jws, type, publicJwk) === 'string') throw unfit(path)
      return jws
    },
  }
}

function importKey({ kty, crv, x, y, d }: PrivateJwk): KeyObject | undefined {
  try {
    return createPrivateKey({ format: 'jwk', key: { kty, crv, x, ...(y !== undefined && { y }), d } })
  } catch {
    return undefined
  }
}

const unfit = (path: string): SecretFileError =>
  new SecretFileError(
    'key_missing',
    `${path} holds no private JWK of P-256, P-384 or Ed25519 that can sign.`,
    'Make one: sallyport person sign-key create --out <file>',
  )
