import Autocomplete from '@mui/material/Autocomplete'
import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import MenuItem from '@mui/material/MenuItem'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import type { Dialect, Sniffed } from '../api/client'
import { texts } from '../texts'

const DELIMITERS = [',', ';', '\\t', '|']
const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'latin-1', 'cp1252'] as const

/** Each control says whether its value was detected or set. An empty control is detected again. */
export function DialectForm({
  dialect,
  found,
  change,
}: {
  dialect: Dialect
  found?: Sniffed
  change: (dialect: Dialect) => void
}) {
  const set = (part: Partial<Dialect>) => {
    const entries = Object.entries({ ...dialect, ...part }).filter(([, value]) => value !== undefined)
    change(Object.fromEntries(entries))
  }
  const detected = (name: string) => {
    const value = found?.settings[name]?.value
    return value === undefined ? '' : String(value).replaceAll('\t', '\\t')
  }
  const who = (name: keyof Dialect) =>
    dialect[name] !== undefined ? texts.shape.chosen : `${texts.shape.detected}: ${detected(name) || texts.none}`
  return (
    <Box>
      <Box
        sx={{
          display: 'grid',
          gap: 2,
          gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))', md: 'repeat(3, minmax(0, 1fr))' },
        }}
      >
        <Autocomplete
          freeSolo
          options={DELIMITERS}
          inputValue={dialect.delimiter ?? ''}
          onInputChange={(_, delimiter) => set({ delimiter: delimiter || undefined })}
          renderInput={(given) => (
            <TextField {...given} label={texts.shape.delimiter} helperText={who('delimiter')} />
          )}
        />
        <TextField
          label={texts.shape.quote}
          value={dialect.quote ?? ''}
          helperText={who('quote')}
          slotProps={{ htmlInput: { maxLength: 1 } }}
          onChange={(event) => set({ quote: event.target.value || undefined })}
        />
        <TextField
          select
          label={texts.shape.header}
          value={dialect.header == null ? 'auto' : String(dialect.header)}
          helperText={dialect.header == null ? who('header').replace('true', texts.shape.headerYes).replace('false', texts.shape.headerNo) : texts.shape.chosen}
          onChange={(event) =>
            set({ header: event.target.value === 'auto' ? undefined : event.target.value === 'true' })
          }
        >
          <MenuItem value="auto">{texts.shape.headerAuto}</MenuItem>
          <MenuItem value="true">{texts.shape.headerYes}</MenuItem>
          <MenuItem value="false">{texts.shape.headerNo}</MenuItem>
        </TextField>
        <TextField
          select
          label={texts.shape.encoding}
          value={dialect.encoding ?? 'auto'}
          helperText={who('encoding')}
          onChange={(event) =>
            set({ encoding: event.target.value === 'auto' ? undefined : (event.target.value as Dialect['encoding']) })
          }
        >
          <MenuItem value="auto">{texts.shape.headerAuto}</MenuItem>
          {ENCODINGS.map((encoding) => (
            <MenuItem key={encoding} value={encoding}>
              {encoding}
            </MenuItem>
          ))}
        </TextField>
        <TextField
          label={texts.shape.skip}
          type="number"
          value={dialect.skip_rows ?? ''}
          helperText={who('skip_rows')}
          slotProps={{ htmlInput: { min: 0 } }}
          onChange={(event) => set({ skip_rows: event.target.value === '' ? undefined : Number(event.target.value) })}
        />
        <TextField
          label={texts.shape.nulls}
          value={dialect.nulls?.slice(1).join(',') ?? ''}
          helperText={texts.shape.nullsHelp}
          onChange={(event) =>
            set({ nulls: event.target.value === '' ? undefined : ['', ...event.target.value.split(',')] })
          }
        />
      </Box>
      <FormControlLabel
        sx={{ mt: 1 }}
        control={
          <Checkbox
            checked={dialect.all_text ?? false}
            onChange={(_, on) => set({ all_text: on ? true : undefined })}
          />
        }
        label={texts.shape.allText}
      />
      {found && (
        <Typography variant="body2" role="status" sx={{ color: 'text.secondary' }}>
          {texts.shape.sure(found.score.toFixed(2), found.runner_up || texts.none)}
        </Typography>
      )}
    </Box>
  )
}
