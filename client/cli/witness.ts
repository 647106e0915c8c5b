/**
 * `sallyport witness serve`: a witness of logs, run by somebody else than their operator. By its cosignature it says that
 * the tree has only grown since it last looked, and that it has seen no other tree.
 */
import { once } from 'node:events'
import { isIP } from 'node:net'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'
import { replaceSecretFile } from './profile-file.ts'
import type { ListenAddress } from './proxy-server.ts'
import { createCosigner } from './witness-cosigner.ts'
import { openWitnessKey } from './witness-key.ts'
import { lockFile } from './witness-lock.ts'
import { type NamedLogs, readLogKeys } from './witness-logs.ts'
import { openMemory, placeOfState } from './witness-memory.ts'
import { startWitnessServer, type WitnessServer } from './witness-server.ts'

interface ServeOptions extends NamedLogs {
  readonly listen: ListenAddress
  readonly state: string
  readonly key: string
  readonly name?: string
  readonly unusedKey?: true
}

const defaultListen = { host: '127.0.0.1', port: 8791 }

export function addWitness(program: Command, cli: Cli): void {
  const witness = program
    .command('witness')
    .description('cosign what a log says of itself, for those who read it')
  witness
    .command('serve')
    .description('answer a log that asks for cosignatures, until Ctrl-C')
    .requiredOption(
      '--state <file>',
      'what it has seen; made at the first start, and never to be lost or copied back',
    )
    .requiredOption(
      '--key <file>',
      'its private key, a JWK of Ed25519; made at the first start, of mode 0600',
    )
    .option('--log <vkey>', 'the key of a log that it watches; may be repeated', several)
    .option(
      '--log-url <url>',
      'its address, ending in /log: its key is asked for once; may be repeated',
      several,
    )
    .option('--name <name>', 'what it is called, at its first start, for instance witness.example/w1')
    .addOption(
      new Option(
        '--listen <address:port>',
        'an IP address; in front of any but loopback stands what ends TLS',
      )
        .argParser(readListen)
        .default(defaultListen, '127.0.0.1:8791'),
    )
    .option('--unused-key', 'the key has never cosigned: begin a new state for it')
    .action((options: ServeOptions) => serve(cli, options))
}

async function serve(cli: Cli, options: ServeOptions): Promise<void> {
  const { terminal } = cli
  const state = await placeOfState(options.state)
  const lock = await lockFile(state)
  try {
    const files = { state, key: options.key, unusedKey: options.unusedKey === true }
    const { key, stored } = await openWitnessKey({
      ...files,
      ...(options.name !== undefined && { name: options.name }),
    })
    const { keys: logs, pinned } = await readLogKeys(cli, options, stored.pinned)
    const whole = { ...stored, pinned }
    if (pinned.length > stored.pinned.length) await replaceSecretFile(state, whole)
    const memory = await openMemory(state, whole, key.verifier)
    const cosigner = createCosigner({
      ...{ key, memory, logs },
      now: () => terminal.now(),
      tell: text => cli.remark(text),
    })
    const server = await startWitnessServer(cosigner, key.vkey, options.listen, error =>
      terminal.say(`error: nothing was cosigned: ${error instanceof Error ? error.message : 'unknown'}\n`),
    ).catch((error: NodeJS.ErrnoException) => {
      throw new Failure(
        exit.failed,
        `The witness could not listen at port ${options.listen.port} (${error.code}).`,
        {
          code: 'port_unavailable',
          next: 'Let it take another one: --listen 127.0.0.1:0 is any free one.',
        },
      )
    })
    await untilInterrupted(cli, server, key.vkey)
  } finally {
    lock.release()
  }
}

async function untilInterrupted(cli: Cli, server: WitnessServer, vkey: string): Promise<void> {
  const { terminal } = cli
  try {
    await (cli.options().json
      ? cli.printValue({ url: server.origin, vkey })
      : terminal.write(`ready ${server.origin} ${vkey}\n`))
    if (!terminal.interrupted.aborted) await once(terminal.interrupted, 'abort')
    // It is there to be ended.
    cli.endWith(exit.ok)
  } finally {
    await server.close()
  }
}

const several = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

function readListen(text: string): ListenAddress {
  const [, host = '', digits] = /^(localhost|[\d.]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text) ?? []
  const address = host === 'localhost' ? '127.0.0.1' : host.replace(/^\[|\]$/g, '')
  const port = Number(digits)
  if (isIP(address) === 0 || !(port <= 65_535))
    throw new InvalidArgumentError('It is an IP address and a port: 127.0.0.1:8791, [::1]:8791.')
  return { host: address, port }
}
