/** Installs ministack, once: the emulator that lets functions act under their own roles. */
import { join } from 'node:path'
import { cacheFolder, isMade, makePieces, pieceFolder } from '../localstack/cache.ts'
import {
  describeMissing,
  findOpenssl,
  findPython,
  type Missing,
  placesHere,
  probeHere,
} from '../localstack/prerequisites.ts'
import { pythonEnvironment } from '../localstack/python-environment.ts'

const cache = cacheFolder('ministack')
const piece = pythonEnvironment({
  name: 'ministack',
  lockFile: join(import.meta.dirname, 'requirements.lock'),
  python: requirePython,
})

/** Its Python interpreter. Throws when this machine lacks something, naming all of it, or when a step fails. */
export async function installMinistack(say: (line: string) => void): Promise<string> {
  await makePieces(cache, [piece], say)
  return join(pieceFolder(cache, piece), 'bin/python')
}

/** What this machine lacks to install ministack; nothing where it is installed. */
export function missingPrerequisites(): readonly Missing[] {
  return isMade(cache, piece) ? [] : tools().filter(tool => typeof tool !== 'string')
}

function tools(): readonly (string | Missing)[] {
  return [findPython(probeHere, placesHere(process.env).pythons), findOpenssl(probeHere)]
}

function requirePython(): string {
  const missing = missingPrerequisites()
  const [python] = tools()
  if (missing.length === 0 && typeof python === 'string') return python
  throw new Error(`ministack cannot be installed on this machine, which lacks:\n${describeMissing(missing)}`)
}
