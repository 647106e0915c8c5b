/** Installs what an instance runs from, once: LocalStack's Python packages and DynamoDB Local. */
import { readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, isMade, makePieces, type Piece, pieceFolder } from './cache.ts'
import { runLogged } from './command.ts'
import {
  describeMissing,
  findTools,
  type Missing,
  placesHere,
  probeHere,
  type Tools,
} from './prerequisites.ts'
import { pythonEnvironment } from './python-environment.ts'

export interface Installation {
  readonly python: string
  readonly java: string
  /** Classes, libraries and configuration of DynamoDB Local. */
  readonly dynamodb: string
}

const cache = cacheFolder('localstack')
const source = (path: string): string => join(import.meta.dirname, path)

/**
 * Does nothing but look where all is there. Throws when this machine lacks something, naming all of it, or when a
 * step fails.
 */
export async function installLocalStack(say: (line: string) => void): Promise<Installation> {
  const { python, dynamodb } = pieces()
  await makePieces(cache, [python, dynamodb], say)
  const folder = pieceFolder(cache, dynamodb)
  return {
    python: join(pieceFolder(cache, python), 'bin/python'),
    java: join(folder, 'jdk/bin/java'),
    dynamodb: folder,
  }
}

/** What this machine lacks to install LocalStack; nothing where it is installed. */
export function missingPrerequisites(): readonly Missing[] {
  const { python, dynamodb } = pieces()
  if ([python, dynamodb].every(piece => isMade(cache, piece))) return []
  const tools = findTools(probeHere, placesHere(process.env))
  return 'python' in tools ? [] : tools
}

function pieces(): { python: Piece; dynamodb: Piece } {
  // Only when something is to be made: to look for them takes a second.
  let found: Tools | undefined
  const tools = (): Tools => {
    found ??= requireTools()
    return found
  }
  return {
    python: pythonEnvironment({
      name: 'localstack',
      lockFile: source('python/requirements.lock'),
      python: () => tools().python,
      more: serviceCatalogue,
    }),
    dynamodb: dynamoDbLocal(tools),
  }
}

/** An index of all services, which LocalStack would make at each start, in 2 s. `corrections.py` points to it. */
const serviceCatalogue = {
  path: 'usr/lib/localstack',
  async make(folder: string, log: string): Promise<void> {
    await mkdir(join(folder, this.path), { recursive: true })
    const command = [join(folder, 'bin/python'), '-m', 'localstack.aws.spec']
    const env = { FILESYSTEM_ROOT: folder, HOME: folder, OVERRIDE_IN_DOCKER: '0' }
    await runLogged('Installing localstack', log, command, env)
  },
}

function requireTools(): Tools {
  const tools = findTools(probeHere, placesHere(process.env))
  if ('python' in tools) return tools
  throw new Error(`LocalStack cannot be installed on this machine, which lacks:\n${describeMissing(tools)}`)
}

/** DynamoDB Local from Maven Central, with a main class of ours. */
function dynamoDbLocal(tools: () => Tools): Piece {
  const sources = ['pom.xml', 'LoopbackDynamoDb.java', 'log4j2.xml'].map(name => source(`java/${name}`))
  const [pom = '', main = '', logging = ''] = sources
  return {
    name: 'dynamodb',
    sources: sources.map(file => readFileSync(file, 'utf8')),
    needs: ['jdk/bin/java'],
    async make(folder, log) {
      const { javaHome, maven } = tools()
      const step = 'Installing dynamodb'
      const lib = join(folder, 'lib')
      await runLogged(step, log, [
        ...[maven, '--quiet', '--batch-mode', '--file', pom],
        ...['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${lib}`],
      ])
      await runLogged(step, log, [
        ...[join(javaHome, 'bin/javac'), '-proc:none', '-cp', join(lib, '*')],
        ...['-d', join(folder, 'classes'), main],
      ])
      await writeFile(join(folder, 'log4j2.xml'), readFileSync(logging))
      await symlink(javaHome, join(folder, 'jdk'))
    },
  }
}
