import type { Dice } from './dice.ts'

/** An instance of a function. One that died goes on nowhere; what it had sent stays sent. */
export interface Process {
  readonly name: string
  /** What its clock shows beyond the true time, in milliseconds. */
  readonly skew: number
  alive: boolean
}

interface Event {
  readonly at: number
  /** Of events at one time, chance decides which comes first. */
  readonly tie: number
  readonly owner: Process | undefined
  act: (() => void) | undefined
}

/**
 * Virtual time. Whoever waits, for a port's answer or for a time, stands here as an event; one goes on at a
 * time, and all that follows from it has happened before the next one does.
 */
export class Scheduler {
  readonly #dice: Dice
  readonly #heap: Event[] = []
  #now: number
  steps = 0

  constructor(dice: Dice, now: number) {
    this.#dice = dice
    this.#now = now
  }

  /** The true time. */
  get now(): number {
    return this.#now
  }

  /** Calls `act` after `ms`, unless its owner has died until then. The answer calls it off. */
  after(ms: number, act: () => void, owner?: Process): () => void {
    const at = this.#now + Math.max(0, Math.ceil(ms))
    const event: Event = { at, tie: this.#dice.unit(), owner, act }
    push(this.#heap, event)
    return () => {
      event.act = undefined
    }
  }

  sleep(ms: number, owner?: Process): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve, owner))
  }

  /** Goes on until `done`, or until nobody waits for anything. */
  async run(done: () => boolean): Promise<void> {
    while (!done()) {
      const event = pop(this.#heap)
      if (event === undefined) return
      if (event.act === undefined || event.owner?.alive === false) continue
      this.#now = Math.max(this.#now, event.at)
      this.steps += 1
      event.act()
      // All promises that this has settled have run on when the event loop comes round again.
      await new Promise(setImmediate)
    }
  }
}

const before = (a: Event, b: Event): boolean => (a.at === b.at ? a.tie < b.tie : a.at < b.at)

function push(heap: Event[], event: Event): void {
  let i = heap.push(event) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    const above = heap[parent]
    if (above === undefined || before(above, event)) break
    heap[i] = above
    i = parent
  }
  heap[i] = event
}

function pop(heap: Event[]): Event | undefined {
  const [first] = heap
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return first
  let i = 0
  for (;;) {
    const left = heap[2 * i + 1]
    const right = heap[2 * i + 2]
    const [child, at] = right && left && before(right, left) ? [right, 2 * i + 2] : [left, 2 * i + 1]
    if (child === undefined || before(last, child)) break
    heap[i] = child
    i = at
  }
  heap[i] = last
  return first
}
