import CheckCircle from '@mui/icons-material/CheckCircle'
import ErrorIcon from '@mui/icons-material/Error'
import Pause from '@mui/icons-material/PauseCircle'
import Sync from '@mui/icons-material/Sync'
import Chip from '@mui/material/Chip'
import type { Status } from '../api/client'
import { texts } from '../texts'

/** A word and an icon, never colour alone. */
export function StatusChip({ status, paused = false }: { status: Status; paused?: boolean }) {
  const color = status === 'Completed' ? 'success' : status === 'Error' ? 'error' : 'info'
  const icon =
    status === 'Completed' ? <CheckCircle /> : status === 'Error' ? <ErrorIcon /> : paused ? <Pause /> : <Sync />
  const label = texts.statuses[status] + (paused ? ` · ${texts.run.paused}` : '')
  return <Chip size="small" variant="outlined" color={color} icon={icon} label={label} />
}
