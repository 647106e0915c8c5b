import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type CryptoKeyPair, generateKeyPair } from 'dpop'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { modelResource } from '../issuer.ts'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'

export function addToken(program: Command, cli: Cli): void {
  const token = program.command('token').description('access tokens of this client')
  token
    .command('issue')
    .description('request a key-bound token and print the answer')
    .option('--model <id>', 'the model it is for; without one, that of the profile or the only grant')
    .option('--scope <names>', 'a subset of what the agreement offers, names with a space between')
    .option('--purpose <name>', "one of the agreement's registered purposes")
    .option('--key-out <file>', 'keep the key that the token is bound to: a new file of mode 0600')
    .action((options: IssueOptions) => issue(cli, options))
  token
    .command('inspect')
    .description('show what a token says')
    .argument('[token]', 'the token; - or nothing reads stdin')
    .option('--verify', 'check the signature, the issuer and the time')
    .action((argument: string | undefined, options: { verify?: true }) =>
      inspect(cli, argument, options.verify ?? false),
    )
  token
    .command('revoke')
    .description('end a token of this client at once')
    .argument('<token>', 'the token; - reads stdin')
    .action(async (argument: string) => {
      const { gateway } = await cli.open()
      await gateway.revoke(await cli.readArgument(argument, 'token'))
      cli.remark('The token is revoked.')
    })
}

interface IssueOptions {
  readonly model?: string
  readonly scope?: string
  readonly purpose?: string
  readonly keyOut?: string
}

async function issue(cli: Cli, { model, scope, purpose, keyOut }: IssueOptions): Promise<void> {
  const proofKey = await generateKeyPair('ES256', { extractable: keyOut !== undefined })
  const { gateway, profile } = await cli.open({ proofKey, purpose })
  // Before the token: a token without its key would be of no use, and counted.
  if (keyOut !== undefined) await keepKey(keyOut, proofKey.privateKey)
  const wanted = model ?? profile.model
  const resource = wanted && modelResource(gateway.issuer, wanted)
  await cli.printValue(await gateway.token({ resource, scope }))
  if (keyOut === undefined)
    cli.remark('The key of this token was not kept, so that it can only be looked at: --key-out keeps it.')
}

async function keepKey(path: string, key: CryptoKeyPair['privateKey']): Promise<void> {
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', key)
  const text = `${JSON.stringify({ kty, crv, x, y, d, alg: 'ES256' })}\n`
  await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(exit.failed, `The key could not be written to ${path} (${error.code}).`)
  })
}

async function inspect(cli: Cli, argument: string | undefined, verify: boolean): Promise<void> {
  const text = await cli.readArgument(argument, 'token')
  const shown = decode(text)
  if (verify) await verifySignature(text, (await cli.open()).gateway.issuer)
  await cli.printValue(shown)
  // Also with --quiet: who reads the claims must not take them for the issuer's word.
  if (!verify) cli.terminal.say('signature not verified\n')
}

function decode(text: string): object {
  try {
    return { header: decodeProtectedHeader(text), claims: decodeJwt(text) }
  } catch {
    throw new Failure(exit.usage, 'What was given is not a signed JWT.')
  }
}

/** Against the keys of the configured issuer: the one that a token names may be anybody. */
async function verifySignature(text: string, issuer: string): Promise<void> {
  const jwks = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`))
  await jwtVerify(text, jwks, { issuer, typ: 'at+jwt', algorithms: ['ES256', 'ES384', 'Ed25519'] }).catch(
    (error: unknown) => {
      if (!(error instanceof errors.JOSEError)) throw error
      throw new Failure(exit.failed, `The token is not valid: ${error.message}.`, { code: error.code })
    },
  )
}
