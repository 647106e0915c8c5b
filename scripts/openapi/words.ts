/** What the OpenAPI document says in sentences, beside what it takes from the operations. */

export const overview = `Governance of early access to covered frontier AI models: who takes part, under which protected agreement, who
decided what, and who can see it.

**Tokens.** A token is bound to a key (DPoP, RFC 9449): each request carries the token and a fresh proof made with that
key. People sign in with \`sallyport auth login\`; workloads ask \`/oauth/token\` for one of the scopes that an operation
names.

**Decisions.** Whoever decides is taken from the verified token, never from the body. An answer of 200 or 201 says
that it is in force; 202 that it waits for the signature of another person. \`x-sallyport-decides\` names whose
signatures an operation takes. With \`dry_run\` nothing is changed and the effects are answered.

**Versions and repetitions.** A change names the version that was seen (\`If-Match\`, from the \`ETag\`); what creates
something carries an \`Idempotency-Key\`, so that it can be sent again.

**Refusals.** Every "no" is problem details (RFC 9457) with a code of the published list, the reason in a sentence
and the next step. A record that is not for you is answered like one that does not exist.

**Compatibility.** \`/v1\` changes only by addition: answers can gain fields, lists of codes and states can gain values,
and what can be sent can gain optional fields. Ignore what you do not know.`

/** A sentence for each noun. */
export const tagSentences: Readonly<Record<string, string>> = {
  me: 'Who you are, what you may do, and what waits on you.',
  sessions: 'Your sign-ins: see them, and end them.',
  inbox: 'What you were told, and what of it you have read.',
  organisations: 'Who takes part, their providers of sign-in and where they are told of events.',
  people: 'Who acts for an organisation, and in which roles.',
  partners: 'Organisations that get early access, from their nomination on.',
  clients: 'Workloads and agents that call models, each with its own key.',
  models: 'Covered frontier models, and what their developers decide about them.',
  opinions: 'What consultants of an office say of a model.',
  agreements: 'Protected agreements: their terms, and who signed them.',
  clauses: 'What an agreement can ask for, what each clause becomes, and what it did.',
  grants: 'Which organisation may call which model, under which agreement and within which limits.',
  proposals: 'Decisions that wait for the signature of another person.',
  holds: 'What stops access at once, by its scope.',
  appeals: 'Asking once for a decision to be looked at again.',
  reviews: 'Access reviews: an organisation certifies who of its own keeps access.',
  rules: 'The rules of approval that two organisations can change together.',
  statistics: 'How decisions are made, in numbers.',
  entries: 'The log of accesses and decisions.',
  cases: 'What people of your organisation gather from the log about something that they look into.',
  views: 'Searches of the log that are kept under a name.',
  findings: 'Reports of vulnerabilities and incidents, and whom they are handed to.',
  keys: 'The keys that statements of this deployment are verified with.',
  exports: 'Marked copies of entries for one reader.',
  traces: 'Records that were found, and which reader they were copied from.',
  attributions: 'Texts that were found, and which partner they were sent to.',
  evidence: 'Entries that developer and office hand over together to whoever investigates.',
  preservations: 'Entries that are kept beyond their time.',
  openapi: 'This document.',
}

/** What the parts of paths are called, where it is not the noun itself. */
const partNames: Readonly<Record<string, string>> = { eid: 'entry' }

export const partSentence = (part: string): string =>
  `The id of the ${(partNames[part] ?? part).replaceAll('_', ' ')}.`

/** Parameters of lists that mean the same everywhere. */
export const querySentences: Readonly<Record<string, string>> = {
  limit: 'How many at most.',
  after: 'The `next` of the page before.',
  order: 'By time: the oldest or the newest first.',
  state: 'Those in this state alone.',
  model: 'Those of this model alone.',
  organisation: 'Those of this organisation alone.',
  agreement: 'Those under this agreement alone.',
  partner: 'Those of this partner alone.',
  client: 'Those of this client alone.',
  person: 'Those of this person alone.',
  kind: 'Those of this kind alone.',
  from: 'From this time on.',
  to: 'Before this time.',
}
