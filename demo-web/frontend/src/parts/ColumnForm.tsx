import Autocomplete from '@mui/material/Autocomplete'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Card from '@mui/material/Card'
import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import Stack from '@mui/material/Stack'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableContainer from '@mui/material/TableContainer'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useTheme } from '@mui/material/styles'
import useMediaQuery from '@mui/material/useMediaQuery'
import type { ColumnProfile, Preview, Profile } from '../api/client'
import type { Choice } from '../draft'
import * as format from '../format'
import { visible } from '../format'
import { texts } from '../texts'

const TYPES = [
  'String',
  'LowCardinality(String)',
  'Bool',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Float64',
  'Decimal(18, 2)',
  'Date',
  'DateTime',
  "DateTime64(3, 'UTC')",
  'UUID',
]

const MOST_SHOWN = 200

type Given = {
  columns: Choice[]
  preview?: Preview
  profile: Profile | null
  change: (columns: Choice[]) => void
}

/** One row a column: carry it, rename it, retype it. Cards where the page is narrow. */
export function ColumnForm({ columns, preview, profile, change }: Given) {
  const narrow = useMediaQuery(useTheme().breakpoints.down('md'))
  const set = (at: number, part: Partial<Choice>) =>
    change(columns.map((column, index) => (index === at ? { ...column, ...part } : column)))
  const samples = (name: string) => {
    const at = preview?.columns.findIndex((column) => column.name === name) ?? -1
    const found = at < 0 ? [] : preview!.rows.map((row) => row[at]).filter((cell) => cell !== null)
    return [...new Set(found)].slice(0, 3).map(visible).join(' · ')
  }
  const found = new Map(profile?.columns.map((column) => [column.name, column]))
  const told = (column: ColumnProfile) =>
    [
      texts.shape.nullShare(format.share(column.nulls, profile!.rows)),
      texts.shape.distinct(format.rows(column.distinct), column.distinct_is_exact),
      column.min !== '' && texts.shape.range(visible(column.min), visible(column.max)),
    ]
      .filter(Boolean)
      .join(' · ')
  const values = (column: Choice) => (
    <>
      <Typography variant="body2" noWrap>
        {samples(column.name)}
      </Typography>
      {found.has(column.name) && (
        <Typography variant="caption" sx={{ color: 'text.secondary', display: 'block', overflowWrap: 'anywhere' }}>
          {told(found.get(column.name)!)}
        </Typography>
      )}
    </>
  )
  const why = (column: Choice, at: number) => {
    const better = found.get(column.name)
    return (
      <>
        <Typography variant="body2" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
          {visible(column.decided_by)}
        </Typography>
        {better && better.proposed !== column.newType && column.newType === column.type && (
          <Button size="small" sx={{ ml: -0.5, textAlign: 'left' }} onClick={() => set(at, { newType: better.proposed })}>
            {texts.shape.better(better.proposed)}
          </Button>
        )}
      </>
    )
  }
  const carried = columns.filter((column) => column.carry).length
  const all = (
    <Checkbox
      checked={carried === columns.length}
      indeterminate={carried > 0 && carried < columns.length}
      onChange={(_, carry) => change(columns.map((column) => ({ ...column, carry })))}
      slotProps={{ input: { 'aria-label': texts.shape.includeAll } }}
    />
  )
  const carry = (column: Choice, at: number) => (
    <Checkbox
      checked={column.carry}
      onChange={(_, on) => set(at, { carry: on })}
      slotProps={{ input: { 'aria-label': texts.shape.include(column.name) } }}
    />
  )
  const name = (column: Choice, at: number, label?: string) => (
    <TextField
      value={column.newName}
      label={label}
      disabled={!column.carry}
      slotProps={{ htmlInput: { 'aria-label': `${texts.shape.newName}: ${column.name}` } }}
      onChange={(event) => set(at, { newName: event.target.value })}
    />
  )
  const type = (column: Choice, at: number, label?: string) => (
    <Autocomplete
      freeSolo
      disableClearable
      options={TYPES}
      filterOptions={(options) => options}
      disabled={!column.carry}
      inputValue={column.newType}
      value={column.newType}
      onInputChange={(_, newType) => set(at, { newType })}
      renderInput={(given) => (
        <TextField
          {...given}
          label={label}
          slotProps={{
            ...given.slotProps,
            htmlInput: { ...given.slotProps.htmlInput, 'aria-label': `${texts.shape.type}: ${column.name}` },
          }}
        />
      )}
    />
  )
  const shown = columns.slice(0, MOST_SHOWN)
  if (narrow) {
    return (
      <Stack sx={{ gap: 2 }}>
        <FormControlLabel control={all} label={texts.shape.includeAll} />
        {shown.map((column, at) => (
          <Card key={column.name} sx={{ p: 2 }}>
            <Stack sx={{ gap: 1.5 }}>
              <Stack direction="row" sx={{ alignItems: 'center', minWidth: 0 }}>
                {carry(column, at)}
                <Typography sx={{ fontWeight: 600, overflowWrap: 'anywhere', minWidth: 0 }}>{column.name}</Typography>
              </Stack>
              {name(column, at, texts.shape.newName)}
              {type(column, at, texts.shape.type)}
              <Box>{why(column, at)}</Box>
              <Box sx={{ minWidth: 0 }}>{values(column)}</Box>
            </Stack>
          </Card>
        ))}
      </Stack>
    )
  }
  return (
    <TableContainer>
      <Table size="small" aria-label={texts.shape.columns}>
        <TableHead>
          <TableRow>
            <TableCell padding="checkbox">{all}</TableCell>
            <TableCell scope="col">{texts.shape.name}</TableCell>
            <TableCell scope="col">{texts.shape.newName}</TableCell>
            <TableCell scope="col">{texts.shape.type}</TableCell>
            <TableCell scope="col">{texts.shape.why}</TableCell>
            <TableCell scope="col">{texts.shape.sample}</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {shown.map((column, at) => (
            <TableRow key={column.name} hover>
              <TableCell padding="checkbox">{carry(column, at)}</TableCell>
              <TableCell component="th" scope="row" sx={{ fontWeight: 600, minWidth: 120, maxWidth: 200, overflowWrap: 'anywhere' }}>
                {column.name}
              </TableCell>
              <TableCell sx={{ minWidth: 160 }}>{name(column, at)}</TableCell>
              <TableCell sx={{ minWidth: 210 }}>{type(column, at)}</TableCell>
              <TableCell sx={{ maxWidth: 220 }}>{why(column, at)}</TableCell>
              <TableCell sx={{ maxWidth: 260 }}>{values(column)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  )
}
