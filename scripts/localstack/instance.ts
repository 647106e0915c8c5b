/**
 * One LocalStack on this machine: its gateway, DynamoDB and the processes of functions. Each has a folder of its
 * own, whose name stands in all their command lines: so several run side by side, and none is lost sight of.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { choosePort } from '../port.ts'
import { cacheFolder } from './cache.ts'
import { type Installation, installLocalStack } from './install.ts'
import { launch } from './launch.ts'
import { withLock } from './lock.ts'
import { endProcessesWith, processesWith } from './process-table.ts'

export interface Instance {
  readonly endpoint: string
  readonly folder: string
  readonly log: string
}

export interface InstanceOptions {
  readonly folder: string
  /** 0 takes any free one. */
  readonly port: number
  /** It ends with this process, however that one ends; otherwise it runs until it is stopped. */
  readonly owned?: boolean
  readonly say?: (line: string) => void
}

/** LocalStack's own. */
export const defaultPort = 4566

/** Where an instance keeps its log and, while it runs, the code of functions and objects. */
export const instanceFolder = (name: string): string => join(cacheFolder('localstack'), 'instances', name)

/**
 * Installs what is not installed yet, and starts. An instance that runs in this folder already is returned as it
 * is. Throws when it does not start, with the end of its log.
 */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { say = () => undefined } = options
  const folder = resolve(options.folder)
  const installation = await installLocalStack(say)
  return locked(folder, say, async () => {
    const running = runningInstance(folder)
    if (running) return running
    await clear(folder)
    try {
      return await start(installation, { ...options, folder })
    } catch (error) {
      await clear(folder)
      throw error
    }
  })
}

/** Ends all its processes, also where LocalStack itself has been killed; the log stays. Tells whether any ran. */
export async function stopInstance(folder: string, say = (_: string): void => undefined): Promise<boolean> {
  if (!existsSync(folder)) return false
  return locked(resolve(folder), say, () => clear(resolve(folder)))
}

/** The instance that runs in this folder, once it is ready. */
export function runningInstance(folder: string): Instance | undefined {
  const resolved = resolve(folder)
  if (!existsSync(readyFile(resolved))) return undefined
  const ports = processesWith(mark(resolved)).map(({ command }) => / --port=(\d+) /.exec(command)?.[1])
  const port = ports.find(port => port !== undefined)
  return port === undefined ? undefined : instanceAt(resolved, port)
}

export interface Sandbox {
  readonly pid: number
  readonly functionName: string
}

/** The processes of functions, each of which serves one call at a time. Linux only. */
export const sandboxesOf = ({ folder }: Instance): readonly Sandbox[] =>
  processesWith(mark(folder)).flatMap(({ pid }) => {
    const functionName = /(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=([^\0]*)/.exec(environmentOf(pid))?.[1]
    return functionName === undefined ? [] : [{ pid, functionName }]
  })

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}

const mark = (folder: string): string => ` --instance=${folder} `
const readyFile = (folder: string): string => join(folder, 'ready')
const rootFolder = (folder: string): string => join(folder, 'root')

const instanceAt = (folder: string, port: number | string): Instance => ({
  endpoint: `http://127.0.0.1:${port}`,
  folder,
  log: join(folder, 'localstack.log'),
})

function locked<T>(folder: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const waiting = (): void => say('Another process starts or stops this LocalStack: waiting for it.')
  return withLock(join(folder, 'lock'), waiting, work)
}

/** All state is in memory, and in files that mean nothing without it. */
async function clear(folder: string): Promise<boolean> {
  const any = await endProcessesWith([mark(folder)])
  for (const path of [readyFile(folder), rootFolder(folder)]) rmSync(path, { recursive: true, force: true })
  return any
}

async function start(installation: Installation, options: InstanceOptions): Promise<Instance> {
  const { folder, owned = false } = options
  const port = await choosePort(options.port)
  const instance = instanceAt(folder, port)
  const root = rootFolder(folder)
  mkdirSync(join(root, 'tmp'), { recursive: true })
  // Functions are unpacked below: without one of its own Node would ask this project's whether they are modules.
  writeFileSync(join(root, 'package.json'), '{}\n')
  const { python, java, dynamodb } = installation
  await launch({
    name: 'LocalStack',
    command: [
      ...([python, '-m', 'localstack_host', mark(folder).trim(), `--port=${port}`] as const),
      ...[`--node=${process.execPath}`, `--java=${java}`, `--dynamodb=${dynamodb}`],
      ...(owned ? ['--owned'] : []),
    ],
    env: environment(root),
    cwd: root,
    log: instance.log,
    owned,
    isReady: () => existsSync(readyFile(folder)),
  })
  return instance
}

const environment = (root: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: root,
  TMP: join(root, 'tmp'),
  LANG: 'C.UTF-8',
  PYTHONPATH: join(import.meta.dirname, 'python'),
  PYTHONUNBUFFERED: '1',
  // Packages were compiled when they were installed; our own would leave files between the sources.
  PYTHONDONTWRITEBYTECODE: '1',
  // Inside any container it would believe to be in its own image, and write to /var/lib, /usr/lib, /etc and /tmp.
  OVERRIDE_IN_DOCKER: '0',
  FILESYSTEM_ROOT: root,
  DNS_ADDRESS: '0',
  DISABLE_EVENTS: '1',
  SKIP_SSL_CERT_DOWNLOAD: '1',
  SQS_ENDPOINT_STRATEGY: 'path',
  PROVIDER_OVERRIDE_DYNAMODB: 'v2',
  DYNAMODB_IN_MEMORY: '1',
  LAMBDA_LIMITS_MINIMUM_UNRESERVED_CONCURRENCY: '0',
  // By it a test lets DynamoDB throttle.
  ENABLE_CONFIG_UPDATES: '1',
  // A poller takes one batch in an interval, of 1 s by default.
  LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: '0.2',
  // A template with a resource type that it does not have is refused, rather than deployed without.
  CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: '0',
})
