import Search from '@mui/icons-material/Search'
import Accordion from '@mui/material/Accordion'
import AccordionDetails from '@mui/material/AccordionDetails'
import AccordionSummary from '@mui/material/AccordionSummary'
import ExpandMore from '@mui/icons-material/ExpandMore'
import InputAdornment from '@mui/material/InputAdornment'
import LinearProgress from '@mui/material/LinearProgress'
import List from '@mui/material/List'
import ListItem from '@mui/material/ListItem'
import ListItemButton from '@mui/material/ListItemButton'
import ListItemText from '@mui/material/ListItemText'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useEffect, useState } from 'react'
import { api, given } from '../api/client'
import { useAsk } from '../ask'
import { useDraft, withSource } from '../draft'
import * as format from '../format'
import { texts } from '../texts'
import { mono } from '../theme'
import { ProblemAlert } from './ProblemAlert'

/** A table of the connection, or a query. */
export function TablePicker() {
  const { draft, change } = useDraft()
  const [search, setSearch] = useState('')
  const { ask, answer, problem, busy } = useAsk((id: string) =>
    given(api.GET('/api/connections/{id}/tables', { params: { path: { id } } })),
  )
  useEffect(() => void ask(draft.fromConnection), [ask, draft.fromConnection])
  const wanted = search.toLowerCase()
  const tables = answer?.filter((table) => `${table.database}.${table.name}`.toLowerCase().includes(wanted))
  const { source } = draft
  const sql = source?.kind === 'query' ? source.sql : ''
  return (
    <Stack sx={{ gap: 2 }}>
      <TextField
        type="search"
        label={texts.shape.search}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        slotProps={{
          input: {
            startAdornment: (
              <InputAdornment position="start">
                <Search fontSize="small" />
              </InputAdornment>
            ),
          },
        }}
      />
      {busy && <LinearProgress aria-label={texts.shape.fetching} />}
      {problem && <ProblemAlert problem={problem} again={() => void ask(draft.fromConnection)} />}
      {tables?.length === 0 && (
        <Typography sx={{ color: 'text.secondary' }}>{wanted ? texts.shape.noMatch : texts.shape.noTables}</Typography>
      )}
      <List dense disablePadding sx={{ maxHeight: 320, overflow: 'auto' }} aria-label={texts.shape.tables}>
        {tables?.map((table) => {
          const name = `${table.database}.${table.name}`
          const selected =
            source?.kind === 'table' && source.database === table.database && source.table === table.name
          return (
            <ListItem key={name} disablePadding>
              <ListItemButton
                selected={selected}
                aria-pressed={selected}
                sx={{ borderRadius: 1, gap: 2, flexWrap: 'wrap' }}
                onClick={() =>
                  change(
                    withSource(
                      { kind: 'table', connection: draft.fromConnection, database: table.database, table: table.name },
                      name,
                      null,
                    ),
                  )
                }
              >
                <ListItemText
                  primary={name}
                  secondary={table.comment || table.engine}
                  sx={{ overflowWrap: 'anywhere', flex: '1 1 160px' }}
                />
                <Typography variant="body2" sx={{ color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>
                  {table.rows != null && `${format.rows(table.rows)} ${texts.shape.rows.toLowerCase()}`}
                  {table.bytes != null && ` · ${format.bytes(table.bytes)}`}
                </Typography>
              </ListItemButton>
            </ListItem>
          )
        })}
      </List>
      <Accordion variant="outlined" disableGutters defaultExpanded={sql !== ''}>
        <AccordionSummary expandIcon={<ExpandMore />}>{texts.shape.useQuery}</AccordionSummary>
        <AccordionDetails>
          <TextField
            multiline
            minRows={4}
            label="SQL"
            placeholder={texts.shape.query}
            helperText={texts.shape.queryHelp}
            value={sql}
            onChange={(event) =>
              change(
                event.target.value.trim() === ''
                  ? withSource(null, '', null)
                  : withSource(
                      { kind: 'query', connection: draft.fromConnection, sql: event.target.value },
                      'a query',
                      null,
                    ),
              )
            }
            slotProps={{ htmlInput: { spellCheck: false, style: { fontFamily: mono, fontSize: 13 } } }}
          />
        </AccordionDetails>
      </Accordion>
    </Stack>
  )
}
