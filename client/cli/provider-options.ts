/** Where an organisation's people sign in, as options. None of them is a secret. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { exit, Failure } from './failure.ts'

export interface ProviderOptions {
  readonly issuer?: string
  readonly clientId?: string
  readonly authentication?: string
  readonly acr?: readonly string[]
  readonly amr?: readonly string[]
}

export const addProviderOptions = (command: Command): Command =>
  command
    .option('--issuer <url>', 'of its OpenID provider, as in its metadata')
    .option('--client-id <id>', 'how the provider knows this gateway')
    .addOption(
      new Option('--authentication <how>', 'how the gateway proves itself there')
        .choices(['private_key_jwt', 'none'])
        .default('private_key_jwt'),
    )
    .option('--acr <values...>', 'each says that a sign-in could not be phished')
    .option('--amr <values...>', 'the same, of the methods')

/** `undefined` where none is named. */
export function providerOf(options: ProviderOptions): Readonly<Record<string, unknown>> | undefined {
  const { issuer, clientId, authentication, acr = [], amr = [] } = options
  if (issuer === undefined && clientId === undefined) return undefined
  if (issuer === undefined || clientId === undefined || acr.length + amr.length === 0)
    throw new Failure(exit.usage, 'A provider is named by --issuer, --client-id, and --acr or --amr.', {
      code: 'option_missing',
      next: 'Name all of them, or none.',
    })
  return { issuer, client_id: clientId, authentication, phishing_resistant: { acr, amr } }
}

interface Move {
  readonly person: string
  readonly subject: string
}

/** `<person>=<subject>`, again and again. */
export function readMove(text: string, before: readonly Move[] = []): readonly Move[] {
  const [, person, subject] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (person === undefined || subject === undefined)
    throw new InvalidArgumentError('It is <person>=<their sub at the new provider>.')
  return [...before, { person, subject }]
}
