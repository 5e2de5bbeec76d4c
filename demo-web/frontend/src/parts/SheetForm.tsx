import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import MenuItem from '@mui/material/MenuItem'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import type { Dialect } from '../api/client'
import { texts } from '../texts'

/** Which sheet of a workbook is read, and whether its first row names the columns. */
export function SheetForm({
  dialect,
  sheets,
  change,
}: {
  dialect: Dialect
  sheets: string[]
  change: (dialect: Dialect) => void
}) {
  return (
    <Stack direction={{ xs: 'column', sm: 'row' }} sx={{ gap: 2, alignItems: { sm: 'center' } }}>
      <TextField
        select
        label={texts.shape.sheet}
        value={dialect.sheet ?? sheets[0] ?? ''}
        disabled={sheets.length === 0}
        onChange={(event) => change({ ...dialect, sheet: event.target.value })}
        sx={{ minWidth: 200 }}
      >
        {sheets.map((sheet) => (
          <MenuItem key={sheet} value={sheet}>
            {sheet}
          </MenuItem>
        ))}
      </TextField>
      <FormControlLabel
        control={
          <Checkbox checked={dialect.header !== false} onChange={(_, header) => change({ ...dialect, header })} />
        }
        label={texts.shape.headerYes.replace('record', 'row')}
      />
    </Stack>
  )
}
