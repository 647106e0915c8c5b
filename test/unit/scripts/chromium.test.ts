/** The browser for tests is found, or installed where that takes no question, or named as missing. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findChromium, installChromium, type Machine, placesOfChromium } from '../../../scripts/chromium.ts'
import { probeHere } from '../../../scripts/localstack/prerequisites.ts'

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'sallyport-chromium-'))
  onTestFinished(() => rm(made, { recursive: true }))
  for (const [name, script] of Object.entries(files)) {
    await writeFile(join(made, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(made, name), 0o755)
  }
  return made
}

const found = (env: NodeJS.ProcessEnv) =>
  findChromium({ probe: probeHere, places: () => placesOfChromium(env) })

describe('a browser', () => {
  test('is the first on the PATH that runs, before it the one that is named', async () => {
    const one = await folder({
      chromium: 'echo Chromium 150.0.1',
      'google-chrome': 'echo Google Chrome 151.0.1',
    })
    const PATH = `relative:${one}`
    expect(found({ PATH })).toBe(join(one, 'chromium'))
    expect(found({ PATH, CHROMIUM: join(one, 'google-chrome') })).toBe(join(one, 'google-chrome'))
    expect(found({ PATH, CHROMIUM: join(one, 'absent') })).toBe(join(one, 'chromium'))
  })

  test('is none that only tells how to get one, nor a folder of that name', async () => {
    const stub = await folder({ 'chromium-browser': 'echo "Install the snap" >&2; exit 1' })
    await mkdir(join(stub, 'chromium'))
    expect(found({ PATH: stub })).toEqual({
      what: 'Chromium or Chrome',
      found: `${join(stub, 'chromium')}, ${join(stub, 'chromium-browser')}, which does not run`,
      next: expect.stringContaining('CHROMIUM='),
    })
    const both = `${stub}:${await folder({ 'google-chrome': 'echo Google Chrome 151.0.1' })}`
    expect(found({ PATH: both })).toMatch(/google-chrome$/)
  })
})

/** A machine without a browser, on which apt-get ends as `outcomes` say, one after the other; it is then there. */
function machine(outcomes: readonly ('done' | string)[], over: Partial<Machine> = {}) {
  const ran: string[] = []
  let there = false
  const said: string[] = []
  const made: Machine = {
    probe: (file, args) => (file === 'apt-get' || there ? `Chromium 150.0.1 ${args}` : undefined),
    places: () => (there ? ['/usr/bin/chromium'] : []),
    root: true,
    async run(command) {
      const outcome = outcomes[ran.length]
      ran.push(command.join(' ').replace(/--option \S+ /, ''))
      if (outcome !== 'done') throw new Error(outcome)
      if (command.includes('install')) there = true
    },
    ...over,
  }
  return { ran, said, install: () => installChromium(line => said.push(line), made) }
}
const install = 'apt-get --quiet install --yes --no-install-recommends chromium'

describe('where there is none', () => {
  test('root’s is installed, with a word about it', async () => {
    const debian = machine(['done'])
    expect(await debian.install()).toBeUndefined()
    expect(debian.ran).toEqual([install])
    expect(debian.said).toEqual([expect.stringContaining('by apt-get')])
    expect(await debian.install()).toBeUndefined()
    expect(debian.ran).toHaveLength(1)
  })

  test('lists of packages that are missing or old are fetched first', async () => {
    const debian = machine(['Unable to locate package', 'done', 'done'])
    expect(await debian.install()).toBeUndefined()
    expect(debian.ran).toEqual([install, 'apt-get --quiet update', install])
  })

  test('nothing is installed for others than root, nor without apt-get', async () => {
    for (const over of [{ root: false }, { probe: () => undefined }]) {
      const other = machine([], over)
      expect(await other.install()).toMatchObject({ what: 'Chromium or Chrome' })
      expect([other.ran, other.said]).toEqual([[], []])
    }
  })

  test('what apt-get cannot do is told, not thrown', async () => {
    const offline = machine(['no lists', 'no network'])
    expect(await offline.install()).toMatchObject({ found: expect.stringContaining('no network') })
    const none = machine(['done'], { places: () => [] })
    expect(await none.install()).toMatchObject({ what: 'Chromium or Chrome' })
  })
})
