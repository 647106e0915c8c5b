import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { profileTable, selfTimes } from '../../../../scripts/bench/profile.ts'

const frame = (functionName: string, path = '') => ({
  functionName,
  url: path.startsWith('node:') || path === '' ? path : pathToFileURL(path).href,
})

/** main → parse → JSON.parse, and the garbage collector, and nothing to do. */
const profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5, 6, 7] },
    { id: 2, callFrame: frame('main', 'shared/main.ts'), children: [3] },
    { id: 3, callFrame: frame('parse', 'node_modules/parser/parse.js'), children: [4] },
    { id: 4, callFrame: frame('read', 'node:internal/read') },
    { id: 5, callFrame: frame('(garbage collector)') },
    { id: 6, callFrame: frame('(idle)') },
    { id: 7, callFrame: frame('', 'shared/main.ts') },
  ],
  samples: [2, 3, 4, 4, 5, 6, 7, 2],
  // Before each sample; what comes after the last one is not known.
  timeDeltas: [999, 10, 20, 30, 10, 10, 500, 20],
}

describe('a profile', () => {
  test('counts what Node does for a file as that file’s, and idling not at all', () => {
    expect(selfTimes(profile)).toEqual([
      { file: 'parser/parse.js', name: 'read in node', share: 0.4 },
      { file: 'parser/parse.js', name: 'parse', share: 0.2 },
      { file: 'shared/main.ts', name: '(anonymous)', share: 0.2 },
      { file: 'shared/main.ts', name: 'main', share: 0.1 },
      { file: 'node', name: '(garbage collector)', share: 0.1 },
    ])
  })

  test('is shown by file, the dearest first', () => {
    expect(profileTable(selfTimes(profile))).toEqual([
      ' share  file             functions',
      '──────  ───────────────  ─────────────────────────────────',
      '60.0 %  parser/parse.js  read in node 40.0 %, parse 20.0 %',
      '30.0 %  shared/main.ts   (anonymous) 20.0 %, main 10.0 %',
      '10.0 %  node             (garbage collector) 10.0 %',
    ])
  })

  test('of nothing is empty', () => {
    expect(selfTimes({ nodes: [] })).toEqual([])
  })
})
