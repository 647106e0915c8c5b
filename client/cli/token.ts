import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type CryptoKeyPair, generateKeyPair } from 'dpop'
import { modelResource } from '../issuer.ts'
import { decodeToken, verifyToken } from './access-token.ts'
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
    .action((argument: string) => revoke(cli, argument))
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
  const shown = decodeToken(text)
  if (verify) {
    const { gateway } = await cli.open()
    if ((await verifyToken(text, gateway.issuer, cli.fetch)) === 'expired')
      throw new Failure(exit.failed, 'The token has expired.', {
        code: 'token_expired',
        next: 'Request a new one: sallyport token issue',
      })
  }
  await cli.printValue(shown)
  // Also with --quiet: who reads the claims must not take them for the issuer's word.
  if (!verify) cli.terminal.say('signature not verified\n')
}

/** The token service answers every token alike (RFC 7009 §2.2), so that whose it is must be known before. */
async function revoke(cli: Cli, argument: string): Promise<void> {
  const text = await cli.readArgument(argument, 'token')
  const { iss, client_id: client } = decodeToken(text).claims
  const { gateway, profile } = await cli.open()
  if (iss !== gateway.issuer) throw foreign('issuer', iss, gateway.issuer)
  if (client !== profile.client_id) throw foreign('client', client, profile.client_id)
  const state = await verifyToken(text, gateway.issuer, cli.fetch)
  // An expired one too: if only the clock here is ahead, it still works for whoever has it.
  await gateway.revoke(text)
  cli.remark(state === 'valid' ? 'The token is revoked.' : 'The token had ended by itself already.')
}

const foreign = (what: 'issuer' | 'client', named: unknown, own: string): Failure =>
  new Failure(exit.refused, `The token is of the ${what} ${named}, not of ${own}.`, {
    code: `${what}_mismatch`,
    next: 'Name the profile that it was issued to, and its gateway: --profile, --endpoint',
  })
