import { organisationNames, people } from './people.ts'

/** One of each side, for those who want to try it: there are more to choose from at the demo's provider. */
export const signIns: string = ['nora', 'ada', 'priya']
  .flatMap(login => people.filter(person => person.login === login))
  .map(({ name, organisation }) => `${name} of ${organisationNames[organisation]}`)
  .join(', ')
