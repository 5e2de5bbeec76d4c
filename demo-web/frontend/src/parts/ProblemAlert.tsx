import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import type { Problem } from '../api/client'
import { visible } from '../format'
import { texts } from '../texts'
import { mono } from '../theme'

function placeOf({ place }: Problem): string {
  const parts = [
    place?.uri,
    place?.line != null ? texts.problem.line(place.line) : '',
    place?.column_name ? texts.problem.column(place.column_name) : '',
  ]
  return parts.filter(Boolean).join(', ')
}

/** What went wrong, where, what was expected, and what to do. */
export function ProblemAlert({ problem, again, alert = true }: { problem: Problem; again?: () => void; alert?: boolean }) {
  const place = placeOf(problem)
  return (
    <Alert
      severity="error"
      variant="outlined"
      role={alert ? 'alert' : 'group'}
      sx={{ my: 2, overflowWrap: 'anywhere', bgcolor: 'background.paper' }}
      action={
        again && (
          <Button color="inherit" size="small" onClick={again}>
            {texts.again}
          </Button>
        )
      }
    >
      <Typography sx={{ fontWeight: 600, '&::first-letter': { textTransform: 'uppercase' }, whiteSpace: 'pre-line' }}>
        {problem.message}
      </Typography>
      {place && <Typography variant="body2">{place}</Typography>}
      {problem.raw && (
        <Box
          component="pre"
          tabIndex={0}
          role="group"
          aria-label={texts.problem.found}
          sx={{ my: 1, p: 1, bgcolor: 'action.hover', overflowX: 'auto', fontFamily: mono, fontSize: 13, borderRadius: 1 }}
        >
          {visible(problem.raw)}
        </Box>
      )}
      {problem.expected && (
        <Typography variant="body2">
          {texts.problem.expected}: {problem.expected}
        </Typography>
      )}
      {problem.hint && (
        <Typography variant="body2">
          {texts.problem.hint}: {problem.hint}
        </Typography>
      )}
      <Typography variant="caption" sx={{ fontFamily: mono }}>
        {problem.code}
      </Typography>
    </Alert>
  )
}
