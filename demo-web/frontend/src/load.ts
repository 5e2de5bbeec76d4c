import { useEffect, useState } from 'react'
import { api, given, problemOf, type Load, type Problem } from './api/client'

/** The load as the server tells it; the stream comes back by itself after a break. */
export function useLoad(id: string | undefined) {
  const [load, setLoad] = useState<Load>()
  const [problem, setProblem] = useState<Problem>()
  const [lost, setLost] = useState(false)
  useEffect(() => {
    if (!id) return
    let events: EventSource | undefined
    let left = false
    const isOver = (load: Load) => load.status === 'Completed' || load.status === 'Error'
    given(api.GET('/api/loads/{id}', { params: { path: { id } } })).then(
      (first) => {
        if (left) return
        setLoad(first)
        if (isOver(first)) return
        events = new EventSource(`/api/loads/${id}/events`)
        events.onopen = () => setLost(false)
        events.onerror = () => setLost(true)
        events.addEventListener('load', (event) => {
          const now = JSON.parse(event.data) as Load
          setLoad(now)
          if (isOver(now)) events?.close()
        })
      },
      (error) => setProblem(problemOf(error)),
    )
    return () => {
      left = true
      events?.close()
    }
  }, [id])
  return { load, problem, lost }
}
