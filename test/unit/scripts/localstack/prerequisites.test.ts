import { describe, expect, test } from 'vitest'
import {
  describeMissing,
  findJdk,
  findMaven,
  findPython,
  findTools,
  type Probe,
} from '../../../../scripts/localstack/prerequisites.ts'

/** A machine on which these commands say something, and no others run. */
const machine =
  (commands: Readonly<Record<string, string>>): Probe =>
  (file, args) =>
    commands[file] ?? commands[`${file} ${args.join(' ')}`]

const python = (path: string, minor: number, venv = 'venv'): string => `${path}\n${minor}\n${venv}\n`
const java = 'openjdk version "17.0.15" 2025-04-15\n    java.home = /opt/jdk-17\n'

describe('Python', () => {
  test('is the first candidate that is new enough, by the path of its interpreter', () => {
    const probe = machine({
      'python3.13': python('/pyenv/3.13.0/bin/python3.13', 13),
      python3: python('/usr/bin/python3', 12),
    })
    expect(findPython(probe, ['python3.13', 'python3'])).toBe('/pyenv/3.13.0/bin/python3.13')
    expect(findPython(probe, ['absent', 'python3'])).toBe('/usr/bin/python3')
  })

  test('that is too old is named with its place', () => {
    const probe = machine({
      python3: python('/usr/bin/python3', 11),
      'python3.11': python('/usr/bin/python3', 11),
    })
    expect(findPython(probe, ['python3', 'python3.11'])).toEqual({
      what: 'Python 3.12 or later',
      found: '3.11 at /usr/bin/python3',
      next: expect.stringContaining('PYTHON='),
    })
  })

  test('without virtual environments is passed over, and named where there is no other', () => {
    const bare = python('/usr/bin/python3.12', 12, '')
    expect(findPython(machine({ python3: bare }), ['python3'])).toMatchObject({
      what: 'Python 3.12 or later with its module venv',
      found: '/usr/bin/python3.12, without it',
      next: expect.stringContaining('python3-venv'),
    })
    const probe = machine({ 'python3.12': bare, python3: python('/opt/python3', 13) })
    expect(findPython(probe, ['python3.12', 'python3'])).toBe('/opt/python3')
  })
})

describe('a JDK', () => {
  test('is the one that JAVA_HOME names, before that on the PATH', () => {
    const probe = machine({
      '/opt/jdk/bin/javac': 'javac 21.0.2\n',
      javac: 'javac 17.0.15\n',
      java,
    })
    expect(findJdk(probe, ['/opt/jdk', ''])).toBe('/opt/jdk')
    expect(findJdk(probe, ['/gone', ''])).toBe('/opt/jdk-17')
  })

  test.each([
    ['that is too old', { javac: 'javac 11.0.2\n' }, 'javac 11.0.2'],
    ['without its compiler', { java }, 'Java 17.0.15 without a compiler'],
    ['that is absent', {}, undefined],
  ])('%s is missing, with what there is instead', (_, commands, found) => {
    expect(findJdk(machine(commands), [''])).toEqual({
      what: 'a JDK 17 or later',
      ...(found && { found }),
      next: expect.stringContaining('openjdk-17-jdk-headless'),
    })
  })
})

test('all that is missing is named at once, a line each', () => {
  const missing = findTools(machine({}), { pythons: ['python3'], javaHomes: [''] })
  if ('python' in missing) throw new Error('nothing is missing')
  expect(describeMissing(missing).split('\n')).toEqual([
    expect.stringMatching(/^ {2}Python 3\.12 or later: not found\. Install/),
    expect.stringMatching(/^ {2}a JDK 17 or later: not found\. Install/),
    expect.stringMatching(/^ {2}Maven: not found\. Install/),
  ])
})

test('a machine that has everything says where', () => {
  const probe = machine({
    python3: python('/usr/bin/python3', 13),
    javac: 'javac 17.0.15\n',
    java,
    mvn: 'Apache Maven 3.8.7',
  })
  expect(findTools(probe, { pythons: ['python3'], javaHomes: [''] })).toEqual({
    python: '/usr/bin/python3',
    javaHome: '/opt/jdk-17',
    maven: 'mvn',
  })
  expect(findMaven(probe)).toBe('mvn')
})
