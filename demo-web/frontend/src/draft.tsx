import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { Column, Dialect, FileTarget, JoinedTable, Plan, Profile, Source } from './api/client'

export type Choice = Column & { carry: boolean; newName: string; newType: string }

/** What a person has chosen so far. It outlives a reload and belongs to one tab; it never holds a secret. */
export type Draft = {
  fromKind: 'file' | 'clickhouse'
  toKind: 'file' | 'clickhouse'
  source: Source | null
  sourceName: string
  sourceSize: number | null
  fromConnection: string
  toConnection: string
  database: string
  table: string
  known: boolean
  file: FileTarget
  dialect: Dialect
  columns: Choice[] | null
  profile: Profile | null
  /** What an earlier load did with the columns, until they are loaded anew. */
  wanted: Pick<Plan, 'columns' | 'rename' | 'types'> | null
  read: 'table' | 'join' | 'query'
  joined: JoinedTable[]
  orderBy: string[]
  onReject: NonNullable<Plan['on_reject']>
  maxRejects: string
}

const fresh: Draft = {
  fromKind: 'file',
  toKind: 'clickhouse',
  source: null,
  sourceName: '',
  sourceSize: null,
  fromConnection: '',
  toConnection: '',
  database: 'default',
  table: '',
  known: false,
  file: { kind: 'file', name: '', format: 'csv', compression: 'none', header: true, formula_safe: false },
  dialect: {},
  columns: null,
  profile: null,
  wanted: null,
  read: 'table',
  joined: [],
  orderBy: [],
  onReject: 'fail',
  maxRejects: '',
}

const PLACE = 'flatbed draft'

function restored(): Draft {
  try {
    return { ...fresh, ...JSON.parse(sessionStorage.getItem(PLACE) ?? '{}') }
  } catch {
    return fresh
  }
}

type Held = { draft: Draft; change: (part: Partial<Draft>) => void; restart: (part?: Partial<Draft>) => void }
const Context = createContext<Held | null>(null)

export function DraftProvider({ children }: { children: ReactNode }) {
  const [draft, setDraft] = useState(restored)
  useEffect(() => sessionStorage.setItem(PLACE, JSON.stringify(draft)), [draft])
  const held = useMemo<Held>(
    () => ({
      draft,
      change: (part) => setDraft((before) => ({ ...before, ...part })),
      restart: (part) =>
        setDraft((before) => ({
          ...fresh,
          fromConnection: before.fromConnection,
          toConnection: before.toConnection,
          ...part,
        })),
    }),
    [draft],
  )
  return <Context value={held}>{children}</Context>
}

export function useDraft(): Held {
  return useContext(Context)!
}

/** A new source: what was said about the old one is forgotten. */
export const withSource = (source: Source | null, name: string, size: number | null): Partial<Draft> => ({
  source,
  sourceName: name,
  sourceSize: size,
  dialect: {},
  columns: null,
  profile: null,
  wanted: null,
  orderBy: [],
})

export function choicesOf(columns: Column[], before: Choice[] | null, wanted: Draft['wanted']): Choice[] {
  const kept = new Map(before?.map((choice) => [choice.name, choice]))
  return columns.map((column) => {
    const { name } = column
    const old = kept.get(name)
    const newType = old && old.newType !== old.type ? old.newType : (wanted?.types?.[name] ?? column.type)
    const carry = old?.carry ?? wanted?.columns?.includes(name) ?? true
    return { ...column, carry, newName: old?.newName ?? wanted?.rename?.[name] ?? name, newType }
  })
}

/** Whether a file is delimited text, whose dialect there is to find. */
export function hasDialect(name: string): boolean {
  return !isWorkbook(name) && !/\.(ndjson|jsonl|json|parquet)(\.(gz|zst|lz4|xz|bz2|zip))?$/i.test(name)
}

export function isWorkbook(name: string): boolean {
  return /\.xls[xm]$/i.test(name)
}

/** Whether rejected rows can be kept as they stand, to be corrected and loaded: those of text, on their way to a table. */
export function canSetAside(draft: Draft): boolean {
  const isText = draft.fromKind === 'file' && !isWorkbook(draft.sourceName) && !/\.parquet$/i.test(draft.sourceName)
  return isText && draft.toKind === 'clickhouse'
}

/** What a file on the web is called. */
export function webName(url: string): string {
  try {
    const { pathname, host } = new URL(url)
    return decodeURIComponent(pathname.split('/').pop() ?? '') || host
  } catch {
    return url
  }
}

export function isTargetGiven(draft: Draft): boolean {
  return draft.toKind === 'file' ? draft.file.name.trim() !== '' : draft.toConnection !== '' && draft.table.trim() !== ''
}

/** The load as the server takes it. REQUIRES: a source, a target and columns. */
export function planOf(draft: Draft): Plan {
  const columns = draft.columns ?? []
  const carried = columns.filter((column) => column.carry)
  return {
    source: draft.source!,
    dialect: draft.dialect,
    target:
      draft.toKind === 'file'
        ? draft.file
        : {
            kind: 'table',
            connection: draft.toConnection,
            database: draft.database || 'default',
            table: draft.table.trim(),
            create: !draft.known,
            order_by: draft.known ? [] : draft.orderBy,
          },
    columns: carried.length === columns.length ? null : carried.map((column) => column.name),
    rename: Object.fromEntries(
      carried.filter((column) => column.newName !== column.name).map((column) => [column.name, column.newName]),
    ),
    types: Object.fromEntries(
      carried.filter((column) => column.newType !== column.type).map((column) => [column.name, column.newType]),
    ),
    on_reject: draft.onReject === 'quarantine' && !canSetAside(draft) ? 'divert' : draft.onReject,
    max_rejects: draft.maxRejects === '' ? null : Number(draft.maxRejects),
    check: false,
  }
}

/** The draft that makes a load again. */
export function draftOf(plan: Plan, sourceName: string): Partial<Draft> {
  const { source, target } = plan
  return {
    fromKind: 'connection' in source ? 'clickhouse' : 'file',
    read: source.kind === 'query' ? 'query' : 'table',
    toKind: target.kind === 'file' ? 'file' : 'clickhouse',
    ...withSource(source, sourceName, null),
    dialect: Object.fromEntries(Object.entries(plan.dialect ?? {}).filter(([, value]) => value !== null)),
    wanted: { columns: plan.columns, rename: plan.rename, types: plan.types },
    onReject: plan.on_reject ?? 'fail',
    maxRejects: plan.max_rejects == null ? '' : String(plan.max_rejects),
    ...('connection' in source ? { fromConnection: source.connection } : {}),
    ...(target.kind === 'file'
      ? { file: target }
      : {
          toConnection: target.connection,
          database: target.database,
          table: target.table,
          orderBy: target.order_by ?? [],
        }),
  }
}
