import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Piece } from './cache.ts'
import { runLogged } from './command.ts'

export interface PythonEnvironment {
  readonly name: string
  readonly lockFile: string
  /** The interpreter that it is made with. */
  readonly python: () => string
  /** What more is put into its folder, and where. */
  readonly more?: { readonly path: string; make(folder: string, log: string): Promise<void> }
}

/**
 * A virtual environment with exactly the packages of a lock file. No resolver: LocalStack's requirements have no
 * solution that pip finds, and with newer libraries than these it breaks.
 */
export const pythonEnvironment = ({ name, lockFile, python, more }: PythonEnvironment): Piece => ({
  name,
  sources: [readFileSync(lockFile, 'utf8')],
  needs: ['bin/python', ...(more ? [more.path] : [])],
  async make(folder, log) {
    const step = `Installing ${name}`
    await runLogged(step, log, [python(), '-m', 'venv', folder])
    const pip = [join(folder, 'bin/python'), '-m', 'pip', '--disable-pip-version-check', '--no-input']
    await runLogged(step, log, [...pip, 'install', '--quiet', '--no-deps', '--requirement', lockFile])
    await more?.make(folder, log)
  },
})
