import { createContext, useContext } from 'react'
import type { About } from './api/client'

/** What the app offers to this visitor. */
export const Visit = createContext<About | null>(null)

export function useAbout(): About {
  return useContext(Visit)!
}
