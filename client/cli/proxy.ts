import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'
import { type ListenAddress, startProxy } from './proxy-server.ts'
import type { Terminal } from './terminal.ts'

export function addProxy(program: Command, cli: Cli): void {
  program
    .command('proxy')
    .description('sign for local tools: an address and a key on this machine for their SDKs')
    .addOption(
      new Option('--listen <address:port>', 'a loopback address; port 0 is any free one')
        .argParser(readListen)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
    .argument(
      '[command...]',
      'behind --: a command to run with them in its environment, which ends the proxy',
    )
    .action((command: readonly string[], { listen }: { listen: ListenAddress }) =>
      proxy(cli, listen, command),
    )
}

async function proxy(cli: Cli, listen: ListenAddress, command: readonly string[]): Promise<void> {
  const { gateway } = await cli.open()
  const { terminal } = cli
  const key = randomBytes(32).toString('base64url')
  const started = await startProxy(gateway, listen, key).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(exit.failed, `The proxy could not listen at port ${listen.port} (${error.code}).`, {
      code: 'port_unavailable',
      next: 'Let it take a free one: --listen 127.0.0.1:0',
    })
  })
  const variables = {
    OPENAI_BASE_URL: `${started.origin}/openai/v1`,
    OPENAI_API_KEY: key,
    ANTHROPIC_BASE_URL: `${started.origin}/anthropic`,
    ANTHROPIC_API_KEY: key,
  }
  const { host } = listen
  const detour = findDetour(terminal.env, host)
  if (detour)
    cli.remark(
      `${detour} is set: tools may send requests and the key there. NO_PROXY=${host} keeps them here.`,
    )
  try {
    if (command.length > 0) return cli.endWith(await terminal.launch(command, variables))
    if (cli.options().json) await cli.printValue(variables)
    else await terminal.write(exports(variables))
    cli.remark(
      `Signing for ${gateway.issuer} until Ctrl-C. Paste these lines into the shell of your tool, or start it\n` +
        'with them: sallyport proxy -- <command>',
    )
    if (!terminal.interrupted.aborted) await once(terminal.interrupted, 'abort')
    // It is there to be ended.
    cli.endWith(exit.ok)
  } finally {
    await started.close()
  }
}

/** For a POSIX shell. No value has a quote in it: base64url, and addresses. */
const exports = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('')

/** The variable that leads requests off this machine: many an HTTP library does not except loopback. */
function findDetour(env: Terminal['env'], host: string): string | undefined {
  const direct = `${env.NO_PROXY},${env.no_proxy}`.split(/[\s,]+/)
  if (direct.includes(host) || direct.includes('*')) return undefined
  return ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].find(name => env[name])
}

/** No other name is taken: what it resolves to is somebody else's to say. */
function readListen(text: string): ListenAddress {
  const [, host = '', digits] = /^(localhost|127[\d.]+|\[::1\]):(\d{1,5})$/.exec(text) ?? []
  const address = loopback.get(host) ?? host
  const port = Number(digits)
  if (isIP(address) === 0 || !(port <= 65_535))
    throw new InvalidArgumentError('It is a loopback address and a port: 127.0.0.1:0, [::1]:8787.')
  return { host: address, port }
}

const loopback: ReadonlyMap<string, string> = new Map([
  ['localhost', '127.0.0.1'],
  ['[::1]', '::1'],
])
