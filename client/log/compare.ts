/** Two readers who hold their records against each other: of an entry, both must have been shown the same. Pure. */
import type { AddFault, Gathered } from './range.ts'

export interface Compared {
  /** Entries that both have, with one content at one leaf. */
  readonly agree: number
  readonly differ: number
  /** Entries that one of them has alone: not for the other's eyes, or kept from them. */
  readonly onlyFirst: number
  readonly onlyOther: number
  /** The first few of them. */
  readonly onlyFirstEids: readonly string[]
  readonly onlyOtherEids: readonly string[]
  /** The pseudonyms of the other file. */
  readonly readers: readonly string[]
  /** Both are copies of one reader: that two are shown the same is not shown by it. */
  readonly oneReader: boolean
}

const maxNamed = 10

export function compare(first: Gathered, other: Gathered, add: AddFault): Compared {
  let [agree, differ] = [0, 0]
  const onlyFirst: string[] = []
  for (const [eid, one] of first.byEid) {
    const two = other.byEid.get(eid)
    const at = two?.place ?? ''
    if (two === undefined) {
      onlyFirst.push(eid)
      const instead = other.byIndex.get(one.index)
      if (instead !== undefined)
        add(fault(one.place, `leaf ${one.index} is ${eid} here, and ${instead} in the other file`))
    } else if (two.digest === one.digest && two.index === one.index) agree++
    else {
      differ++
      const what = two.digest === one.digest ? 'stands at another leaf' : 'tells other facts'
      add(fault(one.place, `${eid} ${what} here than at ${at}`))
    }
  }
  const onlyOther = [...other.byEid.keys()].filter(eid => !first.byEid.has(eid))
  const all = new Set([...first.readers, ...other.readers])
  return {
    agree,
    differ,
    onlyFirst: onlyFirst.length,
    onlyOther: onlyOther.length,
    onlyFirstEids: onlyFirst.slice(0, maxNamed),
    onlyOtherEids: onlyOther.slice(0, maxNamed),
    readers: [...other.readers],
    oneReader: all.size < 2,
  }
}

const fault = (place: string, message: string) => ({ kind: 'contradicted', place, message }) as const
