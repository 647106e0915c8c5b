/** The operation by which a second person stands by a stop: the same for every noun that can be stopped. */
import * as z from 'zod'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import { ratify, type Stopped } from '../governance/engine/ratify.ts'
import type { PersonCaller } from './caller.ts'
import { type Context, forPeople, type Operation } from './operation.ts'

const ratified = z.object({ entry: z.string() }).meta({ id: 'Ratified' })

export interface Ratifiable extends Pick<Operation, 'id' | 'path' | 'tag' | 'summary'> {
  /** Whose rule decides who may. */
  readonly action: ActionName
  /** The record as it stands, where the caller may see it. */
  read(context: Context<PersonCaller, undefined, undefined>): Promise<Stopped | Refusal>
}

export const ratification = ({ read, ...described }: Ratifiable): Operation =>
  forPeople({
    ...described,
    method: 'POST',
    changes: true,
    answers: { 200: ratified },
    async answer(context) {
      const { deps, caller, rev = 0, request } = context
      const done = await ratify(deps, caller, { rev, request }, () => read(context))
      if (done instanceof Refusal) return done
      return { status: 200, body: { entry: done.entry }, rev: done.subject.rev }
    },
  })
