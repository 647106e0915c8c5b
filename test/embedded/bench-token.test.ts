import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { compared, reached } from '../../scripts/bench/bench.ts'
import { token } from '../../scripts/bench/token.ts'

describe('npm run bench', () => {
  test('measures tokens, and says of each figure what it stands beside; how fast is not judged', async () => {
    const lines: string[] = []
    const rows = await token.run({ scale: 0.001, profile: true, print: line => lines.push(line) })
    expect(rows.map(({ what }) => what)).toContain('Sallyport, store on disk')
    for (const row of rows) {
      expect(row.value, row.what).toBeGreaterThan(0)
      expect(row.value, row.what).toBeLessThan(Number.POSITIVE_INFINITY)
      if (row.beside) expect(compared(row), row.what).toBeGreaterThan(0)
    }
    expect(rows.filter(row => reached(row) !== undefined)).toHaveLength(2)
    expect(lines.join('\n')).toContain('shared/oauth/verify-signature.ts')
  })

  test.each([
    [['tokens'], 'There is no benchmark tokens.'],
    [['--scale', '0'], '--scale 0 is no number above 0'],
    [['--scale', 'half'], '--scale half is no number above 0'],
    [['--speed'], "Unknown option '--speed'"],
  ])('called with %j says what is wrong and lists the benchmarks', (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/bench.ts', ...args], {
      encoding: 'utf8',
    })
    expect(status).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^ {2}token /m)
  })
})
