/**
 * One ministack on this machine, over TLS and with authorization: bucket policies refuse plain HTTP, and functions
 * act under their own roles. It ends with the process that started it, at the latest.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { delimiter, dirname, join, resolve } from 'node:path'
import { launch } from '../localstack/launch.ts'
import { withLock } from '../localstack/lock.ts'
import { endProcessesWith } from '../localstack/process-table.ts'
import { choosePort } from '../port.ts'
import { installMinistack } from './install.ts'

export interface Ministack {
  readonly endpoint: string
  /** Of the certificate that `endpoint` shows, which is its own issuer. */
  readonly certificate: string
  readonly log: string
  /** Ends all its processes; the log stays. */
  stop(): Promise<void>
}

/** Installs what is not installed yet, and starts on a free port. Throws when it does not start. */
export async function startMinistack(
  folder: string,
  say = (_: string): void => undefined,
): Promise<Ministack> {
  const home = resolve(folder)
  const python = await installMinistack(say)
  const waiting = (): void => say('Another process starts this ministack: waiting for it.')
  return withLock(join(home, 'lock'), waiting, async () => {
    await clear(home)
    try {
      return await start(python, home)
    } catch (error) {
      await clear(home)
      throw error
    }
  })
}

const tmpFolder = (home: string): string => join(home, 'tmp')

/** All state is in memory, and in files that mean nothing without it. */
async function clear(home: string): Promise<void> {
  await endProcessesWith([` --instance=${home} `, ` ${tmpFolder(home)}/ministack-lambda-`])
  rmSync(tmpFolder(home), { recursive: true, force: true })
}

async function start(python: string, home: string): Promise<Ministack> {
  const port = await choosePort(0)
  const tmp = tmpFolder(home)
  mkdirSync(tmp, { recursive: true })
  // Functions are unpacked below: without one of its own Node would ask this project's whether they are modules.
  writeFileSync(join(tmp, 'package.json'), '{}\n')
  const endpoint = `https://127.0.0.1:${port}`
  const certificate = join(tmp, 'ministack-tls', 'server.crt')
  const log = join(home, 'ministack.log')
  await launch({
    name: 'ministack',
    command: [python, '-m', 'ministack_host', `--instance=${home}`, '--owned'],
    env: environment(tmp, port),
    cwd: tmp,
    log,
    owned: true,
    isReady: () => answers(`${endpoint}/_ministack/health`, certificate),
  })
  return { endpoint, certificate, log, stop: () => clear(home) }
}

/** The certificate is made at its start: no other server can be taken for it. */
function answers(url: string, certificate: string): Promise<boolean> {
  if (!existsSync(certificate)) return Promise.resolve(false)
  return new Promise(done => {
    get(url, { ca: readFileSync(certificate), agent: false }, response => {
      response.resume()
      done(response.statusCode === 200)
    }).on('error', () => done(false))
  })
}

const environment = (tmp: string, port: number): Record<string, string> => ({
  // Functions run on the first `node` of it.
  PATH: [dirname(process.execPath), process.env.PATH ?? '/usr/bin:/bin'].join(delimiter),
  HOME: tmp,
  TMPDIR: tmp,
  STATE_DIR: join(tmp, 'state'),
  S3_DATA_DIR: join(tmp, 's3'),
  LANG: 'C.UTF-8',
  PYTHONPATH: join(import.meta.dirname, 'python'),
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  NODE_OPTIONS: `--require=${join(import.meta.dirname, 'preload.cjs')}`,
  BIND_HOST: '127.0.0.1',
  GATEWAY_PORT: String(port),
  USE_SSL: '1',
  AUTH: 'true',
  IOT_MTLS_ENABLED: '0',
  SFTP_ENABLED: '0',
})
