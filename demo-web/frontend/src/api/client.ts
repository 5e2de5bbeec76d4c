import createClient from 'openapi-fetch'
import type { components, paths } from './types'

type Schemas = components['schemas']
export type About = Schemas['About']
export type Column = Schemas['Column']
export type ColumnDifference = Schemas['ColumnDifference']
export type Connection = Schemas['Connection']
export type ConnectionRequest = Schemas['EmbeddedRequest'] | Schemas['ServerRequest']
export type ColumnProfile = Schemas['ColumnProfile']
export type Dialect = Schemas['Dialect']
export type FileTarget = Schemas['FileTarget']
export type Join = Schemas['Join']
export type JoinedTable = Schemas['JoinedTable']
export type JoinKind = Schemas['JoinKind']
export type Load = Schemas['Load']
export type Plan = Schemas['Plan']
export type Preview = Schemas['Preview']
export type Problem = Schemas['Problem']
export type Profile = Schemas['Profile']
export type Proof = Schemas['Proof']
export type Proposal = Schemas['Proposal']
export type Quarantine = Schemas['Quarantine']
export type Receipt = Schemas['Receipt']
export type SampleFile = Schemas['SampleFile']
export type Sniffed = Schemas['Sniffed']
export type Source = Plan['source']
export type Status = Schemas['Status']
export type Table = Schemas['Table']
export type TableTarget = Schemas['TableTarget']
export type Undo = Schemas['Undo']
export type Upload = Schemas['Upload']

export const api = createClient<paths>({ baseUrl: window.location.origin })

/** What the server, or the way to it, says no with. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message)
  }
}

export const noAnswer: Problem = {
  code: 'FB-WEB-0001',
  message: 'the app does not answer',
  expected: '',
  hint: 'see whether it still runs, then try again',
  raw: '',
  place: { uri: '', column_name: '' },
}

/** The data of an answer; throws Refused. */
export async function given<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let found
  try {
    found = await answer
  } catch {
    throw new Refused(noAnswer)
  }
  if (found.response.ok) return found.data as T
  const told = (found.error as { error?: Problem } | undefined)?.error
  throw new Refused(told ?? noAnswer)
}

export function problemOf(error: unknown): Problem {
  return error instanceof Refused ? error.problem : { ...noAnswer, message: String(error) }
}
