import type { Noun } from './record-commands.ts'

export const exportNoun: Noun = { name: 'export', path: '/exports' }
