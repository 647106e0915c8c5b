import type { Row, Settings } from './bench.ts'
import { inTurns, scaled, slice } from './gate-slices.ts'
import { kinds, type Target, type Targets } from './gate-targets.ts'
import { loadNow } from './results.ts'
import { cpuOf } from './servers.ts'
import { median } from './statistics.ts'

/** Few enough that no chunk waits for the one before it, and arrives with it. */
const width = 16
const rounds = 6
/** In each round, to each target. */
const calls = { document: 500, stream: 300, longStream: 60 } as const

interface Found {
  /** Milliseconds of the server's CPU for a call. */
  readonly cpuMs: number
  /** Pieces in which its reply came. */
  readonly pieces: number
}

/** The CPU of a call, of a chunk, and how many streams a second of it serves. */
export async function costs(targets: Targets, settings: Settings): Promise<readonly Row[]> {
  const { bare, plain, memory, disk } = targets
  const measure = (kind: keyof typeof calls): Promise<(target: Target) => readonly Found[]> => {
    settings.print(`CPU, ${kinds[kind].name}`)
    return inTurns([bare, plain, memory, disk], scaled(rounds, settings), async target => {
      const count = scaled(calls[kind], settings)
      let cpuMs = 0
      const answers = await slice(target, kinds[kind], count, { width }, async send => {
        cpuMs = await cpuOf(target.server, send)
      })
      const pieces = answers.reduce((sum, answer) => sum + answer.pieces.length, 0)
      return { cpuMs: cpuMs / count, pieces: pieces / count }
    })
  }
  const documents = await measure('document')
  const streams = await measure('stream')
  const longStreams = await measure('longStream')
  const middle = (found: readonly Found[], read: (found: Found) => number): number => median(found.map(read))
  const cpuMs = (found: readonly Found[]): number => middle(found, one => one.cpuMs)
  const further = (target: Target): number =>
    (cpuMs(longStreams(target)) - cpuMs(streams(target))) / (kinds.longStream.chunks - kinds.stream.chunks)

  const rows = (
    what: string,
    unit: string,
    read: (target: Target) => number,
    ofMemory?: Row['target'],
  ): readonly Row[] =>
    [memory, disk].map(ours => ({
      what: `${what}: ${ours.name}`,
      value: read(ours),
      unit,
      beside: { name: plain.name, value: read(plain), by: 'times' },
      ...(ofMemory && ours === memory && { target: ofMemory }),
      load: loadNow(),
    }))
  return [
    ...rows('CPU of a JSON call', 'ms', target => cpuMs(documents(target))),
    ...rows('CPU of a stream of 8 chunks', 'ms', target => cpuMs(streams(target))),
    ...rows('streams of 8 chunks for a CPU-second', 'streams', target => 1000 / cpuMs(streams(target)), {
      at: 'least',
      value: 1000,
    }),
    ...rows('CPU of each further chunk', 'ms', further, { at: 'most', value: 0.05 }),
    {
      what: 'pieces in which a stream of 108 chunks came: store on disk',
      value: middle(longStreams(disk), one => one.pieces),
      unit: 'pieces',
      beside: { name: bare.name, value: middle(longStreams(bare), one => one.pieces), by: 'times' },
      load: loadNow(),
    },
  ]
}
