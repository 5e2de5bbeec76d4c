import Search from '@mui/icons-material/Search'
import InputAdornment from '@mui/material/InputAdornment'
import LinearProgress from '@mui/material/LinearProgress'
import List from '@mui/material/List'
import ListItem from '@mui/material/ListItem'
import ListItemButton from '@mui/material/ListItemButton'
import ListItemText from '@mui/material/ListItemText'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import Typography from '@mui/material/Typography'
import { useEffect, useState } from 'react'
import { api, given, type Table } from '../api/client'
import { useAsk } from '../ask'
import { useDraft, withSource, type Draft } from '../draft'
import * as format from '../format'
import { texts } from '../texts'
import { mono } from '../theme'
import { JoinBuilder } from './JoinBuilder'
import { ProblemAlert } from './ProblemAlert'

function TableList({ tables }: { tables: Table[] }) {
  const { draft, change } = useDraft()
  const [search, setSearch] = useState('')
  const wanted = search.toLowerCase()
  const found = tables.filter((table) => `${table.database}.${table.name}`.toLowerCase().includes(wanted))
  const { source } = draft
  return (
    <>
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
      {found.length === 0 && (
        <Typography sx={{ color: 'text.secondary' }}>{wanted ? texts.shape.noMatch : texts.shape.noTables}</Typography>
      )}
      <List dense disablePadding sx={{ maxHeight: 340, overflow: 'auto' }} aria-label={texts.shape.tables}>
        {found.map((table) => {
          const name = `${table.database}.${table.name}`
          const selected =
            source?.kind === 'table' && source.database === table.database && source.table === table.name
          return (
            <ListItem key={name} disablePadding>
              <ListItemButton
                selected={selected}
                aria-pressed={selected}
                sx={{ borderRadius: 1, columnGap: 2, flexWrap: 'wrap' }}
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
                  sx={{ overflowWrap: 'anywhere', flex: '1 1 160px', my: 0.5 }}
                />
                <Typography variant="body2" sx={{ color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>
                  {table.rows != null && texts.homePage.rowsLoaded(format.rows(table.rows))}
                  {table.bytes != null && ` · ${format.bytes(table.bytes)}`}
                </Typography>
              </ListItemButton>
            </ListItem>
          )
        })}
      </List>
    </>
  )
}

function QueryForm() {
  const { draft, change } = useDraft()
  const sql = draft.source?.kind === 'query' ? draft.source.sql : ''
  return (
    <TextField
      multiline
      minRows={6}
      label="SQL"
      placeholder={texts.shape.query}
      helperText={texts.shape.queryHelp}
      value={sql}
      onChange={({ target }) =>
        change(
          target.value.trim() === ''
            ? withSource(null, '', null)
            : withSource(
                { kind: 'query', connection: draft.fromConnection, sql: target.value },
                texts.shape.queryName,
                null,
              ),
        )
      }
      slotProps={{ htmlInput: { spellCheck: false, style: { fontFamily: mono, fontSize: 13 } } }}
    />
  )
}

/** What is read from the connection: a table, a join of tables, or a query. */
export function TablePicker() {
  const { draft, change } = useDraft()
  const { ask, answer, problem, busy } = useAsk((id: string) =>
    given(api.GET('/api/connections/{id}/tables', { params: { path: { id } } })),
  )
  useEffect(() => void ask(draft.fromConnection), [ask, draft.fromConnection])
  return (
    <Stack sx={{ gap: 2 }}>
      <ToggleButtonGroup
        exclusive
        size="small"
        color="primary"
        value={draft.read}
        aria-label={texts.shape.read}
        onChange={(_, read: Draft['read'] | null) => read && change({ read })}
      >
        <ToggleButton value="table">{texts.shape.readTable}</ToggleButton>
        <ToggleButton value="join">{texts.shape.readJoin}</ToggleButton>
        <ToggleButton value="query">{texts.shape.readQuery}</ToggleButton>
      </ToggleButtonGroup>
      {busy && <LinearProgress aria-label={texts.shape.fetching} />}
      {problem && <ProblemAlert problem={problem} again={() => void ask(draft.fromConnection)} />}
      {answer && draft.read === 'table' && <TableList tables={answer} />}
      {answer && draft.read === 'join' && <JoinBuilder tables={answer} />}
      {draft.read === 'query' && <QueryForm />}
    </Stack>
  )
}
