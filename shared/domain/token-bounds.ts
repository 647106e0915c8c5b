/** The figures of a model's entry from which reservations are made, one by one. */
import type { Path } from '../ports/store.ts'
import type { TokenBounds } from './records.ts'

/** By the names that an operator gives them: where each stands in the model's record. */
export const figures = {
  'overhead.request': ['tokens', 'overhead', 'request'],
  'overhead.message': ['tokens', 'overhead', 'message'],
  'overhead.tool': ['tokens', 'overhead', 'tool'],
  image: ['tokens', 'image'],
} as const satisfies Record<string, Path>

export type Figure = keyof typeof figures

export function figureOf({ overhead, image }: TokenBounds, figure: Figure): number | undefined {
  switch (figure) {
    case 'overhead.request':
      return overhead.request
    case 'overhead.message':
      return overhead.message
    case 'overhead.tool':
      return overhead.tool
    case 'image':
      return image
  }
}

export const isFigure = (name: string): name is Figure => Object.hasOwn(figures, name)
