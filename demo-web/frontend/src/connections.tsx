import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { api, given, type Connection, type ConnectionRequest } from './api/client'

type Held = {
  /** Absent until the server has told. */
  known: Connection[] | undefined
  connect: (body: ConnectionRequest) => Promise<Connection>
  forget: (connection: Connection) => Promise<void>
}
const Context = createContext<Held | null>(null)

/** The connections of this session, told once to all who show them. */
export function ConnectionsProvider({ children }: { children: ReactNode }) {
  const [known, setKnown] = useState<Connection[]>()
  useEffect(() => {
    given(api.GET('/api/connections')).then(setKnown, () => setKnown([]))
  }, [])
  const connect = useCallback(async (body: ConnectionRequest) => {
    const made = await given(api.POST('/api/connections', { body }))
    setKnown((before = []) => [...before.filter((other) => other.id !== made.id), made])
    return made
  }, [])
  const forget = useCallback(async (connection: Connection) => {
    await given(api.DELETE('/api/connections/{id}', { params: { path: { id: connection.id } } })).catch(() => undefined)
    setKnown((before = []) => before.filter((other) => other.id !== connection.id))
  }, [])
  const held = useMemo(() => ({ known, connect, forget }), [known, connect, forget])
  return <Context value={held}>{children}</Context>
}

export function useConnections(): Held {
  return useContext(Context)!
}

export function nameOf(connection: Connection): string {
  return connection.user ? `${connection.user}@${connection.name}` : connection.name
}
