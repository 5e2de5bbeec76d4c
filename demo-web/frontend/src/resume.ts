import { useNavigate } from 'react-router'
import { api, given } from './api/client'
import { useAsk } from './ask'

/** Goes on with a load that was interrupted, and shows it. */
export function useResume() {
  const navigate = useNavigate()
  const { ask, problem, busy } = useAsk((id: string) =>
    given(api.POST('/api/loads/{id}/resume', { params: { path: { id } } })),
  )
  const resume = async (id: string) => {
    const load = await ask(id)
    if (load) void navigate(`/runs/${load.id}`)
  }
  return { resume, problem, busy }
}
