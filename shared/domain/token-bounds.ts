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

export const isFigure = (name: string): name is Figure => Object.hasOwn(figures, name)

/** In tokens. */
export const figureOf = ({ overhead, image }: TokenBounds, figure: Figure): number | undefined =>
  figure === 'image' ? image : overhead[figures[figure][2]]
