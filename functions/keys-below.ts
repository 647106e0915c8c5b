import type { Objects } from '../shared/ports/objects.ts'

/** The keys of every object below a prefix, behind `after`, in their order. */
export async function* keysBelow(
  { list }: Pick<Objects, 'list'>,
  prefix: string,
  after?: string,
): AsyncGenerator<string> {
  let last = after
  do {
    const page = await list(prefix, last)
    yield* page.keys
    last = page.next
  } while (last !== undefined)
}
