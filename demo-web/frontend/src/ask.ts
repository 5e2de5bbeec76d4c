import { useCallback, useRef, useState } from 'react'
import { problemOf, type Problem } from './api/client'

/** One question to the server at a time: the latest answer, or why there is none. */
export function useAsk<Arguments extends unknown[], Answer>(question: (...given: Arguments) => Promise<Answer>) {
  const [answer, setAnswer] = useState<Answer>()
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const latest = useRef(0)
  const asked = useRef(question)
  asked.current = question
  const ask = useCallback(async (...given: Arguments): Promise<Answer | undefined> => {
    const mine = ++latest.current
    setBusy(true)
    try {
      const found = await asked.current(...given)
      if (mine !== latest.current) return undefined
      setAnswer(found)
      setProblem(undefined)
      return found
    } catch (error) {
      if (mine === latest.current) setProblem(problemOf(error))
      return undefined
    } finally {
      if (mine === latest.current) setBusy(false)
    }
  }, [])
  return { ask, answer, problem, busy }
}
