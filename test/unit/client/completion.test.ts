import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

async function script(shell: string): Promise<string> {
  const terminal = new RecordedTerminal()
  expect(await run(['completion', shell], terminal)).toBe(0)
  return terminal.stdout
}

/** What bash itself offers behind these words; the last one is what is being typed. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const ask = [
    await script('bash'),
    `COMP_WORDS=(sallyport ${words.map(word => `'${word}'`).join(' ')})`,
    `COMP_CWORD=${words.length}`,
    '_sallyport',
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n')
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return stdout.split('\n').filter(Boolean)
}

test('bash offers nouns, then verbs, then options', async () => {
  expect(await offered('par')).toEqual(['partner'])
  expect(await offered('partner', 'rat')).toEqual(['ratify'])
  expect(await offered('partner', 'suspend', 'cedar', '--br')).toEqual(['--break-glass'])
  expect(await offered('--json', 'hold', 'pl')).toEqual(['place'])
})

test('bash offers the options of the verb whatever the id is called', async () => {
  expect(await offered('partner', 'get', 'suspend', '--re')).toEqual([])
  expect(await offered('grant', 'approve', 'grant_1', '--y')).toEqual(['--yes'])
})

test.each(['zsh', 'fish'])('%s is told of every noun and verb, each in quotes that close', async shell => {
  const text = await script(shell)
  for (const word of ['partner', 'suspend', 'concur', 'break-glass', 'completion'])
    expect(text).toContain(word)
  if (shell === 'fish')
    for (const line of text.split('\n').filter(line => line.startsWith('complete -c sallyport -n')))
      expect(line).toMatch(/^complete -c sallyport -n '(?:[^'\\]|\\.)*' (?:-l|-a) \S+ -d '(?:[^'\\]|\\.)*'$/)
})

test('another shell is none that it knows', async () => {
  const terminal = new RecordedTerminal()
  expect(await run(['completion', 'tcsh'], terminal)).toBe(2)
})
