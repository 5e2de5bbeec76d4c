import Autocomplete from '@mui/material/Autocomplete'
import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import FormHelperText from '@mui/material/FormHelperText'
import MenuItem from '@mui/material/MenuItem'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useCallback, useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { api, given, type Connection, type FileTarget, type Table } from '../api/client'
import { isTargetGiven, useDraft } from '../draft'
import { ConnectionPicker } from '../parts/ConnectionPicker'
import { FilePicker } from '../parts/FilePicker'
import { Page, Ways } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { texts } from '../texts'

type Kind = 'file' | 'clickhouse'

function KindSwitch({ label, value, choose }: { label: string; value: Kind; choose: (kind: Kind) => void }) {
  return (
    <ToggleButtonGroup
      exclusive
      size="small"
      color="primary"
      value={value}
      aria-label={label}
      onChange={(_, kind: Kind | null) => kind && choose(kind)}
      sx={{ mb: 2 }}
    >
      <ToggleButton value="file">{texts.choose.file}</ToggleButton>
      <ToggleButton value="clickhouse">{texts.choose.clickhouse}</ToggleButton>
    </ToggleButtonGroup>
  )
}

function stem(name: string): string {
  const base = name.replace(/\.(gz|zst|lz4|xz|bz2|zip)$/i, '').replace(/\.[a-z]+$/i, '')
  return base.replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '').toLowerCase()
}

function TableTargetForm() {
  const { draft, change } = useDraft()
  const [tables, setTables] = useState<Table[]>([])
  const choose = useCallback(
    (connection: Connection | null) =>
      change({ toConnection: connection?.id ?? '', ...(connection?.database ? { database: connection.database } : {}) }),
    [change],
  )
  useEffect(() => {
    if (!draft.toConnection) return
    const params = { path: { id: draft.toConnection } }
    given(api.GET('/api/connections/{id}/tables', { params })).then(setTables, () => setTables([]))
  }, [draft.toConnection])
  const named = (database: string, table: string) => ({
    database,
    table,
    known: tables.some((one) => one.database === database && one.name === table.trim()),
  })
  useEffect(() => {
    const { known } = named(draft.database, draft.table)
    if (known !== draft.known) change({ known })
  })
  const databases = [...new Set(['default', ...tables.map((table) => table.database)])]
  return (
    <Stack sx={{ gap: 2 }}>
      <ConnectionPicker value={draft.toConnection} choose={choose} />
      {draft.toConnection && (
        <>
          <Autocomplete
            freeSolo
            options={databases}
            inputValue={draft.database}
            onInputChange={(_, database) => change(named(database, draft.table))}
            renderInput={(given) => <TextField {...given} label={texts.choose.database} />}
          />
          <Autocomplete
            freeSolo
            options={tables.filter((table) => table.database === draft.database).map((table) => table.name)}
            inputValue={draft.table}
            onInputChange={(_, table) => change(named(draft.database, table))}
            renderInput={(given) => (
              <TextField
                {...given}
                label={texts.choose.table}
                helperText={draft.known ? texts.choose.tableHelpKnown : texts.choose.tableHelp}
              />
            )}
          />
        </>
      )}
    </Stack>
  )
}

function FileTargetForm() {
  const { draft, change } = useDraft()
  const set = (part: Partial<FileTarget>) => change({ file: { ...draft.file, ...part } })
  const isDelimited = draft.file.format === 'csv' || draft.file.format === 'tsv'
  return (
    <Stack sx={{ gap: 2 }}>
      <TextField
        label={texts.choose.fileName}
        value={draft.file.name}
        required
        onChange={(event) => set({ name: event.target.value })}
      />
      <Stack direction={{ xs: 'column', sm: 'row' }} sx={{ gap: 2 }}>
        <TextField
          select
          label={texts.choose.format}
          value={draft.file.format}
          onChange={(event) => set({ format: event.target.value as FileTarget['format'] })}
        >
          <MenuItem value="csv">CSV</MenuItem>
          <MenuItem value="tsv">TSV</MenuItem>
          <MenuItem value="ndjson">{texts.choose.ndjson}</MenuItem>
          <MenuItem value="json">JSON</MenuItem>
          <MenuItem value="parquet">Parquet</MenuItem>
        </TextField>
        {draft.file.format !== 'parquet' && (
          <TextField
          select
          label={texts.choose.compression}
          value={draft.file.compression}
          onChange={(event) => set({ compression: event.target.value as FileTarget['compression'] })}
        >
          <MenuItem value="none">{texts.choose.noCompression}</MenuItem>
          <MenuItem value="gzip">gzip</MenuItem>
          <MenuItem value="zstd">zstd</MenuItem>
        </TextField>
        )}
      </Stack>
      {isDelimited && (
        <>
          <FormControlLabel
            control={<Checkbox checked={draft.file.header} onChange={(_, header) => set({ header })} />}
            label={texts.choose.header}
          />
          <Box>
            <FormControlLabel
              control={<Checkbox checked={draft.file.formula_safe} onChange={(_, on) => set({ formula_safe: on })} />}
              label={texts.choose.formulaSafe}
            />
            <FormHelperText>{texts.choose.formulaSafeHelp}</FormHelperText>
          </Box>
        </>
      )}
    </Stack>
  )
}

export default function Choose() {
  const navigate = useNavigate()
  const { draft, change } = useDraft()
  const isSourceGiven = draft.fromKind === 'file' ? draft.source !== null : draft.fromConnection !== ''
  const chooseFrom = useCallback(
    (connection: Connection | null) => change({ fromConnection: connection?.id ?? '' }),
    [change],
  )
  useEffect(() => {
    // A name to start from: the file's own.
    if (draft.toKind === 'clickhouse' && draft.fromKind === 'file' && draft.sourceName && !draft.table) {
      change({ table: stem(draft.sourceName) })
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [draft.sourceName, draft.toKind, draft.fromKind])
  useEffect(() => void import('./Shape'), []) // the next page, before it is wanted
  const why = !isSourceGiven ? texts.choose.needSource : !isTargetGiven(draft) ? texts.choose.needTarget : undefined
  return (
    <Page step="choose" title={texts.choose.title} lead={texts.choose.lead}>
      <Box
        sx={{ display: 'grid', gap: 3, gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'repeat(2, minmax(0, 1fr))' } }}
      >
        <Panel title={texts.choose.from}>
          <KindSwitch
            label={texts.choose.from}
            value={draft.fromKind}
            choose={(fromKind) =>
              change({
                fromKind,
                toKind: fromKind === 'file' ? 'clickhouse' : 'file',
                source: null,
                sourceName: '',
                columns: null,
              })
            }
          />
          {draft.fromKind === 'file' ? (
            <FilePicker />
          ) : (
            <ConnectionPicker value={draft.fromConnection} choose={chooseFrom} />
          )}
        </Panel>
        <Panel title={texts.choose.to}>
          <KindSwitch label={texts.choose.to} value={draft.toKind} choose={(toKind) => change({ toKind })} />
          {draft.toKind === 'file' ? <FileTargetForm /> : <TableTargetForm />}
        </Panel>
      </Box>
      <Ways back="/" onward={() => void navigate('/shape')} why={why} />
    </Page>
  )
}
