/**
 * Somebody who follows the log as anybody can: by its checkpoint and its tiles, and by nothing else. It believes no root
 * that its own tree does not come to, keeps what it saw, and looks again.
 */
import type { LogKey } from '../../../functions/sequencer/log-key.ts'
import { type Objects, ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import type { Dice } from '../dice.ts'
import { bundleAt, leavesOf, NaiveTree } from './naive-tree.ts'

export interface ReaderDeps {
  readonly name: string
  readonly objects: Objects
  readonly logKey: LogKey
  readonly dice: Dice
  readonly found: (invariant: number, what: string) => void
}

/** Of what it saw before, so many files are looked at again each time. */
const again = 3

export class Reader {
  readonly #deps: ReaderDeps
  readonly #tree = new NaiveTree()
  readonly #seen = new Map<string, Uint8Array>()
  /** What it has verified. */
  size = 0

  constructor(deps: ReaderDeps) {
    this.#deps = deps
  }

  async look(): Promise<void> {
    try {
      await this.#follow()
      await this.#lookAgain()
    } catch (error) {
      if (!(error instanceof ObjectsUnavailable)) throw error
    }
  }

  async #follow(): Promise<void> {
    const { objects, logKey, name, found } = this.#deps
    const there = await objects.get('log/checkpoint')
    if (there === undefined) {
      if (this.size > 0) found(2, `${name} sees no checkpoint any more`)
      return
    }
    const { size, root } = logKey.open(Buffer.from(there.bytes).toString())
    if (size < this.size) return found(2, `${name} sees a tree of ${size} after one of ${this.size}`)
    if (!(await this.#grow(size))) return
    const before = this.size
    this.size = size
    if (!this.#tree.root(size).equals(root))
      return found(2, `${name} cannot grow the tree of ${before} into that of ${size}`)
    for (const { path, bytes } of this.#tree.files(before, size)) {
      const file = await this.#read(path, size)
      if (file && !bytes.equals(file)) found(2, `${name} sees ${path} of a tree of ${size} with other bytes`)
    }
  }

  /** Takes no leaf for another than the one that it knows. */
  async #grow(size: number): Promise<boolean> {
    const { leaves } = this.#tree
    for (let place = leaves.length - (leaves.length % 256); place < size; place += 256) {
      const bundle = await this.#read(bundleAt(place, size), size)
      if (bundle === undefined) return false
      this.#tree.append(leavesOf(bundle).slice(leaves.length - place))
    }
    return true
  }

  async #read(path: string, size: number): Promise<Uint8Array | undefined> {
    const { objects, name, found } = this.#deps
    const file = await objects.get(`log/${path}`)
    if (file === undefined) found(3, `${name} sees a tree of ${size} without ${path}`)
    else this.#seen.set(path, file.bytes)
    return file?.bytes
  }

  async #lookAgain(): Promise<void> {
    const { objects, dice, name, found } = this.#deps
    const paths = [...this.#seen.keys()]
    for (let n = 0; n < Math.min(again, paths.length); n++) {
      const path = paths[dice.below(paths.length)] ?? ''
      const file = await objects.get(`log/${path}`)
      if (file === undefined || Buffer.compare(file.bytes, this.#seen.get(path) ?? Buffer.alloc(0)) !== 0)
        found(2, `${name} sees ${path} with other bytes than before`)
    }
  }
}
